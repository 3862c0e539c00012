package scheduler

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// BenchmarkDispatch ends one trial and asks for another, after so many, with a sampler
// that takes no time.
func BenchmarkDispatch(b *testing.B) {
	space := search.Space{{Name: "x", Low: 0, High: 1}}
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("ended=%d", n), func(b *testing.B) {
			study, err := search.NewStudy(search.Config{Arms: []search.Arm{{Learner: "l", Space: space}}, Sampler: search.Random()})
			if err != nil {
				b.Fatal(err)
			}
			state := NewState(&Rules{
				Job: "j", Study: study, Timed: true, Budget: 1e6 * time.Hour, Cost: func(search.Suggestion) float64 { return 1 },
				Spec: trials.Spec{Kind: trials.Folds, Split: trials.Split{Folds: 3}},
			})
			var actions []Action
			state, actions = state.Step(Event{Kind: Tick, At: epoch, Workers: 1})
			var queue []*trials.Spec
			next := func() {
				for _, a := range actions {
					if a.Kind == Dispatch {
						queue = append(queue, a.Spec)
					}
				}
				spec := queue[0]
				queue = queue[1:]
				loss := math.Abs(spec.Params.Float("x", 0) - 0.3)
				rec := &trials.Record{Spec: *spec, State: trials.Succeeded, Started: epoch, Finished: epoch.Add(time.Second), Revision: 2}
				rec.Result = &trials.Result{Loss: loss, FoldLosses: []float64{loss, loss, loss}}
				state, actions = state.Step(Event{Kind: Report, At: epoch, Record: rec})
			}
			for range n {
				next()
			}
			for b.Loop() {
				next()
			}
		})
	}
}
