package linear

import (
	"context"
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

var _ algos.Learner = Learner{}
var _ algos.Portfolio = Learner{}

// Learner trains predictor.Linear models. Its parameters are "alpha", the
// strength of the penalty, and "l1_ratio", the share of the absolute penalty.
// A step is an iteration of the solver.
type Learner struct{}

const (
	maxIterations = 200
	// reportEvery is the number of iterations between two reports.
	reportEvery = 10
)

// Name is "linear".
func (Learner) Name() string { return "linear" }

// View is matrix.Encoded.
func (Learner) View() matrix.View { return matrix.Encoded }

// Space implements algos.Learner.
func (Learner) Space(s algos.Shape) search.Space {
	return search.Space{
		{Name: "alpha", Low: 1e-3, High: 1e4, Log: true, Default: defaultAlpha(s)},
		{Name: "l1_ratio", Low: 0, High: 1, Default: 0.0},
	}
}

// defaultAlpha is weaker for texts, whose rows have length one and many
// columns that each tell a little.
func defaultAlpha(s algos.Shape) float64 {
	if s.SparseNNZ > 0 {
		return 0.2
	}
	return 1
}

// Portfolio implements algos.Portfolio.
func (Learner) Portfolio(s algos.Shape) []search.Params {
	def := defaultAlpha(s)
	return []search.Params{
		{"alpha": def, "l1_ratio": 0.0},
		{"alpha": 30 * def, "l1_ratio": 0.0},
		{"alpha": 5 * def, "l1_ratio": 0.9},
		{"alpha": def / 20, "l1_ratio": 0.0},
	}
}

// Estimate implements algos.Learner.
func (Learner) Estimate(s algos.Shape, p search.Params) algos.Cost {
	n, cols, nnz := float64(s.Rows), float64(s.DenseCols), float64(s.SparseNNZ)
	width := float64(metrics.Width(s.Task, s.Classes))
	// The number of sparse columns is not known: at most 2^18, and rarely more
	// than one for ten entries.
	sparse := min(1<<18, nnz/10)
	full := n * filled(s)
	prepare := 1e-3 + 2e-9*n*cols + 3e-8*(nnz+full)
	bytes := 16*(nnz+full) + 8*width*(5*n+26*(cols+sparse))
	if s.Task == metrics.Regression && p.Float("l1_ratio", 0) == 0 && s.SparseNNZ == 0 && closedForm(s.Rows, s.DenseCols, filled(s)) {
		solve := 7e-10*full*filled(s) + 5e-10*cols*cols*cols
		return algos.Cost{Seconds: prepare + solve, Bytes: int64(16*full + 64*cols*cols)}
	}
	iterations := 60.0
	if p.Float("l1_ratio", 0) > 0 {
		iterations = 100
	}
	seconds := iterations * width * (3e-9*full + 4e-9*nnz + 4e-8*n + 2.5e-8*(cols+sparse))
	return algos.Cost{Seconds: prepare + seconds, Bytes: int64(bytes)}
}

// Fit implements algos.Learner. It fails without training rows, without weight
// on them and with targets or parameters that are out of range.
func (l Learner) Fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	f := &fit{ctx: ctx, request: r, threads: max(1, r.Threads)}
	if err := f.prepare(); err != nil {
		return nil, fmt.Errorf("linear: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	steps, truncated := f.solve()
	if steps == 0 {
		return nil, ctx.Err()
	}
	p, err := f.predictor()
	if err != nil {
		return nil, fmt.Errorf("linear: %w", err)
	}
	out := &algos.Fitted{Predictor: p, Steps: steps, Truncated: truncated}
	out.ValidPred = algos.Predict(p, r.Valid.M, r.Valid.Rows, r.Threads)
	return out, nil
}

// fit is the state of one Fit.
type fit struct {
	ctx         context.Context
	request     *algos.Request
	threads     int
	alpha, l1   float64
	width       int
	dense       *matrix.Dense
	y, w        []float64 // by training row; w has no zeros
	rows        []int32   // training rows with weight
	total       float64   // sum of w
	mean, scale float64   // of a regression target
	design      *design
	params      []float64 // columns×width weights, then width intercepts
}

// prepare checks the request and gathers targets and weights.
func (f *fit) prepare() error {
	r := f.request
	f.alpha, f.l1 = r.Params.Float("alpha", 1), r.Params.Float("l1_ratio", 0)
	if !(f.alpha > 0) || math.IsInf(f.alpha, 0) || !(f.l1 >= 0 && f.l1 <= 1) {
		return fmt.Errorf("alpha %v and l1_ratio %v: alpha must be above 0 and l1_ratio within [0, 1]", f.alpha, f.l1)
	}
	f.width = metrics.Width(r.Problem.Task, r.Problem.Classes)
	for _, row := range r.Train.Rows {
		wi := 1.0
		if r.Train.W != nil {
			wi = float64(r.Train.W[row])
		}
		if wi == 0 {
			continue
		}
		yi := float64(r.Train.Y[row])
		if math.IsNaN(yi) || math.IsInf(yi, 0) || !(wi > 0) || math.IsInf(wi, 0) {
			return fmt.Errorf("row %d has target %v and weight %v", row, yi, wi)
		}
		if r.Problem.Task != metrics.Regression && !(yi >= 0 && yi < float64(max(2, r.Problem.Classes))) {
			return fmt.Errorf("row %d has class %v, there are %d", row, yi, r.Problem.Classes)
		}
		f.rows, f.y, f.w = append(f.rows, row), append(f.y, yi), append(f.w, wi)
		f.total += wi
	}
	if len(f.rows) == 0 {
		return fmt.Errorf("no training row has weight")
	}
	f.dense = r.Train.M.Dense()
	return nil
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
	regression := f.request.Problem.Task == metrics.Regression
	f.design = newDesign(f.dense, f.rows, f.threads)
	if regression {
		f.standardise()
		filled := float64(len(f.design.full)) + float64(len(f.design.byRow.index))/float64(len(f.rows))
		if f.l1 == 0 && closedForm(len(f.rows), f.design.columns, filled) && f.ridge() {
			f.report(1)
			return 1, false
		}
	} else {
		f.priors()
	}
	limit := maxIterations
	if f.request.MaxSteps > 0 {
		limit = min(limit, f.request.MaxSteps)
	}
	s := newSolver(f)
	for s.step() {
		steps++
		if steps%reportEvery == 0 && !f.report(steps) || steps == limit {
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

// standardise gives the target mean 0 and variance 1.
func (f *fit) standardise() {
	sum := 0.0
	for i, v := range f.y {
		sum += float64(f.w[i] * v)
	}
	f.mean = sum / f.total
	sum = 0
	for i, v := range f.y {
		d := v - f.mean
		sum += float64(f.w[i] * float64(d*d))
	}
	if f.scale = math.Sqrt(sum / f.total); !(f.scale > 0) || math.IsInf(f.scale, 0) {
		f.scale = 1
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
	r := f.request
	if r.Report == nil || len(r.Valid.Rows) == 0 {
		return true
	}
	p, err := f.predictor()
	if err != nil {
		return true
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
	if err != nil { // not defined on these rows: nothing to tell
		return true
	}
	return r.Report(step, r.Problem.Metric.Loss(score))
}

// predictor makes the model of the current parameters.
func (f *fit) predictor() (*predictor.Linear, error) {
	scale, mean, link := 1.0, 0.0, predictor.Softmax
	switch f.request.Problem.Task {
	case metrics.Regression:
		scale, mean, link = f.scale, f.mean, predictor.Identity
	case metrics.Binary:
		link = predictor.Sigmoid
	}
	all := make([]float32, len(f.params))
	for i, v := range f.params {
		all[i] = bounded(v * scale)
	}
	at := len(all) - f.width
	for k := range f.width {
		all[at+k] = bounded(float64(f.params[at+k]*scale) + mean)
	}
	return predictor.NewLinear(f.dense.Cols, f.columns()-f.dense.Cols, f.width, all[:at:at], all[at:], link)
}

func bounded(v float64) float32 {
	return float32(max(-math.MaxFloat32, min(math.MaxFloat32, v)))
}
