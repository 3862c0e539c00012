// Package booster is the learner of one boosted model that needs no search: whether its
// trees are symmetric or leaf-wise (package gbdt has both), and how many rounds they
// take, is found out on rows that they are not trained on.
//
// Without validation rows it cuts folds of its training rows (folds.go), boosts each
// kind on each of them until that stops by itself, and then trains the better kind on
// all training rows for the geometric mean of the rounds that were best. With validation
// rows it boosts each kind once, and what did best on them is the model.
//
// A fit starts no goroutines but those of package gbdt, which end with it. Nothing is
// persisted.
package booster
