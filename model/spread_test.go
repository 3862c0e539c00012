package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Without noise to speak of but one bin: the bounds are the residuals of the ranks
// that the definition names.
func TestSpreadRanks(t *testing.T) {
	t.Parallel()
	y, pred := make([]float32, 99), make([]float32, 99)
	for i := range y {
		y[i] = float32((i*37)%99 + 1) // residuals 1 to 99
	}
	s, err := NewSpread(y, pred, nil, 0.9, []float64{0.01, 0.25, 0.5, 0.9, 0.99})
	if err != nil {
		t.Fatal(err)
	}
	want := &Spread{Bounds: [][2]float64{{5, 95}}, Offsets: [][]float64{{1, 25, 50, 90, 99}}}
	if d := cmp.Diff(want, s); d != "" {
		t.Error(d)
	}
	if _, err := NewSpread(y[:98], pred[:98], nil, 0, []float64{0.99}); err == nil {
		t.Error("98 rows for the 99 % quantile")
	}
	for need, share := range map[int]float64{19: 0.9, 9: 0.8, 39: 0.95, 199: 0.99} {
		if got := SpreadRows(share, nil); got != need {
			t.Errorf("an interval of %v takes %d rows, want %d", share, got, need)
		}
	}
}

// A weight of 3 counts as three rows, up to the one row that a new one is.
func TestSpreadWeights(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 2))
	var y, w, repeated []float32
	for range 150 {
		v, n := float32(rng.NormFloat64()), rng.IntN(4)
		y, w = append(y, v), append(w, float32(n))
		for range n {
			repeated = append(repeated, v)
		}
	}
	a, err := NewSpread(y, make([]float32, len(y)), w, 0.8, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewSpread(repeated, make([]float32, len(repeated)), nil, 0.8, nil)
	if err != nil {
		t.Fatal(err)
	}
	for side := range 2 {
		if math.Abs(a.Bounds[0][side]-b.Bounds[0][side]) > 0.1 {
			t.Errorf("weighted %v, repeated %v", a.Bounds, b.Bounds)
		}
	}
}

// The noise grows with the prediction: in every part of it the shares are held.
func TestSpreadCoverage(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	draw := func(n int) (y, pred []float32) {
		for range n {
			p := rng.Float64()
			y, pred = append(y, float32(p+(0.1+p)*rng.ExpFloat64())), append(pred, float32(p))
		}
		return y, pred
	}
	const calibrated, fresh = 4000, 20000
	levels := []float64{0.1, 0.5, 0.9}
	y, pred := draw(calibrated)
	s, err := NewSpread(y, pred, nil, 0.8, levels)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Edges) != spreadBins-1 {
		t.Errorf("%d edges", len(s.Edges))
	}
	if err := s.check(0.8, levels); err != nil {
		t.Error(err)
	}
	y, pred = draw(fresh)
	p := &Predictions{}
	for _, v := range pred {
		p.Values = append(p.Values, float64(v))
	}
	s.add(p, levels)
	within := func(name string, want float64, hit func(i int) bool) {
		for part := range 4 { // of the predictions
			n, hits := 0.0, 0.0
			for i := range y {
				if int(pred[i]*4) == part {
					n++
					if hit(i) {
						hits++
					}
				}
			}
			// The binomial errors of the rows here and of those calibrated on.
			limit := 4 * math.Sqrt(want*(1-want)*(1/n+4./calibrated))
			if math.Abs(hits/n-want) > limit {
				t.Errorf("%s in part %d: %.3f of the answers, want %v ± %.3f", name, part, hits/n, want, limit)
			}
		}
	}
	within("interval", 0.8, func(i int) bool { v := float64(y[i]); return v >= p.Lower[i] && v <= p.Upper[i] })
	for k, level := range levels {
		within("quantile", level, func(i int) bool { return float64(y[i]) <= p.Quantiles[i*len(levels)+k] })
	}
	for i := range y {
		if !slices.IsSorted(p.Quantiles[i*len(levels) : (i+1)*len(levels)]) {
			t.Fatalf("row %d: quantiles cross", i)
		}
	}
}

// Predictions that are all alike, or of few values, make no empty bins.
func TestSpreadOfTies(t *testing.T) {
	t.Parallel()
	for _, kinds := range []int{1, 2, 3} {
		n := 3000
		y, pred := make([]float32, n), make([]float32, n)
		for i := range y {
			pred[i], y[i] = float32(i%kinds), float32(i)
		}
		s, err := NewSpread(y, pred, nil, 0.9, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Bounds) != kinds || len(s.Edges) != kinds-1 {
			t.Errorf("%d values: %d bins, edges %v", kinds, len(s.Bounds), s.Edges)
		}
	}
}

func TestSpreadRefusesDamage(t *testing.T) {
	t.Parallel()
	good := [][]float64{{0, 1}, {-1, 2}}
	for name, s := range map[string]*Spread{
		"bins":      {Offsets: good},
		"edges":     {Edges: []float64{2, 1}, Offsets: append(good, good[0])},
		"crossing":  {Edges: []float64{1}, Offsets: [][]float64{{0, 1}, {2, 1}}},
		"unasked":   {Edges: []float64{1}, Offsets: good, Bounds: [][2]float64{{0, 1}}},
		"length":    {Edges: []float64{1}, Offsets: [][]float64{{0, 1}, {2}}},
		"no number": {Edges: []float64{1}, Offsets: [][]float64{{0, 1}, {0, math.NaN()}}},
		"bounds":    {Edges: []float64{1}, Offsets: good, Bounds: [][2]float64{{1, 0}, {0, 1}}},
	} {
		if err := s.check(0, []float64{0.1, 0.9}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := (&Spread{Edges: []float64{1}, Offsets: good}).check(0, []float64{0.9, 0.1}); err == nil {
		t.Error("descending levels: accepted")
	}
	if err := (&Spread{Edges: []float64{1}, Offsets: good}).check(0, []float64{0.1, 0.9}); err != nil {
		t.Error(err)
	}
}
