// Package baseline is the learner that looks at no feature: the shares of the
// classes, or the mean (for metrics of absolute error the median) of the
// target. Every other model has to beat it.
//
// It starts no goroutines and persists nothing.
package baseline
