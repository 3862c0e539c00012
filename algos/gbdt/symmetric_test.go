package gbdt

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

func TestSymmetricContract(t *testing.T) {
	t.Parallel()
	// Rows are drawn and scores blurred at random, so that repeated rows are only
	// about the same.
	algostest.Run(t, NewSymmetric(), algostest.Options{Params: search.Params{"rounds": 60., "learning_rate": .15}, Repeats: 0.8})
}

// slowScore is the definition of a test's score: the cosine of the leaves' values
// with the gradients, over all leaves.
func slowScore(grad []pair, leaf []int, l2 float64) float64 {
	g, h := map[int]float64{}, map[int]float64{}
	for i, p := range grad {
		g[leaf[i]] += float64(p.g)
		h[leaf[i]] += float64(p.h)
	}
	num, den := 0.0, 0.0
	for l := range g {
		v := g[l] / (h[l] + l2)
		num, den = num+v*g[l], den+v*v*h[l]
	}
	return num / math.Sqrt(den)
}

// TestSymmetricTestsAreBest compares the scores of a tree's tests with those of
// all cuts, found the slow way.
func TestSymmetricTestsAreBest(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{1, 2, 3, 5, 8, 11} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			t.Parallel()
			const rows = 600
			rng := rand.New(rand.NewPCG(uint64(columns), 3))
			f := &matrix.Frame{Rows: rows}
			y := make([]float32, rows)
			for range columns {
				col := make([]float32, rows)
				for i := range col {
					col[i] = float32(rng.IntN(40))
					y[i] += float32(rng.NormFloat64()) + col[i]/40
				}
				f.Features, f.Cols = append(f.Features, matrix.Feature{}), append(f.Cols, col)
			}
			idx := make([]int32, rows)
			for i := range idx {
				idx[i] = int32(i)
			}
			problem := algos.Problem{Task: metrics.Regression, Metric: metrics.Default(metrics.Regression)}
			r := &algos.Request{Problem: problem, Train: algos.Data{M: matrix.New(f, nil, 1), Y: y, Rows: idx}, Seed: 1}
			s, err := parseSymmetric(search.Params{"bootstrap": "none", "random_strength": 0., "depth": 3., "rounds": 1.}, problem.Task, rows, false)
			if err != nil {
				t.Fatal(err)
			}
			b := newSymmetricBooster(s, r, alone)
			if err := b.round(context.Background(), 1); err != nil {
				t.Fatal(err)
			}
			grad := make([]pair, rows)
			for i := range grad {
				grad[i] = pair{float32(b.base[0]) - y[i], 1}
			}
			leaf := make([]int, rows)
			side := make([]int, rows)
			for level, test := range b.trees[0].tests {
				best := 0.0
				for j := range columns {
					for cut := range 39 {
						for i := range side {
							side[i] = leaf[i]
							if f.Cols[j][i] > float32(cut) {
								side[i] |= 1 << level
							}
						}
						best = max(best, slowScore(grad, side, 3))
					}
				}
				c := b.grower.columns[test.column]
				for i := range leaf {
					if f.Cols[c.frame][i] > c.edges[test.bin] {
						leaf[i] |= 1 << level
					}
				}
				if got := slowScore(grad, leaf, 3); got < best*0.999 {
					t.Errorf("level %d: test of feature %d scores %v, the best %v", level, c.frame, got, best)
				}
				for i := range leaf {
					if level == len(b.trees[0].tests)-1 && leaf[i] != int(b.grower.leaf[i]) {
						t.Fatalf("row %d is in leaf %d, not %d", i, b.grower.leaf[i], leaf[i])
					}
				}
			}
		})
	}
}
