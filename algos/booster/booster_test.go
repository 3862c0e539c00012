package booster

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	t.Parallel()
	// Rows are drawn at random, and the rate goes with their number: repeated rows are
	// only about the same.
	algostest.Run(t, Learner{}, algostest.Options{Params: search.Params{"rounds": 30., "learning_rate": .2}, Repeats: 1})
}

// problem is a request on rows of two numbers whose target is their sum, or its sign
// for two classes, with noise.
func problem(rows, classes int) *algos.Request {
	rng := rand.New(rand.NewPCG(5, uint64(classes)))
	f := &matrix.Frame{Rows: rows, Features: []matrix.Feature{{Name: "a"}, {Name: "b"}}, Cols: make([][]float32, 2)}
	y, all := make([]float32, rows), make([]int32, rows)
	for i := range y {
		a, b := rng.NormFloat64(), rng.NormFloat64()
		f.Cols[0], f.Cols[1] = append(f.Cols[0], float32(a)), append(f.Cols[1], float32(b))
		v := a + b + rng.NormFloat64()/2
		if y[i], all[i] = float32(v), int32(i); classes > 0 {
			y[i] = float32(min(classes-1, max(0, int(math.Floor(v))+classes/2)))
		}
	}
	p := algos.Problem{Task: metrics.Regression, Classes: classes}
	switch {
	case classes == 2:
		p.Task = metrics.Binary
	case classes > 2:
		p.Task = metrics.Multiclass
	}
	p.Metric = metrics.Default(p.Task)
	return &algos.Request{Problem: p, Params: search.Params{"rounds": 80., "learning_rate": 0.1}, Threads: 1, Seed: 3,
		Train: algos.Data{M: matrix.New(f, nil, 1), Y: y, Rows: all}}
}

