package infold

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/encode"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// BenchmarkRanked orders 1,000 features by 2,000 rows, on one thread.
func BenchmarkRanked(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	f := &matrix.Frame{Rows: 2000}
	for j := range 1000 {
		col := make([]float32, f.Rows)
		for i := range col {
			col[i] = float32(rng.NormFloat64())
		}
		f.Features, f.Cols = append(f.Features, matrix.Feature{Name: fmt.Sprint(j)}), append(f.Cols, col)
	}
	y := make([]float32, f.Rows)
	for i := range y {
		y[i] = float32(rng.IntN(2))
	}
	r := &algos.Request{Problem: algos.Problem{Task: metrics.Binary, Classes: 2}, Threads: 1, Train: algos.Data{M: matrix.New(f, nil, 1), Y: y}}
	for i := range int32(f.Rows) {
		r.Train.Rows = append(r.Train.Rows, i)
	}
	target := encode.NewTarget(r, encode.Classes(r))
	for b.Loop() {
		ranked(r, target, plain(f))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*1000*f.Rows), "ns/value")
}
