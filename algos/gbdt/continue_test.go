package gbdt

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// TestGoesOn: a fit that goes on from another's rounds ends where one without a
// break does.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	forAll(t, 500, func(t *testing.T, r *algos.Request) {
		r.Valid.Rows, r.MaxSteps = nil, 14
		whole := fit(t, r)
		r.MaxSteps = 9
		first := fit(t, r)
		r.Init, r.MaxSteps, r.Threads = first.Predictor.(*predictor.Trees), 5, 2
		second := fit(t, r)
		if second.Steps != 5 {
			t.Errorf("%d steps", second.Steps)
		}
		if !slices.Equal(second.Predictor.Append(nil), whole.Predictor.Append(nil)) {
			t.Error("the predictor is not that of all rounds in one")
		}
	})
}

func TestGoesOnWatched(t *testing.T) {
	t.Parallel()
	r := divided(t, mixedData(800, metrics.Regression, 0, 1), metrics.Regression, 0, "root_mean_squared_error")
	r.Params, r.MaxSteps = search.Params{"learning_rate": .1}, 5
	first := fit(t, r)
	r.Init, r.MaxSteps = first.Predictor.(*predictor.Trees), 60
	second := fit(t, r)
	if got := predict(second.Predictor, r.Valid); !slices.Equal(got, second.ValidPred) {
		t.Error("validation predictions are not the predictor's")
	}
	if n := second.Predictor.(*predictor.Trees).Len(); n != first.Steps+second.Steps {
		t.Errorf("%d trees after %d and %d steps", n, first.Steps, second.Steps)
	}
}

func TestGoesOnFromForeignTrees(t *testing.T) {
	t.Parallel()
	d := mixedData(300, metrics.Regression, 0, 1)
	nan := math.NaN()
	trees := []predictor.Tree{
		{{Feature: 1, Threshold: 0.5, Left: 1, Right: 2, Missing: predictor.MissingNone}, {Feature: -1, Value: []float64{1}}, {Feature: -1, Value: []float64{2}}},
		{{Feature: 1, Threshold: nan, Left: 1, Right: 2, MissingLeft: true}, {Feature: -1, Value: []float64{10}}, {Feature: -1, Value: []float64{20}}},
		{{Feature: 4, Threshold: 3, Left: 1, Right: 2, Missing: predictor.MissingZero, MissingLeft: true}, {Feature: -1, Value: []float64{100}}, {Feature: -1, Value: []float64{200}}},
		{{Feature: 2, Cats: []uint32{0b0110}, Left: 1, Right: 2}, {Feature: -1, Value: []float64{1000}}, {Feature: -1, Value: []float64{2000}}},
		{{Feature: -1, Value: []float64{0.25}, Linear: &predictor.LeafModel{Const: 0.5, Features: []int32{1}, Coef: []float64{1e-6}}}},
	}
	got := margins(trees, []float64{0}, d, alone)[0]
	for i := range got {
		x, c := d.M.Frame.Cols[1][i], d.M.Frame.Cols[2][i]
		want := 1 + 20 + 200 + 2000 + 0.5
		if x > 0.5 {
			want++
		}
		if x != x {
			want -= 10.25
		} else {
			want += 1e-6 * float64(x)
		}
		if c == 1 || c == 2 {
			want -= 1000
		}
		if math.Abs(got[i]-want) > 1e-9 {
			t.Fatalf("row %d (%v, %v): margin %v, want %v", i, x, c, got[i], want)
		}
	}
}

func TestInitRefused(t *testing.T) {
	t.Parallel()
	leaf := func(v ...float64) predictor.Tree { return predictor.Tree{{Feature: -1, Value: v}} }
	far := predictor.Tree{{Feature: 6, Left: 1, Right: 2}, leaf(1)[0], leaf(2)[0]}
	for name, tt := range map[string]struct {
		init *predictor.Trees
		want string
	}{
		"outputs": {predictor.NewTrees([]predictor.Tree{leaf(1), leaf(1)}, 2, nil, predictor.Identity), "2 outputs"},
		"link":    {predictor.NewTrees([]predictor.Tree{leaf(1)}, 1, nil, predictor.Exp), "link"},
		"feature": {predictor.NewTrees([]predictor.Tree{far}, 1, nil, predictor.Identity), "feature 6 of 6"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, &algos.Request{Problem: algos.Problem{Task: metrics.Regression}, Train: mixedData(50, metrics.Regression, 0, 1), Init: tt.init}, tt.want)
		})
	}
}

