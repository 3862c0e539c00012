package trials_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/trials"
)

func TestApplyPreset(t *testing.T) {
	t.Parallel()
	shallow := map[string]any{"num_leaves": map[string]any{"min": 2., "max": 8.}, "learning_rate": map[string]any{"min": 0.02, "max": 0.1, "log": true}}
	for _, tt := range []struct {
		name        string
		given, want trials.JobOptions
	}{
		{"none", trials.JobOptions{}, trials.JobOptions{}},
		{"balanced", trials.JobOptions{}, trials.JobOptions{Time: time.Minute}},
		{"fast", trials.JobOptions{}, trials.JobOptions{
			Time: 10 * time.Second, Include: []string{"baseline", "linear", "gbdt", "symmetric", "ebm"}, Best: true,
			Limits: trials.Limits{MaxModelSize: 5e6, MaxPredictLatency: 7 * time.Microsecond},
		}},
		// What is given wins.
		{"fast", trials.JobOptions{Trials: 5, Include: []string{"mlp"}, Limits: trials.Limits{MaxModelSize: 1, MaxPredictLatency: 2}}, trials.JobOptions{
			Trials: 5, Include: []string{"mlp"}, Best: true, Limits: trials.Limits{MaxModelSize: 1, MaxPredictLatency: 2},
		}},
		{"best", trials.JobOptions{Time: time.Hour}, trials.JobOptions{Time: time.Hour, Limits: trials.Limits{MaxPredictLatency: 80 * time.Microsecond}}},
		{"interpretable", trials.JobOptions{Exclude: []string{"ebm"}}, trials.JobOptions{
			Time: time.Minute, Exclude: []string{"ebm"}, Include: []string{"baseline", "linear", "gbdt"}, Best: true, Params: map[string]map[string]any{"gbdt": shallow},
		}},
		{"interpretable", trials.JobOptions{Include: []string{"gbdt"}, Params: map[string]map[string]any{"gbdt": {"num_leaves": 3.}}}, trials.JobOptions{
			Time: time.Minute, Include: []string{"gbdt"}, Best: true, Params: map[string]map[string]any{"gbdt": {"num_leaves": 3.}},
		}},
		{"interpretable", trials.JobOptions{Include: []string{"linear"}}, trials.JobOptions{Time: time.Minute, Include: []string{"linear"}, Best: true}},
	} {
		o := tt.given
		if tt.name != "none" {
			o.Preset, tt.want.Preset = tt.name, tt.name
		}
		for range 2 { // the second time changes nothing
			if err := o.ApplyPreset(); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(tt.want, o); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
		if field, err := o.Check(); err != nil {
			t.Errorf("%s: %s: %v", tt.name, field, err)
		}
	}
	o := trials.JobOptions{Preset: "quick"}
	if err := o.ApplyPreset(); err == nil || !strings.Contains(err.Error(), "use fast, balanced, best, interpretable") {
		t.Errorf("error %v", err)
	}
	if field, err := o.Check(); field != "preset" || err == nil {
		t.Errorf("field %q, error %v", field, err)
	}
}
