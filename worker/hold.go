package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/trials"
)

// Why a running trial's context ended.
var (
	errLost      = errors.New("the trial is another worker's now")
	errCancelled = errors.New("the trial was cancelled")
)

// take makes the trial this worker's. It returns nil if there is nothing to do;
// the task is then ended.
func (w *worker) take(ctx context.Context, task *bus.Task) (*trials.Record, error) {
	for rec := task.Record(); ; rec = nil {
		if rec == nil {
			var err error
			rec, err = w.store.Get(ctx, task.Spec.Job, task.Spec.Number)
			if errors.Is(err, trials.ErrNotFound) { // the job was deleted
				return nil, task.Done(ctx)
			}
			if err != nil {
				return nil, err
			}
		}
		if rec.State.Final() {
			return nil, task.Done(ctx)
		}
		if err := w.claim(rec); err != nil {
			return nil, err
		}
		switch err := w.store.Update(ctx, rec); {
		case err == nil && rec.State.Final():
			return nil, task.Done(ctx)
		case err == nil:
			return rec, nil
		case !errors.Is(err, trials.ErrConflict):
			return nil, err
		}
	}
}

// claim changes the record to what taking the trial makes of it.
func (w *worker) claim(rec *trials.Record) error {
	now := time.Now()
	rec.Worker = w.Name
	if rec.Attempt >= MaxAttempts {
		rec.Reason = fmt.Sprintf("gave up after %d attempts: worker lost", rec.Attempt)
		return rec.Move(trials.Failed, now)
	}
	return rec.Move(trials.Running, now)
}

// beat keeps the task and watches the record until ctx ends, which it makes
// happen if the trial is no longer this worker's.
func (w *worker) beat(ctx context.Context, task *bus.Task, revision uint64, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(w.Bus.Heartbeat())
	defer tick.Stop()
	hint := task.Cancelled()
	for {
		select {
		case <-ctx.Done():
			return
		case <-hint:
			hint = nil
		case <-tick.C:
			if err := task.Heartbeat(); err != nil {
				w.log(task).Warn("heartbeat", "error", err)
			}
		}
		if err := w.stillMine(ctx, task, revision); err != nil {
			cancel(err)
			return
		}
	}
}

// stillMine reports errLost or errCancelled. It does not matter if the record
// can't be read: the compare-and-set at the end decides. A replica that lags
// may give an older revision.
func (w *worker) stillMine(ctx context.Context, task *bus.Task, revision uint64) error {
	ctx, cancel := context.WithTimeout(ctx, w.Bus.Heartbeat())
	defer cancel()
	rec, err := w.store.Get(ctx, task.Spec.Job, task.Spec.Number)
	switch {
	case errors.Is(err, trials.ErrNotFound):
		return errCancelled
	case err != nil:
		if ctx.Err() == nil {
			w.log(task).Warn("trial record", "error", err)
		}
		return nil
	case rec.Revision <= revision:
		return nil
	case rec.State.Final():
		return errCancelled
	}
	return errLost
}

// commit ends the trial's record and then the task. While the server is away it
// tries again: if that takes too long, the task goes to another worker, and one
// of the two results is dropped.
func (w *worker) commit(ctx context.Context, task *bus.Task, rec *trials.Record, out outcome) {
	final := *rec
	final.Result, final.Reason = out.result, out.reason
	if err := final.Move(out.state, time.Now()); err != nil {
		w.log(task).Error("trial not ended", "error", err)
		task.Drop()
		return
	}
	w.settle(ctx, commitTime, task, &final, func() { _ = task.Done(ctx) })
}

// handBack queues the trial again. The attempt counts only if charge is set.
func (w *worker) handBack(ctx context.Context, task *bus.Task, rec *trials.Record, charge bool) {
	queued := *rec
	if err := queued.Move(trials.Queued, time.Now()); err != nil {
		w.log(task).Error("trial not handed back", "error", err)
		task.Drop()
		return
	}
	delay := time.Duration(0)
	if charge {
		queued.Attempt = rec.Attempt
		delay = time.Second
	}
	w.settle(ctx, leaveTime, task, &queued, func() { _ = task.Retry(delay) })
}

// settle stores what becomes of the record, then calls end. If the record is not
// this worker's any more, the task is removed only if the trial is over.
func (w *worker) settle(ctx context.Context, patience time.Duration, task *bus.Task, to *trials.Record, end func()) {
	// The worker's own end must not keep what is done from being stored.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := w.store.Update(ctx, to)
		if err == nil {
			end()
			return
		}
		if errors.Is(err, trials.ErrConflict) {
			if done, err := w.conflict(ctx, task, to, end); done {
				return
			} else if err != nil {
				w.log(task).Warn("trial record", "error", err)
			}
		} else if unstorable(err) {
			w.log(task).Error("result not stored", "error", err)
			out := failed("the result can't be stored: %v", err)
			to.Result, to.State, to.Reason = nil, out.state, out.reason
		} else {
			w.log(task).Warn("trial record", "error", err)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			w.log(task).Warn("trial left to another worker", "error", err)
			task.Drop()
			return
		}
	}
}

// unstorable says that the record itself is at fault: trying again is of no use.
func unstorable(err error) bool {
	var value *json.UnsupportedValueError
	return errors.Is(err, bus.ErrTooLarge) || errors.As(err, &value)
}

// conflict looks who changed the record: this worker itself may have, in a write
// whose answer got lost.
func (w *worker) conflict(ctx context.Context, task *bus.Task, to *trials.Record, end func()) (done bool, err error) {
	now, err := w.store.Get(ctx, task.Spec.Job, task.Spec.Number)
	switch {
	case errors.Is(err, trials.ErrNotFound):
		_ = task.Done(ctx)
	case err != nil:
		return false, err
	case now.State == to.State && now.Attempt == to.Attempt && now.Worker == to.Worker && now.Finished.Equal(to.Finished):
		end()
	case now.State.Final():
		_ = task.Done(ctx)
	default:
		w.log(task).Warn("trial lost to another worker: its result is dropped")
		task.Drop()
	}
	return true, nil
}

// report publishes an event of a trial; part tells those of one kind apart.
func (w *worker) report(rec *trials.Record, kind, part string, payload any) {
	data, err := json.Marshal(payload)
	if err == nil {
		// The revision makes the id this attempt's own.
		id := fmt.Sprintf("%s/%d/%d/%s/%s", rec.Spec.Job, rec.Spec.Number, rec.Revision, kind, part)
		err = w.Bus.Report(bus.Event{Job: rec.Spec.Job, Kind: kind, Trial: rec.Spec.Number, Data: data}, id)
	}
	if err != nil {
		w.Logger.Warn("event", "error", err)
	}
}
