package scheduler

import (
	"time"

	"github.com/seed-09a2cce4/automl/search"
)

// Where there is time for a few fits only, it is spent on heats at first, in which the
// configurations of a paced learner (see algos.Paced) get little time each. With a
// hold-out the best of them is then fitted at its leisure: what boosts well in large
// steps boosts well in small ones.
const (
	shareHeat   = 0.1 // of the time left that a heat may take, with a hold-out
	shareLate   = 0.5 // the same when the heats are over
	shareInCV   = 0.2 // the same in cross-validation, for what portfolios have
	shareSample = 0.5 // the same for what is sampled
	shareAlone  = 0.2 // the same for a trial of another learner
	heatsUntil  = 0.5 // part of the search after which the best is taken up again
	finalShare  = 0.9 // of the time left that it is paced for
	finalFactor = 1.5 // times the time of its heat that it must have at least
	finalOrigin = "pace"
	finalists   = 4 // of the best trials that are looked at
	// truncatedGoes is how many times as long a fit that was cut would have taken.
	truncatedGoes = 2
	shareLost     = 0.01 // of the time left that a trial of a learner without a chance may take
	chance        = 0.75 // of what the best wins over the baseline, the least that a learner with a chance wins
)

// lost says that the rest of a portfolio is not worth its time: its learner has shown
// to be far behind, too far for an ensemble, and it takes more than a moment.
func (s *State) lost(sug search.Suggestion) bool {
	if sug.Origin != "portfolio" {
		return false // search chooses learners by what they have shown
	}
	v := s.knows().view
	own, base := v.learners[sug.Learner], v.learners[baseline]
	if !s.Timed() || own == nil || base == nil || len(own.best) == 0 || len(base.best) == 0 || s.End().IsZero() {
		return false
	}
	worst, best := base.best[0].Result.Loss, v.best[0].Result.Loss
	return worst-own.best[0].Result.Loss < chance*(worst-best) && s.cost(sug) > shareLost*s.left(0).Seconds()
}

// holdout reports whether a fit that is cut still counts.
func (s *State) holdout() bool { return s.rules.Spec.Split.Count() <= 1 }

// paced answers the configuration at another pace, false if its learner has none.
func (s *State) paced(sug search.Suggestion, factor float64) (search.Suggestion, bool) {
	if !s.Timed() || s.End().IsZero() {
		return sug, false
	}
	return s.rules.paced(sug, factor)
}

// paced is State.paced whether there is a clock or not.
func (r *Rules) paced(sug search.Suggestion, factor float64) (search.Suggestion, bool) {
	if r.Pace == nil {
		return sug, false
	}
	params := r.Pace(sug, factor)
	if params == nil {
		return sug, false
	}
	sug.Params, sug.Key = params, search.Key(sug.Learner, params)
	return sug, true
}

// late says that the heats are over.
func (s *State) late() bool {
	return s.now.Sub(s.started).Seconds() >= heatsUntil*s.End().Sub(s.started).Seconds()
}

// shareHeat is the part of the time left that a fit of a paced learner is paced for, with
// a hold-out. What is tried after the heats does not get another turn.
func (s *State) shareHeat() float64 {
	if s.late() {
		return shareLate
	}
	return shareHeat
}

// turn is a share of the time that is left.
func (s *State) turn(share float64) time.Duration {
	return time.Duration(share * float64(s.left(s.wait())))
}

// timeout bounds a trial from its start, 0 for no bound: the job's own bound and, with
// a hold-out, where a fit that is cut still counts, that of its turn.
func (s *State) timeout(sug search.Suggestion) time.Duration {
	bound := s.rules.Spec.Limits.TrialTimeout
	if !s.Timed() || s.End().IsZero() || !s.holdout() || sug.Origin == finalOrigin {
		return bound
	}
	share := shareAlone
	switch _, paced := s.paced(sug, 1); {
	case paced:
		share = s.shareHeat()
	case sug.Learner == s.rules.Primary:
		return bound
	}
	if turn := max(time.Second, s.turn(share)); bound == 0 || turn < bound {
		return turn
	}
	return bound
}

// heat is what to try in place of a suggestion: the same in haste, if it would take
// more than its turn. false means that it was tried before.
func (s *State) heat(sug search.Suggestion) (search.Suggestion, bool) {
	share := s.shareHeat()
	if !s.holdout() {
		if share = shareInCV; sug.Origin != "portfolio" {
			share = shareSample
		}
	}
	turn, cost := s.turn(share).Seconds(), s.cost(sug)
	if !(cost > turn) {
		return sug, true
	}
	hasty, ok := s.paced(sug, turn/cost)
	if !ok || hasty.Key == sug.Key {
		return sug, true
	}
	return hasty, !s.knows().view.history.Has(hasty.Key)
}

// slowest is a factor that no pace goes beyond: at it, one configuration at different
// paces is the same.
const slowest = 1e6

// unhurried is the key of a configuration at the slowest pace, its own without one.
func (r *Rules) unhurried(sug search.Suggestion) string {
	sug, _ = r.paced(sug, slowest)
	return sug.Key
}

// final is a configuration that did well, with the time that is left, once the heats are
// over: the best of those that have not been taken up and took much less before.
func (s *State) final() (search.Suggestion, bool) {
	if s.best < 0 || !s.holdout() || !s.late() {
		return search.Suggestion{}, false
	}
	k := s.knows()
	seen := map[string]bool{} // by what they are at the slowest pace
	for _, t := range s.open {
		seen[t.unhurried] = true
	}
	left := finalShare * s.left(s.wait()).Seconds()
	for _, rec := range k.view.best[:min(finalists, len(k.view.best))] {
		t := s.trials.at(rec.Spec.Number)
		if seen[t.unhurried] {
			continue
		}
		seen[t.unhurried] = true
		factor := left / rec.Finished.Sub(rec.Started).Seconds()
		if !(factor >= finalFactor) {
			continue
		}
		if rec.Result.Truncated { // it would have gone on
			factor = max(finalFactor/truncatedGoes, factor/truncatedGoes)
		}
		if sug, ok := s.paced(suggestion(t), factor); ok && !k.view.history.Has(sug.Key) {
			sug.Origin = finalOrigin
			return sug, true
		}
	}
	return search.Suggestion{}, false
}
