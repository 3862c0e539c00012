package search

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestHistoryKeepsTheMostTelling compares with what sorting all would keep, for
// observations that come in any order, most of them first without a loss.
func TestHistoryKeepsTheMostTelling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 2000).Draw(t, "observations")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		all := make([]Observation, n)
		for i := range all {
			p := Params{"x": float64(i)}
			all[i] = Observation{Suggestion: newSuggestion("l", p, ""), Number: i, Loss: float64(r.IntN(300))}
			switch r.IntN(8) {
			case 0:
				all[i].Loss = nan
			case 1:
				all[i].Loss, all[i].Failed = nan, true
			case 2:
				all[i].Loss = math.Inf(1)
			}
		}
		var h History
		for _, i := range r.Perm(n) {
			if r.IntN(4) > 0 {
				open := all[i]
				open.Loss, open.Failed = nan, false
				h.Add(open)
			}
			if o := all[i]; o.Failed || !math.IsNaN(o.Loss) || !h.seen[o.Key] {
				h.Add(o)
			}
		}
		want, count, middle := slowHistory(all)
		if d := cmp.Diff(want, h.arms["l"].list(), cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b })); d != "" {
			t.Fatal(d)
		}
		if got := h.losses.value(); n > 0 && h.arms["l"].count != count || got != middle && middle == middle {
			t.Fatalf("median %v of %d, want %v of %d", got, h.arms["l"].count, middle, count)
		}
	})
}

// slowHistory sorts and filters.
func slowHistory(all []Observation) (kept []Observation, count int, middle float64) {
	var done, failed, open []Observation
	for _, o := range all {
		switch {
		case o.Failed || math.IsInf(o.Loss, 0):
			failed = append(failed, o)
		case math.IsNaN(o.Loss):
			open = append(open, o)
		default:
			done = append(done, o)
		}
	}
	last := func(list []Observation, n int) []Observation { return list[max(0, len(list)-n):] }
	ranked := slices.SortedFunc(slices.Values(done), byLoss)
	chosen := map[int]bool{}
	for _, list := range [][]Observation{last(done, keptNewest), last(failed, keptFailed), last(open, keptOpen), ranked[:min(keptBest, len(ranked))]} {
		for _, o := range list {
			chosen[o.Number] = true
		}
	}
	for _, o := range all {
		if chosen[o.Number] {
			kept = append(kept, o)
		}
	}
	middle = nan
	if len(ranked) > 0 {
		middle = ranked[len(ranked)/2].Loss
	}
	return kept, len(all), middle
}
