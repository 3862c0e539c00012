package forest

import (
	"context"
	"math"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// A row's out-of-bag prediction is the mean of the trees that did not draw it.
func TestOutOfBag(t *testing.T) {
	t.Parallel()
	for _, task := range []metrics.Task{metrics.Regression, metrics.Binary, metrics.Multiclass} {
		f := randomFit(t, RandomForest(), task, 150, 4)
		r := f.request
		r.Params = search.Params{"n_estimators": 40.0}
		for i := range 20 {
			r.Train.W[7*i] = 0
		}
		var reported []int
		r.Report = func(step int, loss float64) bool {
			if reported = append(reported, step); math.IsNaN(loss) {
				t.Errorf("%s: step %d has no loss", task, step)
			}
			return true
		}
		fitted, err := RandomForest().Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		if len(reported) != 2 {
			t.Errorf("%s: reports of steps %v, want 25 and 40", task, reported)
		}
		want := slowOutOfBag(t, r)
		if len(fitted.OutOfBag) != len(want) {
			t.Fatalf("%s: %d values, want %d", task, len(fitted.OutOfBag), len(want))
		}
		for i, v := range fitted.OutOfBag {
			if a, b := float64(v), want[i]; math.Abs(a-b) > 1e-5 || (a != a) != (b != b) {
				t.Fatalf("%s: value %d is %v, want %v", task, i, v, want[i])
			}
		}
	}
}

func slowOutOfBag(t *testing.T, r *algos.Request) []float64 {
	f := prepared(t, RandomForest(), r)
	g := newGrower(f)
	all := r.Train.Rows
	sum, votes := make([]float64, len(all)*f.width), make([]float64, len(all))
	for k := range f.trees {
		p := predictor.NewTrees([]predictor.Tree{g.tree(k)}, f.width, nil, predictor.Mean)
		pred := algos.Predict(p, r.Train.M, all, 1)
		at := 0 // in the rows with weight
		for i, row := range all {
			if r.Train.W[row] == 0 {
				continue
			}
			if g.count[at] == 0 {
				votes[i]++
				for c := range f.width {
					sum[i*f.width+c] += float64(pred[i*f.width+c])
				}
			}
			at++
		}
	}
	for i := range sum {
		sum[i] /= votes[i/f.width] // NaN without votes
	}
	return sum
}

func TestOutOfBagOnlyWithoutValidation(t *testing.T) {
	t.Parallel()
	for _, l := range []Learner{ExtraTrees(), RandomForest()} {
		r := randomFit(t, l, metrics.Binary, 100, 2).request
		r.Params = search.Params{"n_estimators": 10.0}
		r.Report = func(int, float64) bool { return true }
		if f, err := l.Fit(context.Background(), r); err != nil || (f.OutOfBag == nil) != (l == ExtraTrees()) || f.ValidPred != nil {
			t.Errorf("%s: %d values, %v", l.Name(), len(f.OutOfBag), err)
		}
		r.Valid = r.Train
		if f, err := l.Fit(context.Background(), r); err != nil || f.OutOfBag != nil || len(f.ValidPred) != 100 {
			t.Errorf("%s with validation rows: %d values, %v", l.Name(), len(f.OutOfBag), err)
		}
	}
}
