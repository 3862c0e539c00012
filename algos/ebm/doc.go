// Package ebm is the learner of explainable boosting machines: generalised
// additive models with pairwise interactions (GA2M; Lou, Caruana and Gehrke,
// KDD 2012; Lou et al., KDD 2013; Nori et al., InterpretML, 2019) whose terms
// are tables over the bins of one feature or of two, to be plotted and edited.
//
// Several bags of the rows are boosted each on its own, with small steps, one
// feature after the other in cycles, so that correlated features share what they
// tell. A bag holds out a part of its rows, and its tables are those of the cycle
// with the least loss there. Its first cuts are drawn, and levels of few rows
// share a bin. When all bags have stopped, the pairs of features whose best cuts
// would take off most of the loss that is left are found (FAST), and the bags go
// on with these. The model is the mean of the bags, its pairs freed of what single
// features can say and all terms centred (Lengerich et al., AISTATS 2020).
//
// Gradients are exact at the start of a strip of features and follow the changes
// to first order within it, which small steps allow: an exponential a row and
// strip in place of one a row and feature.
//
// Bags are shared out over up to Threads goroutines, which end before Fit
// returns; each bag works alone, so that their number changes nothing. Nothing
// is persisted.
package ebm
