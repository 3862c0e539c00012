package trials

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl/metrics"
)

// Limits bound what a job's trials and its model may take. Zero fields bound nothing.
type Limits struct {
	// MaxMemory is what a process may hold for the job in bytes: the features of the
	// table and, by their estimates, the trials that run at a time. A trial that
	// could never keep to it is refused.
	MaxMemory int64 `json:"max_memory,omitempty"`
	// TrialTimeout is how long the fits of one trial may take. With folds each gets
	// its share, and one that is cut counts with what it has. Runs with it do not repeat.
	TrialTimeout time.Duration `json:"trial_timeout,omitempty"`
	// MaxModelSize bounds the bytes of the model's file, of which its leaderboard is cut
	// where it would take more than a tenth. In a Spec it is what is left for predictors.
	MaxModelSize int64 `json:"max_model_size,omitempty"`
	// MaxPredictLatency is what the model may take for a row, in batches on one
	// thread, without the making of features. Runs with it do not repeat.
	MaxPredictLatency time.Duration `json:"max_predict_latency,omitempty"`
	// ExitScore, if not nil, ends the search once a trial's validation score is as
	// good.
	ExitScore *float64 `json:"exit_score,omitempty"`
}

// checkLimits reports limits that are no limits, or that contradict each other.
func (o *JobOptions) checkLimits() (field string, err error) {
	if o.Preset != "" {
		if _, err := findPreset(o.Preset); err != nil {
			return "preset", err
		}
	}
	l := &o.Limits
	switch {
	case l.MaxMemory < 0:
		return "max_memory", fmt.Errorf("max memory %d: use a size above 0, such as 2GB", l.MaxMemory)
	case l.TrialTimeout < 0:
		return "trial_timeout", fmt.Errorf("trial timeout %v: use a duration above 0, such as 30s", l.TrialTimeout)
	case l.MaxModelSize < 0:
		return "max_model_size", fmt.Errorf("max model size %d: use a size above 0, such as 10MB", l.MaxModelSize)
	case l.MaxPredictLatency < 0:
		return "max_predict_latency", fmt.Errorf("max predict latency %v: use microseconds above 0, such as 100", l.MaxPredictLatency)
	case l.TrialTimeout > 0 && o.Time > 0 && l.TrialTimeout > o.Time:
		return "trial_timeout", fmt.Errorf("a trial timeout of %v contradicts a time of %v for all trials: shorten it, or leave it out", l.TrialTimeout, o.Time)
	case l.MaxMemory > 0 && l.MaxModelSize > l.MaxMemory:
		return "max_model_size", fmt.Errorf("a model of up to %s contradicts a memory of %s: lower it, or leave it out", FormatSize(l.MaxModelSize), FormatSize(l.MaxMemory))
	}
	if o.Metric != "" {
		m, err := metrics.Lookup(o.Metric)
		if err != nil {
			return "", nil // which others report
		}
		if err := l.CheckExit(m); err != nil {
			return "exit_score", err
		}
	}
	if s := l.ExitScore; s != nil && (math.IsNaN(*s) || math.IsInf(*s, 0)) {
		return "exit_score", fmt.Errorf("exit score %v: use a number", *s)
	}
	return "", nil
}

// CheckExit reports an exit score that no model can reach.
func (l *Limits) CheckExit(m metrics.Metric) error {
	if l.ExitScore == nil {
		return nil
	}
	switch s := *l.ExitScore; {
	case math.IsNaN(s) || math.IsInf(s, 0):
		return fmt.Errorf("exit score %v: use a number", s)
	case m.Greater && s > 1:
		return fmt.Errorf("exit score %v: %s is at most 1: no model can reach it", s, m.Name)
	case !m.Greater && s < 0:
		return fmt.Errorf("exit score %v: %s is at least 0: no model can reach it", s, m.Name)
	}
	return nil
}

// HeldBytes is what a trial holds by estimate: what the learner declares for a
// fit, predictions (also in their encoded form) for rows of the given width, and
// the features, which it shares with other trials.
func HeldBytes(fit int64, rows, width int, shared int64) int64 {
	return max(0, fit) + 8*int64(rows)*int64(width) + 12*int64(rows) + shared
}

// units of sizes, the largest first; the ones of 1024 come after those of 1000.
var units = []struct {
	name  string
	bytes int64
}{
	{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
}

// ParseSize reads a number of bytes as a user writes it: a number alone, or with
// KB, MB, GB (powers of 1000), KiB, MiB or GiB (of 1024). It must be at least 1.
func ParseSize(s string) (int64, error) {
	text, scale := strings.TrimSpace(s), int64(1)
	for _, u := range units {
		if n := len(text) - len(u.name); n > 0 && strings.EqualFold(text[n:], u.name) {
			text, scale = strings.TrimSpace(text[:n]), u.bytes
			break
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v*float64(scale) >= 1 && v*float64(scale) < 1<<62) {
		return 0, fmt.Errorf("%q is no size: write bytes, or a number with KB, MB or GB such as 500MB", s)
	}
	return int64(v * float64(scale)), nil
}

// FormatSize writes a number of bytes so that ParseSize reads the same.
func FormatSize(n int64) string {
	for _, u := range units {
		if n != 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}
