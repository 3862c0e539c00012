package kernel

import (
	"context"
	"fmt"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

var (
	_ algos.Learner   = Learner{}
	_ algos.Portfolio = Learner{}
	_ algos.Selective = Learner{}
)

// Learner is kernel ridge regression, "kernel_ridge".
//
// Its hyperparameters are kernel (rbf, matern or exponential, the default), length_scale
// (0.05 to 50, in units of the root of the mean squared distance of two rows; 2.5) and alpha
// (1e-6 to 1e3, the variance of the noise in units of that of what is looked for; 0.05).
type Learner struct{}

const (
	rbf         = "rbf"
	matern      = "matern"
	exponential = "exponential"

	defaultLength, defaultAlpha = 2.5, 0.05

	// maxRows is the number of rows that are remembered, those that differ.
	maxRows = 3000
	// tableRows is that of tables for which there are better learners.
	tableRows = 10_000
)

// Name is "kernel_ridge".
func (Learner) Name() string { return "kernel_ridge" }

// View is matrix.Encoded.
func (Learner) View() matrix.View { return matrix.Encoded }

// Suits says whether there are few rows, at most 10,000, and dense columns.
func (Learner) Suits(s algos.Shape) bool { return s.DenseCols > 0 && s.Rows <= tableRows }

// Space is the declared space.
func (Learner) Space(algos.Shape) search.Space {
	return search.Space{
		{Name: "kernel", Choices: []string{rbf, matern, exponential}, Default: exponential},
		{Name: "length_scale", Low: 0.15, High: 5, Log: true, Default: defaultLength},
		{Name: "alpha", Low: 1e-3, High: 10, Log: true, Default: defaultAlpha},
	}
}

// Portfolio begins with the default. It is the greedy choice among 24 configurations on
// 26 tables of 300 to 3,000 rows: the best of the six is 0.6 % behind the best of all.
func (Learner) Portfolio(algos.Shape) []search.Params {
	return []search.Params{
		{"kernel": exponential, "length_scale": defaultLength, "alpha": defaultAlpha},
		{"kernel": matern, "length_scale": 1.5, "alpha": 0.01},
		{"kernel": rbf, "length_scale": 2.0, "alpha": 0.3},
		{"kernel": matern, "length_scale": 0.5, "alpha": 0.001},
		{"kernel": exponential, "length_scale": 0.3, "alpha": 0.6},
		{"kernel": matern, "length_scale": 1.0, "alpha": 1.0},
	}
}

// settings are the hyperparameters of a fit.
type settings struct {
	shape         predictor.KernelShape
	length, alpha float64
}

func readSettings(p search.Params) (s settings, err error) {
	switch name := p.String("kernel", exponential); name {
	case rbf:
		s.shape = predictor.Gaussian
	case matern:
		s.shape = predictor.Matern
	case exponential:
		s.shape = predictor.Exponential
	default:
		return s, fmt.Errorf("kernel %q is not known: use %s, %s or %s", name, rbf, matern, exponential)
	}
	s.length, s.alpha = p.Float("length_scale", defaultLength), p.Float("alpha", defaultAlpha)
	if !(s.length >= 0.05 && s.length <= 50) {
		return s, fmt.Errorf("length_scale %v must be in 0.05 to 50", s.length)
	}
	if !(s.alpha >= 1e-6 && s.alpha <= 1e3) {
		return s, fmt.Errorf("alpha %v must be in 1e-6 to 1e3", s.alpha)
	}
	return s, nil
}

// Estimate is the declared cost model: a factorisation, for classes the inverse of the
// factor too, and the likeness of all pairs of rows.
func (Learner) Estimate(s algos.Shape, _ search.Params) algos.Cost {
	n, columns := float64(min(s.Rows, maxRows)), float64(s.DenseCols)
	width := float64(metrics.Width(s.Task, s.Classes))
	cubes, squares := n*n*n*0.4e-10, n*n
	bytes := 4 * squares
	if s.Task != metrics.Regression {
		cubes, bytes = 2*cubes, 2*bytes
	}
	seconds := 1e-3 + cubes + squares*(0.4e-9*columns+10e-9+2e-9*width) + float64(s.Rows)/3*n*(0.1e-9*columns+15e-9)
	return algos.Cost{Seconds: seconds, Bytes: int64(bytes + n*(4*columns+32*width))}
}

// Fit solves for the weights, between whose stages and rows it looks at ctx.
func (Learner) Fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := &fit{ctx: ctx, request: r}
	var err error
	if f.settings, err = readSettings(r.Params); err != nil {
		return nil, fmt.Errorf("kernel_ridge: %w", err)
	}
	if err := f.gather(); err != nil {
		return nil, fmt.Errorf("kernel_ridge: %w", err)
	}
	s, err := f.solve()
	if err != nil {
		return nil, err
	}
	p, err := predictor.NewKernel(s)
	if err != nil {
		return nil, fmt.Errorf("kernel_ridge: %w", err)
	}
	return &algos.Fitted{Predictor: p, Steps: 1, ValidPred: algos.Predict(p, r.Valid.M, r.Valid.Rows, max(1, r.Threads))}, nil
}
