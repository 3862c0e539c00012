package gbdt

import (
	"context"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	// min_data_in_leaf counts rows, not weights, so that weights are repetitions
	// only where it is 0: see TestWeightsAreRepetitions.
	algostest.Run(t, New(), algostest.Options{Params: search.Params{"rounds": 40.}, Repeats: 0.8})
}

// mixedData has numeric features, one with missing values that matter, a
// categorical one with few levels, one with many and rare ones, and a constant.
func mixedData(rows int, task metrics.Task, classes int, seed uint64) algos.Data {
	r := rand.New(rand.NewPCG(seed, 5))
	f := &matrix.Frame{Rows: rows, Features: []matrix.Feature{{}, {}, {Levels: 4}, {Levels: 300}, {}, {}}}
	for range f.Features {
		f.Cols = append(f.Cols, make([]float32, rows))
	}
	effect := make([]float64, 300)
	for k := range effect {
		effect[k] = r.NormFloat64()
	}
	y := make([]float32, rows)
	all := make([]int32, rows)
	nan := float32(math.NaN())
	for i := range rows {
		all[i] = int32(i)
		x0, x1 := r.NormFloat64(), r.NormFloat64()
		c, d := r.IntN(4), int(300*math.Pow(r.Float64(), 4))
		s := math.Sin(2*x0) + effect[d] + float64(c%2)*x1 + 0.3*r.NormFloat64()
		f.Cols[0][i], f.Cols[1][i] = float32(x0), float32(x1)
		f.Cols[2][i], f.Cols[3][i] = float32(c), float32(d)
		f.Cols[4][i], f.Cols[5][i] = 7, float32(r.IntN(5))
		if r.IntN(5) == 0 {
			f.Cols[1][i] = nan
			s++
		}
		if r.IntN(50) == 0 {
			f.Cols[3][i] = nan
		}
		switch task {
		case metrics.Regression:
			y[i] = float32(s)
		default:
			y[i] = float32(max(0, min(float64(classes-1), math.Floor(s+float64(classes)/2))))
		}
	}
	return algos.Data{M: matrix.New(f, nil, 1), Y: y, Rows: all}
}

// divided makes every fourth row a validation row.
func divided(t *testing.T, d algos.Data, task metrics.Task, classes int, metric string) *algos.Request {
	t.Helper()
	m, err := metrics.Lookup(metric)
	if err != nil {
		t.Fatal(err)
	}
	train, valid := d, d
	train.Rows, valid.Rows = nil, nil
	for _, i := range d.Rows {
		if i%4 == 3 {
			valid.Rows = append(valid.Rows, i)
		} else {
			train.Rows = append(train.Rows, i)
		}
	}
	return &algos.Request{
		Problem: algos.Problem{Task: task, Classes: classes, Metric: m},
		Train:   train, Valid: valid, Seed: 3, Threads: 1, Params: search.Params{"learning_rate": 0.1},
	}
}

