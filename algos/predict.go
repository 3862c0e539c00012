package algos

import (
	"math"
	"sync"
	"time"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Predict returns the predictions of p for the given rows, rows×Width, made on
// up to threads goroutines, which end before it returns. nil for no rows.
func Predict(p predictor.Predictor, m *matrix.Matrix, rows []int32, threads int) []float32 {
	const chunk = 256
	if len(rows) == 0 {
		return nil
	}
	width := p.Width()
	out := make([]float32, len(rows)*width)
	share := (len(rows)/max(1, threads)/chunk + 1) * chunk
	if share >= len(rows) {
		p.Predict(m, rows, out)
		return out
	}
	var wg sync.WaitGroup
	for lo := 0; lo < len(rows); lo += share {
		hi := min(lo+share, len(rows))
		wg.Go(func() { p.Predict(m, rows[lo:hi], out[lo*width:hi*width]) })
	}
	wg.Wait()
	return out
}

// LatencyRuns is how often speed is measured where it matters: what else runs can only
// slow a run down.
const LatencyRuns = 3

// RowSeconds is what p takes for a row of up to 512 of the rows at a time, on one thread, in
// the fastest of some runs. rows must not be empty.
func RowSeconds(p predictor.Predictor, m *matrix.Matrix, rows []int32, runs int) float64 {
	const most = 512
	rows = rows[:min(len(rows), most)]
	best := math.Inf(1)
	for range runs {
		start := time.Now()
		Predict(p, m, rows, 1)
		best = min(best, time.Since(start).Seconds())
	}
	return best / float64(len(rows))
}

// Pick returns the values of some rows, in their order.
func Pick[T any](values []T, rows []int32) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = values[r]
	}
	return out
}
