package automl

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/model"
	keys "github.com/seed-09a2cce4/automl/search"
)

func bytesOf(t *testing.T, m *Model) []byte {
	t.Helper()
	b, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// again is the model as it is read from its bytes.
func again(t *testing.T, m *Model) *Model {
	t.Helper()
	b := bytesOf(t, m)
	read, err := model.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func fitWaves(t *testing.T, o Options) *Model {
	t.Helper()
	m, err := Fit(context.Background(), waves(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return again(t, m)
}

// TestRefit makes a model anew: the configurations and weights stay, and the same
// table gives the same bytes for any number of workers, also from a refitted model.
func TestRefit(t *testing.T) {
	t.Parallel()
	old := fitWaves(t, Options{Target: "C", Ignore: []string{"Y"}, Trials: 7, Folds: "3", Seed: 5, Balanced: true, Include: []string{"gbdt", "linear", "extra_trees"}})
	rows := make([]int32, 120)
	for i := range rows {
		rows[i] = int32(i)
	}
	other := waves(t).Take(rows)
	one, err := Refit(context.Background(), old, other, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	three, err := Refit(context.Background(), old, other, Options{Workers: 3, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytesOf(t, one), bytesOf(t, three)) {
		t.Error("the bytes differ with the number of workers")
	}
	twice, err := Refit(context.Background(), again(t, one), other, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytesOf(t, one), bytesOf(t, twice)) {
		t.Error("the bytes of a model that was refitted before differ")
	}
	want, err := old.Configs()
	if err != nil {
		t.Fatal(err)
	}
	got, err := one.Configs()
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if i >= len(got) || got[i].Learner != want[i].Learner || got[i].Weight-want[i].Weight > 1e-9 || want[i].Weight-got[i].Weight > 1e-9 {
			t.Fatalf("configurations %+v, want %+v", got, want)
		}
		if d := cmp.Diff(want[i].Params, got[i].Params); d != "" {
			t.Error(d)
		}
	}
	info := one.Info()
	if info.Rows != 120 || info.Folds != 3 || info.Metric != old.Info().Metric || info.Score < 0.8 {
		t.Errorf("%+v", info)
	}
	if _, err := one.Predict(waves(t)); err != nil {
		t.Error(err)
	}
}

func TestRefitErrors(t *testing.T) {
	t.Parallel()
	old := fitWaves(t, Options{Target: "C", Ignore: []string{"Y"}, Trials: 2, Folds: "2"})
	row := func(values ...any) map[string]any {
		return map[string]any{"A": values[0], "B": values[1], "Y": 1.0, "C": values[2]}
	}
	table := func(rows ...map[string]any) *Table {
		out, err := FromRows(rows)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	without := func(name string) *Table { return waves(t).Drop(name) }
	for _, tt := range []struct {
		name  string
		table *Table
		want  string
	}{
		{"no column", without("A"), `the table lacks "A", which the model was made of`},
		{"no target", without("C"), `the table lacks "C"`},
		{"other classes", table(row(1.0, 2.0, "low"), row(1.5, 2.0, "high"), row(2.0, 1.0, "middle"), row(2.5, 1.0, "low")), `target "C"`},
		{"fewer classes", table(row(1.0, 2.0, "low"), row(1.5, 2.0, "low"), row(2.0, 1.0, "low")), `target "C"`},
		{"few rows", table(row(1.0, 2.0, "low"), row(1.5, 2.0, "high")), "fold"},
	} {
		if _, err := Refit(context.Background(), old, tt.table, Options{}); err == nil || !IsUserError(err) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
	silent, err := model.Build(model.Spec{Info: old.Info(), Plan: old.Plan(), Pipeline: old.Pipeline(), Members: old.Members()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Refit(context.Background(), silent, waves(t), Options{}); !errors.Is(err, model.ErrNoOrigin) || !IsUserError(err) {
		t.Errorf("no origin: error %v", err)
	}
}

// TestContinue begins a search with what was best in an earlier one.
func TestContinue(t *testing.T) {
	t.Parallel()
	o := Options{Target: "Y", Ignore: []string{"C"}, Trials: 7, Folds: "2", Seed: 1, Include: []string{"gbdt", "linear", "extra_trees"}}
	old := fitWaves(t, o)
	best := old.Best(3)
	o.Continue, o.Trials, o.Seed = old, 3, 2
	next := fitWaves(t, o)
	for _, row := range next.Leaderboard() {
		want := best[row.Trial]
		if a, b := keys.Key(row.Learner, row.Params), keys.Key(want.Learner, want.Params); a != b {
			t.Errorf("trial %d is %s, want %s", row.Trial, a, b)
		}
	}
	// Learners that are left out, or whose parameters are given, are not begun with.
	o.Include, o.Params, o.Trials = []string{"gbdt"}, map[string]map[string]any{"gbdt": {"num_leaves": 4.0}}, 5
	for _, row := range fitWaves(t, o).Leaderboard() {
		if row.Learner != "gbdt" || row.Params["num_leaves"] != 4.0 {
			t.Errorf("%+v", row)
		}
	}
	o = Options{Target: "Y", Trials: 1, Continue: old}
	check := func(name string, table *data.Table, o Options, want string) {
		if _, err := Fit(context.Background(), table, o); err == nil || !IsUserError(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	check("fewer columns", waves(t).Drop("B"), o, `continue: the table lacks column "B" of the earlier one`)
	o.Target = "A"
	check("another target", waves(t), o, `continue: the earlier target was "Y", not "A"`)
	o.Target = "Y"
	more, err := FromRows([]map[string]any{{"A": 1.0, "B": 2.0, "Y": 3.0, "C": "x", "D": 4.0}, {"A": 2.0, "B": 2.0, "Y": 3.5, "C": "x", "D": 4.5}})
	if err != nil {
		t.Fatal(err)
	}
	check("more columns", more, o, `the table has column "D", which the earlier one had not`)
	check("other columns", more.Drop("A"), o, `the table lacks column "A" of the earlier one, and has column "D" beside`)
}

// What a model does beyond a weighted mean is part of it when it is made anew.
func TestRefitKeepsTheCalibration(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(6, 2))
	var rows []map[string]any
	for range 400 {
		x := rng.NormFloat64()
		rows = append(rows, map[string]any{"x": x, "y": []string{"no", "yes"}[btoi(rng.Float64() < 1/(1+math.Exp(2-x)))]})
	}
	table, err := FromRows(rows)
	if err != nil {
		t.Fatal(err)
	}
	old, err := Fit(t.Context(), table, Options{Target: "y", Trials: 1, Folds: "5", Metric: "balanced_accuracy", Include: []string{"linear"}})
	if err != nil {
		t.Fatal(err)
	}
	one, err := Refit(t.Context(), again(t, old), table, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(old.Calibration(), one.Calibration()); d != "" || old.Calibration() == nil {
		t.Errorf("%+v changes: %s", old.Calibration(), d)
	}
	// A few labels of the rarer class are right that the likeliest class would miss.
	if s := one.Info().Score; s < 0.6 {
		t.Errorf("balanced accuracy %v", s)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
