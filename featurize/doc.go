// Package featurize turns tables into the numbers that learners see.
//
// Infer looks at the training rows of a table and makes a Plan: for each column
// what it means (a Type), the reason in words, and the transforms to fit. A
// plan is data: readable JSON with a digest. Plan.Fit fits the transforms and
// gives a Pipeline, which turns any later table into a matrix.Frame, or a
// single row into the same bits (Row). A pipeline travels as JSON, the encoder
// of the dense view included.
//
// Transforms have a file each and one contract, Transform: fitted on training rows,
// applied to any cell, all state in JSON, never an infinity. Infer uses numeric, boolean,
// category, frequency, datetime, text and, for lists, tags; a plan may name the others (see Kinds), those that
// a program has registered too (Register), and chain them (Step.Then). Package featurizetest
// is the suite that all of them pass.
//
// InferTarget says what kind of problem a target column makes and encodes it.
// Prepare does all of it for a job; a Cache shares the outcome among the trials
// of a process.
//
// What a pipeline does with tables that differ from the training data:
//
//   - other column order, extra columns: no matter;
//   - a needed column is absent: an error that names it and the nearest name;
//   - a category that training did not have, a new null: missing;
//   - a numeric column that holds text: parsed cell by cell, missing where that fails;
//   - a date column that holds text: parsed cell by cell likewise;
//   - dates in a numeric column: an error, since no number would be right.
//
// PassThrough makes the pipeline of an imported model instead: columns pass
// through in double precision, categories as codes.
//
// An edited plan is completed for a table by Plan.For, after Plan.Check has looked at the
// parameters of its steps, which are read as for a fit. Plan.FindLeaks warns of columns that
// tell the target by themselves.
//
// Nothing else here looks at the target but InferTarget and Target.Encode. What does so
// has to be fitted once a fold, with the model: a pipeline has the levels of a target
// encoding and marks its feature (matrix.Encoding), a plan says how many features to
// select; package algos/infold does both. A transform that is Supervised is refused.
//
// Goroutines: Infer, Plan.Fit, Pipeline.Frame and Cache.Prepare start up to the
// given number (Infer: GOMAXPROCS), all of which end before the call returns.
// The package persists nothing; Cache keeps what it is given in memory.
package featurize
