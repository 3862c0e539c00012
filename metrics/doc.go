// Package metrics holds the scores that rank models: each with its direction,
// its tasks and its source, by the names and with the values of scikit-learn.
//
// Predictions are row-major rows×Width float32: a value (regression), the
// probability of the positive class (binary) or one probability a class
// (multiclass). A row's label is the class of the highest probability, the
// earlier one on a tie; for binary problems class 1 above one half.
//
// Names that scikit-learn defines for two classes mean the macro average where
// there are more: f1, precision, recall, roc_auc (one versus the rest) and
// average_precision. For the two ranking metrics classes that no row has are
// left out of that average, where scikit-learn gives none.
//
// The package is pure: it starts no goroutines and persists nothing.
package metrics