func fit(t *testing.T, r *algos.Request) *algos.Fitted {
	t.Helper()
	f, err := New().Fit(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func refuses(t *testing.T, r *algos.Request, want string) {
	t.Helper()
	if _, err := New().Fit(context.Background(), r); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v does not mention %q", err, want)
	}
}

func predict(p predictor.Predictor, d algos.Data) []float32 {
	out := make([]float32, len(d.Rows)*p.Width())
	p.Predict(d.M, d.Rows, out)
	return out
}

type task struct {
	name    string
	task    metrics.Task
	classes int
	metric  string
}

var tasks = []task{
	{"binary", metrics.Binary, 2, "roc_auc"},
	{"multiclass", metrics.Multiclass, 4, "log_loss"},
	{"regression", metrics.Regression, 0, "root_mean_squared_error"},
}

var variants = map[string]search.Params{
	"default":   {"learning_rate": 0.1},
	"random":    {"learning_rate": 0.1, "extra_trees": "true", "feature_fraction": 0.6, "bagging_fraction": 0.7},
	"penalised": {"learning_rate": 0.1, "lambda_l1": 0.5, "lambda_l2": 2., "max_depth": 4., "min_data_in_leaf": 3., "min_gain_to_split": 0.01},
	"levels":    {"learning_rate": 0.1, "max_cat_to_onehot": 1., "min_data_per_group": 5., "cat_smooth": 1., "cat_l2": 1.},
	"one-hot":   {"learning_rate": 0.1, "max_cat_to_onehot": 300., "num_leaves": 8.},
	"shaped":    {"learning_rate": 0.1, "path_smooth": 2., "max_delta_step": 2., "grow_policy": "depth", "feature_fraction_bynode": 0.7},
	"one-sided": {"learning_rate": 0.1, "data_sample_strategy": "goss"},
	"confined":  {"learning_rate": 0.1, "monotone_constraints": "[1,1,0,0,0,1]", "interaction_constraints": "[[0,2,3],[1,2,3]]"},
}

// forAll runs a test for all tasks and variants.
func forAll(t *testing.T, rows int, f func(t *testing.T, r *algos.Request)) {
	for _, k := range tasks {
		for name, params := range variants {
			t.Run(k.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				r := divided(t, mixedData(rows, k.task, k.classes, 1), k.task, k.classes, k.metric)
				r.Params = params
				f(t, r)
			})
		}
	}
}

func TestLearns(t *testing.T) {
	t.Parallel()
	forAll(t, 1000, func(t *testing.T, r *algos.Request) {
		r.MaxSteps = 50
		var first float64
		best := math.Inf(1)
		r.Report = func(step int, loss float64) bool {
			if first == 0 {
				first = loss
			}
			best = min(best, loss)
			return true
		}
		f := fit(t, r)
		if best > 0.9*first {
			t.Errorf("the loss fell from %v to %v only", first, best)
		}
		p := r.Problem
		y := make([]float32, len(r.Valid.Rows))
		for i, row := range r.Valid.Rows {
			y[i] = r.Valid.Y[row]
		}
		score, err := p.Metric.Score(p.Task, p.Classes, y, f.ValidPred, nil)
		if err != nil || p.Metric.Loss(score) != best {
			t.Errorf("the predictions score %v (%v), the best reported loss is %v", score, err, best)
		}
	})
}

func TestPredictorGivesTrainersBits(t *testing.T) {
	t.Parallel()
	forAll(t, 500, func(t *testing.T, r *algos.Request) {
		r.MaxSteps = 30
		f := fit(t, r)
		if got := predict(f.Predictor, r.Valid); !slices.Equal(got, f.ValidPred) {
			t.Error("predictions on raw values differ from those on bins")
		}
		b := f.Predictor.Append(nil)
		read, err := predictor.Decode(f.Predictor.Kind(), b, predictor.Inputs{Raw: len(r.Train.M.Frame.Features)})
		if err != nil {
			t.Fatal(err)
		}
		if got := predict(read, r.Valid); !slices.Equal(got, f.ValidPred) {
			t.Error("predictions change with Append and Decode")
		}
	})
}

func TestThreadsChangeNothing(t *testing.T) {
	t.Parallel()
	forAll(t, 1000, func(t *testing.T, r *algos.Request) {
		r.MaxSteps = 12
		want := fit(t, r)
		for threads := 2; threads <= 3; threads++ {
			r.Threads = threads
			got := fit(t, r)
			if got.Steps != want.Steps || !slices.Equal(got.Predictor.Append(nil), want.Predictor.Append(nil)) {
				t.Errorf("%d threads give another predictor", threads)
			}
		}
	})
}

