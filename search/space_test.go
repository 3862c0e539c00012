package search

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// genSpace draws a valid space: ranges of every kind, some of one value, and
// conditions on earlier choices.
func genSpace(t *rapid.T) Space {
	var s Space
	var choices []Dimension
	for i := range rapid.IntRange(1, 8).Draw(t, "dims") {
		d := Dimension{Name: string(rune('a' + i))}
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			d.Choices = []string{"x", "y", "z"}[:rapid.IntRange(1, 3).Draw(t, "choices")]
		case 1:
			d.Integer = true
			d.Log = rapid.Bool().Draw(t, "log")
			d.Low = float64(rapid.IntRange(1, 50).Draw(t, "low"))
			d.High = d.Low + float64(rapid.IntRange(0, 1000).Draw(t, "width"))
		default:
			d.Log = rapid.Bool().Draw(t, "log")
			d.Low = rapid.Float64Range(1e-6, 10).Draw(t, "low")
			d.High = d.Low + rapid.SampledFrom([]float64{0, 1e-9, 1, 1e4}).Draw(t, "width")
		}
		if len(choices) > 0 && rapid.Bool().Draw(t, "conditional") {
			on := rapid.SampledFrom(choices).Draw(t, "on")
			d.When = &Condition{Name: on.Name, Values: on.Choices[:1]}
		}
		if len(d.Choices) > 0 {
			choices = append(choices, d)
		}
		s = append(s, d)
	}
	return s
}

func TestSpaceDrawsAreConfigurations(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := genSpace(t)
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		seed := rapid.Uint64().Draw(t, "seed")
		r := rand.New(rand.NewPCG(seed, 1))
		base := s.Sample(r)
		near := s.Near(base, rapid.Float64Range(0, 5).Draw(t, "sigma"), r)
		for name, p := range map[string]Params{"sample": base, "near": near, "defaults": s.Complete(nil)} {
			if err := s.Contains(p); err != nil {
				t.Fatalf("%s %v of %+v: %v", name, p, s, err)
			}
		}
		if again := s.Sample(rand.New(rand.NewPCG(seed, 1))); cmp.Diff(base, again) != "" {
			t.Fatalf("the same seed gave %v and %v", base, again)
		}
	})
}

func TestDimensionEndsAreReached(t *testing.T) {
	t.Parallel()
	d := Dimension{Name: "n", Low: 1, High: 4, Integer: true, Log: true}
	r := rand.New(rand.NewPCG(1, 1))
	count := map[float64]int{}
	for range 4000 {
		count[d.sample(r).(float64)]++
	}
	// The share of k is log((k+½)/(k-½))/log(9): 0.5, 0.23, 0.15, 0.11.
	for k, share := range map[float64]float64{1: 0.5, 2: 0.232, 3: 0.153, 4: 0.114} {
		if got := float64(count[k]) / 4000; math.Abs(got-share) > 0.03 {
			t.Errorf("%v was drawn with frequency %.3f, want %.3f", k, got, share)
		}
	}
}

func TestNearStaysNear(t *testing.T) {
	t.Parallel()
	s := Space{{Name: "x", Low: 0, High: 1}, {Name: "y", Low: 1e-6, High: 1, Log: true}}
	base := Params{"x": 0.5, "y": 1e-3}
	r := rand.New(rand.NewPCG(2, 1))
	for range 200 {
		p := s.Near(base, 0.01, r)
		if x := p.Float("x", 9); math.Abs(x-0.5) > 0.06 {
			t.Fatalf("x moved from 0.5 to %v with a step of 0.01", x)
		}
		if y := math.Log10(p.Float("y", 9)); math.Abs(y+3) > 0.36 {
			t.Fatalf("log y moved from -3 to %v with a step of 0.06", y)
		}
		if p.Float("x", 9) == 0.5 && p.Float("y", 9) == 1e-3 {
			t.Fatal("nothing moved")
		}
	}
}

func TestSpaceValidate(t *testing.T) {
	t.Parallel()
	ok := Dimension{Name: "kind", Choices: []string{"a", "b"}, Default: "a"}
	for name, c := range map[string]struct {
		space Space
		want  string
	}{
		"fine":          {Space{ok, {Name: "x", High: 1, When: &Condition{"kind", []string{"a"}}}}, ""},
		"no name":       {Space{{High: 1}}, "empty or repeated"},
		"repeated":      {Space{ok, ok}, "empty or repeated"},
		"upside down":   {Space{{Name: "x", Low: 2, High: 1}}, "no range"},
		"nan":           {Space{{Name: "x", Low: math.NaN(), High: 1}}, "no range"},
		"endless":       {Space{{Name: "x", High: math.Inf(1)}}, "no range"},
		"log of 0":      {Space{{Name: "x", High: 1, Log: true}}, "above 0"},
		"no integer":    {Space{{Name: "x", Low: 1.2, High: 1.8, Integer: true}}, "no integer"},
		"default out":   {Space{{Name: "x", High: 1, Default: 2.0}}, "outside"},
		"default type":  {Space{{Name: "x", High: 1, Default: 1}}, "outside"},
		"default alien": {Space{{Name: "x", Choices: []string{"a"}, Default: "b"}}, "not among"},
		"unknown when":  {Space{{Name: "x", High: 1, When: &Condition{"kind", nil}}}, "unknown"},
		"alien when":    {Space{ok, {Name: "x", High: 1, When: &Condition{"kind", []string{"c"}}}}, "no choice"},
	} {
		err := c.space.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestParams(t *testing.T) {
	t.Parallel()
	p := Params{"n": 3.9, "s": "x", "b": "true"}
	if p.Int("n", 0) != 3 || p.Float("n", 0) != 3.9 || p.String("s", "") != "x" || !p.Bool("b", false) {
		t.Errorf("reading %v back went wrong", p)
	}
	if p.Int("s", 7) != 7 || p.Float("z", 7) != 7 || p.String("n", "d") != "d" || !p.Bool("z", true) {
		t.Errorf("defaults of %v went wrong", p)
	}
}
