package automl_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/model"
)

// The target wavers as x grows; the model must not, and still learn.
func TestMonotone(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 9))
	var rows []map[string]any
	for i := range 300 {
		x, other := rng.Float64(), rng.Float64()
		y := x + float64(i%7)/3 + other
		rows = append(rows, map[string]any{"x": x, "other": other, "y": y, "class": y > 1.8})
	}
	table, err := automl.FromRows(rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []automl.Options{
		{Target: "y", Ignore: []string{"class"}},
		{Target: "y", Ignore: []string{"class"}, Metric: "mae"},
		{Target: "class", Ignore: []string{"y"}},
	} {
		o.Trials, o.Folds, o.Monotone = 4, "2", map[string]int{"x": 1, "other": -1}
		m, err := automl.Fit(t.Context(), table, o)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(m.Members(), func(m model.Member) bool { return m.Learner == "gbdt" }) {
			t.Errorf("%s %s: no boosted trees", o.Target, o.Metric)
		}
		for _, column := range []string{"x", "other"} {
			last := 0.0
			for i := range 101 {
				row := map[string]any{"x": 0.5, "other": 0.5}
				row[column] = float64(i) / 100
				p, err := m.PredictRow(row)
				if err != nil {
					t.Fatal(err)
				}
				v := p.Value
				if o.Target == "class" {
					v = float64(p.Probabilities[1])
				}
				if v *= float64(o.Monotone[column]); i > 0 && v < last-1e-6 {
					t.Fatalf("%s %s: predictions go the wrong way at %s = %v", o.Target, o.Metric, column, row[column])
				}
				last = v
			}
		}
	}
}
