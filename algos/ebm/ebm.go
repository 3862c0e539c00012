package ebm

import (
	"context"
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

var _ algos.Learner = Learner{}
var _ algos.Portfolio = Learner{}

// Learner trains predictor.Additive models. Its parameters are "learning_rate",
// what a step takes of Newton's; "max_leaves", the parts that a step cuts a
// feature into; "min_samples_leaf", the rows that a part has at least; "max_bins",
// the bins of a feature; "interactions", the pairs of features, as a multiple of
// the number of features; and "outer_bags", the models that are averaged (not
// searched: more are never worse). A step is some cycles of all bags.
type Learner struct{}

// Name is "ebm".
func (Learner) Name() string { return "ebm" }

// View is matrix.Binned.
func (Learner) View() matrix.View { return matrix.Binned }

const (
	defaultBags = 8
	maxBags     = 100
	// maxPairs bounds the pairs of features that a model has.
	maxPairs = 64
)

// Space implements algos.Learner.
func (Learner) Space(s algos.Shape) search.Space {
	return search.Space{
		{Name: "learning_rate", Low: 0.01, High: 0.2, Log: true, Default: defaultRate(s)},
		{Name: "max_leaves", Low: 2, High: 4, Integer: true, Default: 2.0},
		{Name: "min_samples_leaf", Low: 1, High: 50, Log: true, Integer: true, Default: 2.0},
		{Name: "max_bins", Low: 16, High: matrix.MaxBins, Log: true, Integer: true, Default: float64(matrix.MaxBins)},
		{Name: "interactions", Low: 0, High: 4, Default: defaultInteractions(s)},
	}
}

func defaultRate(s algos.Shape) float64 {
	if s.Task == metrics.Regression {
		return 0.05
	}
	return 0.03
}

// defaultInteractions is none for many classes, whose tables grow with each.
func defaultInteractions(s algos.Shape) float64 {
	if s.Task == metrics.Multiclass {
		return 0
	}
	return 1
}

// Portfolio implements algos.Portfolio.
func (Learner) Portfolio(s algos.Shape) []search.Params {
	rate, pairs := defaultRate(s), defaultInteractions(s)
	return []search.Params{
		{"learning_rate": rate, "max_leaves": 2.0, "min_samples_leaf": 2.0, "max_bins": float64(matrix.MaxBins), "interactions": pairs},
		{"learning_rate": rate, "max_leaves": 3.0, "min_samples_leaf": 10.0, "max_bins": 64.0, "interactions": 2.0},
	}
}

// settings are the parameters of a fit.
type settings struct {
	rate         float64
	leaves       int
	least        int // rows of a leaf
	bins         int
	interactions float64
	bags         int
}

func readSettings(p search.Params, s algos.Shape) (settings, error) {
	v := settings{
		rate: p.Float("learning_rate", defaultRate(s)), leaves: p.Int("max_leaves", 2), least: p.Int("min_samples_leaf", 2),
		bins: p.Int("max_bins", matrix.MaxBins), interactions: p.Float("interactions", defaultInteractions(s)),
		bags: p.Int("outer_bags", defaultBags),
	}
	switch {
	case !(v.rate > 0 && v.rate <= 1):
		return v, fmt.Errorf("learning_rate %v must be in (0, 1]", v.rate)
	case v.leaves < 2 || v.leaves > maxLeaves:
		return v, fmt.Errorf("max_leaves %d must be in 2 to %d", v.leaves, maxLeaves)
	case v.least < 1:
		return v, fmt.Errorf("min_samples_leaf %d must be above 0", v.least)
	case v.bins < 3 || v.bins > matrix.MaxBins:
		return v, fmt.Errorf("max_bins %d must be in 3 to %d", v.bins, matrix.MaxBins)
	case !(v.interactions >= 0) || math.IsInf(v.interactions, 0):
		return v, fmt.Errorf("interactions %v must not be negative", v.interactions)
	case v.bags < 1 || v.bags > maxBags:
		return v, fmt.Errorf("outer_bags %d must be in 1 to %d", v.bags, maxBags)
	}
	return v, nil
}

// pairs is the number of pairs of some features.
func (s settings) pairs(features int) int {
	most := min(maxPairs, features*(features-1)/2)
	return int(min(float64(most), math.Round(s.interactions*float64(features))))
}

// Estimate implements algos.Learner. Bags need some hundred cycles, fewer where
// there is much noise, more where there is little: at a rate of 0.03 about 900
// for the features and half of that for the pairs.
func (Learner) Estimate(s algos.Shape, p search.Params) algos.Cost {
	v, err := readSettings(p, s)
	if err != nil {
		v, _ = readSettings(nil, s)
	}
	n, features, width := float64(s.Rows), float64(s.Features), float64(max(1, metrics.Width(s.Task, s.Classes)))
	cycles := 60 * (1 + 0.4/v.rate)
	bins := min(float64(v.bins), n/3+2)
	pairs := float64(v.pairs(s.Features))
	cells := float64(gridBins(s.Rows) * gridBins(s.Rows))
	row := 4e-9 * width
	cycle := n*8e-9*width + features*(n*row+bins*width*6e-9+2e-7)
	more := pairs * (n*row*1.3 + cells*width*8e-9)
	detect := min(features*(features-1)/2, maxCandidates) * (n*row/2 + cells*width*8e-9)
	if pairs == 0 {
		detect = 0
	}
	return algos.Cost{
		Seconds: 1e-3 + float64(v.bags)*cycles*(cycle+more/2) + detect,
		Bytes:   int64(n*(2*features+2*pairs+float64(v.bags)*(8*width+13)) + float64(v.bags)*width*(features*bins*24+pairs*cells*24)),
	}
}

// Fit implements algos.Learner. It fails without training rows, without weight
// on them, and with targets or parameters that are out of range.
func (Learner) Fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	f := &fit{ctx: ctx, request: r, threads: max(1, r.Threads)}
	if err := f.prepare(); err != nil {
		return nil, fmt.Errorf("ebm: %w", err)
	}
	return f.run()
}
