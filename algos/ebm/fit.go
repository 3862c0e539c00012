package ebm

import (
	"context"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
)

// fit is the state of one Fit.
type fit struct {
	ctx     context.Context
	request *algos.Request
	threads int
	settings

	rows        []int32   // training rows with weight
	w, y        []float32 // of those; w has mean 1
	total       float64   // sum of w
	width       int
	base        []float64 // score that all rows start with
	mean, scale float64   // of a regression target

	axes   []*axis // of the useful features
	coarse []*axis // the same for pairs
	terms  []*term // single features, later the pairs behind them
	bags   []*bag
	stride int // cycles of a step
}

func (f *fit) prepare() error {
	r := f.request
	features := len(r.Train.M.Frame.Features)
	shape := algos.Shape{Rows: len(r.Train.Rows), Features: features, Task: r.Problem.Task, Classes: r.Problem.Classes}
	var err error
	if f.settings, err = readSettings(r.Params, shape); err != nil {
		return err
	}
	f.width = max(1, metrics.Width(r.Problem.Task, r.Problem.Classes))
	if err := f.gather(); err != nil {
		return err
	}
	f.axes = f.usefulAxes()
	f.terms = make([]*term, len(f.axes))
	algos.Each(len(f.axes), f.threads, func(i int) {
		f.terms[i] = f.single(i)
		f.terms[i].weigh(f.w)
	})
	// A step of all bags takes some hundredths of a second.
	f.stride = max(1, min(20, 4_000_000/(len(f.rows)*f.width*(len(f.terms)+1))))
	return nil
}

// run boosts the features, finds the pairs and boosts these.
func (f *fit) run() (*algos.Fitted, error) {
	if err := f.ctx.Err(); err != nil {
		return nil, err
	}
	f.newBags()
	out := &algos.Fitted{}
	again := f.boost(out)
	if again && out.Steps > 0 && f.choosePairs(out) {
		f.boost(out)
	}
	if out.Steps == 0 {
		return nil, f.ctx.Err()
	}
	p, err := f.predictor()
	if err != nil {
		return nil, err
	}
	out.Predictor = p
	out.ValidPred = algos.Predict(p, f.request.Valid.M, f.request.Valid.Rows, f.threads)
	return out, nil
}

// boost goes on until all bags have stopped, and answers whether the fit may go
// on: it may not if ctx ended, Report said so or MaxSteps are done.
func (f *fit) boost(out *algos.Fitted) bool {
	for active := true; active; {
		if limit := f.request.MaxSteps; limit > 0 && out.Steps >= limit {
			return false
		}
		algos.Each(len(f.bags), f.threads, func(i int) { f.bags[i].advance(f.stride) })
		if f.ctx.Err() != nil {
			out.Truncated = true
			return false
		}
		out.Steps++
		active = false
		for _, b := range f.bags {
			b.keep()
			active = active || !b.done
		}
		if !f.report(out.Steps) {
			return false
		}
	}
	return true
}

// report tells the validation loss and returns whether to go on.
func (f *fit) report(step int) bool {
	r := f.request
	if r.Report == nil || len(r.Valid.Rows) == 0 {
		return true
	}
	p, err := f.predictor()
	if err != nil {
		return true
	}
	pred := algos.Predict(p, r.Valid.M, r.Valid.Rows, f.threads)
	y, w := make([]float32, len(r.Valid.Rows)), []float32(nil)
	for i, row := range r.Valid.Rows {
		y[i] = r.Valid.Y[row]
		if r.Valid.W != nil {
			w = append(w, r.Valid.W[row])
		}
	}
	score, err := r.Problem.Metric.Score(r.Problem.Task, r.Problem.Classes, y, pred, w)
	if err != nil { // not defined on these rows: nothing to tell
		return true
	}
	return r.Report(step, r.Problem.Metric.Loss(score))
}
