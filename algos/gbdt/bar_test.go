package gbdt

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestBar plays the splits of a tree on made gains: a leaf below the bar must never be
// split.
func TestBar(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 8))
	barred := 0
	for range 300 {
		var open, below []float64 // gains of leaves; of those that were found below the bar
		g := gains{}
		study := func(few int) {
			gain := float64(random.IntN(40)) // equal ones too
			open = append(open, gain)
			if gain < g.bar(few) {
				below = append(below, gain)
				return
			}
			g.add(gain)
		}
		const splits = 30
		study(splits)
		for done := range splits {
			best := slices.Max(open)
			if best <= 0 {
				break
			}
			if slices.Contains(below, best) {
				t.Fatalf("split %d of gain %v is of a leaf that the bar ruled out", done, best)
			}
			g.pop()
			open = slices.Delete(open, slices.Index(open, best), slices.Index(open, best)+1)
			study(splits - done - 1)
			study(splits - done - 1)
		}
		barred += len(below)
	}
	if barred < 1000 {
		t.Fatalf("only %d leaves were below the bar", barred)
	}
}
