// Package bus is how the processes of the system talk: NATS JetStream, embedded
// or a server of the user's. It is the only package that knows NATS.
//
// StartServer runs the embedded server, in memory or on a directory that it
// locks; Connect reaches it in process or any server by URL, and makes what is
// missing there:
//
//	AUTOML_TASKS    work queue of trials, subject automl.tasks.<job>.<number>, one
//	                message a subject: a second Enqueue while the first is queued
//	                or in a worker's hands is refused, and taken for success
//	  workers       the one durable pull consumer that all workers share
//	AUTOML_EVENTS   reports for people, subject automl.events.<job>, bounded by age
//	                and size, repeated ids dropped
//	AUTOML_DEAD     the server's advisories on tasks delivered too often or rejected
//	automl_jobs     key-value bucket of job records, key <job>
//	automl_trials   key-value bucket of trial records, key <job>.<number>
//	automl_blobs    object store of tables, models and predictions, named by digest
//
// What JetStream does not give must come from the records. An acknowledgement
// proves nothing: one that comes after the task went to another worker is
// accepted as well and removes the task from the queue. So a worker writes its
// result by compare-and-set (Trials().Update) and calls Task.Done or Task.Retry
// only if that succeeded, or if the record is final already.
//
// Delivery is at least once. A task that a worker holds comes back to the queue
// when no heartbeat came for Config.AckWait; after ten deliveries it is dead:
// Bus.Dead hears of it and removes it.
//
// Records written to an embedded server with a directory are on the disk
// (fsync) when the call returns. For a server of one's own that is up to its
// setting sync_interval, which should be "always".
//
// Goroutines: those of the embedded server until Server.Stop, those of the
// connection until Bus.Close, one for each Watch and Events channel until its
// context ends, one for each idle Next caller's subscription until Close.
// Files: the embedded server's below ServerConfig.Dir (with LOCK beside them),
// copies of large blobs below Config.BlobDir.
package bus
