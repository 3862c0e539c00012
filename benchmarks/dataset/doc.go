// Package dataset is the file format in which the benchmarks hand one and the
// same matrix to us and to the peers, and the way there from a table.
//
// A set is a folder: meta.json (the fields of Set), x.f32 (the columns one after
// the other, float32, little-endian, NaN where missing, level codes for the
// categorical ones) and y.f32 (class indices or values). The training rows come
// first. It starts no goroutines and writes only where it is told.
package dataset
