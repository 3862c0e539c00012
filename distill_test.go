package automl

import (
	"bytes"
	"context"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/trials"
)

// levels is waves with three classes.
func levels(t *testing.T) *Table {
	t.Helper()
	rows := make([]map[string]any, 150)
	for i := range rows {
		a, b := math.Sin(float64(i)*1.3), math.Cos(float64(i)*2.1)
		level := "low"
		if s := a + b/3; s > 0.4 {
			level = "high"
		} else if s > -0.3 {
			level = "mid"
		}
		rows[i] = map[string]any{"A": a, "B": b, "Y": []string{"u", "v", "w"}[i%3], "C": level}
	}
	table, err := FromRows(rows)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestDistill makes one model of an ensemble, the same with any number of workers, and
// holds that it is judged, stored, refitted and exported as what it is.
func TestDistill(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		table *Table
		o     Options
		least float64
	}{
		{"binary", waves(t), Options{Target: "C", Ignore: []string{"Y"}, Folds: "3"}, 0.9},
		{"numbers, hold-out", waves(t), Options{Target: "Y", Ignore: []string{"C"}, Folds: "holdout", Metric: "r2"}, 0.7},
		{"many classes, repeated folds", levels(t), Options{Target: "C", Folds: "2", Repeats: 2, Metric: "accuracy", Include: []string{"symmetric", "linear"}}, 0.7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.o.Distill, tt.o.Trials, tt.o.Workers = true, 3, 1
			if tt.o.Include == nil {
				tt.o.Include = []string{"gbdt", "linear"}
			}
			fit := func(o Options) *Model {
				m, err := Fit(context.Background(), tt.table, o)
				if err != nil {
					t.Fatal(err)
				}
				return again(t, m)
			}
			m := fit(tt.o)
			checkDistilled(t, m, tt.least, true)
			o := tt.o
			o.Workers, o.Threads = 3, 2
			other := fit(o)
			if d := cmp.Diff(predictions(t, m, tt.table), predictions(t, other, tt.table)); d != "" || other.Info().Score != m.Info().Score {
				t.Error("with three workers the model differs:", d)
			}
			one, err := Refit(context.Background(), m, tt.table, Options{})
			if err != nil {
				t.Fatal(err)
			}
			checkDistilled(t, again(t, one), tt.least, false) // which has no times
			two, err := Refit(context.Background(), again(t, one), tt.table, Options{Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(bytesOf(t, one), bytesOf(t, two)) {
				t.Error("refitted twice the bytes differ")
			}
		})
	}
}

func predictions(t *testing.T, m *Model, table *Table) []float32 {
	t.Helper()
	p, err := m.Predict(table)
	if err != nil {
		t.Fatal(err)
	}
	return p.Raw()
}

// checkDistilled holds what a distilled model says of itself; timed ones say how fast it is.
func checkDistilled(t *testing.T, m *Model, least float64, timed bool) {
	t.Helper()
	info, members := m.Info(), m.Members()
	d := info.Distilled
	if d == nil || d.Why != "" || len(members) != 1 || members[0].Trial != trials.NoTrial || members[0].Learner != d.Learner {
		t.Fatalf("%+v with members %+v", d, members)
	}
	if d.Score != info.Score || d.StdErr != info.StdErr || d.Members < 1 || d.RowSeconds > 0 != timed || !(info.Score > least) || !(d.Ensemble > least) {
		t.Errorf("%+v, score %v", d, info.Score)
	}
	configs, err := m.Configs()
	if err != nil || len(configs) == 0 || slices.ContainsFunc(configs, func(c trials.Config) bool { return !(c.Weight > 0) || c.Models < 1 }) {
		t.Errorf("configurations of the ensemble %+v, %v", configs, err)
	}
	s := Summarize(m)
	if !strings.Contains(s.Won, "distilled from an ensemble") || !strings.Contains(s.Distilled, "the ensemble of") || strings.Contains(s.Distilled, "µs a row in place of") != timed {
		t.Errorf("%+v", s)
	}
	if err := WriteReport(io.Discard, m); err != nil {
		t.Error(err)
	}
}

// TestDistillExport holds that the whole of a distilled model can be exported.
func TestDistillExport(t *testing.T) {
	t.Parallel()
	m := fitWaves(t, Options{Target: "C", Ignore: []string{"Y"}, Folds: "2", Trials: 2, Include: []string{"gbdt"}, Distill: true})
	e, err := Export(io.Discard, m, ExportOptions{Format: LightGBM})
	if err != nil {
		t.Fatal(err)
	}
	if e.Parts != 1 || e.Trial != trials.NoTrial || len(e.Notes) > 0 {
		t.Errorf("%+v", e)
	}
	if _, err := m.Explain(context.Background(), waves(t), ExplainOptions{Method: model.Exact}); err != nil {
		t.Error(err)
	}
}

func TestDistillErrors(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]Options{
		"distill: the best trial alone is no ensemble":  {Target: "C", Best: true},
		"the one model is of learner gbdt or symmetric": {Target: "C", Include: []string{"linear"}},
	} {
		o.Distill, o.Trials = true, 1
		if _, err := Fit(context.Background(), waves(t), o); err == nil || !IsUserError(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
