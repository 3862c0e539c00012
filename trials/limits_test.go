package trials_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-09a2cce4/automl/trials"
)

func TestCheckLimits(t *testing.T) {
	t.Parallel()
	score := func(s float64) *float64 { return &s }
	for _, tt := range []struct {
		o           trials.JobOptions
		field, text string
	}{
		{trials.JobOptions{Time: time.Minute, Limits: trials.Limits{
			MaxMemory: 1e9, TrialTimeout: time.Minute, MaxModelSize: 1e9, MaxPredictLatency: 1, ExitScore: score(1),
		}, Metric: "auc"}, "", ""},
		{trials.JobOptions{Limits: trials.Limits{TrialTimeout: time.Hour}}, "", ""},
		{trials.JobOptions{Limits: trials.Limits{ExitScore: score(-3)}, Metric: "r2"}, "", ""},
		{trials.JobOptions{Limits: trials.Limits{MaxMemory: -1}}, "max_memory", "above 0"},
		{trials.JobOptions{Limits: trials.Limits{MaxModelSize: -1}}, "max_model_size", "above 0"},
		{trials.JobOptions{Limits: trials.Limits{MaxPredictLatency: -1}}, "max_predict_latency", "above 0"},
		{trials.JobOptions{Limits: trials.Limits{TrialTimeout: -1}}, "trial_timeout", "above 0"},
		{trials.JobOptions{Time: time.Minute, Limits: trials.Limits{TrialTimeout: time.Hour}}, "trial_timeout", "1h0m0s contradicts a time of 1m0s"},
		{trials.JobOptions{Limits: trials.Limits{MaxMemory: 1e6, MaxModelSize: 2e6}}, "max_model_size", "2MB contradicts a memory of 1MB"},
		{trials.JobOptions{Limits: trials.Limits{ExitScore: score(math.NaN())}}, "exit_score", "use a number"},
		{trials.JobOptions{Limits: trials.Limits{ExitScore: score(math.Inf(1))}, Metric: "rmse"}, "exit_score", "use a number"},
		{trials.JobOptions{Limits: trials.Limits{ExitScore: score(1.01)}, Metric: "auc"}, "exit_score", "roc_auc is at most 1"},
		{trials.JobOptions{Limits: trials.Limits{ExitScore: score(-1)}, Metric: "rmse"}, "exit_score", "is at least 0"},
	} {
		field, err := tt.o.Check()
		if field != tt.field || (err != nil) != (field != "") || err != nil && !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%+v: field %q, error %v; want %q, %q", tt.o.Limits, field, err, tt.field, tt.text)
		}
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"1": 1, "1048576": 1 << 20, "1KB": 1000, "1.5 mb": 1_500_000, "2GB": 2e9, " 3GiB ": 3 << 30, "1e3kib": 1000 << 10, "0.5MiB": 1 << 19,
	} {
		if n, err := trials.ParseSize(text); n != want || err != nil {
			t.Errorf("%q: %d, error %v", text, n, err)
		}
	}
	for _, text := range []string{"", "MB", "0", "-1MB", "0.1", "1TB", "x", "NaN", "Inf", "1e30GB", "1 2"} {
		if n, err := trials.ParseSize(text); err == nil || !strings.Contains(err.Error(), "such as 500MB") {
			t.Errorf("%q: %d, error %v", text, n, err)
		}
	}
}

func TestFormatSize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1<<50).Draw(t, "bytes")
		if rapid.Bool().Draw(t, "round") {
			n = n / 1e6 * 1e6
		}
		if n == 0 {
			return
		}
		if got, err := trials.ParseSize(trials.FormatSize(n)); got != n || err != nil {
			t.Fatalf("%d is %q, read as %d, error %v", n, trials.FormatSize(n), got, err)
		}
	})
}
