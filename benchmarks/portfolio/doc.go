// Command portfolio records what configurations of every learner come to on
// tables, and replays the search on these records.
//
//	portfolio record FILE [-tables a,b] [-learners a,b] [-draws N] [-hours H] [-most SECONDS]
//	portfolio racing FILE [-widths a,b] [-orders N]
//	portfolio choose FILE [-out FILE] [-power P]
//
// record takes the tables of the folders AUTOML_DATA and AUTOML_PORTFOLIO
// (benchmarks/dataset) with more than 300 rows and adds a JSON line to FILE for each
// configuration of each learner on each table: the losses of five folds and the
// processor time that each took, with one thread. What FILE has is not done again,
// so that it may be ended and begun again at any time. Configurations are those
// that the learner's portfolio has for the table, then N drawn from its space,
// which are the same for all tables of a task.
//
// racing replays trials in random orders under rules that give a trial up before
// its last fold, and prints a JSON line a rule: the folds that were saved, and
// what was lost by it.
//
// choose orders the configurations of each learner, task and size of tables greedily,
// and prints a JSON line a group: the order, and how it does on each table when made
// of the others, beside that of the learner's portfolio. A configuration that has no
// record on a table is passed over there. -out stores the orders that are better on
// tables left out by two standard errors at least: that of search/portfolio/portfolio.json
// is made this way.
//
// It starts no goroutines beyond those of a fit.
package main
