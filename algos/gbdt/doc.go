// Package gbdt trains gradient-boosted decision trees on binned features: leaf-wise
// or depth-wise growth, native categories and missing values, early stopping,
// weights. Its hyperparameters have LightGBM's names and meanings (Ke et al. 2017).
//
// Beside the search space's parameters a fit knows objective (see choose.go),
// class_weight, scale_pos_weight and base_score, grow_policy, data_sample_strategy,
// feature_fraction_bynode, max_delta_step, path_smooth, monotone_constraints and
// interaction_constraints (JSON, see constrain.go), and multi_output, one tree a
// round for all classes. It goes on from Request.Init, boosts on Request.Objective,
// and [Refit] computes the leaves of given trees anew.
//
// What makes it fast: gradient and Hessian of a row are quantised into one
// int64, with stochastic rounding (Shi et al. 2022), so that a histogram cell
// costs one integer addition (the units follow the mean gradient, so that heavy
// tails cost no resolution); eight features stand in one word a row; the
// larger child's histogram is the parent's less the smaller child's, exactly, and
// those of numeric features are kept as running sums, which are a cut's left side.
// Integers also make the result independent of the number of threads. Leaf
// values always come from the unquantised gradients.
// The search for splits passes over bins that cannot beat the best cut so far: on amd64
// processors with AVX-512 in assembly (by tools/scanasm with avo; not under the build
// tag purego), with the same result.
//
// A fit starts Threads-1 goroutines, which share stretches of its work, look for
// the next one for some fifty microseconds before they sleep, and have ended when it returns.
// Nothing is persisted.
package gbdt
