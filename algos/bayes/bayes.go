package bayes

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

var (
	_ algos.Learner   = Learner{}
	_ algos.Portfolio = Learner{}
	_ algos.Tasks     = Learner{}
)

// Learner trains predictor.Bayes models. Its parameters are "kind", one of
// "gaussian", "multinomial" and "complement" (see the package); "alpha", the
// weight that is added to the statistics: of rows for numbers and levels, of each
// word for words; and "var_smoothing", the share of a number's variance that is
// added to that within each class. There is one step.
type Learner struct{}

const (
	gaussian    = "gaussian"
	multinomial = "multinomial"
	complement  = "complement"

	defaultSmoothing = 1e-3
)

// Name is "bayes".
func (Learner) Name() string { return "bayes" }

// View is matrix.Raw.
func (Learner) View() matrix.View { return matrix.Raw }

// Tasks implements algos.Tasks.
func (Learner) Tasks() []metrics.Task { return []metrics.Task{metrics.Binary, metrics.Multiclass} }

// Space implements algos.Learner.
func (Learner) Space(s algos.Shape) search.Space {
	return search.Space{
		{Name: "kind", Choices: []string{gaussian, multinomial, complement}, Default: gaussian},
		{Name: "alpha", Low: 1e-2, High: 100, Log: true, Default: defaultAlpha(s)},
		{Name: "var_smoothing", Low: 1e-6, High: 1, Log: true, Default: defaultSmoothing,
			When: &search.Condition{Name: "kind", Values: []string{gaussian}}},
	}
}

// defaultAlpha is less for words, which are many.
func defaultAlpha(s algos.Shape) float64 {
	if s.SparseNNZ > 0 {
		return 0.1
	}
	return 1
}

// Portfolio implements algos.Portfolio.
func (Learner) Portfolio(s algos.Shape) []search.Params {
	alpha := defaultAlpha(s)
	return []search.Params{
		{"kind": gaussian, "alpha": alpha, "var_smoothing": defaultSmoothing},
		{"kind": complement, "alpha": alpha},
		{"kind": gaussian, "alpha": 10 * alpha, "var_smoothing": 0.1},
		{"kind": multinomial, "alpha": alpha},
	}
}

// settings are the parameters of a fit.
type settings struct {
	kind             string
	alpha, smoothing float64
}

func readSettings(p search.Params, s algos.Shape) (settings, error) {
	v := settings{
		kind: p.String("kind", gaussian), alpha: p.Float("alpha", defaultAlpha(s)),
		smoothing: p.Float("var_smoothing", defaultSmoothing),
	}
	switch {
	case v.kind != gaussian && v.kind != multinomial && v.kind != complement:
		return v, fmt.Errorf("kind %q is not known: use %s, %s or %s", v.kind, gaussian, multinomial, complement)
	case !(v.alpha > 0) || math.IsInf(v.alpha, 0):
		return v, fmt.Errorf("alpha %v must be above 0", v.alpha)
	case !(v.smoothing > 0) || math.IsInf(v.smoothing, 0):
		return v, fmt.Errorf("var_smoothing %v must be above 0", v.smoothing)
	}
	return v, nil
}

// Estimate implements algos.Learner.
func (Learner) Estimate(s algos.Shape, _ search.Params) algos.Cost {
	n, features, classes, nnz := float64(s.Rows), float64(s.Features), float64(max(2, s.Classes)), float64(s.SparseNNZ)
	// The number of sparse columns is not known: at most 2^18, and rarely more
	// than one for ten entries.
	text := min(1<<18, nnz/10)
	looked := min(n, float64(sampled(max(2, s.Classes))))
	return algos.Cost{
		Seconds: 1e-3 + n*5e-8 + n*features*1e-8 + features*(min(n, quantileRows)*1.2e-7+classes*1e-7) + looked*features*classes*4e-9 +
			nnz*4e-9 + looked*nnz/max(1, n)*classes*2e-9 + text*classes*4e-8,
		Bytes: int64(n*17 + text*classes*28 + features*classes*200 + min(n, quantileRows)*16*4),
	}
}

// Fit implements algos.Learner. It fails without training rows, without weight on
// them, with a target that is a number, and with classes or parameters that are out
// of range.
func (Learner) Fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := &fit{ctx: ctx, request: r, threads: max(1, r.Threads), classes: max(2, r.Problem.Classes)}
	if err := f.prepare(); err != nil {
		return nil, fmt.Errorf("bayes: %w", err)
	}
	f.count()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := f.predictor()
	if err != nil {
		return nil, fmt.Errorf("bayes: %w", err)
	}
	return &algos.Fitted{Predictor: p, Steps: 1, ValidPred: algos.Predict(p, r.Valid.M, r.Valid.Rows, f.threads)}, nil
}

// predictor makes the model of all rows at the best temperature.
func (f *fit) predictor() (*predictor.Bayes, error) {
	t, err := f.temperature()
	if err != nil {
		return nil, err
	}
	e := f.evidence(0, 1)
	temper(&e, t)
	return predictor.NewBayes(metrics.Width(f.request.Problem.Task, f.classes), e)
}
