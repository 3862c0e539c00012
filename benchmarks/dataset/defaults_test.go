package dataset

import (
	"context"
	"errors"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// line is a request on rows whose target is their one feature.
func line(t *testing.T, rows int) *algos.Request {
	t.Helper()
	col := make([]float32, rows)
	for i := range col {
		col[i] = float32(i*7%rows) / float32(rows)
	}
	metric, err := metrics.Lookup("rmse")
	if err != nil {
		t.Fatal(err)
	}
	m := matrix.New(&matrix.Frame{Rows: rows, Features: []matrix.Feature{{Name: "x"}}, Cols: [][]float32{col}}, nil, 1)
	return &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression, Metric: metric}, Params: search.Params{"learning_rate": 0.1},
		Threads: 1, Train: algos.Data{M: m, Y: col, Rows: Rows(rows)},
	}
}

func TestFitDefaults(t *testing.T) {
	t.Parallel()
	for folds := range 3 {
		r := line(t, 90)
		fitted, err := FitDefaults(context.Background(), gbdt.New(), r, folds)
		if err != nil {
			t.Fatal(err)
		}
		if fitted.Steps < 1 || fitted.Steps > mostRounds {
			t.Errorf("%d folds: %d steps", folds, fitted.Steps)
		}
		if len(r.Params) != 1 || r.MaxSteps != 0 || len(r.Train.Rows) != 90 || len(r.Valid.Rows) != 0 {
			t.Errorf("%d folds: the request was changed: %+v", folds, r)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := FitDefaults(ctx, gbdt.New(), line(t, 90), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped at once: error %v", err)
	}
}

func TestUsualFolds(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int]int{150: 5, 2500: 5, 2501: 3, 10_000: 3, 10_001: 1} {
		if got := usualFolds(rows); got != want {
			t.Errorf("%d rows: %d folds, want %d", rows, got, want)
		}
	}
}
