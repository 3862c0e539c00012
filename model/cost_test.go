package model

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed-09a2cce4/automl/metrics"
)

// The label is the class of least expected cost: for two classes, the second from
// the probability cost(0→1) / (cost(0→1) + cost(1→0)) on.
func TestLeastExpectedCost(t *testing.T) {
	t.Parallel()
	p := &Predictions{Task: metrics.Binary, Classes: []string{"no", "yes"}, Costs: [][]float64{{0, 1}, {4, 0}}}
	for v, want := range map[float32]string{0.19: "no", 0.21: "yes", 0.9: "yes"} {
		p.Probabilities = []float32{1 - v, v}
		if got := p.Label(0); got != want {
			t.Errorf("probability %v: %s, want %s", v, got, want)
		}
	}
	// Where mistakes cost the same it is the likeliest class.
	rng := rand.New(rand.NewPCG(1, 3))
	q := &Predictions{Task: metrics.Multiclass, Classes: []string{"a", "b", "c"}}
	for range 200 {
		q.Costs = nil
		q.Probabilities = []float32{rng.Float32(), rng.Float32(), rng.Float32()}
		want := q.Label(0)
		if q.Costs = [][]float64{{0, 2, 2}, {2, 0, 2}, {2, 2, 0}}; q.Label(0) != want {
			t.Fatalf("%v: %s, want %s", q.Probabilities, q.Label(0), want)
		}
	}
}

func TestCostsOfAnotherShape(t *testing.T) {
	t.Parallel()
	for _, costs := range [][][]float64{{}, {{0, 1}}, {{0, 1}, {1}}, {{0, 1}, {1, math.NaN()}}, {{0, math.Inf(1)}, {1, 0}}} {
		info := Info{Task: metrics.Binary, Classes: []string{"a", "b"}, Costs: costs}
		if err := checkTask(info); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%v: %v", costs, err)
		}
	}
}
