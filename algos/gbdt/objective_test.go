package gbdt

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// losses are the losses for values, by the parameters that choose them.
var losses = []struct {
	name   string
	params search.Params
	loss   func(y, s float64) float64
	// second says that the Hessian is the loss's own.
	second bool
}{
	{"l2", search.Params{"objective": "l2"}, func(y, s float64) float64 { return (s - y) * (s - y) / 2 }, true},
	{"l1", search.Params{"objective": "l1"}, func(y, s float64) float64 { return math.Abs(s - y) }, false},
	{"mape", search.Params{"objective": "mape"}, func(y, s float64) float64 { return math.Abs(s-y) / max(1, math.Abs(y)) }, false},
	{"huber", search.Params{"objective": "huber", "alpha": .5}, func(y, s float64) float64 {
		if d := math.Abs(s - y); d > .5 {
			return .5 * (d - .25)
		}
		return (s - y) * (s - y) / 2
	}, false},
	{"quantile", search.Params{"objective": "quantile", "alpha": .8}, func(y, s float64) float64 { return max(.8*(y-s), .2*(s-y)) }, false},
	{"poisson", search.Params{"objective": "poisson", "poisson_max_delta_step": 1e-6}, func(y, s float64) float64 { return math.Exp(s) - y*s }, true},
	{"gamma", search.Params{"objective": "gamma"}, func(y, s float64) float64 { return y*math.Exp(-s) + s }, true},
	{"tweedie", search.Params{"objective": "tweedie", "tweedie_variance_power": 1.3}, func(y, s float64) float64 {
		return math.Exp(.7*s)/.7 + y*math.Exp(-.3*s)/.3
	}, true},
}

// positiveData has targets above 0 with a long tail.
func positiveData(rows int, seed uint64) algos.Data {
	d := mixedData(rows, metrics.Regression, 0, seed)
	for i := range d.Y {
		d.Y[i] = float32(math.Exp(float64(d.Y[i])))
	}
	return d
}

func TestDerivatives(t *testing.T) {
	t.Parallel()
	for _, l := range losses {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			d := positiveData(50, 1)
			d.W = make([]float32, 50)
			r := rand.New(rand.NewPCG(1, 1))
			score := [][]float64{make([]float64, 50)}
			for i := range d.W {
				d.W[i], score[0][i] = 1+float32(i%3), r.NormFloat64()
			}
			o, err := chooseObjective(&algos.Request{Problem: algos.Problem{Task: metrics.Regression}, Train: d, Params: l.params})
			if err != nil {
				t.Fatal(err)
			}
			set := targetsOf(d)
			grad := [][]pair{make([]pair, 50)}
			o.gradients(set, score, grad, 0, 50)
			const step = 1e-4
			for i, p := range grad[0] {
				y, s, w := float64(d.Y[i]), score[0][i], float64(d.W[i])
				if math.Abs(y-s) < 1e-2 || math.Abs(math.Abs(y-s)-.5) < 1e-2 {
					continue // a kink
				}
				up, at, down := l.loss(y, s+step), l.loss(y, s), l.loss(y, s-step)
				g, h := w*(up-down)/(2*step), w*(up-2*at+down)/(step*step)
				if math.Abs(float64(p.g)-g) > 1e-4*(1+math.Abs(g)) || l.second && math.Abs(float64(p.h)-h) > 1e-3*(1+math.Abs(h)) {
					t.Errorf("row %d: derivatives %v, want %v and %v", i, p, g, h)
				}
			}
		})
	}
}

// TestBaseIsBest: no other constant has a lower loss than the base score, but for
// the interpolation of quantiles.
func TestBaseIsBest(t *testing.T) {
	t.Parallel()
	for _, l := range losses {
		if l.name == "huber" { // starts from the mean
			continue
		}
		d := positiveData(101, 2)
		o, err := chooseObjective(&algos.Request{Problem: algos.Problem{Task: metrics.Regression}, Train: d, Params: l.params})
		if err != nil {
			t.Fatal(err)
		}
		base := o.base(targetsOf(d))[0]
		sum := func(s float64) (total float64) {
			for _, y := range d.Y {
				total += l.loss(float64(y), s)
			}
			return total
		}
		for _, off := range []float64{-.3, -1e-3, 1e-3, .3} {
			if sum(base) > sum(base+off)*(1+1e-4) {
				t.Errorf("%s: base score %v loses %v, %v loses %v", l.name, base, sum(base), base+off, sum(base+off))
			}
		}
	}
}

