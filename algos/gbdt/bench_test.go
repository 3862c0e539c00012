package gbdt

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// denseProblem is a binary problem of normal features, of which ten matter.
func denseProblem(rows, features int) algos.Data {
	r := rand.New(rand.NewPCG(1, 2))
	f := &matrix.Frame{Rows: rows, Features: make([]matrix.Feature, features)}
	for range features {
		col := make([]float32, rows)
		for i := range col {
			col[i] = float32(r.NormFloat64())
		}
		f.Cols = append(f.Cols, col)
	}
	d := algos.Data{M: matrix.New(f, nil, 2), Y: make([]float32, rows), Rows: make([]int32, rows)}
	for i := range rows {
		s := 0.0
		for j := range min(10, features) {
			x := float64(f.Cols[j][i])
			s += x*float64(j%3-1) + math.Sin(2*x)
		}
		if s+r.NormFloat64() > 0 {
			d.Y[i] = 1
		}
		d.Rows[i] = int32(i)
	}
	d.M.Packed()
	return d
}

func BenchmarkFit(b *testing.B) {
	for _, c := range []struct {
		rows, features, trees, threads int
		params                         search.Params
	}{
		{200_000, 32, 50, 1, nil},
		{200_000, 32, 50, 2, nil},
		{200_000, 32, 50, 1, search.Params{"feature_fraction": 0.5, "bagging_fraction": 0.8}},
		{10_000, 20, 100, 1, nil},
		{1_000, 20, 100, 1, nil},
	} {
		d := denseProblem(c.rows, c.features)
		b.Run(fmt.Sprintf("%dx%d/threads=%d/%v", c.rows, c.features, c.threads, c.params), func(b *testing.B) {
			for b.Loop() {
				_, err := New().Fit(context.Background(), &algos.Request{
					Problem: algos.Problem{Task: metrics.Binary, Classes: 2}, Train: d, Params: c.params,
					Threads: c.threads, MaxSteps: c.trees,
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N*c.trees), "ms/tree")
		})
	}
}
