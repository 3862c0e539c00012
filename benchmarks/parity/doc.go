// Command parity is our side of the parity proof: it featurizes tables into sets
// (benchmarks/dataset), cuts these into halves, and trains on one half with the
// parameters that LightGBM has, or with its own defaults. parity.py trains the
// peers on the same halves and compares.
//
//	parity prepare DIR [-tables a,b] [-seeds N]     make the sets and halves below DIR
//	parity fit DIR/NAME -mode same|defaults -seed S -fold K -out FILE
//
// Tables come from the folders AUTOML_DATA (NAME/train.csv, meta.json) and
// AUTOML_PORTFOLIO (NAME.csv.gz, meta.json). halves.u8 says for every seed and
// row, a byte each, in which of two folds the row is tested; 255 for never. fit
// prints one JSON line and writes the predictions for the fold's test rows, in
// their order, float32. It starts no goroutines beyond those of a fit.
package main
