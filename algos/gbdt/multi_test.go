package gbdt

import (
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// TestMultiOutput: one tree a round, the same bits for any number of threads,
// from the predictor, when repeated and when gone on from.
func TestMultiOutput(t *testing.T) {
	t.Parallel()
	for name, params := range variants {
		if name == "shaped" || name == "confined" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := divided(t, mixedData(900, metrics.Multiclass, 5, 1), metrics.Multiclass, 5, "log_loss")
			r.Params, r.MaxSteps = maps.Clone(params), 40
			r.Params["multi_output"] = "true"
			first := math.Inf(1)
			best := math.Inf(1)
			r.Report = func(step int, loss float64) bool {
				if math.IsInf(first, 1) {
					first = loss
				}
				best = min(best, loss)
				return true
			}
			f := fit(t, r)
			if best > 0.96*first {
				t.Errorf("the loss fell from %v to %v only", first, best)
			}
			p := f.Predictor.(*predictor.Trees)
			if p.Len() != f.Steps {
				t.Errorf("%d trees after %d rounds", p.Len(), f.Steps)
			}
			if got := predict(p, r.Valid); !slices.Equal(got, f.ValidPred) {
				t.Error("predictions on raw values differ from those on bins")
			}
			r.MaxSteps, r.Threads = f.Steps, 3
			if again := fit(t, r); !slices.Equal(again.Predictor.Append(nil), p.Append(nil)) {
				t.Error("three threads give another predictor")
			}
			r.Valid.Rows, r.MaxSteps = nil, f.Steps-3
			r.Init = fit(t, r).Predictor.(*predictor.Trees)
			r.MaxSteps = 3
			if rest := fit(t, r); !slices.Equal(rest.Predictor.Append(nil), p.Append(nil)) {
				t.Error("going on ends elsewhere")
			}
		})
	}
}

// TestMultiOutputLeaves: a leaf has the Newton steps of all classes.
func TestMultiOutputLeaves(t *testing.T) {
	t.Parallel()
	d := mixedData(400, metrics.Multiclass, 3, 2)
	r := &algos.Request{
		Problem: algos.Problem{Task: metrics.Multiclass, Classes: 3}, Train: d, MaxSteps: 1,
		Params: search.Params{"multi_output": "true", "num_leaves": 4., "cat_l2": 0., "learning_rate": 0.5},
	}
	tree := fit(t, r).Predictor.(*predictor.Trees).Trees()[0]
	grad := [][]pair{make([]pair, 400), make([]pair, 400), make([]pair, 400)}
	set := targetsOf(d)
	base := softmax{3}.base(set)
	score := [][]float64{constant(base[0], 400), constant(base[1], 400), constant(base[2], 400)}
	softmax{3}.gradients(set, score, grad, 0, 400)
	sums := map[int32]*[3][2]float64{}
	for i := range 400 {
		at := leafOf(tree, d.M.Frame.Cols, int32(i))
		if sums[at] == nil {
			sums[at] = new([3][2]float64)
		}
		for k := range 3 {
			sums[at][k][0] += float64(grad[k][i].g)
			sums[at][k][1] += float64(grad[k][i].h)
		}
	}
	if len(sums) != 4 {
		t.Fatalf("%d leaves", len(sums))
	}
	for at, s := range sums {
		weight := 0.0
		for k := range 3 {
			weight += s[k][1]
			if want := -0.5 * s[k][0] / s[k][1]; math.Abs(tree[at].Value[k]-want) > 1e-5 {
				t.Errorf("leaf %d, class %d: %v, want %v", at, k, tree[at].Value[k], want)
			}
		}
		if math.Abs(float64(tree[at].Weight)-weight) > 1e-3 {
			t.Errorf("leaf %d: weight %v, want %v", at, tree[at].Weight, weight)
		}
	}
}

func TestMultiOutputRefused(t *testing.T) {
	t.Parallel()
	r := &algos.Request{
		Problem: algos.Problem{Task: metrics.Binary, Classes: 2}, Train: mixedData(50, metrics.Binary, 2, 1),
		Params: search.Params{"multi_output": "true"},
	}
	refuses(t, r, "more than two classes")
	r = &algos.Request{
		Problem: algos.Problem{Task: metrics.Multiclass, Classes: 3}, Train: mixedData(50, metrics.Multiclass, 3, 1),
		Params: search.Params{"multi_output": "true", "path_smooth": 1.},
	}
	refuses(t, r, "path_smooth")
}

// TestMultiOutputContextEnds: wherever in a round the context ends, what is left is
// the rounds before.
func TestMultiOutputContextEnds(t *testing.T) {
	t.Parallel()
	r := divided(t, mixedData(400, metrics.Multiclass, 4, 1), metrics.Multiclass, 4, "log_loss")
	r.Params = search.Params{"multi_output": "true", "num_leaves": 5.}
	for looks := 60; looks < 80; looks++ {
		f, err := New().Fit(&endingContext{t.Context(), looks}, r)
		if err != nil || !f.Truncated {
			t.Fatalf("%d looks: %+v, %v", looks, f, err)
		}
		if got := predict(f.Predictor, r.Valid); !slices.Equal(got, f.ValidPred) {
			t.Errorf("%d looks: validation predictions are not the predictor's", looks)
		}
		again := *r
		again.MaxSteps = f.Steps
		if g := fit(t, &again); !slices.Equal(g.Predictor.Append(nil), f.Predictor.Append(nil)) {
			t.Errorf("%d looks: repeating the steps gives another predictor", looks)
		}
	}
}
