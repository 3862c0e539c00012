// Package report says in words what a search found, and writes it as one plain
// HTML page: what was tried, what won and how sure that is, what drives the model,
// and what to do next.
//
// Everything comes from a model's bundle, so that it can be told at any time after
// the search. The package is pure: it starts no goroutines and persists nothing.
package report
