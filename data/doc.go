// Package data owns the columnar table that everything else reads: its
// columns, how text cells become numbers, times or categories, the digest that
// names a table and the binary form in which it travels.
//
// Readers and writers of files live in the packages below it: csv, parquet, and
// file, which picks between them. What learners see is made from a table by
// package featurize and stored in package data/matrix.
//
// Digest starts goroutines, at most one a processor, which end before it
// returns; nothing else here starts any. Nothing is persisted.
package data
