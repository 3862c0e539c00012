package scheduler

import (
	"fmt"
	"math"
	"time"
)

// A job with a clock ends before its time when nothing more is to be gained: when its
// best trial is as good as perfect, or when the best few trials have not become better
// for long. The values were chosen so that hardly any score is given up.
const (
	perfectShare = 1e-5 // of the baseline's loss: who has less has nothing left to gain
	perfectAfter = 10   // trials with a loss that must have ended before
	settledTop   = 5    // best trials whose mean loss is followed
	settledPart  = 1e-3 // of the mean that is a gain
	settledNoise = 0.05 // of the standard error of the best trial's loss that is a gain
	settledLeast = 100  // trials that must have ended without a gain
	settledShare = 0.5  // of the trials, and of the time, that must be without a gain
)

// trend follows the mean loss of the best trials in the order of their numbers,
// whatever the order in which they ended, so that it can be made again from the records.
type trend struct {
	next  int     // the lowest number that was not followed yet
	ended int     // trials below it, whatever came of them
	top   ranking // the best of them
	level float64 // mean loss of the best at the last gain
	mark  int     // trials that had ended with the last gain
	at    time.Time
}

// follow takes in the trials from next on that have ended.
func (g *trend) follow(s *State) {
	for ; g.next < s.prefix; g.next++ {
		t := s.trials.at(g.next)
		g.ended++
		if !t.succeeded() {
			continue
		}
		g.top.add(t.record, settledTop)
		if len(g.top) == settledTop && g.gained() {
			g.mark = g.ended
			g.at = t.record.Finished
		}
	}
}

// gained reports whether the best trials are better than at the last gain by more than
// noise, and takes their mean as the new level then.
func (g *trend) gained() bool {
	sum := 0.0
	for _, r := range g.top {
		sum += r.Result.Loss
	}
	mean := sum / settledTop
	least := settledPart * math.Abs(g.level)
	if noise := g.top[0].Result.StdErr(); noise != nil {
		least = max(least, settledNoise**noise)
	}
	if g.mark > 0 && !(mean < g.level-least) {
		return false
	}
	g.level = mean
	return true
}

// settled says in words why nothing more is to be gained, "" as long as there may be.
func (s *State) settled() string {
	if !s.rules.EarlyEnd || !s.Timed() || s.rules.Study == nil || s.best < 0 || s.End().IsZero() {
		return ""
	}
	k := s.knows()
	if s.perfect(k.view) {
		return fmt.Sprintf("trial %d left nothing to gain, %s", s.best, s.spent())
	}
	g := &k.trend
	g.follow(s)
	without := g.ended - g.mark
	if g.mark == 0 || without < max(settledLeast, int(settledShare*float64(g.ended))) || s.gap+s.passed.len() < s.rules.Study.Begins() {
		return ""
	}
	if s.now.Sub(g.at).Seconds() < settledShare*s.now.Sub(s.started).Seconds() {
		return ""
	}
	return fmt.Sprintf("no gain in the last %d of %d trials, %s", without, g.ended, s.spent())
}

// perfect reports whether the best trial has next to no loss. For all metrics 0 is the
// best loss (metrics.Metric.Loss), the baseline's tells what is large.
func (s *State) perfect(v *view) bool {
	if v.ended < perfectAfter {
		return false
	}
	scale := 0.0
	if base := v.learners[baseline]; base != nil && len(base.best) > 0 {
		scale = base.best[0].Result.Loss
	}
	return s.trials.at(s.best).loss() <= perfectShare*scale
}

// spent says in words how much of the time was used.
func (s *State) spent() string {
	since, limit := s.rules.Since, s.rules.Limit
	if since.IsZero() {
		since = s.started
	}
	if limit == 0 {
		limit = s.End().Sub(since)
	}
	return fmt.Sprintf("after %.3g of %.3g s", s.now.Sub(since).Seconds(), limit.Seconds())
}
