// Command engine is our side of the boosting engine's benchmark: it makes the
// data sets and trains on them from arrays in memory. Its peers are in
// benchmarks/peers; benchmarks/engine.py runs both in pairs.
//
//	engine gen DIR [flags]                        write the synthetic sets below DIR
//	engine table FILE DIR/NAME -target COLUMN     make a set of a table
//	engine train DIR/NAME [flags]                 train; one JSON line a repetition
//	engine score DIR/NAME [flags]                 score test rows; one JSON line a way
//
// It starts no goroutines beyond those of a fit and writes only to DIR.
package main
