// Package mlp is the learner of multi-layer perceptrons, after RealMLP-TD-S of
// Holzmüller, Grinsztajn and Steinwart, "Better by Default" (NeurIPS 2024): numbers
// centred on the median, scaled by the interquartile range and clipped smoothly,
// categories one-hot or embedded, a learnable scale of each input, weights divided
// by the root of what a layer reads (the neural tangent parametrisation), SELU or
// Mish, a last layer that starts at zero, Adam with β₂ = 0.95 and a learning rate
// in four cycles, each twice as long as the one before. The parameters kept are
// those of the epoch that the validation rows like best.
//
// With "members" above 1 the net is TabM-mini (Gorishniy, Kotelnikov and Babenko,
// 2024): so many nets that share all but the scales of the inputs and the last
// layer, averaged.
//
// A step is an epoch, or a part of one where the rows are many. The schedule is a
// function of the parameters alone. The rate is near zero after 1/15, 1/5 and 7/15
// of it, so that a fit which the context ends has an annealed net from there; and
// at the last of these points a fit ends early if its cycle brought nothing.
//
// Without validation rows, and without MaxSteps, a fit of up to 8,000 rows is rehearsed:
// up to five small nets go through the schedule without a fifth of the rows each, and
// the fit ends with the cycle that was best for those. It costs about as much again.
//
// A batch is split into four blocks, whatever the number of threads, and their
// gradients are added in order: bits depend on the set of kernels alone (package
// gemm). Fit starts up to Threads goroutines, which end before it returns. Nothing
// is persisted.
package mlp
