package scheduler

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/trials"
)

// keepsUp holds what a state has kept up with its trials to what it makes of them
// anew.
func keepsUp(t *testing.T, s State) {
	t.Helper()
	anew := s
	anew.known = nil
	got, want := s.knows(), anew.knows()
	if !slices.Equal(got.open, want.open) || got.queued != want.queued || got.running != want.running || cmp.Diff(want.tried, got.tried) != "" {
		t.Fatalf("it knows of %v (%d wait, %d run), of the trials are %v (%d, %d)",
			got.open, got.queued, got.running, want.open, want.queued, want.running)
	}
	v, w := s.view(s.gap), anew.view(s.gap)
	if v.ended != w.ended || !slices.Equal(numbersOf(v.best), numbersOf(w.best)) {
		t.Fatalf("of %d trials with a loss it knows the best as %v, of %d they are %v", v.ended, numbersOf(v.best), w.ended, numbersOf(w.best))
	}
	for learner, own := range w.learners {
		if o := v.learners[learner]; o == nil || o.ended != own.ended || !slices.Equal(numbersOf(o.best), numbersOf(own.best)) {
			t.Fatalf("learner %s differs", learner)
		}
	}
	a, ok := s.rules.Study.Ask(s.gap, v.history)
	if b, also := s.rules.Study.Ask(s.gap, w.history); ok != also || a.Key != b.Key {
		t.Fatalf("trial %d would be %s, anew it is %s", s.gap, a.Key, b.Key)
	}
}

func numbersOf(list ranking) []int {
	var out []int
	for _, r := range list {
		out = append(out, r.Spec.Number)
	}
	return out
}

// TestListKeepsOldVersions changes lists far apart.
func TestListKeepsOldVersions(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	var versions []list
	var l list
	want := map[int]*trial{}
	for range 300 {
		i := r.IntN(3 * blockSize * blockSize)
		want[i] = &trial{record: &trials.Record{Spec: trials.Spec{Number: i}}}
		l = l.with(i, want[i])
		versions = append(versions, l)
	}
	n := 0
	for i, found := range l.from(0) {
		if n++; found != want[i] {
			t.Errorf("trial %d is another", i)
		}
	}
	if n != len(want) || l.at(-1) != nil || l.at(l.n) != nil {
		t.Errorf("%d of %d trials", n, len(want))
	}
	count := func(l list) (n int) {
		for range l.from(0) {
			n++
		}
		return n
	}
	if a, b := count(versions[0]), count(versions[9]); a != 1 || b < 2 || b > 10 {
		t.Errorf("old versions have %d and %d trials now", a, b)
	}
}

// TestStatesShareWhatTheyKnow goes on from one state twice: neither sees the other's
// trials.
func TestStatesShareWhatTheyKnow(t *testing.T) {
	t.Parallel()
	for _, timed := range []bool{true, false} {
		rules := shuffledRules(t, timed)
		before := NewState(rules)
		before, _ = before.Step(Event{Kind: Tick, At: epoch, Workers: 2})
		rec := *before.Record(0)
		rec.State, rec.Started, rec.Finished, rec.Revision = trials.Succeeded, epoch, epoch, 1
		rec.Result = &trials.Result{Loss: 1, FoldLosses: []float64{1, 1, 1}}
		ended, _ := before.Step(Event{Kind: Report, At: epoch, Record: &rec})
		failed := rec
		failed.State, failed.Result = trials.Failed, nil
		other, _ := before.Step(Event{Kind: Report, At: epoch, Record: &failed})
		for _, s := range []State{before, ended, other, before} {
			keepsUp(t, s)
		}
	}
}
