// Command engine is our side of the boosting engine's benchmark: it makes the
// synthetic data sets and trains on them from arrays in memory. Its peers are
// in benchmarks/peers; benchmarks/engine.py runs both in pairs.
//
//	engine gen DIR            write the data sets below DIR
//	engine train DIR/NAME ... train and print one JSON line a repetition
//
// It starts no goroutines beyond those of a fit and writes only to DIR.
package main
