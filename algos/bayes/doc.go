// Package bayes is the learner of naive Bayes classifiers: every feature speaks for
// each class on its own, so that a fit is one pass over the data.
//
// Numbers are taken as normally distributed within a class (standardised, with
// tails drawn in), categories by the classes' shares of the rows of a level, text as
// multinomial: words drawn from each class's. A missing value is a level. The
// kinds multinomial and complement take numbers (within their range) and levels
// for words too, which suits tables of counts; complement has for a class the words
// of all others (Rennie et al., ICML 2003).
//
// Features that tell the same again make naive Bayes too sure. All that the
// features say is therefore multiplied by one temperature, which minimises the log
// loss of rows by the statistics of the other half of the rows; the priors stay.
//
// Features are shared out over up to Threads goroutines, which end before Fit
// returns. Nothing is persisted.
package bayes
