package search

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var nan = math.NaN()

func newStudy(t *testing.T, arms ...Arm) *Study {
	t.Helper()
	s, err := NewStudy(Config{Arms: arms, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func line(name string) Space { return Space{{Name: name, Low: 0, High: 1}} }

func points(n int) []Params {
	var out []Params
	for i := range n {
		out = append(out, Params{"x": float64(i) / 100})
	}
	return out
}

func TestStartOrder(t *testing.T) {
	t.Parallel()
	s := newStudy(t,
		Arm{Learner: "baseline", Weight: 100, Once: true},
		Arm{Learner: "gbdt", Weight: 3, Space: line("x"), Portfolio: points(5)},
		Arm{Learner: "linear", Weight: 2, Space: line("x"), Portfolio: points(3)},
		Arm{Learner: "extra_trees", Weight: 1.5, Space: line("x"), Portfolio: points(2)},
		Arm{Learner: "random_forest", Weight: 1, Space: line("x"), Portfolio: points(2)},
	)
	var history []Observation
	var got []string
	for i := range 13 {
		sug, ok := s.Ask(i, HistoryOf(history))
		if !ok || sug.Origin != "portfolio" {
			t.Fatalf("suggestion %d: %+v %v", i, sug, ok)
		}
		got = append(got, sug.Key)
		history = append(history, Observation{Suggestion: sug, Number: i, Loss: nan})
	}
	want := []string{"baseline", "gbdt x=0", "linear x=0", "extra_trees x=0", "gbdt x=0.01", "random_forest x=0",
		"linear x=0.01", "gbdt x=0.02", "extra_trees x=0.01", "gbdt x=0.03", "linear x=0.02", "gbdt x=0.04", "random_forest x=0.01"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for i := range 200 {
		sug, ok := s.Ask(13+i, HistoryOf(history))
		if !ok || sug.Learner == "baseline" || sug.Origin == "portfolio" {
			t.Fatalf("after the portfolios came %+v %v", sug, ok)
		}
	}
}

// TestStudyProperties plays studies against random losses, NaN and infinite
// ones among them, and holds what every study promises.
func TestStudyProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{Seed: rapid.Uint64().Draw(t, "seed"), Sampler: Random()}
		spaces := map[string]Space{}
		for i := range rapid.IntRange(1, 3).Draw(t, "arms") {
			a := Arm{Learner: string(rune('p' + i)), Space: genSpace(t), Weight: rapid.Float64Range(0.1, 9).Draw(t, "weight")}
			r := rand.New(rand.NewPCG(uint64(i), 3))
			for range rapid.IntRange(0, 3).Draw(t, "portfolio") {
				a.Portfolio = append(a.Portfolio, a.Space.Sample(r))
			}
			spaces[a.Learner] = a.Space
			cfg.Arms = append(cfg.Arms, a)
		}
		s, err := NewStudy(cfg)
		if err != nil {
			t.Fatal(err)
		}
		var history []Observation
		seen := map[string]bool{}
		for i := range 30 {
			sug, ok := s.Ask(i, HistoryOf(history))
			other, _ := NewStudy(cfg)
			shuffled := slices.Clone(history)
			slices.Reverse(shuffled)
			if again, ok2 := other.Ask(i, HistoryOf(shuffled)); ok != ok2 || cmp.Diff(sug, again) != "" {
				t.Fatalf("replayed, suggestion %d is %+v, not %+v", i, again, sug)
			}
			if !ok {
				break
			}
			if err := spaces[sug.Learner].Contains(sug.Params); err != nil {
				t.Fatalf("suggestion %d %v: %v", i, sug.Params, err)
			}
			if seen[sug.Key] {
				t.Fatalf("suggestion %d repeats %s", i, sug.Key)
			}
			seen[sug.Key] = true
			loss := rapid.SampledFrom([]float64{nan, math.Inf(1), math.Inf(-1), 0, 1, 2}).Draw(t, "loss")
			history = append(history, Observation{Suggestion: sug, Number: i, Loss: loss})
		}
	})
}

func TestExhausted(t *testing.T) {
	t.Parallel()
	s := newStudy(t, Arm{Learner: "a", Space: Space{{Name: "k", Choices: []string{"x", "y"}}, {Name: "one", Low: 3, High: 3}}})
	var history []Observation
	for i := range 2 {
		sug, ok := s.Ask(i, HistoryOf(history))
		if !ok {
			t.Fatalf("suggestion %d of 2 was not found", i)
		}
		history = append(history, Observation{Suggestion: sug, Number: i, Loss: nan})
	}
	if sug, ok := s.Ask(2, HistoryOf(history)); ok {
		t.Errorf("a third of two configurations: %+v", sug)
	}
}

func TestGoodArmsAreSampledMore(t *testing.T) {
	t.Parallel()
	s := newStudy(t, Arm{Learner: "good", Space: line("x"), Portfolio: points(1)}, Arm{Learner: "bad", Space: line("x"), Portfolio: points(1)})
	var history []Observation
	for i := range 20 {
		learner, loss := "good", 0.1+0.001*float64(i)
		if i%2 == 1 {
			learner, loss = "bad", 0.5+0.001*float64(i)
		}
		p := Params{"x": float64(i%2*(-1)+i/2) / 100}
		history = append(history, Observation{Suggestion: newSuggestion(learner, p, ""), Number: i, Loss: loss})
	}
	history = append(history,
		Observation{Suggestion: newSuggestion("good", Params{"x": 0.0}, ""), Number: 20, Loss: 0.3},
		Observation{Suggestion: newSuggestion("bad", Params{"x": 0.0}, ""), Number: 21, Loss: 0.7})
	good := 0
	for i := range 200 {
		sug, _ := s.Ask(100+i, HistoryOf(history))
		if sug.Learner == "good" {
			good++
		}
	}
	if good < 140 || good == 200 {
		t.Errorf("the better learner was asked for %d times in 200", good)
	}
}

func TestSuggestionsGoOn(t *testing.T) {
	t.Parallel()
	s := newStudy(t, Arm{Learner: "a", Space: line("x"), Portfolio: points(3)}, Arm{Learner: "b", Space: Space{{Name: "k", Choices: []string{"x", "y"}}}})
	var history []Observation
	first := true
	seen := map[string]bool{}
	for sug := range s.Suggestions(0, HistoryOf(history)) {
		if asked, ok := s.Ask(0, HistoryOf(history)); first && (!ok || cmp.Diff(asked, sug) != "") {
			t.Errorf("the first suggestion is %+v, Ask gives %+v", sug, asked)
		}
		first = false
		if seen[sug.Key] {
			t.Fatalf("%s comes again", sug.Key)
		}
		if seen[sug.Key] = true; len(seen) == 40 {
			break
		}
	}
	if len(seen) != 40 || !seen[`b k="x"`] || !seen[`b k="y"`] {
		t.Errorf("of an endless space and two choices came %d, %v", len(seen), seen)
	}
}

func TestFailingArmIsDropped(t *testing.T) {
	t.Parallel()
	s := newStudy(t, Arm{Learner: "fails", Space: line("x"), Portfolio: points(10), Weight: 9}, Arm{Learner: "works", Space: line("x")})
	var history []Observation
	for i := range 20 {
		sug, ok := s.Ask(i, HistoryOf(history))
		if !ok {
			t.Fatal("nothing left")
		}
		o := Observation{Suggestion: sug, Number: i, Loss: 1}
		if sug.Learner == "fails" {
			o.Loss, o.Failed = nan, true
			if i > 8 {
				t.Fatalf("suggestion %d is of the learner that only fails", i)
			}
		}
		history = append(history, o)
	}
}

func TestNewStudyErrors(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]Config{
		"no learners":  {},
		"there twice":  {Arms: []Arm{{Learner: "a"}, {Learner: "a"}}},
		"not positive": {Arms: []Arm{{Learner: "a", Weight: -1}}},
		"no range":     {Arms: []Arm{{Learner: "a", Space: Space{{Name: "x", Low: 1}}}}},
		"is a int":     {Arms: []Arm{{Learner: "a", Portfolio: []Params{{"x": 1}}}}},
		"is NaN":       {Arms: []Arm{{Learner: "a", Portfolio: []Params{{"x": nan}}}}},
	} {
		if _, err := NewStudy(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
