package automl_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"math"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/model"
)

// loan is a typed row of the German credit data (see examples/german).
type loan struct {
	Status   string  `automl:"status"`
	Duration float64 `automl:"duration"`
	Amount   float64 `automl:"amount"`
}

// A file in, a model out; Trials without Time gives the same model every time.
func ExampleFit() {
	table, err := automl.ReadFile("examples/german/train.csv")
	if err != nil {
		log.Fatal(err)
	}
	trained, err := automl.Fit(context.Background(), table, automl.Options{Target: "class", Trials: 3, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	info := trained.Info()
	fmt.Println(info.Task, info.Metric, info.Classes, "better than chance:", info.Score > 0.6)
	// Output: binary roc_auc [1 2] better than chance: true
}

// A service loads a bundle, here from memory, and scores single rows.
func ExampleModel_PredictRow() {
	rows := make([]loan, 200)
	for i := range rows {
		rows[i] = loan{Status: []string{"A11", "A14"}[i%2], Duration: float64(6 + i%40), Amount: float64(500 + 40*i)}
	}
	table, err := automl.FromStructs(rows)
	if err != nil {
		log.Fatal(err)
	}
	trained, err := automl.Fit(context.Background(), table, automl.Options{Target: "status", Trials: 2})
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := trained.WriteTo(&file); err != nil {
		log.Fatal(err)
	}

	loaded, err := model.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		log.Fatal(err)
	}
	fromMap, err := loaded.PredictRow(map[string]any{"duration": 12, "amount": 1500})
	if err != nil {
		log.Fatal(err)
	}
	fromStruct, err := loaded.PredictRow(loan{Duration: 12, Amount: 1500})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("same answer:", fromMap.Label == fromStruct.Label)
	// Output: same answer: true
}

// What each column adds to a prediction, the expected one included.
func ExampleModel_Explain() {
	table, err := automl.ReadFile("examples/german/train.csv")
	if err != nil {
		log.Fatal(err)
	}
	trained, err := automl.Fit(context.Background(), table, automl.Options{Target: "class", Trials: 2})
	if err != nil {
		log.Fatal(err)
	}
	e, err := trained.Explain(context.Background(), table, automl.ExplainOptions{Rows: []int32{0}})
	if err != nil {
		log.Fatal(err)
	}
	sum := e.Expected[0]
	for c := range e.Columns {
		sum += e.At(0, 0, c) // to the probability of e.Outputs[0]
	}
	fmt.Println("adds up:", math.Abs(sum-e.Predictions[0]) < 1e-9)
	// Output: adds up: true
}

// Mistakes of the user can be told from failures of the program.
func ExampleIsUserError() {
	table, err := automl.ReadFile("examples/german/train.csv")
	if err != nil {
		log.Fatal(err)
	}
	_, err = automl.Fit(context.Background(), table, automl.Options{Target: "clas"})
	fmt.Println(automl.IsUserError(err))
	// Output: true
}

// A pipeline of one's own: two sizes of trees, judged on folds.
func ExampleCrossValidate() {
	table, err := automl.ReadFile("examples/german/train.csv")
	if err != nil {
		log.Fatal(err)
	}
	p := automl.Pipeline{
		Target: "class", Learner: "gbdt", Params: map[string]any{"learning_rate": 0.1},
		Grid: map[string][]any{"num_leaves": {4, 16}},
	}
	list, err := automl.CrossValidate(context.Background(), table, p, 3)
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range list {
		fmt.Println(v.Metric, len(v.Scores), "folds, better than chance:", v.Mean-2*v.StdErr > 0.6)
	}
	// Output:
	// roc_auc 3 folds, better than chance: true
	// roc_auc 3 folds, better than chance: true
}