// numericData has no categories, whose extra regularisation trees do not keep.
func numericData(rows int, k task) algos.Data {
	d := mixedData(rows, k.task, k.classes, 1)
	f := *d.M.Frame
	f.Features, f.Cols = f.Features[:2], f.Cols[:2]
	d.M = matrix.New(&f, nil, 1)
	return d
}

// TestRefitOnTheSameRows: the leaves are those that the fit gave them.
func TestRefitOnTheSameRows(t *testing.T) {
	t.Parallel()
	for _, k := range tasks {
		for _, objective := range []string{"auto", "l1"} {
			if objective == "l1" && k.task != metrics.Regression {
				continue
			}
			t.Run(k.name+"/"+objective, func(t *testing.T) {
				t.Parallel()
				d := numericData(700, k)
				r := &algos.Request{
					Problem: algos.Problem{Task: k.task, Classes: k.classes}, Train: d, MaxSteps: 12,
					Params: search.Params{"objective": objective, "lambda_l2": 1.},
				}
				want := fit(t, r).Predictor.(*predictor.Trees)
				r.Init = want
				for threads := 1; threads <= 2; threads++ {
					r.Threads = threads
					got, err := Refit(r)
					if err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(got.Append(nil), want.Append(nil)) {
						t.Errorf("%d threads: other trees", threads)
					}
				}
			})
		}
	}
}

// TestRefitLearns: leaves of half the rows get better with all of them.
func TestRefitLearns(t *testing.T) {
	t.Parallel()
	d := numericData(1200, tasks[2])
	train, test := d, d
	train.Rows, test.Rows = d.Rows[:150], d.Rows[800:]
	r := &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression}, Train: train, MaxSteps: 40,
		Params: search.Params{"min_data_in_leaf": 3., "learning_rate": 0.1},
	}
	first := fit(t, r).Predictor.(*predictor.Trees)
	r.Init, r.Train.Rows = first, d.Rows[:800]
	second, err := Refit(r)
	if err != nil {
		t.Fatal(err)
	}
	loss := func(p predictor.Predictor) (sum float64) {
		for i, v := range predict(p, test) {
			e := float64(v - d.Y[test.Rows[i]])
			sum += e * e
		}
		return sum
	}
	if a, b := loss(first), loss(second); b > 0.95*a {
		t.Errorf("the loss is %v with few rows, %v with all", a, b)
	}
	r.Params["refit_decay_rate"] = 1.
	same, err := Refit(r)
	if err != nil {
		t.Fatal(err)
	}
	for i, tree := range same.Trees() {
		for k, n := range first.Trees()[i] {
			if n.Feature < 0 && n.Value[0] != tree[k].Value[0] {
				t.Fatalf("tree %d, node %d: %v became %v", i, k, n.Value, tree[k].Value)
			}
		}
	}
}

func TestRefitRefuses(t *testing.T) {
	t.Parallel()
	r := &algos.Request{Problem: algos.Problem{Task: metrics.Regression}, Train: mixedData(50, metrics.Regression, 0, 1)}
	if _, err := Refit(r); err == nil {
		t.Error("no model is no error")
	}
	linear := predictor.Tree{{Feature: -1, Value: []float64{1}, Linear: &predictor.LeafModel{Const: 2}}}
	if checkRefit([]predictor.Tree{linear}) == nil {
		t.Error("a linear leaf is no error")
	}
	if checkRefit([]predictor.Tree{{{Feature: -1, Value: []float64{1, 2}}}}) == nil {
		t.Error("a vector leaf is no error")
	}
}
