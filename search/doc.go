// Package search decides what to try next. It owns the description of
// hyperparameter spaces, the order in which good starting points are tried, and
// the sampler that follows.
//
// Everything here is a pure function: a [Study] holds its configuration and
// nothing else, so that the same history always gives the same suggestion, on
// any machine and after any restart. The package starts no goroutines, reads no
// clock and persists nothing.
//
// A study first goes through the arms' portfolios, interleaved by weight, and
// then mixes uniform sampling with small steps away from the best
// configurations seen, choosing the arm by its weight and by how close its best
// comes to the best of all.
package search
