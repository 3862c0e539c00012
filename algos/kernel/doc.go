// Package kernel is the learner of kernel ridge regression, which gives what is expected
// under a Gaussian process (Rasmussen and Williams, Gaussian Processes for Machine
// Learning, 2006): a weight for each training row such that the sums of weights times
// likeness follow the targets as far as the noise allows. Likeness falls with the distance
// in the dense view, where numbers are standardised and levels one-hot. The text block
// is not read.
//
// Classes are learned as indicators, all with one factorisation (least squares support
// vector machines: Suykens and Vandewalle, 1999). How far from the middle a probability is
// for a sum is found on the sums for rows left out, which come in closed form.
//
// Smooth where trees have steps, it is for the variety of an ensemble on small tables: time
// grows with the cube of the rows, memory with their square. Rows that look the same are one,
// and of more than 3,000 that differ so many are drawn by the seed, rare classes whole
// if possible; tables of more than 10,000 rows are left to other learners.
//
// It starts no goroutines and persists nothing.
package kernel
