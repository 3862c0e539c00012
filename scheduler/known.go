package scheduler

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// known is what can be said of all trials together, kept up with each change, so
// that a step costs the same however many there were. The states that come from one
// another share it; it is a part of none of them: one that it does not go with, as
// another was made of the same, makes its own from its trials.
type known struct {
	version         uint64 // of the state it goes with
	open            []int  // numbers of the trials that are not in a final state, ascending
	queued, running int
	tried           map[string]bool // learners
	view            *view
	trend           trend
}

// view is what the choice of a trial may depend on.
type view struct {
	// Without a clock the trials below asked count as asked for, those below told
	// as ended.
	asked, told int
	history     *search.History
	ended       int // trials with a loss
	best        ranking
	learners    map[string]*tally
}

// tally is a learner's part of a view.
type tally struct {
	ended int
	best  ranking
	// vain is the longest time that a trial took of which nothing came, as long as
	// none has succeeded.
	vain time.Duration
}

// ranking has records of trials that succeeded, best first.
type ranking []*trials.Record

func (s *State) newView() *view {
	v := &view{learners: map[string]*tally{}, history: new(search.History)}
	if s.rules.Study != nil {
		v.history = s.rules.Study.Begin()
	}
	return v
}

// knows is what is known of the state's trials.
func (s *State) knows() *known {
	if s.known != nil && s.known.version == s.version {
		return s.known
	}
	k := &known{version: s.version, tried: map[string]bool{}, view: s.newView()}
	for i, t := range s.trials.from(0) {
		k.change(i, nil, t, s.Timed())
	}
	if s.Timed() {
		for p := s.passed; p != nil; p = p.before {
			k.view.history.Add(p.observation())
		}
	}
	s.known = k
	return k
}

// changed gives what is known the version of the state that it was changed with.
func (s *State) changed(k *known) {
	s.version++
	k.version = s.version
}

// change replaces what is known of trial n.
func (k *known) change(n int, old, t *trial, timed bool) {
	was, is := old != nil && !old.final(), !t.final()
	if was {
		k.count(old, -1)
	}
	if is {
		k.count(t, 1)
	}
	switch at, _ := slices.BinarySearch(k.open, n); {
	case is && !was:
		k.open = slices.Insert(k.open, at, n)
	case was && !is:
		k.open = slices.Delete(k.open, at, at+1)
	}
	if old == nil {
		k.tried[t.record.Spec.Learner] = true
	}
	if !timed {
		return // see State.view
	}
	if old == nil && is {
		k.view.ask(n, t)
	}
	if !is && !old.final() {
		k.view.tell(n, t)
	}
}

func (k *known) count(t *trial, by int) {
	switch t.record.State {
	case trials.Queued:
		k.queued += by
	case trials.Running:
		k.running += by
	}
}

// view is what the choice of trial n may depend on: with a clock, all that is known;
// without, what was asked for before it, and the ends of those up to n−Lag.
func (s *State) view(n int) *view {
	k := s.knows()
	if s.Timed() {
		return k.view
	}
	if n < k.view.asked { // a trial was lost in a crash
		k.view = s.newView()
	}
	v := k.view
	for ; v.asked < n; v.asked++ {
		if t := s.trials.at(v.asked); t != nil {
			v.ask(v.asked, t)
		}
	}
	for v.told <= n-s.rules.Lag && s.trials.at(v.told).final() {
		v.tell(v.told, s.trials.at(v.told))
		v.told++
	}
	return v
}

func (v *view) ask(n int, t *trial) {
	v.history.Add(search.Observation{Suggestion: suggestion(t), Number: n, Loss: math.NaN()})
}

func (v *view) tell(n int, t *trial) {
	r, loss := t.record, t.loss()
	v.history.Add(search.Observation{Suggestion: suggestion(t), Number: n, Loss: loss, Failed: r.State == trials.Failed})
	own := v.learners[r.Spec.Learner]
	if own == nil {
		own = new(tally)
		v.learners[r.Spec.Learner] = own
	}
	if math.IsNaN(loss) {
		if r.State == trials.Failed && !r.Started.IsZero() {
			own.vain = max(own.vain, r.Finished.Sub(r.Started))
		}
		return
	}
	v.ended++
	own.ended++
	if r.State == trials.Succeeded {
		v.best.add(r, poolBest)
		own.best.add(r, poolLearner)
	}
}

// add takes in a record; no more than most stay.
func (b *ranking) add(r *trials.Record, most int) {
	at, _ := slices.BinarySearchFunc(*b, r, func(a, b *trials.Record) int {
		return cmp.Or(cmp.Compare(a.Result.Loss, b.Result.Loss), cmp.Compare(a.Spec.Number, b.Spec.Number))
	})
	if at == most {
		return
	}
	if *b = slices.Insert(*b, at, r); len(*b) > most {
		*b = (*b)[:most]
	}
}

// passed are the suggestions that there was no time for, the last one first.
type passed struct {
	suggestion search.Suggestion
	before     *passed
	count      int // with those before
}

// with adds a suggestion to those passed over, which may be nil.
func (p *passed) with(s search.Suggestion) *passed {
	return &passed{s, p, p.len() + 1}
}

func (p *passed) len() int {
	if p == nil {
		return 0
	}
	return p.count
}

// observation tells search of the last one.
func (p *passed) observation() search.Observation {
	return search.Observation{Suggestion: p.suggestion, Number: -p.count, Loss: math.NaN()}
}
