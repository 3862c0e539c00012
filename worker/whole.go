package worker

import (
	"context"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/trials"
)

// whole adds a model of all rows, in as many steps as that of the last window took: what
// is predicted comes after every window, so that the latest rows tell most of it. Where
// time ends or the learner fails, the last window's model stays the latest.
func (t *trial) whole(ctx context.Context, left *leftBehind) {
	last := len(t.folds) - 1
	rows := make([]int32, t.p.Rows)
	for i := range rows {
		rows[i] = int32(i)
	}
	req := t.request(last, rows, nil)
	req.MaxSteps = t.result.Steps[last]
	f, out := t.fit(ctx, last, req, left)
	switch {
	case out.state != "":
		t.w.Logger.Warn("a model of all rows failed: that of the last window is kept", "job", t.spec.Job, "trial", t.spec.Number, "reason", out.reason)
	case !f.Truncated:
		t.keep(f)
	}
}

// keep adds a model to the result.
func (t *trial) keep(f *algos.Fitted) {
	m := trials.Model{Kind: f.Predictor.Kind(), View: f.Predictor.View(), Bytes: f.Predictor.Append(nil)}
	t.models = append(t.models, m)
	t.result.Bytes += int64(len(m.Bytes))
}
