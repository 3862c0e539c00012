// Package neighbors is the learner of nearest neighbours: the prediction for a row
// is the mean, or the shares of the classes, of the K training rows that are most
// like it in the dense view, where numbers are standardised and levels one-hot. The
// text block is not read.
//
// The shares of the classes in the table count for a few neighbours more, or for a
// small part of one: for as many as suits rows that are asked about without being
// known.
//
// Distances are computed block by block as matrix products; those of the
// nearest are then computed again, exactly. Absolute distances order a short list
// that squared ones make.
//
// A model of more than 20,000 rows has them in clusters (k-means by Lloyd's
// algorithm on a sample), and a row looks at those of the nearest clusters until it
// has seen 8192 rows: its time does not grow with the table. Model and
// memory are bounded too: a table of more than 100,000 rows, or 2^23 values, is
// remembered by a sample that the seed draws.
//
// The clusters are made on up to Threads goroutines, which end before Fit returns.
// Nothing is persisted.
package neighbors
