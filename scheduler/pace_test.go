package scheduler

import (
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// TestLost plays what is known of two learners, and asks whether the rest of the
// second one's portfolio is passed over.
func TestLost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, linear, origin string
		lost                 bool
	}{
		{"far behind", "report t2 loss=.8 took=1s", "portfolio", true},
		{"near enough", "report t2 loss=.4 took=1s", "portfolio", false},
		{"takes a moment", "report t2 loss=.8 took=10ms", "portfolio", false},
		{"chosen by search", "report t2 loss=.8 took=1s", "random", false},
		{"failed", "fail t2", "portfolio", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sim := &simulation{t: t, records: map[int]*trials.Record{}}
			for _, line := range []string{"job time=20s", "start", "run t0", "report t0 loss=.9 took=100ms", "report t1 loss=.3 took=2s", test.linear} {
				sim.command(strings.Fields(line))
			}
			if got := sim.state.lost(search.Suggestion{Learner: "linear", Origin: test.origin}); got != test.lost {
				t.Errorf("lost is %v", got)
			}
		})
	}
}