// TestLosses: each objective lowers its own loss, gives the same bits with any
// number of threads and when repeated, and the predictor has the trainer's.
func TestLosses(t *testing.T) {
	t.Parallel()
	for _, l := range losses {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			d := positiveData(900, 1)
			r := divided(t, d, metrics.Regression, 0, "mean_absolute_error")
			r.Params, r.MaxSteps, r.Threads = l.params, 40, 1
			f := fit(t, r)
			before, after := 0.0, 0.0
			base := f.Predictor.(*predictor.Trees).Base()[0]
			for i, row := range r.Valid.Rows {
				s := float64(f.ValidPred[i])
				if f.Predictor.(*predictor.Trees).Link() == predictor.Exp {
					s = math.Log(s)
				}
				before += l.loss(float64(d.Y[row]), base)
				after += l.loss(float64(d.Y[row]), s)
			}
			// The deviances have a constant part.
			if !(after < before) || !l.second && after > 0.95*before {
				t.Errorf("the loss fell from %v to %v only", before, after)
			}
			if got := predict(f.Predictor, r.Valid); !slices.Equal(got, f.ValidPred) {
				t.Error("predictions on raw values differ from those on bins")
			}
			r.Threads, r.MaxSteps = 3, f.Steps
			if again := fit(t, r); !slices.Equal(again.Predictor.Append(nil), f.Predictor.Append(nil)) {
				t.Error("three threads give another predictor")
			}
		})
	}
}

// TestRenewedLeaves: with all steps taken in full, a stump's leaves are the
// quantiles of their rows.
func TestRenewedLeaves(t *testing.T) {
	t.Parallel()
	for _, l := range losses {
		level := map[string]float64{"l1": .5, "quantile": .8}[l.name]
		if level == 0 {
			continue
		}
		d := positiveData(400, 4)
		params := search.Params{"learning_rate": 1., "num_leaves": 2.}
		for k, v := range l.params {
			params[k] = v
		}
		r := &algos.Request{Problem: algos.Problem{Task: metrics.Regression}, Train: d, Params: params, MaxSteps: 1}
		got := predict(fit(t, r).Predictor, d)
		sides := map[float32][]float64{}
		for i, v := range got {
			sides[v] = append(sides[v], float64(d.Y[i]))
		}
		if len(sides) != 2 {
			t.Fatalf("%s: %d leaves", l.name, len(sides))
		}
		for v, y := range sides {
			if want := slowQuantile(ones(y), level); math.Abs(float64(v)-want) > 1e-5*(1+want) {
				t.Errorf("%s: a leaf of %d rows is %v, want %v", l.name, len(y), v, want)
			}
		}
	}
}

func ones(v []float64) []weighted {
	out := make([]weighted, len(v))
	for i := range out {
		out[i] = weighted{v[i], 1}
	}
	return out
}

// slowQuantile sorts the items and looks for the two neighbours.
func slowQuantile(items []weighted, part float64) float64 {
	items = slices.Clone(items)
	sort.Slice(items, func(a, b int) bool { return items[a].v < items[b].v })
	total := 0.0
	for _, it := range items {
		total += it.w
	}
	mean := total / float64(len(items))
	position, before := part*(total+mean), 0.0
	for i, it := range items {
		at := before + it.w/2 + mean/2
		before += it.w
		if position > at && i+1 < len(items) {
			continue
		}
		if i == 0 || position > at {
			return it.v
		}
		last := at - it.w/2 - items[i-1].w/2
		return items[i-1].v + (position-last)/(at-last)*(it.v-items[i-1].v)
	}
	return 0
}

