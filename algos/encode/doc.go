// Package encode makes numbers of categories by the target of the training rows: the
// smoothed mean of the rows with the same level, or the same pair of levels.
//
// A training row's own number never saw its own target (matrix.By says how), while all other
// rows get the number of all training rows. Rows that come several times, and rows of
// one group, count as one row for that, so that they don't tell on each other. What is
// drawn is a function of the request's seed and of the rows' places.
//
// The package starts no goroutines and persists nothing.
package encode
