// Package all registers every learner; import it for that alone:
//
//	import _ "github.com/seed-09a2cce4/automl/algos/all"
//
// A program that only predicts needs none of it: predictors live in package
// predictor, apart from those who train them.
package all