// TestThreadsManyRows reaches the shared partition and the counting in pieces.
func TestThreadsManyRows(t *testing.T) {
	t.Parallel()
	d := mixedData(6*block, metrics.Binary, 2, 1)
	r := &algos.Request{
		Problem: algos.Problem{Task: metrics.Binary, Classes: 2}, Train: d, Threads: 1, MaxSteps: 3,
		Params: search.Params{"bagging_fraction": 0.95},
	}
	want := fit(t, r)
	for threads := 2; threads <= 5; threads++ {
		r.Threads = threads
		if got := fit(t, r); !slices.Equal(got.Predictor.Append(nil), want.Predictor.Append(nil)) {
			t.Errorf("%d threads give another predictor", threads)
		}
	}
}

func TestStepsReproduce(t *testing.T) {
	t.Parallel()
	forAll(t, 500, func(t *testing.T, r *algos.Request) {
		r.Params = maps.Clone(r.Params)
		r.Params["rounds"] = 120.
		want := fit(t, r)
		r.MaxSteps = want.Steps
		got := fit(t, r)
		if got.Steps != want.Steps {
			t.Fatalf("%d steps, then %d", want.Steps, got.Steps)
		}
		if !slices.Equal(got.Predictor.Append(nil), want.Predictor.Append(nil)) || !slices.Equal(got.ValidPred, want.ValidPred) {
			t.Error("the predictor differs")
		}
	})
}

func TestReportStops(t *testing.T) {
	t.Parallel()
	r := divided(t, mixedData(800, metrics.Regression, 0, 1), metrics.Regression, 0, "root_mean_squared_error")
	r.Report = func(step int, _ float64) bool { return step < 5 }
	if f := fit(t, r); f.Steps != 5 || f.Truncated {
		t.Errorf("%d steps, truncated %v", f.Steps, f.Truncated)
	}
}

// endingContext ends after a number of looks at it.
type endingContext struct {
	context.Context
	looks int
}

func (c *endingContext) Err() error {
	if c.looks--; c.looks < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	for _, k := range tasks {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			r := divided(t, mixedData(1000, k.task, k.classes, 1), k.task, k.classes, k.metric)
			for _, looks := range []int{0, 1, 7} {
				if _, err := New().Fit(&endingContext{context.Background(), looks}, r); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("ended in the first round: error %v", err)
				}
			}
			f, err := New().Fit(&endingContext{context.Background(), 777}, r)
			if err != nil || !f.Truncated || f.Steps < 1 {
				t.Fatalf("ended later: %+v, %v", f, err)
			}
			if got := predict(f.Predictor, r.Valid); !slices.Equal(got, f.ValidPred) {
				t.Error("validation predictions are not the predictor's")
			}
			r.MaxSteps = f.Steps
			if again := fit(t, r); !slices.Equal(again.Predictor.Append(nil), f.Predictor.Append(nil)) {
				t.Error("repeating the steps gives another predictor")
			}
		})
	}
}

func TestWeightsAreRepetitions(t *testing.T) {
	t.Parallel()
	for _, k := range tasks {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			d := mixedData(600, k.task, k.classes, 1)
			params := search.Params{"min_data_in_leaf": 0., "min_sum_hessian_in_leaf": 4.5, "num_leaves": 8., "learning_rate": 0.3,
				"max_cat_to_onehot": 300.}
			weighted, repeated := d, d
			weighted.W, repeated.Rows = make([]float32, len(d.Y)), nil
			for i := range d.Rows {
				weighted.W[i] = float32(i % 3)
				for range i % 3 {
					repeated.Rows = append(repeated.Rows, int32(i))
				}
			}
			p := algos.Problem{Task: k.task, Classes: k.classes}
			a := fit(t, &algos.Request{Problem: p, Train: weighted, Params: params, MaxSteps: 10})
			b := fit(t, &algos.Request{Problem: p, Train: repeated, Params: params, MaxSteps: 10})
			pa, pb := predict(a.Predictor, d), predict(b.Predictor, d)
			differ := 0
			for i := range pa {
				if math.Abs(float64(pa[i]-pb[i])) > 0.02 {
					differ++
				}
			}
			// Rounding is random, so that a rare near-tie may fall the other way.
			if differ > len(pa)/20 {
				t.Errorf("%d of %d predictions differ", differ, len(pa))
			}
		})
	}
}

