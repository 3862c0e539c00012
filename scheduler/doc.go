// Package scheduler runs jobs: it plans a job, dispatches its trials over the
// bus, follows their records, ends in time and weights the ensemble. RunJob runs
// one job; a Service takes the jobs of a bus, each under a lease.
//
// The files are one concern each:
//
//   - core.go: what happens next, as a pure function from (state, event) to
//     (state, actions), without goroutines, clocks or I/O. choose.go picks and
//     bounds trials, pace.go hurries those that would take too long, known.go keeps up
//     what that takes, pool.go are the candidates of the ensemble. The texts in testdata
//     are played against it: a bug report becomes such a text.
//   - plan.go: what the job is about: target, features, metric, study; split.go: how trials
//     are validated.
//   - run.go: the shell, which feeds the core with records and time and does
//     what it asks for.
//   - given.go: configurations that a job is given: to begin with, or alone, with weights.
//   - limits.go: budgets that no model keeps to, and the score that ends a search.
//     settled.go: the end of a search that has nothing more to gain.
//   - finish.go: the ensemble and the outcome.
//   - distill.go: one model in place of the ensemble; teach.go and madeup.go: what it
//     learns, distilltime.go: what time it has.
//   - service.go, lease.go: many jobs, many schedulers. tables.go: who needs
//     which table in the cache.
//   - events.go: what a job publishes.
//
// # Promises
//
// Without a time limit trial i is chosen, bounded and pruned by the results of
// trials 0 to i−8 alone, in the order of their numbers, so that leaderboard and
// model are the same for any number and speed of workers. With a time limit the
// same code looks at the clock.
//
// What a step costs grows with the trials under way, not with those that have ended:
// see known.go.
//
// The core goes by the trials' records, not by messages: reports that come
// twice, late or out of order change nothing, and the state is rebuilt from the
// records after a crash. It reads the records of trials that it hears nothing
// of, and stores their tasks again where they may be lost.
//
// # Goroutines
//
// RunJob starts three (one follows the records, one talks to the bus, one buries
// tasks that are not delivered any more), and short-lived ones for requests that
// can be made at the same time; all have ended when it returns. A Service has
// one, one that buries, and for each job that of RunJob and one that renews the
// lease; Stop ends them and waits.
//
// # What is stored
//
// Through the bus: the trials' records and tasks, the blobs with the job's
// feature plan and problem, the table if there are workers elsewhere, and (a
// Service) the job's record and its model. Nothing on disk by itself.
package scheduler
