// Package prepared trains boosted trees on the features of a frame and on further
// columns that are made from them: what a tree needs many splits for, or cannot
// see at all.
//
//	encodings    the mean target of the rows with the same category, or the same
//	             pair of categories (target.go)
//	counts       how many rows have the same pair of categories
//	deviations   a number less its mean among the rows of the same category
//	arithmetic   sums, differences, products and ratios of two numbers; of two
//	             features of elapsed days, that is the time between two dates
//	linear       the sums of a linear model of texts, numbers and categories (sums.go):
//	             always there where that is not too much to read
//
// A fit first fits the linear model, then makes candidates for a sample of its training
// rows and boosts a few rounds on them; those that save the most loss are kept (choose.go), made for all
// rows (build.go), and the trees of package gbdt are trained on the features and
// the kept columns (extend.go). Names of columns say what they are made of.
//
// All of this belongs to the fit: encodings and sums see the targets of its
// training rows and of no others, so that validation rows stay unseen. A training row's own
// encoding, or sum, comes from the other folds of an inner split; what is kept for
// prediction comes from all training rows.
//
// Candidates are made by up to Threads goroutines, which end with the call.
// Nothing is persisted.
package prepared
