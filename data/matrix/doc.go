// Package matrix holds what learners see: a featurized table ([Frame]) and its
// views, which are made once, when first asked for, and then shared read-only.
//
//	Frame    column-major float32, NaN where missing, categories as codes;
//	         text in a sparse block
//	Packed   bins in the layout that suits each feature, for boosted trees:
//	         bytes, bundles of exclusive features, uint16, sparse blocks
//	Bins     at most 256 bins a feature, a byte column each, for forests
//	Dense    imputed, scaled and one-hot encoded rows: what linear models see
//
// Bin edges and scales are statistics of the training rows without the target;
// edges are float32 values, so that every form of a tree agrees on a row. The
// [Encoder] of the dense view is part of a fitted pipeline, and JSON.
//
// [Matrix.Extend] puts further columns behind those of a matrix and shares its bins.
//
// Views are made by goroutines that end with the call; nothing is persisted.
package matrix
