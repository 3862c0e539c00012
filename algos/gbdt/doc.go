// Package gbdt trains gradient-boosted decision trees on binned features: leaf-wise
// growth, native categories and missing values, early stopping, weights. Its
// hyperparameters have LightGBM's names and meanings (Ke et al. 2017).
//
// What makes it fast: gradient and Hessian of a row are quantised into one
// int64, with stochastic rounding (Shi et al. 2022), so that a histogram cell
// costs one integer addition; eight features stand in one word a row; the
// larger child's histogram is the parent's less the smaller child's, exactly.
// Integers also make the result independent of the number of threads. Leaf
// values always come from the unquantised gradients.
//
// A fit starts at most Threads-1 goroutines at a time, for stretches of a tree's
// work, and waits for them before it goes on. Nothing is persisted.
package gbdt
