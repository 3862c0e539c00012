package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/seed-09a2cce4/automl/algos"
	_ "github.com/seed-09a2cce4/automl/algos/all" // learners
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// ourModel is a model that was trained here.
type ourModel struct {
	name  string
	frame *matrix.Frame
	trees *predictor.Trees
}

// recipe says what to train, and on what.
type recipe struct {
	name, learner string
	task          metrics.Task
	levels        []int // of the features, 0 for numeric ones
	missing       bool
	params        search.Params
}

// recipes are small fits over tasks, kinds of features and kinds of trees.
func recipes() []recipe {
	numbers, categories := []int{0, 0, 0, 0}, []int{3, 40, 200, 2}
	mixed, wide := []int{0, 6, 0, 120, 0}, []int{0, 1000, 0}
	var out []recipe
	add := func(name, learner string, task metrics.Task, levels []int, missing bool, more search.Params) {
		p := search.Params{"num_leaves": 15.0, "rounds": 20.0, "min_data_in_leaf": 5.0, "min_data_per_group": 5.0}
		for k, v := range more {
			p[k] = v
		}
		out = append(out, recipe{name, learner, task, levels, missing, p})
	}
	for _, task := range []metrics.Task{metrics.Regression, metrics.Binary, metrics.Multiclass} {
		t := string(task)
		add("numbers_"+t, "gbdt", task, numbers, false, nil)
		add("missing_"+t, "gbdt", task, numbers, true, nil)
		add("categories_"+t, "gbdt", task, categories, true, nil)
		add("mixed_"+t, "gbdt", task, mixed, true, search.Params{"num_leaves": 63.0, "bagging_fraction": 0.7})
		add("depth_"+t, "gbdt", task, mixed, true, search.Params{
			"grow_policy": "depth", "max_depth": 4.0, "monotone_constraints": "[1,0,-1,0,0]", "path_smooth": 1.0})
		add("random_"+t, "gbdt", task, mixed, true, search.Params{"extra_trees": "true"})
		add("wide_"+t, "gbdt", task, wide, true, search.Params{"max_cat_to_onehot": 2.0})
	}
	for _, task := range []metrics.Task{metrics.Regression, metrics.Binary} {
		add("forest_"+string(task), "random_forest", task, mixed, true, search.Params{"n_estimators": 10.0})
		add("extra_"+string(task), "extra_trees", task, mixed, true, search.Params{"n_estimators": 10.0})
	}
	return out
}

const (
	trainRows = 2000
	classes   = 4
)

// train makes data by seed and fits.
func (r *recipe) train(ctx context.Context, seed uint64) (*ourModel, error) {
	rng := rand.New(rand.NewPCG(seed, 1))
	frame, y := r.data(rng)
	learner, err := algos.Lookup(r.learner)
	if err != nil {
		return nil, err
	}
	problem := algos.Problem{Task: r.task, Metric: metrics.Default(r.task)}
	switch r.task {
	case metrics.Binary:
		problem.Classes = 2
	case metrics.Multiclass:
		problem.Classes = classes
	}
	rows := make([]int32, trainRows)
	for i := range rows {
		rows[i] = int32(i)
	}
	fitted, err := learner.Fit(ctx, &algos.Request{
		Problem: problem, Params: r.params, Seed: seed, Threads: 1,
		Train: algos.Data{M: matrix.New(frame, nil, 1), Y: y, Rows: rows},
	})
	if err != nil {
		return nil, err
	}
	trees, ok := fitted.Predictor.(*predictor.Trees)
	if !ok {
		return nil, fmt.Errorf("%s makes no trees", r.learner)
	}
	return &ourModel{r.name, frame, trees}, nil
}

// data is a frame with values of three kinds (continuous, rounded, mostly zero)
// and codes, a tenth of them missing if asked for, and targets that depend on all.
func (r *recipe) data(rng *rand.Rand) (*matrix.Frame, []float32) {
	f := &matrix.Frame{Rows: trainRows}
	sum := make([]float64, trainRows)
	for j, levels := range r.levels {
		col := make([]float32, trainRows)
		effect := make([]float64, levels)
		for c := range effect {
			effect[c] = rng.NormFloat64()
		}
		for i := range col {
			v := rng.NormFloat64()
			switch {
			case levels > 0:
				v = float64(rng.IntN(levels))
				sum[i] += effect[int(v)]
			case j%3 == 1:
				v = math.Round(3 * v)
			case j%3 == 2 && rng.IntN(2) == 0:
				v = 0
			}
			if levels == 0 {
				sum[i] += math.Sin(v) + v/4
			}
			if col[i] = float32(v); r.missing && rng.IntN(10) == 0 {
				col[i] = float32(math.NaN())
			}
		}
		f.Features = append(f.Features, matrix.Feature{Name: fmt.Sprintf("f%d", j), Levels: levels})
		f.Cols = append(f.Cols, col)
	}
	y := make([]float32, trainRows)
	for i, v := range sum {
		v += rng.NormFloat64() / 4
		switch r.task {
		case metrics.Regression:
			y[i] = float32(v)
		case metrics.Binary:
			if v > 0 {
				y[i] = 1
			}
		default:
			y[i] = float32(min(classes-1, max(0, int(v+2))))
		}
	}
	return f, y
}

// hardRows are rows of the training data with some values replaced by NaN,
// infinities, thresholds of the trees and the doubles beside them. Codes stay
// those of known levels, or missing.
func (o *ourModel) hardRows(n int) [][]float64 {
	rng := rand.New(rand.NewPCG(9, 9))
	special := make([][]float64, len(o.frame.Features))
	for j, f := range o.frame.Features {
		special[j] = []float64{math.NaN()}
		if f.Levels == 0 {
			special[j] = append(special[j], math.Inf(1), math.Inf(-1), 0, 1e30, -1e30)
		}
	}
	for _, tree := range o.trees.Trees() {
		for i := range tree {
			if t := &tree[i]; t.Feature >= 0 && t.Cats == nil {
				special[t.Feature] = append(special[t.Feature], t.Threshold,
					math.Nextafter(t.Threshold, math.Inf(1)), math.Nextafter(t.Threshold, math.Inf(-1)))
			}
		}
	}
	rows := make([][]float64, n)
	for i := range rows {
		row := make([]float64, len(special))
		at := rng.IntN(o.frame.Rows)
		for j := range row {
			row[j] = float64(o.frame.Cols[j][at])
			if rng.IntN(3) == 0 {
				row[j] = special[j][rng.IntN(len(special[j]))]
			}
		}
		rows[i] = row
	}
	return rows
}

// trainOurs fits all recipes.
func trainOurs(ctx context.Context) ([]*ourModel, error) {
	var out []*ourModel
	for i, r := range recipes() {
		m, err := r.train(ctx, uint64(i+1))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.name, err)
		}
		out = append(out, m)
	}
	return out, nil
}
