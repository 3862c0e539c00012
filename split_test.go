package automl_test

import (
	"math/rand/v2"
	"testing"

	"github.com/seed-09a2cce4/automl"
)

// Rows of a group are alike, and the group alone decides the target: whoever sees
// others of the group knows it, and nobody else does.
func TestGroupsDoNotLeak(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 9))
	var rows []map[string]any
	for g := range 60 {
		mark, y := rng.Float64(), []string{"no", "yes"}[rng.IntN(2)]
		for range 8 {
			rows = append(rows, map[string]any{"group": g, "mark": mark, "y": y})
		}
	}
	table, err := automl.FromRows(rows)
	if err != nil {
		t.Fatal(err)
	}
	score := func(group string) float64 {
		m, err := automl.Fit(t.Context(), table, automl.Options{
			Target: "y", Trials: 1, Include: []string{"extra_trees"}, Folds: "4", GroupColumn: group, Ignore: []string{"group"},
		})
		if err != nil {
			t.Fatal(err)
		}
		return m.Info().Score
	}
	if auc := score(""); auc < 0.9 {
		t.Errorf("folds that divide groups: AUC %v, the mark tells everything", auc)
	}
	if auc := score("group"); auc > 0.65 {
		t.Errorf("folds of whole groups: AUC %v, the mark tells nothing", auc)
	}
}

// The model of a time split is one of all rows, and repeats are averaged.
func TestMembersOfSplits(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 9))
	var rows []map[string]any
	for i := range 120 {
		x := rng.Float64()
		rows = append(rows, map[string]any{"day": i, "x": x, "y": x + rng.Float64()/10})
	}
	table, err := automl.FromRows(rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		o       automl.Options
		members int // of one trial
	}{
		{automl.Options{Folds: "4"}, 4},
		{automl.Options{Folds: "4", Repeats: 2}, 8},
		{automl.Options{Folds: "4", TimeColumn: "day"}, 1},
		{automl.Options{Holdout: 0.3, TimeColumn: "day"}, 1},
	} {
		tt.o.Target, tt.o.Trials, tt.o.Include = "y", 1, []string{"linear"}
		m, err := automl.Fit(t.Context(), table, tt.o)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(m.Members()); n != tt.members {
			t.Errorf("%s: %d members, want %d", m.Info().Split, n, tt.members)
		}
		if imp := m.Importance(); len(imp) == 0 || imp[0].Column != "x" || imp[0].Drop == nil {
			t.Errorf("%s: importance %+v", m.Info().Split, imp)
		}
	}
}