func TestSmallAndFlat(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	frame := func(cols ...[]float32) *matrix.Matrix {
		f := &matrix.Frame{Rows: len(cols[0]), Cols: cols, Features: make([]matrix.Feature, len(cols))}
		return matrix.New(f, nil, 1)
	}
	none := &matrix.Frame{Rows: 3}
	tests := []struct {
		name    string
		problem algos.Problem
		m       *matrix.Matrix
		y       []float32
		want    []float32
	}{
		{"one row", algos.Problem{Task: metrics.Regression}, frame([]float32{1}), []float32{5}, []float32{5}},
		{"no features", algos.Problem{Task: metrics.Regression}, matrix.New(none, nil, 1), []float32{1, 2, 3}, []float32{2, 2, 2}},
		{"constant feature", algos.Problem{Task: metrics.Regression}, frame([]float32{4, 4}), []float32{1, 3}, []float32{2, 2}},
		{"all missing", algos.Problem{Task: metrics.Regression}, frame([]float32{nan, nan}), []float32{1, 3}, []float32{2, 2}},
		{"constant target", algos.Problem{Task: metrics.Regression}, frame([]float32{1, 2, 3, 4}), []float32{9, 9, 9, 9}, []float32{9, 9, 9, 9}},
		{"one class of two", algos.Problem{Task: metrics.Binary, Classes: 2}, frame([]float32{1, 2}), []float32{0, 0}, []float32{0, 0}},
		{"one class of three", algos.Problem{Task: metrics.Multiclass, Classes: 3}, frame([]float32{1, 2}), []float32{1, 1}, []float32{0, 1, 0, 0, 1, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows := make([]int32, len(tt.y))
			for i := range rows {
				rows[i] = int32(i)
			}
			d := algos.Data{M: tt.m, Y: tt.y, Rows: rows}
			f := fit(t, &algos.Request{Problem: tt.problem, Train: d, Params: search.Params{"min_data_in_leaf": 1.}})
			for i, v := range predict(f.Predictor, d) {
				if math.Abs(float64(v-tt.want[i])) > 1e-4 {
					t.Errorf("prediction %d is %v, want %v", i, v, tt.want[i])
				}
			}
		})
	}
}

// TestFindsSplits checks single trees against what they must find.
func TestFindsSplits(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	tests := []struct {
		name   string
		levels int
		params search.Params
		x      []float32
		y      []float32
	}{
		{"threshold", 0, nil, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}, []float32{0, 0, 0, 0, 0, 0, 5, 5, 5}},
		{"missing apart", 0, nil, []float32{1, 1, 1, 2, 2, 2, nan, nan}, []float32{3, 3, 3, 3, 3, 3, 7, 7}},
		{"missing as large", 0, nil, []float32{1, 1, 1, 2, 2, 2, nan, nan}, []float32{3, 3, 3, 7, 7, 7, 7, 7}},
		{"missing as small", 0, nil, []float32{1, 1, 1, 2, 2, 2, nan, nan}, []float32{3, 3, 3, 7, 7, 7, 3, 3}},
		{"one level", 4, nil, []float32{0, 0, 1, 1, 2, 2, 3, 3}, []float32{1, 1, 1, 1, 8, 8, 1, 1}},
		{"missing level", 4, nil, []float32{0, 0, 1, 1, 2, 2, nan, nan}, []float32{1, 1, 1, 1, 1, 1, 8, 8}},
		{"set of levels", 6, search.Params{"max_cat_to_onehot": 1.}, []float32{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5}, []float32{1, 1, 8, 8, 1, 1, 8, 8, 1, 1, 8, 8}},
		{"set with missing", 6, search.Params{"max_cat_to_onehot": 1.}, []float32{0, 0, 1, 1, 2, 2, 3, 3, nan, nan, 5, 5}, []float32{1, 1, 8, 8, 1, 1, 8, 8, 8, 8, 1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows := make([]int32, len(tt.y))
			for i := range rows {
				rows[i] = int32(i)
			}
			f := &matrix.Frame{Rows: len(tt.x), Cols: [][]float32{tt.x}, Features: []matrix.Feature{{Levels: tt.levels}}}
			d := algos.Data{M: matrix.New(f, nil, 1), Y: tt.y, Rows: rows}
			p := search.Params{"learning_rate": 1., "num_leaves": 2., "min_data_in_leaf": 1., "cat_smooth": 0., "cat_l2": 0., "min_data_per_group": 1.}
			for k, v := range tt.params {
				p[k] = v
			}
			got := fit(t, &algos.Request{Problem: algos.Problem{Task: metrics.Regression}, Train: d, Params: p, MaxSteps: 1})
			for i, v := range predict(got.Predictor, d) {
				if math.Abs(float64(v-tt.y[i])) > 1e-4 {
					t.Errorf("prediction %d is %v, want %v", i, v, tt.y[i])
				}
			}
		})
	}
}

