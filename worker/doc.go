// Package worker takes trials from the bus, runs them and reports.
//
// A worker owns a trial through its record, not through the message that
// brought it. For each task it
//
//  1. reads the record; if its state is final, the task is removed and forgotten;
//  2. takes the trial by compare-and-set: running, attempt+1, its name. A trial
//     that was taken MaxAttempts times before is failed instead;
//  3. beats: every three seconds it tells the queue that the task is alive and
//     looks at the record. Any revision but the one it wrote means that the trial
//     was cancelled or is another worker's now, and ends the fit;
//  4. stores models and predictions under their digests;
//  5. ends the record by compare-and-set on the same revision. If that fails, the
//     result is dropped;
//  6. removes the task, but only if the record says that the trial is over: a
//     worker that has lost it must not, since the queue would take its word for
//     the other's.
//
// A process that dies at any step leaves a task that comes back after the
// acknowledgement deadline, and a record that the next worker takes over. So a
// trial may be computed more than once and counts once.
//
// When Run's context ends, the trial under way is stopped and handed back to the
// queue: the record is queued again and the attempt is not counted.
//
// Run works on one task at a time, on the calling goroutine; for each it starts
// one goroutine that beats and one that a learner's panic or refusal to stop
// cannot take the worker with. They end with the task, except that a learner
// that ignores its context is left behind. Nothing is written to disk.
package worker