func fitted(t *testing.T, l algos.Learner, r *algos.Request) *algos.Fitted {
	t.Helper()
	f, err := l.Fit(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func bits(f *algos.Fitted) []byte { return f.Predictor.Append(nil) }

// Without validation rows the model is that of one kind of trees on all rows, of
// the rounds that the steps say, for any number of threads.
func TestFolds(t *testing.T) {
	t.Parallel()
	for _, classes := range []int{0, 2, 3, 5} {
		for folds := range 3 {
			r := problem(300, classes)
			r.Params["inner_folds"] = float64(folds)
			before := *r
			f := fitted(t, Learner{}, r)
			if r.MaxSteps != 0 || len(r.Params) != 3 || len(r.Train.Rows) != len(before.Train.Rows) {
				t.Errorf("%d classes: the request was changed: %+v", classes, r)
			}
			kinds := kindsOf(r)
			k := kinds[0]
			if f.Steps > k.steps {
				k = kinds[1]
			}
			q := *r
			q.Params = k.params(shapeOf(r), search.Params{"learning_rate": 0.1, "rounds": float64(f.Steps - k.offset)})
			if !bytes.Equal(bits(f), bits(fitted(t, k.learner, &q))) {
				t.Errorf("%d classes, %d folds: %d steps of %s are another model", classes, folds, f.Steps, k.learner.Name())
			}
			q = *r
			q.Threads, q.MaxSteps = 3, f.Steps
			if again := fitted(t, Learner{}, &q); again.Steps != f.Steps || !bytes.Equal(bits(f), bits(again)) {
				t.Errorf("%d classes, %d folds: with %d steps at most the model is another, of %d", classes, folds, f.Steps, again.Steps)
			}
		}
	}
}

// With validation rows the model is the better of two, and each kind can win.
func TestTheBetterKindIsTaken(t *testing.T) {
	t.Parallel()
	for name, better := range map[string]search.Params{
		"symmetric": {"num_leaves": 2., "rounds": 20.}, // of little use to leaf-wise trees
		"leaf-wise": {"depth": 1., "l2_leaf_reg": 1e6, "rounds": 20.},
	} {
		r := problem(400, 0)
		r.Valid = r.Train
		r.Train.Rows, r.Valid.Rows = r.Train.Rows[:300], r.Train.Rows[300:]
		r.Params = better
		var heard []float64
		r.Report = func(_ int, loss float64) bool { heard = append(heard, loss); return true }
		f := fitted(t, Learner{}, r)
		if leafwise := f.Steps > symmetricRounds; leafwise != (name == "leaf-wise") {
			t.Errorf("%s trees should be better: %d steps", name, f.Steps)
		}
		if len(f.ValidPred) != 100 || len(heard) < 3 {
			t.Errorf("%s: %d predictions, %d losses", name, len(f.ValidPred), len(heard))
		}
	}
}

// What only leaf-wise trees can do, they do alone.
func TestLeafwiseOnly(t *testing.T) {
	t.Parallel()
	r := problem(100, 0)
	r.Params = Learner{}.Monotone(map[string]int{"a": 1})
	r.Params["rounds"] = 10.
	if f := fitted(t, Learner{}, r); f.Steps > 10 {
		t.Errorf("with a constraint: %d steps, symmetric trees were tried", f.Steps)
	}
	r = problem(100, 0)
	r.Objective = squares{}
	if kinds := kindsOf(r); len(kinds) != 1 || kinds[0].offset != 0 || kinds[0].learner != algos.Learner(gbdt.New()) {
		t.Errorf("with an objective of one's own: %+v", kinds)
	}
}

// squares is an objective that is not fitted here.
type squares struct{ algos.Objective }

func TestRefused(t *testing.T) {
	t.Parallel()
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := (Learner{}).Fit(stopped, problem(90, 2)); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped at once: error %v", err)
	}
	for want, value := range map[string]any{"inner_folds": 21., "depth": 11.} {
		r := problem(90, 2)
		r.Params[want] = value
		if _, err := (Learner{}).Fit(context.Background(), r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s = %v: error %v", want, value, err)
		}
	}
}

// Rows of a group, and copies of a row, are on one side of every fold; of too few rows
// to hold any out a model is made nonetheless.
func TestCut(t *testing.T) {
	t.Parallel()
	r := problem(60, 0)
	groups := make([]int32, 60)
	for i := range groups {
		groups[i] = int32(90 - i/7)
	}
	for name, change := range map[string]func(r *algos.Request) (key func(at int32) int32){
		"groups": func(r *algos.Request) func(int32) int32 {
			r.Train.Groups = groups
			return func(at int32) int32 { return groups[r.Train.Rows[at]] }
		},
		"copies": func(r *algos.Request) func(int32) int32 {
			r.Train.Rows = slices.Concat(r.Train.Rows, r.Train.Rows[10:30])
			return func(at int32) int32 { return r.Train.Rows[at] }
		},
	} {
		q := *r
		key := change(&q)
		for _, count := range []int{1, 3} {
			held := map[int32]int{}
			for f, list := range cut(&q, count) {
				for _, at := range list {
					if g, ok := held[key(at)]; ok && g != f {
						t.Errorf("%s, %d folds: %d is in two", name, count, key(at))
					}
					held[key(at)] = f
				}
			}
			if len(held) == 0 {
				t.Errorf("%s, %d folds: nothing is held out", name, count)
			}
		}
		fitted(t, Learner{}, &q)
	}
	r.Train.Rows = r.Train.Rows[:1]
	if f := fitted(t, Learner{}, r); f.Steps < 1 {
		t.Errorf("one row: %d steps", f.Steps)
	}
}

func TestUsualFolds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rows, kinds, want int }{
		{150, 1, 5}, {2500, 1, 5}, {2501, 1, 3}, {1500, 2, 3}, {1501, 2, 1}, {10_000, 1, 3}, {10_001, 1, 1}, {10_001, 2, 1},
	} {
		if got := usualFolds(c.rows, c.kinds); got != c.want {
			t.Errorf("%d rows, %d kinds: %d folds, want %d", c.rows, c.kinds, got, c.want)
		}
	}
}
