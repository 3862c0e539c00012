package scheduler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/trials"
)

// errReleased is the cause with which a Service ends the context of a job that
// goes on elsewhere: its trials are left alone.
var errReleased = errors.New("job released")

const (
	tickEvery   = 250 * time.Millisecond
	opTimeout   = 10 * time.Second // of one request of the bus
	opAttempts  = 6                // in a row that may fail before the job does
	maxTable    = 64 << 30         // bytes of a decoded table
	cancelAfter = 3 * time.Second  // for the ensemble of an interrupted job
	cleanTime   = 2 * time.Second  // for cancelling what the end cut off
)

// runner is the shell around the core of one job: it owns the state, feeds it
// with records and time, and does what it asks for.
type runner struct {
	c      *Config
	job    *trials.Job
	log    *slog.Logger
	tables tables
	plan   *plan // nil for empty tasks
	rules  *Rules
	state  State
	told   progress
	// What the goroutine that talks to the bus is given, and gives back.
	work   chan []Action
	found  chan *trials.Record
	broken chan error
}

// RunJob runs a job to its end: all its trials, or its time, or the end of ctx,
// which leaves the best so far. table is the job's data, nil to take it from the
// cache or the bus by the digest job.Dataset.
//
// A job whose records are there already goes on from them. The error wraps
// ErrNoModel if no trial succeeded, and is an *InputError if the table or the
// options are at fault.
//
// It starts goroutines that have all ended when it returns. What it leaves on
// the bus are the records of the trials and the job's description; the blobs of
// its models are dropped.
func RunJob(ctx context.Context, c Config, job *trials.Job, table *data.Table) (*Outcome, error) {
	c.hooks = hooks{progress: func(progress) {}, shelf: newShelf(c.Cache)}
	r, o, err := run(ctx, &c, job, table)
	if r != nil && !errors.Is(err, errReleased) {
		r.forget(context.WithoutCancel(ctx))
	}
	return o, err
}

// run is RunJob without the last step, after which the job could not be
// repeated from its records.
func run(ctx context.Context, c *Config, job *trials.Job, table *data.Table) (*runner, *Outcome, error) {
	if err := c.check(); err != nil {
		return nil, nil, err
	}
	if err := trials.CheckID(job.ID); err != nil {
		return nil, nil, input(err)
	}
	r := &runner{
		c: c, job: job, log: c.logger().With("job", job.ID), tables: tables{shelf: c.hooks.shelf},
		work: make(chan []Action), found: make(chan *trials.Record), broken: make(chan error, 1),
	}
	defer r.tables.release()
	err := r.prepare(ctx, table)
	if ctx.Err() != nil && err != nil {
		err = fmt.Errorf("%w: %s before the search began", ErrNoModel, endedBy(ctx))
	}
	if err == nil {
		err = r.search(ctx)
	}
	var o *Outcome
	if err == nil {
		o, err = r.finish(ctx)
	} else if errors.Is(context.Cause(ctx), errReleased) {
		return r, nil, errReleased
	}
	if err != nil {
		r.failed(ctx, err)
	}
	return r, o, err
}

// prepare plans the job and takes in what an earlier owner left.
func (r *runner) prepare(ctx context.Context, table *data.Table) error {
	r.phase("profile")
	records, err := r.c.Bus.Trials().List(ctx, r.job.ID)
	if err != nil {
		return fmt.Errorf("read the trials of job %s: %w", r.job.ID, err)
	}
	if r.c.NoOp {
		r.rules = &Rules{
			Job: r.job.ID, Trials: max(1, r.job.Options.Trials), Lag: lagNoOp,
			Spec: trials.Spec{Kind: trials.NoOp, Split: trials.Split{Folds: 1}},
		}
	} else if err := r.understand(ctx, table, records); err != nil {
		return err
	}
	r.state = NewState(r.rules)
	for _, rec := range records {
		r.state, _ = r.state.Step(Event{Kind: Report, At: time.Now(), Record: rec})
	}
	return nil
}

