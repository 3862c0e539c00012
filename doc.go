// Package automl turns a table into the best model that a time budget can buy.
//
// The shortest way from a file to a model and its answers:
//
//	table, err := automl.ReadFile("train.csv")
//	model, err := automl.Fit(ctx, table, automl.Options{Target: "churn", Time: time.Minute})
//	err = model.Save("churn.automl")
//
//	model, err := automl.Load("churn.automl")
//	answers, err := model.Predict(rows)
//
// [Fit] runs the whole service in this process: an embedded NATS server in
// memory, a scheduler and workers. With [Options.NATS] the trials go to a NATS
// cluster instead, where [RunWorker] takes them. [Client] speaks to a remote
// service over REST.
//
// Fit starts goroutines for the embedded server and the workers and ends all
// of them before it returns; nothing is persisted. Load, Save and Predict start
// none that outlives the call.
package automl
