package scheduler

import (
	"reflect"
	"testing"

	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// TestExitScoreRepeats ends jobs without a clock by a score: the trials are the same
// however the reports come, the last is lag-1 after the one that reached it.
func TestExitScoreRepeats(t *testing.T) {
	t.Parallel()
	enough := 0.05
	rules := &Rules{
		Job: "j", Study: testStudy(t), Trials: 60, Lag: 8, Cost: func(search.Suggestion) float64 { return 1 }, ExitLoss: &enough,
		Spec: trials.Spec{Kind: trials.Folds, Split: trials.Split{Folds: 3}, Seed: 7},
	}
	want := runShuffled(t, rules, 1)
	first := 0
	for lossOf(want[first]) > enough {
		first++
	}
	if first == 0 || len(want) != first+rules.Lag {
		t.Fatalf("%d trials, of which trial %d was good enough", len(want), first)
	}
	for seed := uint64(2); seed < 12; seed++ {
		if got := runShuffled(t, rules, seed); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: %d trials, not the %d from before", seed, len(got), len(want))
		}
	}
}
