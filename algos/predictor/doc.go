// Package predictor holds trained models: it scores rows and reads and writes
// the models' binary forms, and knows nothing of training. A program that
// only predicts links it alone.
//
// Trees is a sum of decision trees (boosted trees, forests), Linear a
// generalised linear model, MLP a multi-layer perceptron, Statistics trees over features and what the training
// rows said of groups of categories, Prepared trees over features and columns that are
// derived from them, Texted one of these two over what a linear model says as well, Additive a sum of tables over the bins of one feature or of two,
// Bayes a naive Bayes classifier, Neighbors the rows that predictions are looked up in,
// Constant the same values for every row. Each is
// immutable and safe for concurrent use. Decode reads any of them from bytes that
// need not be trusted. Shap says what each feature adds to the output of trees.
//
// Trees walk single rows down several trees, a few rows down one tree, and where there
// is AVX-512 part many rows at a time (maskTree; the assembly is written by
// tools/treeasm), with the same sums.
//
// No goroutines are started; what is persisted is what Append writes.
package predictor
