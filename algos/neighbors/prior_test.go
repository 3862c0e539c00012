package neighbors

import (
	"math/rand/v2"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// Classes that neighbours tell get next to no prior, and those of chance a strong one.
func TestPriorGoesByWhatNeighboursTell(t *testing.T) {
	t.Parallel()
	r := request(700, 3)
	rng := rand.New(rand.NewPCG(3, 4))
	x := r.Train.M.Frame.Cols[0]
	r.Problem = algos.Problem{Task: metrics.Binary, Classes: 2, Metric: metrics.Default(metrics.Binary)}
	strength := func(class func(i int) bool) float64 {
		y := make([]float32, len(x))
		for i := range y {
			if class(i) {
				y[i] = 1
			}
		}
		r.Train.Y = y
		f := &fit{ctx: t.Context(), request: r, threads: 1}
		if err := f.gather(); err != nil {
			t.Fatal(err)
		}
		prior, err := f.priors(predictor.Votes{K: 5})
		if err != nil {
			t.Fatal(err)
		}
		return float64(prior[0] + prior[1])
	}
	for i := range x { // two heaps far apart
		if x[i] = rng.Float32(); i%2 == 0 {
			x[i] += 50
		}
	}
	r.Train.M = matrix.New(r.Train.M.Frame, matrix.FitEncoder(r.Train.M.Frame, 0), 1)
	r.Valid.M = r.Train.M
	if s := strength(func(i int) bool { return i%2 == 0 }); s > 0.05 {
		t.Errorf("a prior of %v neighbours where they never err", s)
	}
	if s := strength(func(int) bool { return rng.IntN(2) == 0 }); s < 2.9 {
		t.Errorf("a prior of %v neighbours where they tell nothing", s)
	}
}
