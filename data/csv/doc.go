// Package csv reads delimited text into a data.Table and writes it.
//
// Reading follows RFC 4180 and is lenient where files in the wild differ: see
// Read. The whole file is held in memory while it is read. It is cut into
// blocks at record boundaries, blocks are split into cells in parallel, then
// columns are built in parallel, each from all its cells, so that the result
// doesn't depend on the number of threads.
//
// Read starts at most Options.Threads goroutines, which end before it returns.
// Nothing is persisted.
package csv
