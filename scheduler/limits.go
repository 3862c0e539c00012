package scheduler

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/infold"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// real are the learners that are more than a constant, all if there are no others.
func (p *plan) real() []algos.Learner {
	var out []algos.Learner
	for _, l := range p.learners {
		if l.Name() != baseline {
			out = append(out, l)
		}
	}
	if len(out) == 0 {
		return p.learners
	}
	return out
}

// checkMemory reports a memory limit that no learner's first configuration keeps to,
// and the least that one would.
func (p *plan) checkMemory(o *trials.JobOptions) error {
	if o.MaxMemory == 0 {
		return nil
	}
	least, learner := int64(math.MaxInt64), ""
	width := metrics.Width(p.shape.Task, p.shape.Classes)
	for _, l := range p.real() {
		fit := infold.Estimate(l, p.shape, firstParams(l, p.shape)).Bytes
		if n := trials.HeldBytes(fit, p.table.Rows(), width, p.prepared.Bytes()); n < least {
			least, learner = n, l.Name()
		}
	}
	if least <= o.MaxMemory {
		return nil
	}
	least = (least + 1<<20 - 1) >> 20 << 20
	return inputf("max memory %s is too small for any model of this table: by estimate the least is %s (learner %s)",
		trials.FormatSize(o.MaxMemory), trials.FormatSize(least), learner)
}

// checkTime reports a budget that is used up before any model can be there, and
// about the least that would do. A job that an earlier owner began is past this.
func (p *plan) checkTime(c *Config, job *trials.Job, reserve time.Duration, now time.Time) error {
	t := job.Options.Time
	if t == 0 || !job.Started.IsZero() {
		return nil
	}
	used := time.Duration(0)
	if !c.Start.IsZero() {
		used = now.Sub(c.Start)
	}
	least, learner := math.Inf(1), ""
	for _, l := range p.real() {
		if s := p.firstCost(l) * float64(p.split.Count()); s < least {
			least, learner = s, l.Name()
		}
	}
	// A fit that is cut still gives a model: see leastHoldout.
	least /= leastHoldout
	if math.IsInf(least, 0) || t > used+seconds(least) {
		return nil
	}
	need := used + seconds(least) + reserve
	need += need / 4
	step := 10 * time.Millisecond
	if need > time.Second {
		step = 100 * time.Millisecond
	}
	return inputf("time %v is too short for any model of this table: the least is about %v, of which reading and preparing it took %v (learner %s)",
		t, (need + step - 1).Truncate(step), used.Round(time.Millisecond), learner)
}

// exitLoss is the loss that ends the search, nil for none.
func (p *plan) exitLoss(o *trials.JobOptions) *float64 {
	if o.ExitScore == nil {
		return nil
	}
	loss := p.metric.Loss(*o.ExitScore)
	return &loss
}

// reached says which trial has reached the exit score, -1 if none has.
func (s *State) reached() int {
	if most := s.rules.ExitLoss; most != nil && s.best >= 0 && s.trials.at(s.best).loss() <= *most {
		return s.best
	}
	return -1
}

// reachedBefore says which trial that the choice of trial n may depend on has
// reached the exit score, the first one, -1 if none has. All of those have ended.
// Without a clock this is what ends a search: the trials that are under way are run
// to their end, so that these are always the same.
func (s *State) reachedBefore(n int) int {
	if s.reached() < 0 {
		return -1
	}
	for i, t := range s.trials.from(0) {
		if i > n-s.rules.Lag {
			break
		}
		if t.succeeded() && t.loss() <= *s.rules.ExitLoss {
			return i
		}
	}
	return -1
}

func exitReason(trial int) string { return fmt.Sprintf("trial %d reached the exit score", trial) }

// warnConstant says of a model that is a constant that the limits are why.
func warnConstant(o *Outcome) {
	for _, m := range o.Members {
		if m.Learner != baseline {
			return
		}
	}
	n, example := 0, ""
	for _, r := range o.Records {
		if r.State == trials.Pruned && r.Result == nil {
			if n++; n == 1 {
				example = fmt.Sprintf("trial %d (%s): %s", r.Spec.Number, r.Spec.Learner, r.Reason)
			}
		}
	}
	if n > 0 {
		o.Warnings = append(slices.Clip(o.Warnings), fmt.Sprintf("the model is a constant: %d trials were beyond the limits, such as %s", n, example))
	}
}

// What a bundle holds beside its predictors, plan and pipeline: the leaderboard, which
// is cut where it is longer, a line for each column, and what is said of the model.
const (
	boardShare  = 10 // the leaderboard may take one part in so many of a model's limit
	columnBytes = 80
	infoBytes   = 4096
)

// predictorBytes is what is left of the limit of a model for its predictors, 0 for no
// limit. It fails if that is nothing.
func (p *plan) predictorBytes(most int64) (int64, error) {
	if most == 0 {
		return 0, nil
	}
	beside := int64(infoBytes + columnBytes*len(p.features.Columns))
	for _, part := range []any{p.features, p.prepared.Pipeline} {
		b, err := json.Marshal(part)
		if err != nil {
			return 0, fmt.Errorf("size of the model: %w", err)
		}
		beside += int64(len(b))
	}
	left := most - most/boardShare - beside
	if left <= 0 {
		least := (beside*(boardShare+1)/(boardShare-1)/1000 + 1) * 1000
		return 0, inputf("max model size %s is too small for any model of this table: the least is %s and the predictors", trials.FormatSize(most), trials.FormatSize(least))
	}
	return left, nil
}
