package server

import (
	"time"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/trials"
)

// limits reads the limits of a request; what contradicts the rest of it is found later.
func (c *checker) limits(r *automl.JobRequest) trials.Limits {
	l := trials.Limits{
		MaxMemory: c.size("max_memory", r.MaxMemory), MaxModelSize: c.size("max_model_size", r.MaxModelSize),
		ExitScore: r.ExitScore,
	}
	if r.TrialTimeout != "" {
		d, err := time.ParseDuration(r.TrialTimeout)
		if err != nil || d <= 0 {
			c.add("trial_timeout", r.TrialTimeout, "trial timeout %q: write a duration above 0 such as 30s", r.TrialTimeout)
		} else {
			l.TrialTimeout = d
		}
	}
	if us := r.MaxLatency; us != 0 {
		if !(us >= 0.001 && us <= 1e12) {
			c.add("max_predict_latency", us, "max predict latency %v: use a number of microseconds, such as 100", us)
		} else {
			l.MaxPredictLatency = time.Duration(us * float64(time.Microsecond))
		}
	}
	return l
}

func (c *checker) size(field, text string) int64 {
	if text == "" {
		return 0
	}
	n, err := trials.ParseSize(text)
	if err != nil {
		c.add(field, text, "%v", err)
	}
	return n
}
