package scheduler

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// playOut runs a job of two workers, whose trials take a second and have the loss of
// their number, to its end, and returns why it ended and after how long.
func playOut(t *testing.T, job string, loss func(n int) float64) (string, time.Duration) {
	t.Helper()
	sim := &simulation{t: t, records: map[int]*trials.Record{}}
	sim.command(strings.Fields(job))
	sim.rules.Study = randomStudy(t)
	var queue []int
	took := func(actions []Action) (reason string) {
		for _, a := range actions {
			switch a.Kind {
			case Dispatch:
				queue = append(queue, a.Number)
			case Finish:
				reason = a.Reason
			}
		}
		return reason
	}
	took(sim.command([]string{"start"}))
	for {
		running := slices.Clone(queue[:min(2, len(queue))])
		queue = queue[len(running):]
		if reason := took(sim.command([]string{"tick", "+1s"})); reason != "" {
			return reason, sim.now.Sub(epoch)
		}
		for _, n := range running {
			words := []string{"report", fmt.Sprintf("t%d", n), fmt.Sprintf("loss=%v", loss(n)), "took=1s"}
			if reason := took(sim.command(words)); reason != "" {
				return reason, sim.now.Sub(epoch)
			}
		}
		if len(running) == 0 && len(queue) == 0 {
			t.Fatal("the job has nothing to do and does not end")
		}
	}
}

// randomStudy is testStudy with a sampler that takes no time.
func randomStudy(t *testing.T) *search.Study {
	t.Helper()
	space := search.Space{{Name: "x", Low: 0, High: 1}}
	study, err := search.NewStudy(search.Config{Seed: 1, Sampler: search.Random(), Arms: []search.Arm{
		{Learner: "baseline", Weight: 100, Once: true},
		{Learner: "gbdt", Space: space, Portfolio: []search.Params{{"x": 0.1}, {"x": 0.2}, {"x": 0.3}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return study
}

func TestEarlyEnd(t *testing.T) {
	t.Parallel()
	stalls := func(n int) float64 { return max(0.5, 1-0.01*float64(n)) }
	for _, test := range []struct {
		name, job string
		loss      func(n int) float64
		want      string // in the reason
		within    [2]time.Duration
	}{
		{"nothing gained for long", "job time=120s early", stalls, "no gain in the last 100 of ", [2]time.Duration{70 * time.Second, 90 * time.Second}},
		{"switched off", "job time=120s", stalls, timeUp, [2]time.Duration{115 * time.Second, 120 * time.Second}},
		{"always a gain", "job time=120s early", func(n int) float64 { return math.Pow(0.99, float64(n)) }, timeUp, [2]time.Duration{115 * time.Second, 120 * time.Second}},
		{"too short a time for so many trials", "job time=60s early", stalls, timeUp, [2]time.Duration{59 * time.Second, 60 * time.Second}},
		{"gains within noise", "job time=120s early", func(n int) float64 { return stalls(n) - 1e-7*float64(n) }, "no gain in the last 100 of ", [2]time.Duration{70 * time.Second, 90 * time.Second}},
		{"perfect", "job time=120s early", func(n int) float64 {
			if n == 0 {
				return 1
			}
			return 1e-6
		}, "trial 1 left nothing to gain, after 5 of 120 s", [2]time.Duration{5 * time.Second, 5 * time.Second}},
		{"without a clock", "job trials=300 early", stalls, "all trials were run", [2]time.Duration{100 * time.Second, 400 * time.Second}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			reason, after := playOut(t, test.job, test.loss)
			if !strings.Contains(reason, test.want) || after < test.within[0] || after > test.within[1] {
				t.Errorf("it ended after %v: %s", after, reason)
			}
		})
	}
}

// TestTrendIsOfTheRecords: what is known of gains is the same when it is made again
// from the records, in whatever order these came.
func TestTrendIsOfTheRecords(t *testing.T) {
	t.Parallel()
	loss := func(n int) float64 { return 1 / float64(1+n*7%31) }
	records := func(order []int) State {
		rules := &Rules{Job: "j", Timed: true, EarlyEnd: true, Cost: func(search.Suggestion) float64 { return 1 }}
		s := NewState(rules)
		for i, n := range order {
			r := &trials.Record{Spec: trials.Spec{Job: "j", Number: n, Learner: "gbdt"}, State: trials.Succeeded, Revision: uint64(i + 1)}
			r.Finished = epoch.Add(time.Duration(n) * time.Second)
			r.Result = &trials.Result{Loss: loss(n), FoldLosses: []float64{loss(n), 2 * loss(n)}}
			s, _ = s.Step(Event{Kind: Report, At: epoch, Record: r})
			s.knows().trend.follow(&s)
		}
		return s
	}
	var forth, back []int
	for n := range 60 {
		forth, back = append(forth, n), append(back, 59-n)
	}
	a, b := records(forth), records(back)
	ka, kb := a.knows().trend, b.knows().trend
	if ka.mark == 0 || ka.mark != kb.mark || ka.level != kb.level || !ka.at.Equal(kb.at) || ka.ended != 60 || kb.ended != 60 {
		t.Errorf("in order %+v, in the opposite one %+v", ka, kb)
	}
}
