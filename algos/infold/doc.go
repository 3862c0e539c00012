// Package infold fits what stands between a frame and a learner and looks at the target:
// the numbers that categories with an Encoding become (package encode), and the choice of
// features where there are very many (choose.go). Both are fitted anew for each fit, to
// its training rows alone, and stay with its predictor, so that what validates a fit has
// had no part in it. That is why neither is part of a featurize.Pipeline, which is fitted
// once a job.
//
// Columns are made by up to Threads goroutines, which end with the call. Nothing is
// persisted.
package infold
