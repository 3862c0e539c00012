// Package xgboost reads and writes XGBoost's JSON models (the format of
// save_model with a name that ends in .json, versions 1.0 to 3.x), as
// described in XGBoost's "Introduction to Model IO" and its model.schema.
//
// [Read] makes a [Model] of a file: the trees in the form of package predictor,
// the features they read, the intercept and the link. [Write] does the
// opposite. Booster gbtree with any number of parallel trees, classes and
// targets, vector leaves and categorical tests are held; gblinear, dart, UBJSON
// and text dumps are refused by name.
//
// XGBoost compares float32: a value goes left if it is below the condition. A
// test here says "at most the float32 before the condition", which is the same
// for values rounded to float32, as [Model.Predictor]'s input must be.
//
// What is read need not be trusted: all indices are checked, and memory is
// bounded by a multiple of the file's size. No goroutines are started.
package xgboost
