// Package ensemble combines trained models by weights chosen on predictions
// for rows that none of them has seen.
//
// Greedy follows R. Caruana et al., Ensemble Selection from Libraries of
// Models, ICML 2004: models are added one at a time, with replacement, each
// time the one that improves the metric of the average the most.
//
// The package is pure: it starts no goroutines and persists nothing.
package ensemble
