package prepared

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	alone := search.Params{"rounds": 12., "linear_sums": "false", "further_columns": 24.}
	algostest.Run(t, New(), algostest.Options{Params: alone, Repeats: 0.8})
}

// With linear sums the area under the curve is at its best after a round or two, which is
// what the fit then keeps: its probabilities are near the mean still.
func TestConformanceWithSums(t *testing.T) {
	t.Parallel()
	algostest.Run(t, New(), algostest.Options{Params: search.Params{"rounds": 12.}, Repeats: 20, Blind: true})
}

// planted has a target that depends on a product, on a pair of categories that
// say nothing alone, and on how far a number is from its group's mean.
func planted(rows int, seed uint64) *algos.Request {
	rng := rand.New(rand.NewPCG(seed, 8))
	f := &matrix.Frame{Rows: rows}
	for _, ft := range []matrix.Feature{{Name: "a"}, {Name: "b"}, {Name: "x"}, {Name: "p", Levels: 7}, {Name: "q", Levels: 6}, {Name: "g", Levels: 30}, {Name: "noise"}} {
		ft.Sources = []string{ft.Name}
		f.Features, f.Cols = append(f.Features, ft), append(f.Cols, make([]float32, rows))
	}
	y, effect := make([]float32, rows), make([]float64, 42)
	for k := range effect {
		effect[k] = rng.NormFloat64()
	}
	for i := range rows {
		p, q, g := rng.IntN(7), rng.IntN(6), rng.IntN(30)
		a, b, away := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
		for j, v := range []float64{a, b, 20*math.Sin(float64(g)) + away, float64(p), float64(q), float64(g), rng.NormFloat64()} {
			f.Cols[j][i] = float32(v)
		}
		y[i] = float32(2*a*b + 2*effect[6*p+q] + 2*away + 0.3*rng.NormFloat64())
	}
	r := &algos.Request{Problem: algos.Problem{Task: metrics.Regression, Metric: metrics.Default(metrics.Regression)}, Seed: seed, Threads: 1}
	r.Train = algos.Data{M: matrix.New(f, nil, 1), Y: y}
	r.Valid = algos.Data{M: r.Train.M, Y: y}
	for i := range int32(rows) {
		if i%3 == 0 {
			r.Valid.Rows = append(r.Valid.Rows, i)
		} else {
			r.Train.Rows = append(r.Train.Rows, i)
		}
	}
	return r
}

func TestWhatIsPlantedIsFound(t *testing.T) {
	t.Parallel()
	r := planted(3000, 2)
	b := newBuilder(r, &settings{columns: 8, smooth: 10, sample: choiceRows})
	list, err := choose(context.Background(), b)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	sources := map[string][]string{}
	for _, e := range list {
		d := e.describe(b.frame, b.target)
		names = append(names, d.Name)
		sources[d.Name] = d.Sources
	}
	for name, want := range map[string][]string{"a*b": {"a", "b"}, "target(p,q)": {"p", "q"}, "x-mean(x|g)": {"x", "g"}} {
		if got := sources[name]; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("%s is made of %v, want %v; chosen are %v", name, got, want, names)
		}
	}
	loss := func(l algos.Learner) float64 {
		f, err := l.Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, v := range algos.Predict(f.Predictor, r.Train.M, r.Valid.Rows, 1) {
			d := float64(v - r.Valid.Y[r.Valid.Rows[i]])
			sum += d * d
		}
		return math.Sqrt(sum / float64(len(r.Valid.Rows)))
	}
	r.Params = search.Params{"rounds": 150.}
	if with, without := loss(New()), loss(gbdt.New()); with > 0.7*without {
		t.Errorf("loss %v with prepared columns, %v without", with, without)
	}
}

// TestSampledChoice: columns that are chosen on a sample are made for all rows, and
// the outcome does not depend on threads.
func TestSampledChoice(t *testing.T) {
	t.Parallel()
	r := planted(3000, 4)
	var want []string
	for _, threads := range []int{1, 3} {
		q := *r
		q.Threads = threads
		b := newBuilder(&q, &settings{columns: 12, smooth: 10, sample: 700})
		list, err := choose(context.Background(), b)
		if err != nil {
			t.Fatal(err)
		}
		made := b.build(list)
		var names []string
		for i, f := range made.features {
			names = append(names, f.Name)
			if len(made.values[i]) != b.frame.Rows {
				t.Errorf("%s has %d values", f.Name, len(made.values[i]))
			}
		}
		if want == nil {
			want = names
		}
		if len(names) < 8 || !slices.Equal(want, names) {
			t.Errorf("%d threads choose %v, one chooses %v", threads, names, want)
		}
	}
}

func TestConstraintsAddNothing(t *testing.T) {
	t.Parallel()
	r := planted(600, 1)
	r.Params = search.Params{"rounds": 5., "monotone_constraints": `{"a":1}`}
	f, err := New().Fit(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	if kind := f.Predictor.Kind(); kind != "trees" {
		t.Errorf("a predictor of kind %q", kind)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*algos.Request){
		"further_columns":       func(r *algos.Request) { r.Params = search.Params{"further_columns": 501.} },
		"target_smooth":         func(r *algos.Request) { r.Params = search.Params{"target_smooth": -1.} },
		"target_encoding":       func(r *algos.Request) { r.Params = search.Params{"target_encoding": "all"} },
		"go on from a model":    func(r *algos.Request) { r.Init = &predictor.Trees{} },
		"gbdt_prepared: no tra": func(r *algos.Request) { r.Train.Rows = nil },
		"num_leaves":            func(r *algos.Request) { r.Params = search.Params{"num_leaves": 1.} },
	} {
		r := planted(60, 1)
		change(r)
		if _, err := New().Fit(context.Background(), r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

func TestSuits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shape algos.Shape
		want  bool
	}{
		{algos.Shape{Features: 1}, false},
		{algos.Shape{Features: 2}, true},
		{algos.Shape{Features: 1, Categorical: 1}, true},
		{algos.Shape{Features: 800, Filled: 0.01}, false},
		{algos.Shape{Features: 800, Categorical: 2, Filled: 0.01}, true},
		{algos.Shape{}, false},
	} {
		if got := New().Suits(c.shape); got != c.want {
			t.Errorf("%+v: %v", c.shape, got)
		}
	}
}