func TestHistogramsGivenUpChangeNothing(t *testing.T) {
	t.Parallel()
	d := mixedData(2000, metrics.Regression, 0, 1)
	r := &algos.Request{Problem: algos.Problem{Task: metrics.Regression}, Train: d, MaxSteps: 3}
	s, err := newSettings(r)
	if err != nil {
		t.Fatal(err)
	}
	roomy, narrow := newBooster(s, r, alone), newBooster(s, r, alone)
	narrow.grower.slots = narrow.grower.slots[:2]
	a, err := roomy.run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	b, err := narrow.run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(a.Predictor.Append(nil), b.Predictor.Append(nil)) {
		t.Error("two histograms in place of all change the trees")
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	base := func() *algos.Request {
		return &algos.Request{Problem: algos.Problem{Task: metrics.Binary, Classes: 2}, Train: mixedData(20, metrics.Binary, 2, 1)}
	}
	tests := []struct {
		name   string
		change func(r *algos.Request)
		want   string
	}{
		{"no rows", func(r *algos.Request) { r.Train.Rows = nil }, "no training rows"},
		{"class beyond", func(r *algos.Request) { r.Train.Y[3] = 2 }, "class 2"},
		{"half a class", func(r *algos.Request) { r.Train.Y[3] = .5 }, "class 0.5"},
		{"missing target", func(r *algos.Request) { r.Train.Y[3] = nan }, "row 3"},
		{"huge target", func(r *algos.Request) { r.Problem.Task = metrics.Regression; r.Train.Y[3] = 1e38 }, "scale"},
		{"row beyond", func(r *algos.Request) { r.Train.Rows = []int32{20} }, "row 20"},
		{"few targets", func(r *algos.Request) { r.Train.Y = r.Train.Y[:5] }, "5 targets"},
		{"negative weight", func(r *algos.Request) { r.Train.W = make([]float32, 20); r.Train.W[2] = -1 }, "row 2"},
		{"no weight", func(r *algos.Request) { r.Train.W = make([]float32, 20) }, "weight 0"},
		{"one class", func(r *algos.Request) { r.Problem = algos.Problem{Task: metrics.Multiclass, Classes: 1} }, "1 classes"},
		{"validation", func(r *algos.Request) { r.Valid = r.Train; r.Valid.Rows = []int32{-1} }, "validation"},
		{"rate", func(r *algos.Request) { r.Params = search.Params{"learning_rate": 0.} }, "learning_rate"},
		{"leaves", func(r *algos.Request) { r.Params = search.Params{"num_leaves": math.NaN()} }, "num_leaves"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := base()
			tt.change(r)
			refuses(t, r, tt.want)
		})
	}
}

