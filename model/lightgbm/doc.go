// Package lightgbm reads and writes the text form of LightGBM models, versions
// v2, v3 and v4, without LightGBM: what Booster.save_model writes. A model read
// here predicts what LightGBM 4.7 predicts from the same file.
//
//	Read   text -> Model: trees for predictor.Trees, and what the file says of
//	       features, objective and training
//	Write  Model -> text that LightGBM (v4; older readers: v3) loads
//
// # What holds for rows
//
// Values between -1e-35 and 1e-35 are zero to LightGBM, whatever the test; Read
// moves thresholds in that range to its ends, so that the trees agree on every
// row. Categories are the whole parts of values; NaN and categories that are
// negative or not in the set go right.
//
// # What Write refuses
//
// Leaves with a value for each output, tests that send missing categories left
// of a feature whose categories are not known, and objectives that contradict
// the trees' link. Names that the text can't hold are replaced, and said.
//
// The package starts no goroutines and persists nothing itself.
package lightgbm
