// Package search decides what to try next. It owns the description of
// hyperparameter spaces, the order in which good starting points are tried, and
// the sampler that follows.
//
// Suggesting is a pure function: a [Study] holds its configuration and
// nothing else, so that the same history always gives the same suggestion, on
// any machine of one architecture and after any restart. The package starts no goroutines, reads no
// clock and persists nothing.
//
// A study first goes through the arms' portfolios, interleaved by weight. Then it
// chooses an arm by its weight and by how close its best comes to the best of
// all, and asks a [Sampler] for a configuration of its space. What it was told is in a
// [History], which keeps the best and the newest of each learner, so that a suggestion
// costs the same however many there were. Package
// searchtest is the suite that every sampler passes; benchmarks/simulator compares
// them. [Mixed], the default, is what was best there.
package search
