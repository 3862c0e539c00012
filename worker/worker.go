package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/trials"
)

const (
	// MaxAttempts is how many workers may lose a trial before it is given up.
	MaxAttempts = 5
	// commitTime bounds the storing of a result while the server is away.
	commitTime = 2 * time.Minute
	// leaveTime bounds handing a trial back when the worker stops.
	leaveTime = 10 * time.Second
	// stopTime is how long a learner may take to stop when told to.
	stopTime = 30 * time.Second
)

// Config is what Run needs.
type Config struct {
	// Bus brings the tasks; required.
	Bus *bus.Bus
	// Cache keeps prepared tables, best shared by the workers of a process;
	// required for anything but empty tasks.
	Cache *featurize.Cache
	// Threads of a trial whose spec leaves it open; 0 means all cores.
	Threads int
	// MemoryLimit holds the estimates of running trials, shared by the workers of
	// a process; nil means one of its own, with NewMemory(0).
	MemoryLimit *Memory
	Logger      *slog.Logger // nil discards
	// Name tells workers apart in records and logs; "" means host and process.
	Name string

	stop time.Duration // for tests; 0 means stopTime
}

type worker struct {
	Config
	store trials.Store
	split splitCache
}

// Run takes tasks, one at a time, until ctx ends; the one under way is then
// handed back. It returns nil, or bus.ErrClosed if the bus was closed before.
func Run(ctx context.Context, c Config) error {
	w := newWorker(c)
	for {
		task, err := c.Bus.Next(ctx)
		if ctx.Err() != nil {
			if err == nil {
				_ = task.Retry(0)
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("worker %s: %w", w.Name, err)
		}
		w.serve(ctx, task)
	}
}

func newWorker(c Config) *worker {
	if c.Name == "" {
		host, _ := os.Hostname()
		c.Name = fmt.Sprintf("%s-%d", cmp.Or(host, "worker"), os.Getpid())
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MemoryLimit == nil {
		c.MemoryLimit = NewMemory(0)
	}
	c.Threads = cmp.Or(max(c.Threads, 0), runtime.GOMAXPROCS(0))
	c.stop = cmp.Or(c.stop, stopTime)
	c.Logger = c.Logger.With("worker", c.Name)
	return &worker{Config: c, store: c.Bus.Trials()}
}

// outcome is how a trial ended.
type outcome struct {
	state  trials.State
	result *trials.Result
	reason string
}

func failed(format string, args ...any) outcome {
	return outcome{state: trials.Failed, reason: fmt.Sprintf(format, args...)}
}

// serve sees a task through.
func (w *worker) serve(ctx context.Context, task *bus.Task) {
	rec, err := w.take(ctx, task)
	if err != nil {
		w.log(task).Warn("trial not taken", "error", err)
		_ = task.Retry(time.Second)
	} else if rec != nil {
		w.work(ctx, task, rec)
	}
}

func (w *worker) log(t *bus.Task) *slog.Logger {
	return w.Logger.With("job", t.Spec.Job, "trial", t.Spec.Number)
}

// work runs a trial that this worker has taken.
func (w *worker) work(ctx context.Context, task *bus.Task, rec *trials.Record) {
	if rec.Spec.Kind == trials.NoOp { // nothing runs that had to be told of or watched
		w.commit(ctx, task, rec, outcome{state: trials.Succeeded, result: &trials.Result{Kernel: kernel}})
		return
	}
	w.report(rec, "started", "", startedData{rec.Spec.Number, rec.Spec.Learner, w.Name, rec.Attempt})
	trial, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.beat(trial, task, rec.Revision, cancel)
	}()
	out, err := w.run(trial, rec)
	cause := context.Cause(trial) // before this function ends it
	cancel(nil)
	<-done
	switch {
	case errors.Is(cause, errLost):
		w.log(task).Warn("trial lost to another worker: its result is dropped")
		task.Drop()
	case errors.Is(cause, errCancelled):
		_ = task.Done(ctx)
	case err == nil:
		w.commit(ctx, task, rec, out)
	case ctx.Err() != nil:
		w.handBack(ctx, task, rec, false)
	default: // trouble with the server or this host, not with the trial
		w.log(task).Warn("trial not run", "error", err)
		w.handBack(ctx, task, rec, true)
	}
}

type startedData struct {
	Trial   int    `json:"trial"`
	Learner string `json:"learner"`
	Worker  string `json:"worker"`
	Attempt int    `json:"attempt"`
}
