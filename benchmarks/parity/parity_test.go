package main

import (
	"context"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
	"github.com/seed-09a2cce4/automl/search"
)

// steps is a set whose class is whether its one feature is above a half; one
// row is alone in its class.
func steps(rows int) *dataset.Set {
	s := &dataset.Set{Name: "steps", Train: rows, Features: 1, Levels: []int{0}, Classes: 3, Cols: [][]float32{make([]float32, rows)}, Y: make([]float32, rows)}
	for i := range rows {
		s.Cols[0][i] = float32(i) / float32(rows)
		if 2*i >= rows {
			s.Y[i] = 1
		}
	}
	s.Y[7] = 2
	return s
}

func TestTrain(t *testing.T) {
	t.Parallel()
	set := steps(400)
	for _, j := range []job{
		{learner: "gbdt", mode: "same", threads: 1},
		{mode: "defaults", threads: 1},
		{learner: "gbdt", mode: "defaults", threads: 1},
		{learner: "gbdt", mode: "defaults", threads: 1, params: search.Params{"inner_folds": 1.}},
	} {
		fitted, err := j.train(context.Background(), set, dataset.Rows(400))
		if err != nil {
			t.Fatal(err)
		}
		if j.mode == "same" && fitted.Steps != 100 {
			t.Errorf("%d steps with LightGBM's parameters, want 100", fitted.Steps)
		}
		if fitted.Steps < 1 || fitted.Predictor.Width() != 3 {
			t.Errorf("%+v: %d steps, width %d", j, fitted.Steps, fitted.Predictor.Width())
		}
	}
	for flag, j := range map[string]job{"-mode": {learner: "gbdt", mode: "other"}, "learner": {learner: "none", mode: "same"}} {
		if _, err := j.train(context.Background(), set, dataset.Rows(400)); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("error %v, want %s in it", err, flag)
		}
	}
}
