package baseline

import (
	"context"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	algostest.Run(t, Learner{}, algostest.Options{Blind: true})
}

func TestConstants(t *testing.T) {
	t.Parallel()
	y := []float32{0, 0, 1, 2, 10, 2}
	for _, c := range []struct {
		name, metric string
		task         metrics.Task
		classes      int
		rows         []int32
		w            []float32
		want         []float32
	}{
		{"mean", "rmse", metrics.Regression, 0, []int32{0, 1, 2, 3, 4, 5}, nil, []float32{2.5}},
		{"median", "mae", metrics.Regression, 0, []int32{0, 1, 2, 3, 4}, nil, []float32{1}},
		{"weighted mean", "r2", metrics.Regression, 0, []int32{0, 4}, []float32{3, 9, 9, 9, 1, 9}, []float32{2.5}},
		{"weighted median", "medae", metrics.Regression, 0, []int32{0, 2, 4}, []float32{1, 9, 1, 9, 5, 9}, []float32{10}},
		{"shares", "log_loss", metrics.Multiclass, 3, []int32{0, 1, 2, 3}, nil, []float32{0.5, 0.25, 0.25}},
		{"share of class 1", "auc", metrics.Binary, 2, []int32{0, 1, 2}, []float32{1, 1, 2, 0, 0, 0}, []float32{0.5}},
	} {
		m, err := metrics.Lookup(c.metric)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Learner{}.Fit(context.Background(), &algos.Request{
			Problem: algos.Problem{Task: c.task, Classes: c.classes, Metric: m},
			Train:   algos.Data{M: &matrix.Matrix{}, Y: y, W: c.w, Rows: c.rows},
		})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := make([]float32, len(c.want))
		f.Predictor.Predict(nil, []int32{0}, got)
		for k, v := range c.want {
			if d := got[k] - v; d > 1e-5 || d < -1e-5 {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
				break
			}
		}
	}
}
