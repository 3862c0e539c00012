package searchtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/search"
)

// Options adapt the suite to a sampler.
type Options struct {
	// Blind samplers take no notice of losses: they need not beat a random draw.
	Blind bool
}

// Run checks that a sampler, asked by a study, keeps the contract of
// search.Sampler on every kind of space and history.
func Run(t *testing.T, s search.Sampler, o Options) {
	for name, space := range spaces() {
		for fate, loss := range fates {
			t.Run(fmt.Sprintf("%s/%s", name, fate), func(t *testing.T) {
				t.Parallel()
				holds(t, s, space, loss)
			})
		}
	}
	t.Run("spread", func(t *testing.T) {
		t.Parallel()
		spread(t, s)
	})
	t.Run("exhausts", func(t *testing.T) {
		t.Parallel()
		exhausts(t, s)
	})
	if !o.Blind {
		for name, f := range easy {
			t.Run("improves/"+name, func(t *testing.T) {
				t.Parallel()
				improves(t, s, f)
			})
		}
	}
}

// spaces are one of each kind.
func spaces() map[string]search.Space {
	number := func(name string, low, high float64) search.Dimension {
		return search.Dimension{Name: name, Low: low, High: high}
	}
	kind := search.Dimension{Name: "kind", Choices: []string{"a", "b", "c"}}
	only := func(d search.Dimension, on string, values ...string) search.Dimension {
		d.When = &search.Condition{Name: on, Values: values}
		return d
	}
	return map[string]search.Space{
		"line":     {number("x", 0, 1)},
		"numbers":  {number("x", -1, 1), {Name: "y", Low: 1e-6, High: 10, Log: true}},
		"integers": {{Name: "n", Low: 1, High: 5000, Integer: true, Log: true}, {Name: "m", Low: -40, High: 40, Integer: true}},
		"one value": {number("x", 0, 1), number("fixed", 3, 3), {Name: "single", Choices: []string{"a"}},
			{Name: "ten", Low: 10, High: 10, Integer: true}, {Name: "log", Low: 2, High: 2, Log: true}},
		"conditions": {kind, only(number("x", 0, 1), "kind", "a"), only(number("y", 0, 1), "kind", "b", "c"),
			only(search.Dimension{Name: "sub", Choices: []string{"p", "q"}}, "kind", "c"), only(number("z", 5, 9), "sub", "q")},
	}
}

// fates are what becomes of trials: a loss, NaN while it runs, and whether it failed.
var fates = map[string]func(p search.Params, number int) (float64, bool){
	"fine":       func(p search.Params, _ int) (float64, bool) { return size(p), false },
	"ties":       func(search.Params, int) (float64, bool) { return 1, false },
	"huge":       func(p search.Params, n int) (float64, bool) { return size(p) * math.Pow(10, float64(n%20)*15), false },
	"all run":    func(search.Params, int) (float64, bool) { return math.NaN(), false },
	"all fail":   func(search.Params, int) (float64, bool) { return math.NaN(), true },
	"infinities": func(_ search.Params, n int) (float64, bool) { return math.Inf(n%2*2 - 1), false },
	"a bit of everything": func(p search.Params, n int) (float64, bool) {
		losses := []float64{size(p), math.NaN(), math.Inf(1), 0, math.NaN(), size(p), math.Inf(-1), -math.MaxFloat64, math.MaxFloat64}
		return losses[n%len(losses)], n%len(losses) == 4
	},
}

// size is some smooth function of a configuration.
func size(p search.Params) float64 {
	sum := 0.0
	for _, v := range p {
		if f, ok := v.(float64); ok {
			sum += math.Abs(f - 0.3)
		}
	}
	return sum
}

