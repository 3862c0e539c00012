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

// timed takes in what a fold's model takes for its validation rows: took seconds, or 0
// where they came with the model.
func (t *trial) timed(p predictor.Predictor, rows []int32, took float64) {
	threads, n := float64(t.threads), float64(len(rows))
	perRow := took * threads / n
	if took == 0 || t.spec.Limits.MaxPredictLatency > 0 {
		perRow = t.rowSeconds(p, rows)
	}
	if took == 0 {
		took = perRow * n / threads
	}
	t.result.PredictSeconds += took
	models := float64(len(t.losses) + 1)
	if t.spec.Split.Whole() {
		models = 1 // the latest model alone is used
	}
	t.result.RowSeconds += (perRow - t.result.RowSeconds) / models
}

// rowSeconds is what a model takes for a row on one thread.
func (t *trial) rowSeconds(p predictor.Predictor, rows []int32) float64 {
	runs := 1
	if t.spec.Limits.MaxPredictLatency > 0 {
		runs = algos.LatencyRuns
	}
	return algos.RowSeconds(p, t.p.Matrix, rows, runs)
}

// beyond says which of the job's limits a model of the folds so far does not keep to by
// itself, "" if all do. Such a trial counts as given up, not as failed: others of its learner
// may be smaller.
func (t *trial) beyond() string {
	l := &t.spec.Limits
	if size := t.result.Bytes / int64(max(1, len(t.models))); l.MaxModelSize > 0 && size > l.MaxModelSize {
		return fmt.Sprintf("the model of a fold takes %s, the limit is %s", kb(size), kb(l.MaxModelSize))
	}
	if most := l.MaxPredictLatency; most > 0 && t.result.RowSeconds > most.Seconds() {
		return fmt.Sprintf("the model of a fold takes %.3g µs for a row, the limit is %.3g µs", 1e6*t.result.RowSeconds, 1e6*most.Seconds())
	}
	return ""
}

// kb is a size in the units that limits of models are given in.
func kb(n int64) string { return trials.FormatSize((n + 999) / 1000 * 1000) }
