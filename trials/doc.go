// Package trials holds what was tried and is to be tried: the task that travels
// to a worker (Spec), the record of its fate (Record), the jobs they belong to,
// the contract of the store that keeps records (Store), and the rules that every
// part must apply in the same way: how rows are split for validation
// (Split.Assign), how a record may move from state to state (Record.Move), how
// trials are ranked (Rank), and the binary form of what a trial leaves behind
// (EncodeModels, EncodeOOF).
//
//	          Create                take: attempt+1
//	(nothing) ──────► queued ────────────────────────► running
//	                    ▲  │                            │   │
//	                    │  │ cancel, given up           │   │ finish, by the
//	                    │  ▼                            │   ▼ holder only
//	                    │ cancelled, failed             │ succeeded, failed,
//	                    └───────────────────────────────┘ pruned, cancelled
//	                       handed back: attempt-1
//
// Every arrow is a compare-and-set on the record's revision, so of two writers
// exactly one succeeds. A worker owns a trial as long as the revision that it
// wrote when it took the trial is the stored one. Final states never change.
//
// Everything here is pure but Memory, a Store in memory, which starts one
// goroutine for each Watch; it stops when the watch's context ends. Nothing is
// written to disk.
package trials
