package search

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPlacesAndConfigureAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := genSpace(t)
		p := s.Sample(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)))
		x := s.places(p)
		back := s.configure(func(i int) float64 { return x[i] })
		for _, d := range s { // a fifth digit may be rounded on the way
			a, ok := p[d.Name].(float64)
			if b := back.Float(d.Name, math.NaN()); ok && math.Abs(a-b) <= 2e-4*math.Abs(a) {
				back[d.Name] = a
			}
		}
		if d := cmp.Diff(p, back); d != "" {
			t.Fatal(d)
		}
	})
}

func TestFewGoesThroughAll(t *testing.T) {
	t.Parallel()
	s := Space{{Name: "k", Choices: []string{"x", "y"}}, {Name: "n", Low: 2, High: 4, Integer: true}}
	var got []string
	for p := range s.few(6) {
		got = append(got, Key("", p))
	}
	slices.Sort(got)
	want := []string{` k="x" n=2`, ` k="x" n=3`, ` k="x" n=4`, ` k="y" n=2`, ` k="y" n=3`, ` k="y" n=4`}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for p := range s.few(5) {
		t.Errorf("6 configurations are more than 5, but %v", p)
	}
}

// TestQuasiRandomFillsEvenly holds that n points in base 2 hit each n-th of the
// range once, and in every dimension each third about equally often.
func TestQuasiRandomFillsEvenly(t *testing.T) {
	t.Parallel()
	hits := make([]int, 64)
	for n := range hits {
		hits[int(scrambled(n, 2, 7)*64)%64]++
	}
	if slices.Min(hits) != 1 {
		t.Errorf("of 64 points in 64 parts of the range: %v", hits)
	}
	for dim, base := range firstPrimes(12) {
		thirds := make([]int, 3)
		for n := range 300 {
			thirds[min(2, int(scrambled(n, base, 7)*3))]++
		}
		if slices.Min(thirds) < 90 {
			t.Errorf("dimension %d: of 300 points in thirds of the range: %v", dim, thirds)
		}
	}
}
