package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/trials"
)

// hold waits until the trial's memory is free, within the limits of the process and
// of the job. Without an outcome, release gives it back.
func (t *trial) hold(ctx, fits context.Context) (release func(), out outcome, err error) {
	memory, need := t.w.MemoryLimit, t.estimate()
	c := &claim{bytes: need, job: t.spec.Job}
	if most := t.spec.Limits.MaxMemory; most > 0 {
		shared := t.p.Bytes()
		if need+shared > most {
			return nil, failed("needs %d MB of memory by estimate, %d MB of them for the features of the table, the limit is %d MB",
				mb(need+shared), mb(shared), most>>20), nil
		}
		c.most = most - shared
	}
	if limit := memory.Limit(); need > limit {
		return nil, failed("needs %d MB of memory, the limit is %d MB", mb(need), mb(limit)), nil
	}
	if fits.Err() != nil && ctx.Err() == nil {
		return nil, t.outOfTime(0), nil
	}
	if err := memory.acquire(fits, c); err != nil {
		if ctx.Err() != nil {
			return nil, outcome{}, ctx.Err()
		}
		return nil, failed("ran out of time waiting for %d MB of memory", mb(need)), nil
	}
	return func() { memory.release(c) }, outcome{}, nil
}

// limitTime ends the fits at the trial's deadline or timeout, whichever is first.
func (t *trial) limitTime(ctx context.Context) (context.Context, context.CancelFunc) {
	d := t.spec.Limits.TrialTimeout
	if d <= 0 {
		return ctx, func() {}
	}
	end := time.Now().Add(d)
	at, bounded := ctx.Deadline()
	t.timeout = !bounded || end.Before(at)
	return context.WithDeadline(ctx, end)
}

// Speed is measured on latencyRows rows at a time, latencyRuns times of which the
// fastest counts: what else runs can only slow it down.
const (
	latencyRows = 512
	latencyRuns = 3
)

// timeRows adds what a fold's model takes for a row on one thread.
func (t *trial) timeRows(p predictor.Predictor, rows []int32) {
	if t.spec.Limits.MaxPredictLatency <= 0 || len(rows) == 0 {
		return
	}
	rows = rows[:min(len(rows), latencyRows)]
	var best time.Duration
	for i := range latencyRuns {
		start := time.Now()
		algos.Predict(p, t.p.Matrix, rows, 1)
		if took := time.Since(start); i == 0 || took < best {
			best = took
		}
	}
	if t.spec.Split.Whole() {
		t.result.RowSeconds = 0 // the latest model alone is used
	}
	t.result.RowSeconds += best.Seconds() / float64(len(rows))
}

// beyond says which of the job's limits the models of the folds so far do not keep to,
// "" if they do. Such a trial counts as given up, not as failed: others of its learner
// may be smaller.
func (t *trial) beyond() string {
	l := &t.spec.Limits
	if size := t.result.Bytes; l.MaxModelSize > 0 && size > l.MaxModelSize {
		return fmt.Sprintf("its models take %s, the limit is %s", kb(size), kb(l.MaxModelSize))
	}
	if most := l.MaxPredictLatency; most > 0 && t.result.RowSeconds > most.Seconds() {
		return fmt.Sprintf("its models take %.3g µs for a row, the limit is %.3g µs", 1e6*t.result.RowSeconds, 1e6*most.Seconds())
	}
	return ""
}

// kb is a size in the units that limits of models are given in.
func kb(n int64) string { return trials.FormatSize((n + 999) / 1000 * 1000) }
