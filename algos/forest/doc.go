// Package forest holds two learners of averaged deep trees on the binned view:
// random forests (Breiman 2001: bootstrap samples, the best cut of a random
// choice of features) and extremely randomised trees (Geurts et al. 2006: all
// rows, one random cut a feature, drawn uniformly between values).
//
// Splits minimise the Gini impurity or the squared error. Missing values form a
// bin of their own that goes to either side: the better one (random forest) or
// a random one (extra trees); where a node saw none, they go with the larger
// part. Levels of categorical features are cut in the order of their mean
// target (Fisher 1958; for more than two classes the share of a class drawn at
// random), moved at random by its error: at the best place, or at a random one
// (extra trees). Rare levels of categories that have hardly any others are as
// missing values are.
//
// Where there are no validation rows, random forests report and return what they
// say of the rows that the samples of their trees left out.
//
// Trees are grown in batches on up to Threads goroutines, which end before Fit
// returns. Tree t depends on the seed and on t alone. Nothing is persisted.
package forest
