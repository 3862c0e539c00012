package automl

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/featurize"
)

// waves is a table whose target y follows from a, and the class c from y.
func waves(t *testing.T) *Table {
	t.Helper()
	type row struct {
		A, B, Y float64
		C       string
	}
	rows := make([]row, 150)
	for i := range rows {
		a := math.Sin(float64(i) * 1.3)
		b := math.Cos(float64(i) * 2.1)
		rows[i] = row{a, b, 3*a + b*b/4, []string{"low", "high"}[map[bool]int{true: 1}[a+b/3 > 0]]}
	}
	table, err := FromStructs(rows)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestCrossValidate(t *testing.T) {
	t.Parallel()
	p := Pipeline{
		Target: "C", Learner: "gbdt", Params: map[string]any{"learning_rate": 0.1},
		Grid:    map[string][]any{"num_leaves": {4, 8}, "min_data_in_leaf": {5.0}},
		Options: Options{Seed: 3, Ignore: []string{"Y"}, Metric: "log_loss", Repeats: 2},
	}
	got, err := CrossValidate(context.Background(), waves(t), p, 3)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 {
		t.Fatalf("%d configurations", len(got))
	}
	for _, v := range got {
		sum, squares := 0.0, 0.0
		for _, s := range v.Scores {
			sum += s / 6
		}
		for _, s := range v.Scores {
			squares += (s - sum) * (s - sum) / 5 / 6
		}
		if len(v.Scores) != 6 || v.Metric != "log_loss" || math.Abs(v.Mean-sum) > 1e-12 || math.Abs(v.StdErr-math.Sqrt(squares)) > 1e-12 {
			t.Errorf("%+v", v)
		}
		if v.Params["learning_rate"] != 0.1 || v.Params["min_data_in_leaf"] != 5.0 {
			t.Errorf("parameters %v", v.Params)
		}
	}
	if a, b := got[0], got[1]; a.Mean > b.Mean || a.Params["num_leaves"] == b.Params["num_leaves"] {
		t.Errorf("%v, then %v", a, b)
	}
	p.Options.Workers = 1
	again, err := CrossValidate(context.Background(), waves(t), p, 3)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, again); d != "" {
		t.Errorf("another number of workers: %s", d)
	}
}

func TestPipelineFit(t *testing.T) {
	t.Parallel()
	table := waves(t)
	plan, err := MakePlan(table, Options{Target: "Y", Ignore: []string{"C"}})
	if err != nil {
		t.Fatal(err)
	}
	p := Pipeline{
		Features: plan, Learner: "linear", Params: map[string]any{"alpha": Range{Min: 1e-3, Max: 1, Log: true}},
		Trials: 4, Options: Options{Folds: "3"},
	}
	m, err := p.Fit(context.Background(), table)
	if err != nil {
		t.Fatal(err)
	}
	board := m.Leaderboard()
	if len(board) != 4 || m.Info().Target != "Y" || !cmp.Equal(m.Info().Columns, []string{"A", "B"}) {
		t.Errorf("%d trials, %+v", len(board), m.Info())
	}
	for _, r := range board {
		if a, ok := r.Params["alpha"].(float64); r.Learner != "linear" || !ok || a < 1e-3 || a > 1 || r.Folds != 3 {
			t.Errorf("%+v", r)
		}
	}
	if score, best := m.Info().Score, board[0].Score; math.Abs(score-*best) > 0.05*math.Abs(*best) {
		t.Errorf("the model has %v, its best trial %v", score, *best)
	}
}

// stepOfA is a pipeline with one step of column A.
func stepOfA(step string) Pipeline {
	var s featurize.Step
	if err := json.Unmarshal([]byte(step), &s); err != nil {
		panic(err)
	}
	return Pipeline{Learner: "gbdt", Features: featurize.NewPlan([]featurize.ColumnPlan{{Name: "A", Type: featurize.Numeric, Transforms: []featurize.Step{s}}})}
}

func TestPipelineErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		p    Pipeline
		want string
	}{
		{"no learner", Pipeline{}, "no learner"},
		{"unknown learner", Pipeline{Learner: "gbtd"}, `unknown learner "gbtd"`},
		{"twice", Pipeline{Learner: "gbdt", Params: map[string]any{"num_leaves": 3}, Grid: map[string][]any{"num_leaves": {3}}}, `"num_leaves" is among Params and in Grid`},
		{"unknown parameter", Pipeline{Learner: "gbdt", Params: map[string]any{"num_leafs": 3}}, `did you mean "num_leaves"?`},
		{"out of range", Pipeline{Learner: "gbdt", Params: map[string]any{"num_leaves": -3}}, `parameter "num_leaves": -3 is none of its values: use an integer`},
		{"not a number", Pipeline{Learner: "gbdt", Params: map[string]any{"learning_rate": math.NaN()}}, `"learning_rate": NaN`},
		{"empty list", Pipeline{Learner: "gbdt", Grid: map[string][]any{"num_leaves": {}}}, "empty"},
		{"range", Pipeline{Learner: "gbdt", Params: map[string]any{"num_leaves": Range{Min: 9, Max: 3}}}, "the range from 9 to 3"},
		{"plan", Pipeline{Learner: "gbdt", Features: featurize.NewPlan([]featurize.ColumnPlan{{Name: "AA", Type: featurize.Numeric}})}, `"AA"`},
		{"step", stepOfA(`{"kind":"cap","params":{"lower":2}}`), `feature plan: column "A": transform cap: parameters: lower 2`},
		{"other column", stepOfA(`{"kind":"cross","params":{"with":"Y"}}`), `column "A": transform cross: parameters: with "Y": it is the target`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.p.Target = "Y"
			_, err := CrossValidate(context.Background(), waves(t), c.p, 2)
			if err == nil || !IsUserError(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestBooster: the model that chooses for itself can be asked for by name, on folds and
// on windows of time, after which a model of all rows takes the steps of the last.
func TestBooster(t *testing.T) {
	t.Parallel()
	ctx, table := context.Background(), waves(t)
	for _, o := range []Options{{Seed: 3, Ignore: []string{"Y"}}, {Seed: 3, Ignore: []string{"Y"}, TimeColumn: "B"}} {
		p := Pipeline{Target: "C", Learner: "booster", Options: o}
		got, err := CrossValidate(ctx, table, p, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].Mean < 0.9 {
			t.Errorf("%+v", got)
		}
		p.Options.Folds = "2"
		m, err := p.Fit(ctx, table)
		if err != nil {
			t.Fatal(err)
		}
		for _, member := range m.Members() {
			if member.Learner != "booster" {
				t.Errorf("a member is %s", member.Learner)
			}
		}
	}
}

// TestTargetEncodingInAPipeline: what categories say of the target is found by steps that
// encode it; of a target that has nothing to do with them nothing is, whichever
// learner and validation.
func TestTargetEncodingInAPipeline(t *testing.T) {
	t.Parallel()
	type row struct {
		City      string
		Y, Chance float64
	}
	rows := make([]row, 600)
	for i := range rows {
		at := i * 7919 % 600
		city := at % 150
		rows[i] = row{strconv.Itoa(city), math.Sin(float64(city)) + 0.3*math.Cos(float64(at*at)), math.Sin(float64(i) * float64(i) * 1.7)}
	}
	table, err := FromStructs(rows)
	if err != nil {
		t.Fatal(err)
	}
	for kind, learner := range map[string]string{"target": "gbdt", "leave_one_out": "linear", "ordered": "linear"} {
		for target, want := range map[string]float64{"Y": 0.5, "Chance": -0.1} {
			plan := featurize.NewPlan([]featurize.ColumnPlan{{Name: "City", Type: featurize.Categorical, Transforms: []featurize.Step{{Kind: kind}}}})
			p := Pipeline{Target: target, Learner: learner, Features: plan, Trials: 1, Options: Options{Metric: "r2", Workers: 1}}
			p.Params = map[string]any{}
			got, err := CrossValidate(context.Background(), table, p, 4)
			if err != nil {
				t.Fatal(err)
			}
			if mean := got[0].Mean; target == "Y" && mean < want || target == "Chance" && math.Abs(mean) > -want {
				t.Errorf("%s and %s: r2 %v of %s", kind, learner, mean, target)
			}
		}
	}
}
