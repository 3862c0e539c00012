package scheduler

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// How trials are chosen, bounded and given up. The values were chosen by hand.
const (
	retries      = 8    // times, for each worker, that one looks again for what fits in the end
	passedTries  = 50   // suggestions passed over, one after the other, for want of time
	shareOther   = 0.3  // of the time left that a trial of a lesser learner may take
	sharePrimary = 0.95 // the same for the learner that matters most
	shareFolds   = 0.5  // the same for any trial in cross-validation
	patience     = 2    // times its estimate that a trial in cross-validation may always take
	harmless     = 4    // times its estimate within its share, a trial needs no bound
	waitSlack    = 2    // times the estimate that the wait for a worker may be
	leastFolds   = 0.9  // cross-validation: part of the time left that the estimate may fill
	firstFolds   = 0.5  // the same of a learner's first trial, by its declared cost
	leastHoldout = 4.0  // hold-out: times the time left that the estimate may be; the trial is cut
	pruneAfter   = 2    // trials of each learner that are never given up early
	pruneRank    = 5    // trials that must be better before one is given up early
)

func suggestion(t *trial) search.Suggestion {
	return search.Suggestion{Learner: t.record.Spec.Learner, Params: t.record.Spec.Params, Key: t.key}
}

// choose asks search for trial n, passing over what the time left is too short for.
func (s *State) choose(n int) (search.Suggestion, bool) {
	if s.rules.Study == nil { // tasks that do nothing are all alike
		return search.Suggestion{Learner: "noop", Key: strconv.Itoa(n)}, true
	}
	if sug, ok := s.final(); ok {
		return sug, true
	}
	var cheapest search.Suggestion
	least, tries := math.Inf(1), 0
	before, wait := s.passed, s.wait()
	defer func() { s.tellPassed(before) }()
	for asked := range s.rules.Study.Suggestions(n+s.passed.len(), s.view(n).history) {
		if s.lost(asked) {
			s.passed = s.passed.with(asked)
			continue
		}
		sug, able := s.heat(asked)
		switch {
		case able && (!s.Timed() || s.fits(sug, wait)):
			if sug.Key != asked.Key {
				s.passed = s.passed.with(asked)
			}
			return sug, true
		case able && s.fits(sug, 0): // as soon as a worker is free
			return search.Suggestion{}, false
		case able && s.cost(sug) < least:
			cheapest, least = sug, s.cost(sug)
		}
		s.passed = s.passed.with(asked)
		if tries++; tries == passedTries {
			break
		}
	}
	if tries < passedTries {
		s.full = "every configuration was tried"
	}
	if s.best < 0 && s.inFlight() == 0 && least < math.Inf(1) {
		return cheapest, true // there must be a model at all
	}
	switch {
	case s.full != "":
	case s.inFlight() == 0:
		s.full = timeUp // no further trial fits into what is left
	default: // until it is known better what trials take
		s.dry = s.finals + 1 + s.parallel()/retries
	}
	return search.Suggestion{}, false
}

// tellPassed tells search of what was passed over since.
func (s *State) tellPassed(since *passed) {
	if s.passed == since {
		return
	}
	k := s.knows()
	for p := s.passed; p != since; p = p.before {
		k.view.history.Add(p.observation())
	}
	s.changed(k)
}

// cost is the expected time of a trial in seconds.
func (s *State) cost(sug search.Suggestion) float64 {
	return s.declared(sug) * s.slowness(sug.Learner)
}

// declared is the time of a trial in seconds before any was seen; 0 without a clock,
// where nobody asks for it.
func (s *State) declared(sug search.Suggestion) float64 {
	if !s.Timed() {
		return 0
	}
	return s.rules.Cost(sug)
}

// wait is the expected time until a worker is free for one more trial.
func (s *State) wait() time.Duration {
	n := s.parallel()
	if !s.Timed() || s.inFlight() < n {
		return 0
	}
	load := 0.0
	for _, t := range s.open {
		load += s.remains(t)
	}
	return seconds(load / float64(n))
}

// remains is the expected time in seconds that a trial still takes.
func (s *State) remains(t *trial) float64 {
	spec := &t.record.Spec
	c := t.declared * s.slowness(spec.Learner)
	if bound := spec.Limits.TrialTimeout; bound > 0 {
		c = min(c, bound.Seconds())
	}
	if t.record.State == trials.Running {
		c -= s.now.Sub(t.news).Seconds()
	}
	return max(0, c)
}

// free is the number of workers that have nothing to do or soon will.
func (s *State) free() int {
	n := s.parallel() - s.knows().running
	for _, t := range s.open {
		if t.record.State == trials.Running && s.remains(t) < ahead.Seconds() {
			n++
		}
	}
	return n
}

func seconds(v float64) time.Duration {
	return time.Duration(min(v, 1e6) * float64(time.Second))
}

