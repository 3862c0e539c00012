package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestPaired(t *testing.T) {
	t.Parallel()
	reference := []float64{1, 3, 2}
	// Differences of 0, 1 and 2: their variance is 1.
	got := paired(reference, [][]float64{{1, 4, 4}, {9}}, 2)
	want := []float64{1 + 2*math.Sqrt(1-1./3), 2 + 2*math.Sqrt(1./2-1./3)}
	if len(got) != 2 || math.Abs(got[0]-want[0]) > 1e-12 || math.Abs(got[1]-want[1]) > 1e-12 {
		t.Errorf("got %v, want %v", got, want)
	}
	if paired(reference[:1], [][]float64{{2}}, 1) != nil || paired(reference, [][]float64{{9}}, 1) != nil {
		t.Error("nothing to tell by, and yet there are thresholds")
	}
}

// TestPairedGivesUpAsOftenAsItSays draws trials as good as the reference: those that
// are better in the end are rarely given up at the first fold, those that are much
// worse nearly always.
func TestPairedGivesUpAsOftenAsItSays(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	draw := func(by float64) []float64 {
		out := make([]float64, 5)
		for k := range out {
			out[k] = float64(k) + by + r.NormFloat64()
		}
		return out
	}
	better, lost, worse, caught := 0, 0, 0, 0
	for range 3000 {
		reference := draw(0)
		near := [][]float64{draw(0), draw(0.2), draw(0.1), draw(0)}
		thresholds := paired(reference, near, 1.645)
		if equal := draw(0); mean(equal) < mean(reference) {
			better++
			if equal[0] > thresholds[0] {
				lost++
			}
		}
		worse++
		if bad := draw(6); bad[0] > thresholds[0] {
			caught++
		}
	}
	if rate := float64(lost) / float64(better); rate > 0.06 {
		t.Errorf("%.3f of the better ones were given up", rate)
	}
	if rate := float64(caught) / float64(worse); rate < 0.95 {
		t.Errorf("%.3f of the much worse ones were given up", rate)
	}
}
