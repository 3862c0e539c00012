package mlp

import (
	"context"
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

var _ algos.Learner = Learner{}
var _ algos.Portfolio = Learner{}
var _ algos.Paced = Learner{}

// Learner trains predictor.MLP models. Its parameters are "epochs", "width" and
// number of the hidden "layers", "batch" size, the peak learning "rate", "activation" (selu or
// mish), label "smoothing", weight "decay", "dropout", the number of "members" and the
// "pieces" that each number is parted into beside itself (0 for none).
type Learner struct{}

// Name is "mlp".
func (Learner) Name() string { return "mlp" }

// View is matrix.Raw: the net brings scales and encodings of its own.
func (Learner) View() matrix.View { return matrix.Raw }

// fit is the state of one Fit.
type fit struct {
	request *algos.Request
	set     settings
	rows    []int32   // training rows with weight
	y       []float32 // by training row: class, or standardised target
	w       []float32 // by training row, mean 1; nil for ones
	outputs int
	target  *predictor.Target // nil when classifying
	net     predictor.Net
}

// span is a range of parameters that share rate and decay.
type span struct {
	from, to    int
	rate, decay float64
}

// Fit implements algos.Learner. It fails without training rows, without weight on
// them and with targets or parameters that are out of range.
func (l Learner) Fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	f := &fit{request: r}
	if err := f.prepare(); err != nil {
		return nil, fmt.Errorf("mlp: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := newTrainer(f)
	steps, truncated := t.train(ctx)
	if steps == 0 {
		return nil, ctx.Err()
	}
	p, err := predictor.NewMLP(f.net, t.best, f.target)
	if err != nil {
		return nil, fmt.Errorf("mlp: %w", err)
	}
	out := &algos.Fitted{Predictor: p, Steps: steps, Truncated: truncated}
	out.ValidPred = algos.Predict(p, r.Valid.M, r.Valid.Rows, r.Threads)
	return out, nil
}

// prepare checks the request and lays out the net.
func (f *fit) prepare() error {
	r := f.request
	if err := f.gather(); err != nil {
		return err
	}
	var err error
	if f.set, err = read(r, len(f.rows)); err != nil {
		return err
	}
	f.outputs = outputs(r.Problem.Task, r.Problem.Classes)
	if r.Problem.Task == metrics.Regression {
		f.standardise()
	}
	f.net = predictor.Net{
		Features: len(r.Train.M.Frame.Features), Inputs: f.inputs(), Members: f.set.members,
		Outputs: f.outputs, Activation: f.set.activation,
	}
	if s := r.Train.M.Frame.Sparse; s != nil {
		f.net.TextCols = s.Cols
	}
	for range f.set.layers {
		f.net.Widths = append(f.net.Widths, f.set.width)
	}
	return f.net.Init()
}

// gather collects the rows that have weight, with their targets.
func (f *fit) gather() error {
	r := f.request
	total := 0.0
	if err := r.EachRow(func(row int32, y, w float32) error {
		f.rows, f.y = append(f.rows, row), append(f.y, y)
		if r.Train.W != nil {
			f.w = append(f.w, w)
		}
		total += float64(w)
		return nil
	}); err != nil {
		return err
	}
	for i := range f.w {
		f.w[i] = float32(float64(f.w[i]) * float64(len(f.rows)) / total)
	}
	return nil
}

// weight is training row i's, 1 on average.
func (f *fit) weight(i int) float64 {
	if f.w == nil {
		return 1
	}
	return float64(f.w[i])
}

// standardise gives the target mean 0 and variance 1.
func (f *fit) standardise() {
	n := float64(len(f.rows))
	t := &predictor.Target{Low: math.Inf(1), High: math.Inf(-1)}
	for i, v := range f.y {
		t.Mean += float64(f.weight(i) * (float64(v) / n))
		t.Low, t.High = min(t.Low, float64(v)), max(t.High, float64(v))
	}
	square := 0.0
	for i, v := range f.y {
		d := float64(v) - t.Mean
		square += float64(f.weight(i)*d) * (d / n)
	}
	if t.Scale = math.Sqrt(square); !(t.Scale > 0) || math.IsInf(t.Scale, 0) {
		t.Scale = 1
	}
	for i, v := range f.y {
		f.y[i] = float32((float64(v) - t.Mean) / t.Scale)
	}
	f.target = t
}
