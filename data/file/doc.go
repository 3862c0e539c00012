// Package file reads a table from a CSV or Parquet file, told apart by content,
// and writes one by the name of the file. It starts no goroutines of its own and
// persists what WriteFile is asked to write.
package file