func TestQuantileOf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) weighted {
			v := rapid.IntRange(-9, 9).Draw(t, "v")
			return weighted{float64(v), float64(1 + v*v%4)}
		}), 1, 60).Draw(t, "items")
		part := float64(rapid.IntRange(1, 15).Draw(t, "part")) / 16
		if got, want := quantileOf(slices.Clone(items), part), slowQuantile(items, part); math.Abs(got-want) > 1e-12 {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestObjectivesRefuse(t *testing.T) {
	t.Parallel()
	for i, tt := range []struct {
		task   metrics.Task
		y      float32
		params search.Params
		want   string
	}{
		{metrics.Regression, -1, search.Params{"objective": "poisson"}, "row 7 is -1"},
		{metrics.Regression, -1, search.Params{"objective": "tweedie"}, "row 7 is -1"},
		{metrics.Regression, 0, search.Params{"objective": "gamma"}, "above 0: that of row 7 is 0"},
		{metrics.Regression, 1, search.Params{"objective": "quantile", "alpha": 1.5}, "alpha"},
		{metrics.Regression, 1, search.Params{"objective": "best"}, "objective"},
		{metrics.Regression, 1, search.Params{"tweedie_variance_power": 2.5}, "tweedie_variance_power"},
		{metrics.Regression, 1, search.Params{"objective": "l1", "monotone_constraints": "[1,0,0,0,0,0]"}, "monotone_constraints"},
		{metrics.Regression, 1, search.Params{"class_weight": "balanced"}, "class_weight"},
		{metrics.Binary, 1, search.Params{"objective": "l1"}, "regression"},
		{metrics.Binary, 1, search.Params{"class_weight": `{"2":1}`}, `class "2"`},
		{metrics.Binary, 1, search.Params{"class_weight": `{"1":-1}`}, "class 1 is -1"},
		{metrics.Binary, 1, search.Params{"class_weight": `heavy`}, "balanced"},
		{metrics.Binary, 1, search.Params{"class_weight": "balanced", "scale_pos_weight": 2.}, "exclude"},
		{metrics.Multiclass, 1, search.Params{"scale_pos_weight": 2.}, "two classes"},
		{metrics.Binary, 1, search.Params{"base_score": math.Inf(1)}, "base_score"},
		{metrics.Binary, 1, search.Params{"data_sample_strategy": "goss", "bagging_fraction": .5}, "bagging_fraction 1"},
		{metrics.Binary, 1, search.Params{"data_sample_strategy": "goss", "top_rate": .9, "other_rate": .2}, "top_rate"},
		{metrics.Binary, 1, search.Params{"data_sample_strategy": "some"}, "data_sample_strategy"},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			classes := map[metrics.Task]int{metrics.Binary: 2, metrics.Multiclass: 3}[tt.task]
			d := mixedData(30, tt.task, classes, 1)
			if tt.task == metrics.Regression {
				d = positiveData(30, 1)
			}
			d.Y[7] = tt.y
			refuses(t, &algos.Request{Problem: algos.Problem{Task: tt.task, Classes: classes}, Train: d, Params: tt.params}, tt.want)
		})
	}
}

// halfSquare is the squared error as a custom objective, with faults to order.
type halfSquare struct {
	first, second float64
	bases         []float64
}

func (o halfSquare) Base(y, w []float32) []float64 {
	if o.bases != nil {
		return o.bases
	}
	return squared{}.base(&rowset{n: len(y), y: y, w: w})
}

func (o halfSquare) Gradients(y []float32, score, first, second [][]float64) {
	for i := range y {
		first[0][i], second[0][i] = score[0][i]-float64(y[i])+o.first, 1+o.second
	}
}

func (halfSquare) Link() predictor.Link { return predictor.Identity }

func TestCustomObjective(t *testing.T) {
	t.Parallel()
	d := mixedData(600, metrics.Regression, 0, 1)
	d.W = make([]float32, 600)
	for i := range d.W {
		d.W[i] = 1 + float32(i%2)
	}
	r := divided(t, d, metrics.Regression, 0, "root_mean_squared_error")
	r.MaxSteps = 20
	want := fit(t, r)
	r.Objective = halfSquare{}
	if got := fit(t, r); !slices.Equal(got.Predictor.Append(nil), want.Predictor.Append(nil)) {
		t.Error("the squared error from outside gives another predictor")
	}
	for _, tt := range []struct {
		o    halfSquare
		want string
	}{
		{halfSquare{first: math.NaN()}, "derivatives"},
		{halfSquare{first: math.Inf(1)}, "derivatives"},
		{halfSquare{second: -3}, "derivatives"},
		{halfSquare{bases: []float64{1, 2}}, "base has 2 scores"},
		{halfSquare{bases: []float64{math.NaN()}}, "base score 0 is NaN"},
	} {
		r.Objective = tt.o
		refuses(t, r, tt.want)
	}
}

