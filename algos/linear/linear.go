package linear

import (
	"context"
	"fmt"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

var _ algos.Learner = Learner{}
var _ algos.Portfolio = Learner{}

// Learner trains predictor.Linear models. Its parameters are "alpha", the
// strength of the penalty, "l1_ratio", the share of the absolute penalty, and
// "loss": for regression "squared", "quantile" (of the level "quantile", 0.5 if
// absent) or "poisson" (the logarithm of the mean is linear; targets of 0 or
// more), for classes "logistic" or "hinge" (a support vector machine with
// calibrated probabilities); "auto", the default, is what the metric asks for. A
// step is an iteration of the solver.
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
	space := search.Space{
		{Name: "alpha", Low: 1e-3, High: 1e4, Log: true, Default: defaultAlpha(s)},
		{Name: "l1_ratio", Low: 0, High: 1, Default: 0.0},
	}
	if s.Task == metrics.Binary {
		space = append(space, search.Dimension{Name: "loss", Choices: []string{lossAuto, lossHinge}, Default: lossAuto})
	}
	return space
}

// defaultAlpha is weaker for texts, whose rows have length one: the more terms a row has, the
// less each of them counts. Of reviews of 3 to 34 words, cut at several lengths, about
// textAlpha by the number of terms was best.
func defaultAlpha(s algos.Shape) float64 {
	switch {
	case s.SparseNNZ == 0:
		return 1
	case s.Task == metrics.Regression:
		return 0.2
	}
	return min(1, max(0.02, textAlpha*float64(max(1, s.Rows))/float64(s.SparseNNZ)))
}

const textAlpha = 2.7

// Portfolio implements algos.Portfolio.
func (Learner) Portfolio(s algos.Shape) []search.Params {
	def := defaultAlpha(s)
	strong, weak := 30*def, def/20
	if s.SparseNNZ > 0 { // the default is nearer to the best
		strong, weak = 5*def, def/5
	}
	list := []search.Params{
		{"alpha": def, "l1_ratio": 0.0},
		{"alpha": strong, "l1_ratio": 0.0},
		{"alpha": 5 * def, "l1_ratio": 0.9},
		{"alpha": weak, "l1_ratio": 0.0},
	}
	if s.Task == metrics.Binary { // of more classes its probabilities are worse
		list = append(list, search.Params{"alpha": def, "l1_ratio": 0.0, "loss": lossHinge})
	}
	return list
}

// filled is about the number of dense values other than zero in a row: one a
// feature.
func filled(s algos.Shape) float64 { return float64(min(s.DenseCols, s.Features)) }

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
	loss, l1 := p.String("loss", lossAuto), p.Float("l1_ratio", 0)
	constant := s.Task == metrics.Regression && (loss == lossAuto || loss == lossSquared)
	if s.SparseNNZ == 0 && byNewton(s.Rows, s.DenseCols, filled(s), int(width), constant) {
		steps := 6.0
		switch {
		case constant:
			steps = 1
		case loss == lossQuantile:
			steps = 30
		case l1 > 0:
			steps = 20
		}
		if loss == lossHinge {
			steps *= folds
		}
		solve := 7e-10*full*filled(s) + 5e-10*cols*cols*cols + 3e-8*n
		return algos.Cost{Seconds: prepare + steps*solve, Bytes: int64(16*full + 64*cols*cols + 56*n)}
	}
	iterations := 60.0
	if l1 > 0 {
		iterations = 100
	}
	if loss == lossHinge {
		iterations *= folds
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
	if f.loss == lossHinge {
		f.calibrate()
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
