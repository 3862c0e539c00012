package dataset

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	_ "github.com/seed-09a2cce4/automl/algos/all" // registers the learners
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
	for _, learners := range [][]string{{"gbdt"}, {"symmetric"}, {"symmetric", "gbdt"}} {
		for folds := range 3 {
			r := line(t, 90)
			fitted, err := FitDefaults(context.Background(), learners, r, folds)
			if err != nil {
				t.Fatal(err)
			}
			if fitted.Steps < 1 || fitted.Steps > mostRounds {
				t.Errorf("%s, %d folds: %d steps", learners, folds, fitted.Steps)
			}
			if len(r.Params) != 1 || r.MaxSteps != 0 || len(r.Train.Rows) != 90 || len(r.Valid.Rows) != 0 {
				t.Errorf("%s, %d folds: the request was changed: %+v", learners, folds, r)
			}
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := FitDefaults(ctx, Defaults(line(t, 90).Problem), line(t, 90), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped at once: error %v", err)
	}
	for want, learners := range map[string][]string{`"none"`: {"none"}, "no learners": nil} {
		if _, err := FitDefaults(context.Background(), learners, line(t, 90), 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s in it", learners, err, want)
		}
	}
}

func TestFitDefaultsTakesOne(t *testing.T) {
	t.Parallel()
	r := line(t, 400)
	r.Params = nil
	one := func(learners ...string) []float32 {
		fitted, err := FitDefaults(context.Background(), learners, r, 2)
		if err != nil {
			t.Fatal(err)
		}
		return algos.Predict(fitted.Predictor, r.Train.M, r.Train.Rows, 1)
	}
	leaves, symmetric := one("gbdt"), one("symmetric")
	both := one("symmetric", "gbdt")
	if slices.Equal(leaves, symmetric) || !slices.Equal(both, leaves) && !slices.Equal(both, symmetric) {
		t.Error("the model of two learners is that of neither")
	}
}

func TestUsualFolds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rows, learners, want int }{
		{150, 1, 5}, {2500, 1, 5}, {2501, 1, 3}, {1500, 2, 3}, {1501, 2, 1}, {10_000, 1, 3}, {10_001, 1, 1}, {10_001, 2, 1},
	} {
		if got := usualFolds(c.rows, c.learners); got != c.want {
			t.Errorf("%d rows, %d learners: %d folds, want %d", c.rows, c.learners, got, c.want)
		}
	}
}
