// Package parquet reads flat Parquet files into a data.Table and writes it; it
// alone uses the module parquet-go.
//
// Columns are read in parallel. Before a column's pages are decoded their
// headers are walked, so that a small file that claims or unpacks to much more
// than the limits is refused before memory is taken for it.
//
// Read starts at most Options.Threads goroutines, which end before it returns.
// Nothing is persisted.
package parquet
