// Command quality times a model's predictions in process, for
// benchmarks/quality/quality.py:
//
//	quality MODEL TABLE [-reps N]
//
// It prints one JSON line: the seconds that the table takes (median of -reps) and
// the microseconds that one row takes (median over rows). It starts no goroutines
// beyond those of a prediction.
package main