func (r *runner) understand(ctx context.Context, table *data.Table, records []*trials.Record) error {
	o := &r.job.Options
	if err := checkOptions(o); err != nil {
		return input(err)
	}
	if table == nil {
		var err error
		if table, err = r.fetchTable(ctx); err != nil {
			return err
		}
	}
	p, err := newPlan(ctx, r.c, &r.tables, o, r.job.Dataset, table)
	if err != nil {
		return err
	}
	r.plan = p
	now := time.Now()
	if len(records) > 0 {
		if records[0].Spec.Problem != p.problem {
			return fmt.Errorf("job %s was begun by another version of the program, which saw the data differently: submit it again", r.job.ID)
		}
		err = p.takeSplit(records[0].Spec.Split, true)
	} else {
		err = p.chooseSplit(o, budget(o, now))
	}
	if err != nil {
		return err
	}
	if r.rules, err = p.rules(r.c, r.job, now); err != nil {
		return err
	}
	r.planned()
	return nil
}

// fetchTable takes the job's table from the cache, or else from the bus.
func (r *runner) fetchTable(ctx context.Context) (*data.Table, error) {
	digest := r.job.Dataset
	if t, ok := r.c.Cache.Table(digest); ok {
		return t, nil
	}
	blob, err := r.c.Bus.GetBlob(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("data set %.12s: %w", digest, err)
	}
	t, err := data.Decode(bytes.NewReader(blob), maxTable)
	if err != nil {
		return nil, fmt.Errorf("data set %.12s: %w", digest, err)
	}
	return t, nil
}

// search runs the core until it has ended. Three goroutines help it: one
// follows the records, one talks to the bus, so that nothing can keep the core
// from ending in time, and one buries tasks that are not delivered any more.
func (r *runner) search(ctx context.Context) error {
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer stop()
	records := make(chan *trials.Record)
	helpers.Go(func() { r.follow(inner, records) })
	helpers.Go(func() { r.perform(inner) })
	if !r.c.hooks.burial {
		helpers.Go(func() { bury(inner, r.c.Bus, r.log) })
	}
	r.phase("search")
	timer := time.NewTimer(0)
	defer timer.Stop()
	var todo []Action
	for r.state.Ended() == "" {
		var work chan<- []Action
		if len(todo) > 0 {
			work = r.work
		}
		e := Event{Kind: Report}
		select {
		case e.Record = <-records:
		case e.Record = <-r.found:
		case <-timer.C:
			e = Event{Kind: Tick, Workers: r.c.workers()}
		case work <- todo:
			todo = nil
			continue
		case err := <-r.broken:
			return err
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errReleased) {
				return errReleased
			}
			e = Event{Kind: Cancel, Reason: endedBy(ctx)}
		}
		e.At = time.Now()
		var actions []Action
		r.state, actions = r.state.Step(e)
		for _, a := range actions {
			if r.tell(a) {
				todo = append(todo, a)
			}
		}
		if e.Kind == Tick {
			timer.Reset(r.nextTick(e.At))
		}
	}
	r.log.Info("search ended", "reason", r.state.Ended(), "trials", r.state.Finals())
	return nil
}

// endedBy says in words why ctx has ended.
func endedBy(ctx context.Context) string {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, context.DeadlineExceeded):
		return timeUp
	case errors.Is(cause, context.Canceled):
		return "interrupted"
	default:
		return cause.Error()
	}
}

func (r *runner) nextTick(now time.Time) time.Duration {
	next := tickEvery
	if end := r.state.End(); r.state.Timed() && end.After(now) {
		next = min(next, end.Sub(now))
	}
	return max(next, time.Millisecond)
}

