// Package linear is the learner of linear models on the encoded view: ridge
// regression, logistic and softmax regression, each with an elastic net
// penalty if asked.
//
// The objective is
//
//	Σ w·loss + alpha·(l1_ratio·|b|₁ + (1−l1_ratio)/2·|b|²)
//
// with half squared errors of the standardised target for regression, so that
// alpha is scikit-learn's alpha of Ridge and 1/C of LogisticRegression. The
// intercepts are not penalised.
//
// Small ridge problems are solved in closed form; all others by L-BFGS (Nocedal
// and Wright, Numerical Optimization, chapter 7), or OWL-QN (Andrew and Gao,
// ICML 2007) where there is an absolute penalty. Columns that are mostly zero,
// such as indicators and words, are kept compressed by row and by column.
//
// Fit shares its work over up to Threads goroutines, which end before it
// returns; every sum is made in an order that does not depend on their number.
// Nothing is persisted.
package linear
