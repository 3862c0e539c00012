// Package linear is the learner of linear models on the encoded view, with an
// elastic net penalty. It minimises
//
//	Σ w·loss + alpha·(l1_ratio·|b|₁ + (1−l1_ratio)/2·|b|²)
//
// where the loss is that of ridge regression (half squared errors of the
// standardised target), of a quantile (Koenker and Bassett 1978), of Poisson
// regression, of logistic or softmax regression, or the squared hinge of a linear
// support vector machine, whose probabilities are calibrated (Platt 1999). alpha is
// scikit-learn's alpha of Ridge and 1/C of LogisticRegression and LinearSVC. The
// intercepts are not penalised.
//
// Problems with one sum a row and a matrix of moderate size are solved by Newton's
// method: its quadratic models in closed form or, with an absolute penalty, by
// coordinate descent with covariance updates along a path of falling penalties
// (Friedman, Hastie and Tibshirani 2010); with validation rows the point of the path
// that fits them best is the result. All others are solved by L-BFGS (Nocedal
// and Wright, Numerical Optimization, chapter 7), or OWL-QN (Andrew and Gao,
// ICML 2007) where there is an absolute penalty. Columns that are mostly zero,
// such as indicators and words, are kept compressed by row and by column.
//
// Fit shares its work over up to Threads goroutines, which end before it
// returns; every sum is made in an order that does not depend on their number.
// Nothing is persisted.
package linear
