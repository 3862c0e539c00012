package neighbors

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
	_ algos.Selective = Learner{}
)

// Learner makes predictor.Neighbors models. Its parameters are "k", the number of
// neighbours; "weights", which is "uniform" or "distance" (closer ones count for
// more); and "metric", "l2" or "l1". There is one step.
type Learner struct{}

const (
	uniform  = "uniform"
	distance = "distance"
	l1       = "l1"
	l2       = "l2"

	defaultK = 15
	maxK     = 100 // that is searched
	limitK   = 1000

	// clustered is the number of rows beyond which they come in clusters.
	clustered = 20_000
	maxRows   = 100_000
	maxCells  = 8 << 20
)

// Name is "neighbors".
func (Learner) Name() string { return "neighbors" }

// View is matrix.Encoded.
func (Learner) View() matrix.View { return matrix.Encoded }

// Suits implements algos.Selective: without dense columns all rows are alike.
func (Learner) Suits(s algos.Shape) bool { return s.DenseCols > 0 }

// Space implements algos.Learner.
func (Learner) Space(algos.Shape) search.Space {
	return search.Space{
		{Name: "k", Low: 1, High: maxK, Log: true, Integer: true, Default: float64(defaultK)},
		{Name: "weights", Choices: []string{uniform, distance}, Default: distance},
		{Name: "metric", Choices: []string{l2, l1}, Default: l2},
	}
}

// Portfolio implements algos.Portfolio.
func (Learner) Portfolio(algos.Shape) []search.Params {
	return []search.Params{
		{"k": float64(defaultK), "weights": distance, "metric": l2},
		{"k": 30.0, "weights": distance, "metric": l1},
		{"k": 5.0, "weights": distance, "metric": l2},
	}
}

func readVotes(p search.Params) (predictor.Votes, error) {
	v := predictor.Votes{K: p.Int("k", defaultK)}
	weights, metric := p.String("weights", distance), p.String("metric", l2)
	switch {
	case v.K < 1 || v.K > limitK:
		return v, fmt.Errorf("k %d must be in 1 to %d", v.K, limitK)
	case weights != uniform && weights != distance:
		return v, fmt.Errorf("weights %q are not known: use %s or %s", weights, uniform, distance)
	case metric != l1 && metric != l2:
		return v, fmt.Errorf("metric %q is not known: use %s or %s", metric, l2, l1)
	}
	v.Closer, v.Absolute = weights == distance, metric == l1
	return v, nil
}

// remembered is the number of rows that a model has.
func remembered(rows, columns int) int { return min(rows, maxRows, max(1, maxCells/max(1, columns))) }

// Estimate implements algos.Learner. Most of it is the time for predictions: as
// many as a third of the rows.
func (Learner) Estimate(s algos.Shape, p search.Params) algos.Cost {
	v, err := readVotes(p)
	if err != nil {
		v, _ = readVotes(nil)
	}
	rows := remembered(s.Rows, s.DenseCols)
	n, columns := float64(rows), float64(s.DenseCols)
	seconds := 1e-3 + float64(s.Rows)*2e-8 + n*columns*8e-9
	seen, clusters := n, 0.0
	if rows > clustered {
		clusters = math.Sqrt(n)
		seen = 8192 + clusters/2
		seconds += n * clusters * (columns*8e-11*2 + 1e-9) * 2
	}
	short := float64(v.K + 8)
	if v.Absolute {
		short = 8*short + 64
	}
	asked := float64(s.Rows) / 3
	if s.Task != metrics.Regression {
		asked += min(asked, askedRows) // for the prior
	}
	seconds += asked * (seen*(columns*8e-11+1.5e-9) + clusters*5e-8 + short*(columns*2e-9+3e-7))
	return algos.Cost{Seconds: seconds, Bytes: int64(12*n*(columns+1) + 24*float64(s.Rows))}
}

// Fit implements algos.Learner. It fails without training rows, without weight on
// them, and with targets or parameters that are out of range.
func (Learner) Fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := &fit{ctx: ctx, request: r, threads: max(1, r.Threads)}
	votes, err := readVotes(r.Params)
	if err != nil {
		return nil, fmt.Errorf("neighbors: %w", err)
	}
	if err := f.gather(); err != nil {
		return nil, fmt.Errorf("neighbors: %w", err)
	}
	prior, err := f.priors(votes)
	if err != nil {
		return nil, fmt.Errorf("neighbors: %w", err)
	}
	known := f.known()
	known.Prior = prior
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := predictor.NewNeighbors(metrics.Width(r.Problem.Task, r.Problem.Classes), known, votes)
	if err != nil {
		return nil, fmt.Errorf("neighbors: %w", err)
	}
	return &algos.Fitted{Predictor: p, Steps: 1, ValidPred: algos.Predict(p, r.Valid.M, r.Valid.Rows, f.threads)}, nil
}