// study has one learner with the sampler.
func study(t *testing.T, s search.Sampler, space search.Space, seed uint64) *search.Study {
	t.Helper()
	out, err := search.NewStudy(search.Config{Arms: []search.Arm{{Learner: "l", Space: space}}, Seed: seed, Sampler: s})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// holds asks 24 times and checks each answer: a configuration of the space, none
// that was there, and the same for the same history in another order.
func holds(t *testing.T, s search.Sampler, space search.Space, fate func(search.Params, int) (float64, bool)) {
	one := study(t, s, space, 1)
	var history []search.Observation
	seen := map[string]bool{}
	for n := range 24 {
		sug, ok := one.Ask(n, search.HistoryOf(history))
		if n%7 == 0 {
			shuffled := slices.Clone(history)
			rand.New(rand.NewPCG(uint64(n), 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			again, ok2 := study(t, s, space, 1).Ask(n, search.HistoryOf(shuffled))
			if ok != ok2 || cmp.Diff(sug, again) != "" {
				t.Fatalf("suggestion %d is %+v, and %+v for the same history in another order", n, sug, again)
			}
		}
		if !ok {
			return // given up: all failed
		}
		if err := space.Contains(sug.Params); err != nil {
			t.Fatalf("suggestion %d %v: %v", n, sug.Params, err)
		}
		if seen[sug.Key] || sug.Origin == "" {
			t.Fatalf("suggestion %d %q is %s again", n, sug.Origin, sug.Key)
		}
		seen[sug.Key] = true
		loss, failed := fate(sug.Params, n)
		history = append(history, search.Observation{Suggestion: sug, Number: n, Loss: loss, Failed: failed})
	}
}

// spread asks for 30 trials at once, of which nothing is known, after 20 that
// are: they are not all in one place.
func spread(t *testing.T, s search.Sampler) {
	space := search.Space{{Name: "x", Low: 0, High: 1}, {Name: "y", Low: 0, High: 1}}
	st := study(t, s, space, 3)
	var history []search.Observation
	var xs []float64
	for n := range 50 {
		sug, ok := st.Ask(n, search.HistoryOf(history))
		if !ok {
			t.Fatal("nothing left")
		}
		o := search.Observation{Suggestion: sug, Number: n, Loss: math.NaN()}
		if n < 20 {
			o.Loss = math.Abs(sug.Params.Float("x", 0)-0.5) + math.Abs(sug.Params.Float("y", 0)-0.5)
		} else {
			xs = append(xs, sug.Params.Float("x", 0))
		}
		history = append(history, o)
	}
	slices.Sort(xs)
	if xs[len(xs)-3]-xs[2] < 0.005 {
		t.Errorf("30 trials at once are all between %v and %v", xs[2], xs[len(xs)-3])
	}
}

// exhausts asks a finite space for all that it has, and for one more.
func exhausts(t *testing.T, s search.Sampler) {
	space := search.Space{
		{Name: "k", Choices: []string{"x", "y"}}, {Name: "n", Low: 0.5, High: 6, Integer: true}, {Name: "one", Low: 3, High: 3},
		{Name: "sub", Choices: []string{"p", "q", "r"}, When: &search.Condition{Name: "k", Values: []string{"y"}}},
	}
	st := study(t, s, space, 2)
	var history []search.Observation
	for n := range 6 + 6*3 {
		sug, ok := st.Ask(n, search.HistoryOf(history))
		if !ok {
			t.Fatalf("configuration %d of 24 was not found", n)
		}
		history = append(history, search.Observation{Suggestion: sug, Number: n, Loss: size(sug.Params)})
	}
	if sug, ok := st.Ask(24, search.HistoryOf(history)); ok {
		t.Errorf("one more than all: %+v", sug)
	}
}

// function is something to minimise that is 0 at best.
type function struct {
	space search.Space
	loss  func(search.Params) float64
}

var easy = map[string]function{
	"bowl": {
		search.Space{{Name: "x", Low: -5, High: 5}, {Name: "y", Low: -5, High: 5}, {Name: "z", Low: -5, High: 5}},
		func(p search.Params) float64 {
			x, y, z := p.Float("x", 9)-3, p.Float("y", 9)+1, p.Float("z", 9)-1
			return x*x + 3*y*y + z*z
		},
	},
	"rate and depth": {
		search.Space{{Name: "rate", Low: 1e-5, High: 1, Log: true}, {Name: "depth", Low: 1, High: 20, Integer: true},
			{Name: "kind", Choices: []string{"a", "b", "c"}}},
		func(p search.Params) float64 {
			rate, depth := math.Log10(p.Float("rate", 9))+2, p.Float("depth", 9)-13
			return rate*rate + 0.1*depth*depth + map[string]float64{"a": 1, "b": 0, "c": 2}[p.String("kind", "")]
		},
	},
	"conditions": {
		search.Space{{Name: "kind", Choices: []string{"a", "b"}}, {Name: "x", Low: 0, High: 1, When: &search.Condition{Name: "kind", Values: []string{"a"}}},
			{Name: "u", Low: 0, High: 1, When: &search.Condition{Name: "kind", Values: []string{"b"}}},
			{Name: "v", Low: 0, High: 1, When: &search.Condition{Name: "kind", Values: []string{"b"}}}},
		func(p search.Params) float64 {
			if p.String("kind", "") == "a" {
				return 0.05 + math.Abs(p.Float("x", 0)-0.7)
			}
			return math.Abs(p.Float("u", 0)-0.2) + math.Abs(p.Float("v", 0)-0.9)
		},
	},
}

// improves holds that 40 trials, of which the newest three are not known, find
// less than random ones do, in the geometric mean over four seeds.
func improves(t *testing.T, s search.Sampler, f function) {
	gain := 0.0
	for seed := range uint64(4) {
		gain += math.Log(best(t, search.Random(), f, seed)/best(t, s, f, seed)) / 4
	}
	if gain < 0.2 {
		t.Errorf("the best of 40 is better than of random ones by a factor of %.2f only", math.Exp(gain))
	}
}

func best(t *testing.T, s search.Sampler, f function, seed uint64) float64 {
	st := study(t, s, f.space, seed)
	var history []search.Observation
	least := math.Inf(1)
	for n := range 40 {
		sug, ok := st.Ask(n, search.HistoryOf(history))
		if !ok {
			t.Fatal("nothing left")
		}
		history = append(history, search.Observation{Suggestion: sug, Number: n, Loss: math.NaN()})
		if k := n - 3; k >= 0 {
			history[k].Loss = f.loss(history[k].Params)
		}
		least = min(least, f.loss(sug.Params))
	}
	return max(least, 1e-9)
}
