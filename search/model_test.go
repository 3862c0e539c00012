package search

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func observations(s Space, n int, loss func(Params) float64) []Observation {
	r := rand.New(rand.NewPCG(4, 4))
	var out []Observation
	for i := range n {
		p := s.Sample(r)
		out = append(out, Observation{Suggestion: newSuggestion("l", p, ""), Number: i, Loss: loss(p)})
	}
	return out
}

// TestParzenIsADensity integrates over a space of a number, an integer, a choice
// and a condition: the sum is 1, and samples are as frequent as it says.
func TestParzenIsADensity(t *testing.T) {
	t.Parallel()
	s := Space{
		{Name: "k", Choices: []string{"a", "b", "c"}}, {Name: "n", Low: 1, High: 6, Integer: true, Log: true},
		{Name: "x", Low: 0, High: 1, When: &Condition{"k", []string{"a", "b"}}},
	}
	var points []*Observation
	history := observations(s, 7, func(Params) float64 { return 0 })
	for i := range history {
		points = append(points, &history[i])
	}
	m := newParzen(s, points)
	const grid = 400
	mass := map[string]float64{}
	total := 0.0
	for _, k := range s[0].Choices {
		for n := 1.0; n <= 6; n++ {
			p := Params{"k": k, "n": n}
			lo, hi := s[1].cell(s[1].unit(n))
			steps := 1
			if k != "c" {
				steps = grid
			}
			for i := range steps {
				if k != "c" {
					p["x"] = (float64(i) + 0.5) / grid
				}
				v := math.Exp(m.logDensity(s.places(p))) * (hi - lo) / float64(steps)
				mass[fmt.Sprint(k, n)] += v
				total += v
			}
		}
	}
	if math.Abs(total-1) > 0.01 {
		t.Errorf("the density sums to %v", total)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		p := m.sample(r)
		mass[fmt.Sprint(p["k"], p["n"])] -= 1.0 / 20000
	}
	for at, v := range mass {
		if math.Abs(v) > 0.015 {
			t.Errorf("%s is sampled less often than the density says, by %.3f", at, v)
		}
	}
}

// TestProcessPredicts holds a Gaussian process to what it was given, and its
// expected improvement to an average over draws.
func TestProcessPredicts(t *testing.T) {
	t.Parallel()
	s := Space{{Name: "x", Low: 0, High: 1}, {Name: "y", Low: 0, High: 1}}
	task := Task{Space: s, History: observations(s, 30, func(p Params) float64 {
		return math.Sin(3*p.Float("x", 0)) + p.Float("y", 0)
	})}
	done, _, _ := task.told()
	m := newProcess(s, done, nil)
	for i, x := range m.points {
		mean := 0.0
		for j := range m.points {
			mean += m.covariance(x, m.points[j]) * m.alpha[j]
		}
		// Its own covariance with a point as observed includes the noise.
		if math.Abs(mean-m.y[i]) > 0.1 {
			t.Errorf("at point %d of value %.3f it expects %.3f", i, m.y[i], mean)
		}
	}
	far, near := m.improvement([]float64{1, 1}), m.improvement([]float64{0.01, 0.01})
	if far >= near {
		t.Errorf("the expected improvement where losses are highest is %g, where they are lowest %g", far, near)
	}
}

// TestCholesky compares with the product of the factors.
func TestCholesky(t *testing.T) {
	t.Parallel()
	a := []float64{4, 2, 5, -2, 1, 6} // lower triangle
	l := append([]float64(nil), a...)
	if !cholesky(l, 3) {
		t.Fatal("not definite")
	}
	at := func(m []float64, i, j int) float64 {
		if j > i {
			return 0
		}
		return m[i*(i+1)/2+j]
	}
	b := []float64{1, 2, 3}
	x := append([]float64(nil), b...)
	forward(l, x)
	backward(l, x)
	for i := range 3 {
		sum := 0.0
		for j := range 3 {
			product := 0.0
			for k := range 3 {
				product += at(l, i, k) * at(l, j, k)
			}
			if j <= i && math.Abs(product-at(a, i, j)) > 1e-12 {
				t.Errorf("entry %d, %d of the product is %v", i, j, product)
			}
			sum += at(a, max(i, j), min(i, j)) * x[j]
		}
		if math.Abs(sum-b[i]) > 1e-12 {
			t.Errorf("row %d of the solution gives %v, not %v", i, sum, b[i])
		}
	}
	if cholesky([]float64{1, 2, 1}, 2) {
		t.Error("a matrix that is not definite has a factor")
	}
}
