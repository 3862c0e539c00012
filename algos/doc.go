// Package algos is the contract between learners and those who run them, and
// the registry of learners by name.
//
// A [Learner] turns a [Request] (rows of a matrix, targets, hyperparameters, a
// seed) into a predictor. It is an anytime method: when its context ends it
// returns the best so far with the steps it reached, and the same request with
// MaxSteps set to those steps gives the same bits again, with any number of
// threads. It declares its search space, its starting points ([Portfolio]) and
// its cost as pure functions of the data's [Shape].
//
// Learners live in packages below this one and are registered by package all;
// predictors live in package predictor, so that a program that only scores
// links no trainer. Package algostest is the suite that every learner passes.
//
// The package starts no goroutine beyond a call and persists nothing.
package algos
