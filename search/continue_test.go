package search

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestGoingOn begins with given suggestions, and knows an earlier study: it repeats
// nothing of that but what it is given, and samples near what was good there.
func TestGoingOn(t *testing.T) {
	t.Parallel()
	levels := Space{{Name: "x", Low: 0, High: 9, Integer: true}}
	arms := []Arm{{Learner: "a", Space: levels, Portfolio: []Params{{"x": 0.}, {"x": 1.}}}, {Learner: "b", Once: true}}
	known := func(x, loss float64) Observation {
		return Observation{Suggestion: Suggestion{Learner: "a", Params: Params{"x": x}}, Loss: loss}
	}
	s, err := NewStudy(Config{
		Arms: arms, First: []Suggestion{{Learner: "a", Params: Params{"x": 7.}}, {Learner: "a", Params: Params{"x": 1.}}},
		Known: []Observation{known(7, 1), known(0, 5), known(3, 2), known(9, 3)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	history := s.Begin()
	for i := 0; ; i++ {
		sug, ok := s.Ask(i, history)
		if !ok {
			break
		}
		got = append(got, sug.Key)
		history.Add(Observation{Suggestion: sug, Number: i, Loss: sug.Params.Float("x", 10)})
	}
	if d := cmp.Diff([]string{"a x=7", "a x=1", "b"}, got[:3]); d != "" {
		t.Error(d)
	}
	rest := strings.Join(got[3:], " ")
	for _, x := range []string{"x=2", "x=4", "x=5", "x=6", "x=8"} {
		if strings.Count(rest, x) != 1 {
			t.Errorf("%s comes %d times in %s", x, strings.Count(rest, x), rest)
		}
	}
	if len(got) != 8 {
		t.Errorf("%d suggestions: %v", len(got), got)
	}
	for name, first := range map[string]Suggestion{`"c" is not among`: {Learner: "c"}, `"x" is a int`: {Learner: "a", Params: Params{"x": 1}}} {
		if _, err := NewStudy(Config{Arms: arms, First: []Suggestion{first}}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v: error %v", first, err)
		}
	}
}

// TestKnownLosses lets an earlier study decide which arm is sampled.
func TestKnownLosses(t *testing.T) {
	t.Parallel()
	c := Config{Arms: []Arm{{Learner: "a", Space: line("x"), Weight: 1}, {Learner: "b", Space: line("x"), Weight: 1}}}
	for i := range 20 {
		x := float64(i) / 20
		c.Known = append(c.Known,
			Observation{Suggestion: Suggestion{Learner: "a", Params: Params{"x": x}}, Loss: 1 + x},
			Observation{Suggestion: Suggestion{Learner: "b", Params: Params{"x": x}}, Loss: 100 + x})
	}
	s, err := NewStudy(c)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	history := s.Begin()
	history.Add(Observation{Suggestion: newSuggestion("a", Params{"x": 0.}, ""), Loss: nan})
	history.Add(Observation{Suggestion: newSuggestion("b", Params{"x": 0.}, ""), Number: 1, Loss: nan})
	for i := range 100 {
		sug, _ := s.Ask(10+i, history)
		count[sug.Learner]++
	}
	if count["a"] < 80 {
		t.Errorf("%v: a was better by far", count)
	}
}