// left is the time that a trial has that starts after wait.
func (s *State) left(wait time.Duration) time.Duration {
	return s.End().Sub(s.now) - s.rules.Slack - wait
}

// fits reports whether a trial that starts after wait can be of use: all folds of
// a cross-validation must end in time; with a hold-out the best so far counts.
// The first trial of a learner, which shows what the learner costs, always can, unless
// its declared cost is out of reach and it is not the main learner.
func (s *State) fits(sug search.Suggestion, wait time.Duration) bool {
	if s.End().IsZero() {
		return true
	}
	if s.vain(sug, wait) {
		return false
	}
	if !s.knows().tried[sug.Learner] {
		reach := firstFolds * s.left(wait).Seconds()
		if s.holdout() {
			reach = leastHoldout * s.left(wait).Seconds()
		}
		return reach > 0 && (sug.Learner == s.rules.Primary || s.declared(sug) <= reach)
	}
	share := leastFolds
	if s.holdout() {
		share = leastHoldout
	}
	return s.cost(sug) <= share*s.left(wait).Seconds()
}

// vain says that a learner of which nothing came would hardly get more time than that took.
func (s *State) vain(sug search.Suggestion, wait time.Duration) bool {
	own := s.knows().view.learners[sug.Learner]
	if own == nil || len(own.best) > 0 || own.vain == 0 {
		return false
	}
	grant := s.left(wait)
	if bound := s.timeout(sug); bound > 0 {
		grant = min(grant, bound)
	}
	return grant < patience*own.vain
}

// deadline is when a trial dispatched now must end, so that others get their
// turn; zero without a clock. The baseline has all the time there is. One that is far from needing its share is not
// bounded by it: it may have to wait longer than is thought, and nothing would
// come of it then.
func (s *State) deadline(sug search.Suggestion) time.Time {
	end := s.End()
	if !s.Timed() || end.IsZero() {
		return time.Time{}
	}
	if sug.Learner == baseline && s.best < 0 {
		return end.Add(s.rules.Grace)
	}
	end = end.Add(-s.rules.Slack)
	share := sharePrimary
	switch {
	case !s.holdout():
		share = shareFolds
	case s.rules.Primary != "" && sug.Learner != s.rules.Primary:
		share = shareOther
	}
	wait, cost := s.wait(), seconds(s.cost(sug))
	grant := max(time.Second, time.Duration(share*float64(s.left(wait))))
	if !s.holdout() {
		grant = max(grant, patience*cost) // nothing comes of one that is cut
	}
	if d := s.now.Add(waitSlack*wait + grant); cost > grant/harmless && d.Before(end) {
		return d
	}
	return end
}

// spec is the task of trial n.
func (s *State) spec(n int, sug search.Suggestion) *trials.Spec {
	spec := s.rules.Spec
	spec.Job, spec.Number, spec.Learner, spec.Params = s.rules.Job, n, sug.Learner, sug.Params
	spec.Seed = trials.MixSeed(s.rules.Spec.Seed, n)
	spec.Deadline = s.deadline(sug)
	spec.Limits.TrialTimeout = s.timeout(sug)
	if spec.Kind == trials.Folds {
		if !s.rules.Whole {
			spec.Prune = s.prune(n, sug.Learner)
		}
		spec.KeepLoss = s.keepLoss(n, sug.Learner)
	}
	return &spec
}

// prune are the mean losses over folds 0 to k above which trial n is given up:
// those of the trials at the upper quarter so far, and a little more. nil while
// there are too few trials to tell, and for a learner's first trials. The best trials
// alone are looked at; a paired test saves less time for the same losses
// (benchmarks/portfolio).
func (s *State) prune(n int, learner string) []float64 {
	folds, v := s.rules.Spec.Split.Count(), s.view(n)
	rank := min(max(pruneRank, v.ended/4), poolBest-1)
	own := v.learners[learner]
	var full [][]float64
	for _, r := range v.best {
		if losses := r.Result.FoldLosses; len(losses) == folds {
			full = append(full, losses)
		}
	}
	if folds < 2 || own == nil || own.ended < pruneAfter || len(full) <= rank {
		return nil
	}
	out := make([]float64, folds-1)
	sums, means := make([]float64, len(full)), make([]float64, len(full))
	for k := range out {
		for i, losses := range full {
			sums[i] += losses[k]
			means[i] = sums[i] / float64(k+1)
		}
		slices.Sort(means)
		out[k] = means[rank-1] + 0.1*(means[rank-1]-means[0])
	}
	return out
}

// keepLoss is the loss below which the predictions and models of trial n are
// worth keeping: what gets it into the ensemble's pool. nil means any.
func (s *State) keepLoss(n int, learner string) *float64 {
	v := s.view(n)
	own := v.learners[learner]
	if own == nil || len(v.best) < poolBest || len(own.best) < poolLearner {
		return nil
	}
	keep := max(v.best[poolBest-1].Result.Loss, own.best[poolLearner-1].Result.Loss)
	return &keep
}
