// Command simulator replays the search on made problems, whose trials take no
// time, and the core of the scheduler with workers in virtual time.
//
//	simulator regret [-samplers a,b] [-problems a,b] [-trials N] [-seeds N] [-lag N]
//	simulator workers [-counts 1,10] [-each N] [-seed S]
//	simulator spaces
//	simulator serve PROBLEM
//
// regret prints a JSON line a run: how far the true loss of the configuration that
// looks best so far is from the least possible one, after 10, 20, … trials. A run
// begins with the defaults; a trial is asked for when the results of all but the
// last lag−1 trials are known. workers runs jobs with a budget of some times the
// default trial's time and prints what share of the workers' time went into
// trials that ended in it, once with the time that the core itself takes (measured,
// charged to the virtual clock) and once without. spaces and serve let samplers elsewhere
// (simulator.py: Optuna's) work on the same problems: serve reads JSON lines
// {"seed", "number", "params"} and answers [observed loss, regret].
//
// It starts a goroutine for each processor, which ends with its run, and
// persists nothing.
package main
