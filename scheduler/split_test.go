package scheduler

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// timed is a plan of 60 rows in the order of time, the first of which, up to
// quiet, are of one class.
func timed(t *testing.T, quiet int) *plan {
	t.Helper()
	const rows = 60
	y, keys, times := make([]float32, rows), make([]int32, rows), make([]float64, rows)
	for i := range y {
		keys[i], times[i] = int32(i), float64(i)
		if i >= quiet {
			y[i] = float32(i % 2)
		}
	}
	table, err := data.NewTable(&data.Column{Name: "t", Kind: data.Number, Floats: times})
	if err != nil {
		t.Fatal(err)
	}
	return &plan{
		table: table, learners: []algos.Learner{paper{"gbdt"}},
		split: trials.Split{By: featurize.ByTime, Column: "t"},
		shape: algos.Shape{Rows: rows, Features: 1, Task: metrics.Binary, Classes: 2},
		prepared: &featurize.Prepared{
			Y: y, Keys: keys, Target: &featurize.Target{Name: "y", Task: metrics.Binary, Classes: []string{"a", "b"}},
		},
	}
}

// Windows whose first part has one class only become fewer if their number was
// ours to choose, and an error if it was not.
func TestWindowsOfOneClass(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		quiet int
		folds string
		want  int // folds
		err   string
	}{
		{0, "", 8, ""},
		{10, "", 4, ""},
		{25, "", 1, ""},
		{10, "4", 4, ""},
		{10, "5", 0, `time column "t": all rows that fold 1 of 5 trains on are of the class "a": use fewer folds`},
		{0, "60", 0, `time column "t": 60 different times: 60 folds take 61`},
		{60, "", 0, "of the class"},
	} {
		p := timed(t, tt.quiet)
		err := p.chooseSplit(&trials.JobOptions{Target: "y", TimeColumn: "t", Folds: tt.folds}, defaultTime)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%+v: %v", tt, err)
		}
		if err == nil && (p.split.Folds != tt.want || len(p.folds) != tt.want) {
			t.Errorf("%+v: %d folds", tt, p.split.Folds)
		}
	}
}

// Tables of very many rows take a hold-out where smaller ones that cost as much take
// folds, until the budget is far larger.
func TestFoldsBySizeAndTime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rows, features int
		budget         time.Duration
		want           int
	}{
		{500, 10, time.Minute, 8},
		{50_000, 200, time.Minute, 1},
		{50_000, 200, 5 * time.Minute, 5}, // folds of 10 s each
		{200_000, 50, 5 * time.Minute, 1},
		{200_000, 50, time.Hour, 5},
	} {
		p := &plan{
			learners: []algos.Learner{paper{"gbdt"}},
			shape:    algos.Shape{Rows: tt.rows, Features: tt.features, Task: metrics.Regression},
		}
		if got := p.autoFolds(tt.budget); got != tt.want {
			t.Errorf("%d x %d in %v: %d folds, want %d", tt.rows, tt.features, tt.budget, got, tt.want)
		}
	}
}