// follow sends the records of the job, and their changes, until ctx ends.
func (r *runner) follow(ctx context.Context, to chan<- *trials.Record) {
	for ctx.Err() == nil {
		from, err := r.c.Bus.Trials().Watch(ctx, r.job.ID)
		if err != nil {
			r.log.Warn("cannot follow the trials, trying again", "error", err)
			pause(ctx, time.Second)
			continue
		}
		for rec := range from {
			select {
			case to <- rec:
			case <-ctx.Done():
			}
		}
		pause(ctx, 100*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// bury fails the trials whose tasks are not delivered any more, until ctx ends.
func bury(ctx context.Context, b *bus.Bus, log *slog.Logger) {
	err := b.Dead(ctx, func(job string, number int, reason string) error {
		return end(ctx, b.Trials(), job, number, trials.Failed, reason)
	})
	if ctx.Err() == nil {
		log.Warn("dead tasks are not noticed any more", "error", err)
	}
}

// end moves a trial to a final state, unless it is in one.
func end(ctx context.Context, store trials.Store, job string, number int, to trials.State, reason string) error {
	for {
		rec, err := store.Get(ctx, job, number)
		if errors.Is(err, trials.ErrNotFound) || err == nil && rec.State.Final() {
			return nil
		}
		if err != nil {
			return err
		}
		if err := rec.Move(to, time.Now()); err != nil {
			return err
		}
		rec.Reason = reason
		if err := store.Update(ctx, rec); !errors.Is(err, trials.ErrConflict) {
			return err
		}
	}
}

// perform does what the core asks for until ctx ends. Actions that fail are not
// repeated here: the core asks again for the records of trials it hears nothing
// of.
func (r *runner) perform(ctx context.Context) {
	failures := 0
	for {
		var batch []Action
		select {
		case batch = <-r.work:
		case <-ctx.Done():
			return
		}
		err := r.performAll(ctx, batch)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failures = 0
			continue
		}
		r.log.Warn("message bus", "error", err)
		if failures++; failures >= opAttempts {
			r.broken <- fmt.Errorf("the message bus failed %d times in a row: %w", failures, err)
			return
		}
	}
}

func (r *runner) performAll(ctx context.Context, batch []Action) error {
	var specs []*trials.Spec
	var errs []error
	for _, a := range batch {
		switch a.Kind {
		case Dispatch:
			specs = append(specs, a.Spec)
		case Check:
			errs = append(errs, r.checkTrial(ctx, a.Number, a.Spec))
		case Drop:
			r.dropTrial(ctx, a)
		}
	}
	return errors.Join(append(errs, r.dispatch(ctx, specs))...)
}

// dispatch stores records and tasks. A record that is there already is the same
// one from an earlier attempt.
func (r *runner) dispatch(ctx context.Context, specs []*trials.Spec) error {
	if len(specs) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	err := parallel(len(specs), func(i int) error {
		rec := &trials.Record{Spec: *specs[i], State: trials.Queued, Queued: time.Now()}
		err := r.c.Bus.Trials().Create(ctx, rec)
		if errors.Is(err, trials.ErrExists) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("dispatch trials: %w", err)
	}
	if len(specs) == 1 {
		return r.c.Bus.Enqueue(ctx, specs[0])
	}
	return r.c.Bus.EnqueueAll(ctx, specs)
}

// parallel calls f for 0 to n−1 on a few goroutines and returns the first error.
func parallel(n int, f func(i int) error) error {
	var mu sync.Mutex
	var first error
	next := 0
	var group sync.WaitGroup
	for range min(n, 16) {
		group.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n {
					return
				}
				if err := f(i); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	return first
}

// checkTrial reads the record of a trial that nothing was heard of. A queued one
// may have lost its task, and one without a record was never stored.
func (r *runner) checkTrial(ctx context.Context, number int, spec *trials.Spec) error {
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	rec, err := r.c.Bus.Trials().Get(ctx, r.job.ID, number)
	switch {
	case errors.Is(err, trials.ErrNotFound):
		return r.dispatch(ctx, []*trials.Spec{spec})
	case err != nil:
		return err
	case rec.State == trials.Queued:
		return r.c.Bus.Enqueue(ctx, &rec.Spec)
	}
	select {
	case r.found <- rec:
	case <-ctx.Done():
	}
	return nil
}

func (r *runner) dropTrial(ctx context.Context, a Action) {
	for _, digest := range a.Blobs {
		if err := r.c.Bus.DropBlob(ctx, digest); err != nil && ctx.Err() == nil {
			r.log.Warn("drop a blob", "trial", a.Number, "error", err)
		}
	}
}

// phase says what the job does now.
func (r *runner) phase(name string) {
	r.told.phase = name
	d := PhaseData{Phase: name}
	if name == "search" && r.state.rules != nil {
		d.Deadline = r.state.End()
	}
	r.emit(EventPhase, 0, d, "phase/"+name)
	r.c.hooks.progress(r.told)
}

func (r *runner) planned() {
	p := r.plan
	r.told.metric = p.metric.Name
	d := PlannedData{
		Task: p.shape.Task, Why: p.prepared.Target.Why, Metric: p.metric.Name, Greater: p.metric.Greater,
		Classes: p.prepared.Target.Classes, Rows: p.table.Rows(), Features: p.shape.Features, Split: p.split, Warnings: p.warnings,
	}
	for _, l := range p.learners {
		d.Learners = append(d.Learners, l.Name())
	}
	r.emit(EventPlanned, 0, d, "planned")
}

// tell reports what others want to know of an action, and says whether it is to
// be performed as well.
func (r *runner) tell(a Action) bool {
	rec := r.state.Record(a.Number)
	switch a.Kind {
	case Ended:
		r.told.trials = r.state.Finals()
		r.told.started = r.state.Started()
		if r.c.NoOp {
			r.c.hooks.progress(r.told)
			return false
		}
		d := TrialData{
			Trial: a.Number, Learner: rec.Spec.Learner, State: rec.State, Metric: r.plan.metric.Name,
			Params: rec.Spec.Params, Reason: rec.Reason,
		}
		if rec.Result != nil {
			score := r.plan.metric.FromLoss(rec.Result.Loss)
			d.Score, d.FitSeconds = &score, rec.Result.FitSeconds
		}
		r.emit(EventTrial, a.Number, d, "trial/"+strconv.Itoa(a.Number))
		r.c.hooks.progress(r.told)
	case Best:
		if r.c.NoOp {
			return false
		}
		score := r.plan.metric.FromLoss(rec.Result.Loss)
		r.told.best = &score
		d := BestData{Trial: a.Number, Learner: rec.Spec.Learner, Metric: r.plan.metric.Name, Score: score}
		r.emit(EventBest, a.Number, d, "best/"+strconv.Itoa(a.Number))
		r.c.hooks.progress(r.told)
	case Dispatch:
		if r.told.started.IsZero() {
			r.told.started = r.state.Started()
			r.c.hooks.progress(r.told)
		}
		return true
	case Check, Drop:
		return true
	}
	return false
}

// emit hands an event to the bus, without waiting for it, and to the caller.
func (r *runner) emit(kind string, trial int, payload any, id string) {
	b, err := json.Marshal(payload)
	if err != nil {
		r.log.Error("event", "kind", kind, "error", err)
		return
	}
	e := bus.Event{Job: r.job.ID, Time: time.Now(), Kind: kind, Trial: trial, Data: b}
	if err := r.c.Bus.Report(e, r.job.ID+"/"+id); err != nil {
		r.log.Warn("event", "kind", kind, "error", err)
	}
	if r.c.OnEvent != nil {
		r.c.OnEvent(e)
	}
}

// failed tells of an end without a model.
func (r *runner) failed(ctx context.Context, err error) {
	r.clean(context.WithoutCancel(ctx))
	r.emit(EventFinished, 0, FinishedData{Ended: "failed", Metric: r.told.metric, Trials: r.told.trials, Error: err.Error()}, "finished")
}

// clean cancels what still runs and removes what still waits.
func (r *runner) clean(ctx context.Context) {
	if r.rules == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, cleanTime)
	defer cancel()
	reason := r.state.Ended()
	if reason == "" {
		reason = "the job failed"
	}
	var open []int
	for n := range r.state.open {
		open = append(open, n)
	}
	err := parallel(len(open), func(i int) error {
		return end(ctx, r.c.Bus.Trials(), r.job.ID, open[i], trials.Cancelled, reason)
	})
	if len(open) > 0 {
		err = errors.Join(err, r.c.Bus.Purge(ctx, r.job.ID))
	}
	if err != nil {
		r.log.Warn("clean up after the search", "error", err)
	}
}

// forget drops the blobs that the trials left.
func (r *runner) forget(ctx context.Context) {
	if r.rules == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	var digests []string
	for _, t := range r.state.trials.from(0) { // the dropped ones as well: that may not have been performed
		digests = append(digests, blobs(t.record)...)
	}
	err := parallel(len(digests), func(i int) error { return r.c.Bus.DropBlob(ctx, digests[i]) })
	if err != nil {
		r.log.Warn("drop the trials' blobs", "error", err)
	}
}

// blobs are the digests that a record names.
func blobs(r *trials.Record) []string {
	var out []string
	if r.Result != nil {
		for _, d := range []string{r.Result.OutOfFold, r.Result.Models} {
			if d != "" {
				out = append(out, d)
			}
		}
	}
	return out
}
