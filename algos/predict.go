package algos

import (
	"sync"

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
