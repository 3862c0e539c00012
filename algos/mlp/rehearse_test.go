package mlp

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// signs is a regression on 8 numbers: the product of the first two, or noise alone.
func signs(noise bool) *algos.Request {
	const rows = 200
	rng := rand.New(rand.NewPCG(5, 6))
	f := &matrix.Frame{Rows: rows, Features: make([]matrix.Feature, 8)}
	y, all := make([]float32, rows), make([]int32, rows)
	for range f.Features {
		f.Cols = append(f.Cols, make([]float32, rows))
	}
	for i := range rows {
		for _, col := range f.Cols {
			col[i] = float32(rng.NormFloat64())
		}
		all[i], y[i] = int32(i), f.Cols[0][i]*f.Cols[1][i]
		if noise {
			y[i] = float32(rng.NormFloat64())
		}
	}
	return &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression, Metric: metrics.Default(metrics.Regression)},
		Train:   algos.Data{M: matrix.New(f, nil, 1), Y: y, Rows: all}, Seed: 1, Threads: 2,
		Params: search.Params{"epochs": 45.0, "width": 32.0, "members": 3.0, "pieces": 0.0},
	}
}

// TestRehearsal: a net that learns nothing ends with an early cycle, one that learns goes
// on; the steps it took give the same net again.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		noise       bool
		least, most int
	}{
		{"noise", true, 3, 9}, {"product", false, 21, 45},
	} {
		r := signs(test.noise)
		got, err := Learner{}.Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		if got.Steps < test.least || got.Steps > test.most || got.Truncated {
			t.Errorf("%s: %d steps, want %d to %d (truncated: %t)", test.name, got.Steps, test.least, test.most, got.Truncated)
		}
		r.MaxSteps, r.Threads = got.Steps, 1
		again, err := Learner{}.Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Predictor.Append(nil), again.Predictor.Append(nil)) {
			t.Errorf("%s: %d steps give another net", test.name, got.Steps)
		}
	}
}

// endingContext ends when it has been asked a number of times.
type endingContext struct {
	context.Context
	left int
}

func (c *endingContext) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestRehearsalEnds: wherever the context ends there is a net, once a step was taken,
// that its steps give again.
func TestRehearsalEnds(t *testing.T) {
	t.Parallel()
	for _, left := range []int{1, 2, 4, 9, 20, 60, 200} {
		r := signs(false)
		got, err := Learner{}.Fit(&endingContext{context.Background(), left}, r)
		if err != nil {
			if left > 4 || err != context.Canceled {
				t.Errorf("after %d batches: %v", left, err)
			}
			continue
		}
		if !got.Truncated || got.Steps < 1 {
			t.Errorf("after %d batches: %d steps, truncated: %t", left, got.Steps, got.Truncated)
		}
		r.MaxSteps = got.Steps
		again, err := Learner{}.Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Predictor.Append(nil), again.Predictor.Append(nil)) {
			t.Errorf("after %d batches: %d steps give another net", left, got.Steps)
		}
	}
}
