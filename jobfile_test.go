package automl

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/featurize"
)

const fullJob = `
$schema: https://example.com/automl.json
type: automl
name: churn
task: classification
primary_metric: roc_auc
target_column_name: churn
weight_column_name: w
n_cross_validations: 5
n_repeats: 2
group_column_name: customer
class_weights: {"yes": 2, "no": 1}
monotone: {age: 1}
seed: 18446744073709551615
limits: {timeout_minutes: 1.5, max_trials: 30, max_concurrent_trials: 2, max_cores_per_trial: 1, trial_timeout_minutes: 0.5, exit_score: 0.9,
  max_memory: 2GB, max_model_size: 1000000, max_predict_latency: 100}
featurization:
  blocked_columns: [id]
  columns:
    - {name: age, type: numeric}
    - name: plan
      type: categorical
      transforms: [{kind: category}, {kind: frequency}]
training:
  allowed_training_algorithms: [gbdt, linear]
  enable_vote_ensemble: false
  parameters:
    gbdt:
      num_leaves: [15, 31]
      learning_rate: 0.1
    linear: {}
`

func TestParseJob(t *testing.T) {
	t.Parallel()
	score := 0.9
	want := Options{
		Target: "churn", Metric: "roc_auc", WeightColumn: "w", Folds: "5", Repeats: 2, GroupColumn: "customer",
		ClassWeights: map[string]float64{"yes": 2, "no": 1}, Monotone: map[string]int{"age": 1}, Seed: 18446744073709551615,
		Time: 90 * time.Second, Trials: 30, Workers: 2, Threads: 1, Ignore: []string{"id"}, Include: []string{"gbdt", "linear"}, Best: true,
		Limits: Limits{MaxMemory: 2e9, TrialTimeout: 30 * time.Second, MaxModelSize: 1e6, MaxPredictLatency: 100 * time.Microsecond, ExitScore: &score},
		Params: map[string]map[string]any{"gbdt": {"num_leaves": []any{15.0, 31.0}, "learning_rate": 0.1}, "linear": {}},
		Plan: featurize.NewPlan([]featurize.ColumnPlan{
			{Name: "age", Type: "numeric"}, {Name: "plan", Type: "categorical", Transforms: []featurize.Step{{Kind: "category"}, {Kind: "frequency"}}},
		}),
	}
	got, err := ParseJob([]byte(fullJob))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got, err = ParseJob([]byte(`{"target_column_name": "y", "preset": "fast", "training": {"enable_vote_ensemble": true}}`)); err != nil {
		t.Fatal(err)
	}
	if got.Best || got.Time != 10*time.Second || got.MaxModelSize != 5e6 {
		t.Errorf("an ensemble that is asked for: %+v", got)
	}
	if got, err = ParseJob([]byte(`{"target_column_name": "y", "training": {"distill": true}}`)); err != nil || !got.Distill {
		t.Errorf("distill: %+v, %v", got, err)
	}
	if got, err = ParseJob([]byte(`{"target_column_name": "y", "n_cross_validations": "auto", "class_weights": "balanced"}`)); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Options{Target: "y", Folds: "auto", Balanced: true}, got); d != "" {
		t.Error(d)
	}
}

func TestParseJobErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                    "empty",
		"target_column: y":                    `unknown field "target_column"`,
		"limits: {timeout: 3}":                `unknown field "timeout"`,
		"limits: {timeout_minutes: -1}":       "timeout_minutes -1",
		"limits: {trial_timeout_minutes: -1}": "trial_timeout_minutes -1",
		"limits: {max_memory: much}":          "max_memory: \"much\" is no size",
		"limits: {max_model_size: [1]}":       "max_model_size: \"[1]\" is no size",
		"limits: {max_predict_latency: 1e99}": "max_predict_latency 1e+99",
		"limits: {exit_score: high}":          "limits.exit_score: use a number, not text",
		"limits: {max_trials: ten}":           "limits.max_trials: use a whole number, not text",
		"quantiles: median":                   "quantiles: use a list, each part a number, not text",
		"featurization: {column: []}":         `unknown field "column": did you mean "columns"?`,
		"featurization: {columns: [{name: a, type: numeric, transforms: [{kind: cap, params: {lower: 2}}]}]}": `featurization: feature plan: column "a": transform cap: parameters: lower 2`,
		"featurization: {columns: [{name: a, type: numbers}]}":                                                `column "a": unknown column type "numbers"`,
		"limits: {max_concurrent_trials: -1}":                                                                 "max_concurrent_trials",
		"type: command":                                                                                       "only automl",
		"class_weights: even":                                                                                 "use balanced",
		"class_weights: {a: b}":                                                                               `"a" is no number`,
		"{1: 2}":                                                                                              "keys must be words",
		"[1]":                                                                                                 "a list in place of an object",
		"a: [":                                                                                                "line 1",
		"type: automl\n---\ntype: automl":                                                                     "behind the first document",
	} {
		_, err := ParseJob([]byte(text))
		if err == nil || !IsUserError(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

// TestJobOfTheDocs: the example of docs/cli.md is a job that runs.
func TestJobOfTheDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	_, job, _ := strings.Cut(string(text), "```yaml\n")
	job, _, _ = strings.Cut(job, "```")
	o, err := ParseJob([]byte(job))
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		ID    int    `automl:"id"`
		Age   int    `automl:"age"`
		City  string `automl:"city"`
		Churn string `automl:"churn"`
	}
	rows := make([]row, 200)
	for i := range rows {
		rows[i] = row{7*i + i%3, 18 + i*i%60, []string{"Ulm", "Bonn", "Jena"}[i%3], []string{"yes", "no"}[i*7%5/3]}
	}
	table, err := FromStructs(rows)
	if err != nil {
		t.Fatal(err)
	}
	o.Time, o.Trials, o.MaxMemory = 0, 2, 0
	m, err := Fit(t.Context(), table, o)
	if err != nil {
		t.Fatal(err)
	}
	if info := m.Info(); !cmp.Equal(info.Columns, []string{"age", "city"}) || info.Metric != "roc_auc" {
		t.Errorf("%+v", info)
	}
}

func FuzzParseJob(f *testing.F) {
	f.Add([]byte(fullJob))
	f.Add([]byte(`{"featurization": {"columns": [{"name": "a", "type": "text", "transforms": null}]}}`))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := ParseJob(b); err == nil {
			_, _ = o.withDefaults() // says what is wrong, and does not panic
		}
	})
}
