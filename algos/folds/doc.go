// Package folds divides rows into those that train and those that validate: stratified
// by class or by the order of a target ([Split.Rows]), by groups that stay together
// ([Split.Groups]), or by time ([Split.Times]). Every division is a pure function of its
// arguments, and the same in all versions.
//
// The package starts no goroutines and persists nothing.
package folds