func TestUndefinedMetric(t *testing.T) {
	t.Parallel()
	r := divided(t, mixedData(400, metrics.Binary, 2, 1), metrics.Binary, 2, "roc_auc")
	for _, i := range r.Valid.Rows {
		r.Valid.Y[i] = 1
	}
	r.MaxSteps = 5
	if f := fit(t, r); f.Steps < 1 || len(f.ValidPred) != len(r.Valid.Rows) {
		t.Errorf("%d steps, %d predictions", f.Steps, len(f.ValidPred))
	}
}

func TestSpaceAndPortfolio(t *testing.T) {
	t.Parallel()
	for _, s := range []algos.Shape{
		{Rows: 100, Features: 3, Task: metrics.Binary, Classes: 2},
		{Rows: 50_000, Features: 30, Categorical: 10, Task: metrics.Multiclass, Classes: 7},
		{Rows: 2_000_000, Features: 300, Categorical: 1, Task: metrics.Regression},
		{},
	} {
		space := New().Space(s)
		if err := space.Validate(); err != nil {
			t.Error(err)
		}
		list := New().Portfolio(s)
		if len(list) < 10 {
			t.Errorf("only %d configurations", len(list))
		}
		for i, p := range list {
			if _, err := parseSettings(p, s.Rows, true); err != nil {
				t.Errorf("configuration %d: %v", i, err)
			}
			c := New().Estimate(s, p)
			if !(c.Seconds > 0) || math.IsInf(c.Seconds, 0) || c.Bytes <= 0 {
				t.Errorf("configuration %d: estimate %+v", i, c)
			}
		}
	}
}

// TestFirstConfiguration: a search begins with random thresholds on small tables, and
// with trees of all classes where there are many.
func TestFirstConfiguration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shape         algos.Shape
		random, multi bool
	}{
		{algos.Shape{Rows: 5000, Task: metrics.Binary, Classes: 2}, true, false},
		{algos.Shape{Rows: 5001, Task: metrics.Binary, Classes: 2}, false, false},
		{algos.Shape{Rows: 2500, Task: metrics.Regression}, true, false},
		{algos.Shape{Rows: 2501, Task: metrics.Regression}, false, false},
		{algos.Shape{Rows: 1000, Task: metrics.Multiclass, Classes: 4}, true, true},
		{algos.Shape{Rows: 9000, Task: metrics.Multiclass, Classes: 3}, false, false},
	} {
		p := New().Portfolio(c.shape)[0]
		if random, multi := p.Bool("extra_trees", false), p.Bool("multi_output", false); random != c.random || multi != c.multi {
			t.Errorf("%+v: begins with %v", c.shape, p)
		}
	}
}

func TestFastExp(t *testing.T) {
	t.Parallel()
	worst := 0.0
	for x := -60.0; x < 60; x += 0.00371 {
		worst = max(worst, math.Abs(algos.Exp(x)/math.Exp(x)-1))
	}
	if worst > 1e-7 {
		t.Errorf("relative error %v", worst)
	}
	for _, x := range []float64{math.Inf(1), math.Inf(-1), 1e300, -1e300, 0} {
		if v := algos.Exp(x); math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			t.Errorf("algos.Exp(%v) = %v", x, v)
		}
	}
}

// TestPatienceEnds: on noise the fit ends when its patience is over, and
// repeats with MaxSteps.
func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	d := mixedData(120, metrics.Regression, 0, 1)
	r := rand.New(rand.NewPCG(7, 7))
	for i := range d.Y {
		d.Y[i] = r.Float32()
	}
	q := divided(t, d, metrics.Regression, 0, "root_mean_squared_error")
	q.Params = search.Params{"num_leaves": 3.}
	last := 0
	q.Report = func(step int, _ float64) bool { last = step; return true }
	f := fit(t, q)
	over := f.Steps + patience(len(q.Train.Rows), f.Steps)
	if last > over || last < over-10 {
		t.Errorf("the best round is %d, the last one evaluated %d, patience is over at %d", f.Steps, last, over)
	}
	q.MaxSteps = f.Steps
	if again := fit(t, q); !slices.Equal(again.ValidPred, f.ValidPred) {
		t.Error("the steps do not reproduce the fit")
	}
}