func TestClassWeights(t *testing.T) {
	t.Parallel()
	for _, k := range tasks[:2] {
		d := mixedData(500, k.task, k.classes, 1)
		counts := make([]float64, k.classes)
		for _, y := range d.Y {
			counts[int(y)]++
		}
		explicit := d
		explicit.W = make([]float32, len(d.Y))
		for _, tt := range []struct {
			params search.Params
			weight func(class int) float64
		}{
			{search.Params{"class_weight": `{"1":3}`}, func(c int) float64 { return float64(1 + 2*(c%2)) }},
			{search.Params{"class_weight": "balanced"}, func(c int) float64 { return 500 / (float64(k.classes) * counts[c]) }},
			{search.Params{"scale_pos_weight": 3.}, func(c int) float64 { return float64(1 + 2*(c%2)) }},
		} {
			if _, ok := tt.params["class_weight"]; !ok && k.classes > 2 || k.classes > 3 && tt.params["class_weight"] == `{"1":3}` {
				continue
			}
			for i, y := range d.Y {
				explicit.W[i] = float32(tt.weight(int(y)))
			}
			p := algos.Problem{Task: k.task, Classes: k.classes}
			got := fit(t, &algos.Request{Problem: p, Train: d, Params: tt.params, MaxSteps: 5})
			want := fit(t, &algos.Request{Problem: p, Train: explicit, MaxSteps: 5})
			if !slices.Equal(got.Predictor.Append(nil), want.Predictor.Append(nil)) {
				t.Errorf("%s, %v: not the predictor of the same weights by row", k.name, tt.params)
			}
		}
	}
}

func TestBaseScore(t *testing.T) {
	t.Parallel()
	d := mixedData(200, metrics.Binary, 2, 1)
	f := fit(t, &algos.Request{
		Problem: algos.Problem{Task: metrics.Binary, Classes: 2}, Train: d, MaxSteps: 1, Params: search.Params{"base_score": -1.5},
	})
	if base := f.Predictor.(*predictor.Trees).Base(); base[0] != -1.5 {
		t.Errorf("the base score is %v", base)
	}
}

// TestRobust: it is the default for absolute errors, and better at them than l2 where
// targets have outliers.
func TestRobust(t *testing.T) {
	t.Parallel()
	d := mixedData(1600, metrics.Regression, 0, 1)
	for i := range d.Y {
		if i%25 == 0 {
			d.Y[i] *= 30
		}
	}
	r := divided(t, d, metrics.Regression, 0, "mean_absolute_error")
	r.MaxSteps, r.Params = 80, search.Params{"learning_rate": 0.1}
	loss := func(p search.Params) float64 {
		r.Params = p
		f := fit(t, r)
		sum := 0.0
		for i, row := range r.Valid.Rows {
			sum += math.Abs(float64(f.ValidPred[i] - d.Y[row]))
		}
		return sum
	}
	auto := loss(search.Params{"learning_rate": 0.1})
	if robust := loss(search.Params{"learning_rate": 0.1, "objective": "robust"}); robust != auto {
		t.Errorf("the default loses %v, robust %v", auto, robust)
	}
	if l2 := loss(search.Params{"learning_rate": 0.1, "objective": "l2"}); auto > 0.95*l2 {
		t.Errorf("the default loses %v, l2 %v", auto, l2)
	}
	r.Params = nil
	want := fit(t, r)
	r.Threads = 3
	if got := fit(t, r); !slices.Equal(got.Predictor.Append(nil), want.Predictor.Append(nil)) {
		t.Error("three threads give another predictor")
	}
}
