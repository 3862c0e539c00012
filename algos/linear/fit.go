package linear

import (
	"context"
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// fit is the state of one Fit.
type fit struct {
	ctx       context.Context
	request   *algos.Request
	threads   int
	limit     int // steps
	alpha, l1 float64
	loss      string
	quantile  float64
	smooth    float64 // of quantile losses
	percent   bool    // errors count in proportion to the target
	width     int
	dense     *matrix.Dense
	y, w      []float64 // by training row; w has no zeros
	rows      []int32   // training rows with weight
	total     float64   // sum of w
	// A regression target is mean + scale times what is learned.
	mean, scale float64
	design      *design
	params      []float64 // columns×width weights, then width intercepts
	// The sums become slope times themselves plus shift, by class.
	slope float64
	shift []float64
}

// prepare checks the request and gathers targets and weights.
func (f *fit) prepare() error {
	r := f.request
	f.alpha, f.l1 = r.Params.Float("alpha", 1), r.Params.Float("l1_ratio", 0)
	if !(f.alpha > 0) || math.IsInf(f.alpha, 0) || !(f.l1 >= 0 && f.l1 <= 1) {
		return fmt.Errorf("alpha %v and l1_ratio %v: alpha must be above 0 and l1_ratio within [0, 1]", f.alpha, f.l1)
	}
	if err := f.chooseLoss(); err != nil {
		return err
	}
	f.limit = maxIterations
	if r.MaxSteps > 0 {
		f.limit = min(f.limit, r.MaxSteps)
	}
	f.width = metrics.Width(r.Problem.Task, r.Problem.Classes)
	f.slope, f.shift = 1, make([]float64, f.width)
	if err := f.gather(); err != nil {
		return err
	}
	f.dense = r.Train.M.Dense()
	if f.percent {
		f.weighByTarget()
	}
	if r.Problem.Task == metrics.Regression {
		f.standardise()
	}
	return nil
}

// gather collects the rows with weight.
func (f *fit) gather() error {
	r := f.request
	return r.EachRow(func(row int32, y, w float32) error {
		if f.loss == lossPoisson && y < 0 {
			return fmt.Errorf("row %d has target %v: loss %q needs targets of 0 or more", row, y, f.loss)
		}
		f.rows, f.y, f.w = append(f.rows, row), append(f.y, float64(y)), append(f.w, float64(w))
		f.total += float64(w)
		return nil
	})
}

// weighByTarget divides weights by the absolute targets, those near zero by a
// twentieth of the mean, and keeps their sum.
func (f *fit) weighByTarget() {
	mean := 0.0
	for i, v := range f.y {
		mean += float64(f.w[i] * math.Abs(v))
	}
	if mean /= f.total; !(mean > 0) || math.IsInf(mean, 0) {
		return
	}
	sum := 0.0
	for i, v := range f.y {
		f.w[i] /= max(math.Abs(v)/mean, 0.05)
		sum += f.w[i]
	}
	for i := range f.w {
		f.w[i] *= f.total / sum
	}
}

// columns is the number of weights a class has.
func (f *fit) columns() int {
	n := f.dense.Cols
	if f.dense.Sparse != nil {
		n += f.dense.Sparse.Cols
	}
	return n
}

// solve runs the solver that fits the problem.
func (f *fit) solve() (steps int, truncated bool) {
	f.params = make([]float64, (f.columns()+1)*f.width)
	f.design = newDesign(f.dense, f.rows, f.threads)
	if f.loss == lossLogistic {
		f.priors()
	}
	filled := float64(len(f.design.full)) + float64(len(f.design.byRow.index))/float64(len(f.rows))
	if f.loss == lossHinge && f.width > 1 && byNewton(len(f.rows), f.design.columns, filled, 1, false) {
		return f.oneByOne()
	}
	if byNewton(len(f.rows), f.design.columns, filled, f.width, f.loss == lossSquared) {
		f.smooth = 1
		return newNewton(f).run()
	}
	f.smooth = 10 * leastSmooth
	s := newSolver(f)
	for s.step() {
		steps++
		if steps%reportEvery == 0 && !f.report(steps) || steps == f.limit {
			return steps, false
		}
		if f.ctx.Err() != nil {
			return steps, true
		}
	}
	if steps == 0 { // the starting point is the solution
		steps = 1
	}
	f.report(steps)
	return steps, false
}

// oneByOne solves the classes of a support vector machine, which are problems of
// their own. Nothing comes of it if the context ends before the last one.
func (f *fit) oneByOne() (steps int, truncated bool) {
	r := *f.request
	r.Report, r.Valid.Rows = nil, nil
	for k := range f.width {
		c := *f
		c.request, c.width = &r, 1
		c.params, c.y = make([]float64, len(f.params)/f.width), make([]float64, len(f.y))
		for i, v := range f.y {
			if int(v) == k {
				c.y[i] = 1
			}
		}
		n, cut := newNewton(&c).run()
		if cut {
			return 0, true
		}
		steps = max(steps, n)
		for j, v := range c.params {
			f.params[j*f.width+k] = v
		}
	}
	f.report(steps)
	return steps, false
}

// standardise gives the target mean 0 and variance 1, or mean 1 where only
// positive values can be predicted.
func (f *fit) standardise() {
	f.scale = 1
	sum := 0.0
	for i, v := range f.y {
		sum += float64(f.w[i] * v)
	}
	mean := sum / f.total
	if f.loss == lossPoisson {
		if mean > 0 && !math.IsInf(mean, 0) {
			f.scale = mean
		}
	} else {
		f.mean = mean
		sum = 0
		for i, v := range f.y {
			d := v - f.mean
			sum += float64(f.w[i] * float64(d*d))
		}
		if s := math.Sqrt(sum / f.total); s > 0 && !math.IsInf(s, 0) {
			f.scale = s
		}
	}
	for i, v := range f.y {
		f.y[i] = (v - f.mean) / f.scale
	}
}

// priors starts the intercepts at the logarithms of the classes' shares.
func (f *fit) priors() {
	count := make([]float64, max(2, f.width))
	for i, v := range f.y {
		count[int(v)] += f.w[i]
	}
	at := len(f.params) - f.width
	little := 1e-3 * f.total / float64(len(count))
	if f.width == 1 {
		f.params[at] = math.Log((count[1] + little) / (count[0] + little))
		return
	}
	for k, c := range count {
		f.params[at+k] = math.Log((c + little) / f.total)
	}
}

// report tells the validation loss and returns whether to go on.
func (f *fit) report(step int) bool {
	if f.request.Report == nil {
		return true
	}
	loss, known := f.validate()
	return !known || f.request.Report(step, loss)
}

// validate is the loss on the validation rows, if there are any and it is
// defined on them.
func (f *fit) validate() (loss float64, known bool) {
	r := f.request
	if len(r.Valid.Rows) == 0 {
		return 0, false
	}
	p, err := f.predictor()
	if err != nil {
		return 0, false
	}
	pred := algos.Predict(p, r.Valid.M, r.Valid.Rows, r.Threads)
	y, w := make([]float32, len(r.Valid.Rows)), []float32(nil)
	for i, row := range r.Valid.Rows {
		y[i] = r.Valid.Y[row]
		if r.Valid.W != nil {
			w = append(w, r.Valid.W[row])
		}
	}
	score, err := r.Problem.Metric.Score(r.Problem.Task, r.Problem.Classes, y, pred, w)
	if err != nil {
		return 0, false
	}
	return r.Problem.Metric.Loss(score), true
}

// predictor makes the model of the current parameters.
func (f *fit) predictor() (*predictor.Linear, error) {
	scale, shift := f.slope, f.shift
	if f.request.Problem.Task == metrics.Regression {
		scale, shift = f.scale, []float64{f.mean}
		if f.loss == lossPoisson {
			scale, shift = 1, []float64{math.Log(f.scale)}
		}
	}
	all := make([]float32, len(f.params))
	for i, v := range f.params {
		all[i] = bounded(v * scale)
	}
	at := len(all) - f.width
	for k := range f.width {
		all[at+k] = bounded(float64(f.params[at+k]*scale) + shift[k])
	}
	return predictor.NewLinear(f.dense.Cols, f.columns()-f.dense.Cols, f.width, all[:at:at], all[at:], f.link())
}

func bounded(v float64) float32 {
	return float32(max(-math.MaxFloat32, min(math.MaxFloat32, v)))
}
