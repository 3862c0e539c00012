// Command formats is our side of the proofs of model formats: it predicts with
// the models of other libraries, and writes models trained here for them. The
// other sides are proofs/formats_*.py.
//
//	formats lightgbm-predict MODEL ROWS    predictions of a LightGBM model, a line a row
//	formats lightgbm-sums MODEL ROWS       the same before the objective's link
//	formats lightgbm-contributions MODEL ROWS
//	                                       what each feature adds to the sums: for every
//	                                       output the features' numbers, then the expected sum
//	formats lightgbm-rewrite MODEL V       the model as version V writes it
//	formats lightgbm-ours DIR              models trained here, as LightGBM's text
//	formats xgboost-predict MODEL ROWS     predictions of an XGBoost model
//	formats xgboost-rewrite MODEL          the model as we write it
//	formats xgboost-ours DIR               models trained here, as XGBoost's JSON
//
// ROWS is a file of numbers with spaces between, a line a row; nan, inf and -inf
// are numbers. The commands for models trained here write DIR/NAME.txt or NAME.json
// with the rows NAME.rows and our predictions for them, NAME.predictions. Numbers
// are exact: they read back as the same double.
//
// It starts no goroutines beyond those of a fit.
package main
