package forest

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

// Learner trains forests; make it with ExtraTrees or RandomForest. Its
// parameters are "max_features", the share of the features that a node looks
// at, "min_samples_leaf", the rows that a leaf has at least, and
// "n_estimators", the number of trees (not searched: more are never worse). A
// step is a tree.
type Learner struct{ extra bool }

// ExtraTrees is the learner "extra_trees".
func ExtraTrees() Learner { return Learner{extra: true} }

// RandomForest is the learner "random_forest".
func RandomForest() Learner { return Learner{} }

const (
	// maxLeaves bounds the leaves of a tree, forestLeaves and forestValues
	// those of a forest and the numbers they hold: its memory.
	maxLeaves    = 15000
	forestLeaves = 300_000
	forestValues = 3_000_000
	// maxTrees bounds what a parameter can ask for.
	maxTrees = 10_000
)

// Name is "extra_trees" or "random_forest".
func (l Learner) Name() string {
	if l.extra {
		return "extra_trees"
	}
	return "random_forest"
}

// View is matrix.Binned.
func (Learner) View() matrix.View { return matrix.Binned }

// Space implements algos.Learner.
func (l Learner) Space(s algos.Shape) search.Space {
	def := l.defaultFeatures(s)
	return search.Space{
		{Name: "max_features", Low: min(0.1, def), High: 1, Log: true, Default: def},
		{Name: "min_samples_leaf", Low: 1, High: 64, Log: true, Integer: true, Default: float64(defaultLeast(s))},
	}
}

// defaultFeatures is √features for classes and more for numbers, of which each
// feature tells a part.
func (l Learner) defaultFeatures(s algos.Shape) float64 {
	switch {
	case s.Task != metrics.Regression:
		return 1 / math.Sqrt(float64(max(1, s.Features)))
	case l.extra:
		return 0.8
	}
	return 0.4
}

// defaultLeast is the fewest rows of a leaf. Classes of many rows are noisy:
// pairs tell as much as single rows, in half the leaves.
func defaultLeast(s algos.Shape) int {
	if s.Task != metrics.Regression && s.Rows >= manyRows {
		return 2
	}
	return 1
}

// manyRows is where defaultLeast changes.
const manyRows = 8000

// Portfolio implements algos.Portfolio.
func (l Learner) Portfolio(s algos.Shape) []search.Params {
	def, least := l.defaultFeatures(s), float64(defaultLeast(s))
	return []search.Params{
		{"max_features": def, "min_samples_leaf": least},
		{"max_features": 0.75, "min_samples_leaf": least},
		{"max_features": 0.75, "min_samples_leaf": 4 * least},
	}
}

// trees is the default number. In cross-validation the forests of all folds
// vote together, so that none has to be large.
func trees(rows int) int {
	if rows <= 30000 {
		return 100
	}
	return 60
}

// leafLimit is the bound on the leaves of each tree.
func leafLimit(trees, width int) int {
	return max(2, min(maxLeaves, forestLeaves/trees, forestValues/trees/width))
}

// considered is the number of features that a node looks at.
func considered(features int, share float64) int {
	return max(1, min(features, int(math.Round(share*float64(features)))))
}

// Estimate implements algos.Learner. Rows are looked at once a level and
// feature; leaves cost their share whatever their size.
func (l Learner) Estimate(s algos.Shape, p search.Params) algos.Cost {
	n := float64(max(1, s.Rows))
	count := max(1, min(maxTrees, p.Int("n_estimators", trees(s.Rows))))
	width := max(1, metrics.Width(s.Task, s.Classes))
	looks := float64(considered(s.Features, p.Float("max_features", l.defaultFeatures(s))))
	used, deep, row, pure := 0.65, 1.6, 9e-9, 0.25
	if l.extra {
		used, deep, row = 1, 2, 4e-9
	}
	switch s.Task {
	case metrics.Multiclass:
		row *= 2
	case metrics.Regression:
		pure = 0.8
	}
	n *= used
	leaves := pure * n / math.Sqrt(float64(max(1, p.Int("min_samples_leaf", defaultLeast(s)))))
	leaves = max(1, min(leaves, float64(leafLimit(count, width))))
	walk := 6e-9 // a level of a validation row, of which there are about n/4
	if s.Categorical > 0 {
		walk = 4e-8
		row *= 1 + 2*float64(s.Categorical)/float64(max(1, s.Features))
	}
	perTree := n*deep*math.Log2(leaves+1)*(looks*row+6e-9+walk/4) + leaves*(looks*1e-7+3e-7)
	return algos.Cost{
		Seconds: 1e-3 + float64(count)*perTree,
		Bytes:   int64(float64(count)*leaves*float64(200+4*width) + 40*n + min(16*maxPacked, 2*n*float64(s.Features+8))),
	}
}

// Fit implements algos.Learner. It fails without training rows, without weight
// on them, and with targets or parameters that are out of range.
func (l Learner) Fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	f := &fit{ctx: ctx, request: r, extra: l.extra, threads: max(1, r.Threads)}
	if err := f.prepare(l); err != nil {
		return nil, fmt.Errorf("%s: %w", l.Name(), err)
	}
	return f.run()
}
