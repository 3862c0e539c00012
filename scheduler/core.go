package scheduler

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// Rules are what the core of one job goes by; they never change.
type Rules struct {
	Job string
	// Study chooses the configurations; nil for tasks that do nothing.
	Study *search.Study
	// Trials bounds their number; 0 means no bound.
	Trials int
	// Timed makes the core look at the time. Otherwise trial i is chosen by the
	// results of trials 0 to i−Lag alone, so that neither speed nor the number
	// of workers can change anything.
	Timed bool
	Lag   int
	// Started, if set, is when the first trial was dispatched by an earlier
	// owner of the job. Budget counts from the first dispatch and End is
	// absolute: the earlier one ends the search; zero means no such bound.
	Started time.Time
	Budget  time.Duration
	End     time.Time
	// Grace is how much longer than its end the search waits for the baseline while there
	// is no model: what follows it takes next to no time then.
	Grace time.Duration
	// ExitLoss, if not nil, ends the search once a trial has a loss that is not above it.
	ExitLoss *float64
	// Closed says that there are no workers but those that are known. With a clock trials
	// are then chosen late, by all that is known; otherwise some wait for who may come.
	Closed bool
	// EarlyEnd ends a search with a clock when nothing more is to be gained (settled.go).
	// Since, if set, is when the budget began that Limit is of, for the words about it.
	EarlyEnd bool
	Since    time.Time
	Limit    time.Duration
	// Whole trials are not given up before their last fold.
	Whole bool
	// Slack is how long before the search ends the trials must: they need
	// time to stop and to report.
	Slack time.Duration
	// Cost is the declared time of a trial with all its folds, in seconds on
	// one worker. The core learns each learner's true ratio to it.
	Cost func(search.Suggestion) float64
	// Pace answers a configuration that takes about factor times as long and is
	// otherwise the same, nil if its learner has none; see algos.Paced.
	Pace func(s search.Suggestion, factor float64) search.Params
	// Primary is the learner that matters most; other learners' trials are not
	// given all the time that is left.
	Primary string
	// PoolBytes bounds what the candidates of the ensemble hold, OOFBytes is
	// what each holds beside its models.
	PoolBytes, OOFBytes int64
	// Spec is what all tasks have in common.
	Spec trials.Spec
}

// EventKind is what happened.
type EventKind uint8

// Events. Report stands for every change of a trial's record, repeated or out
// of order as may be. Tick brings the time; the first one starts the job, after
// the records of an earlier owner have been reported.
const (
	Tick EventKind = iota
	Report
	Cancel
)

// Event is one input of the core. The core knows no clock but At.
type Event struct {
	Kind    EventKind
	At      time.Time
	Record  *trials.Record // Report
	Reason  string         // Cancel: in words
	Workers int            // Tick: known parallelism, 0 if unchanged
}

// ActionKind is what is to be done.
type ActionKind uint8

// Actions. All but Finish may be repeated without harm.
const (
	Dispatch    ActionKind = iota // store the record of Spec as queued, and its task
	Check                         // nothing was heard for long: read the record, store the task again if it is queued
	CancelTrial                   // end the trial as cancelled, with Reason
	Ended                         // the trial is in a final state now
	Best                          // and it is the best so far
	Drop                          // its predictions and models are not needed any more
	Finish                        // the search is over, for Reason
)

// Action is one output of the core.
type Action struct {
	Kind   ActionKind
	Number int
	Spec   *trials.Spec // Dispatch, Check
	Blobs  []string     // Drop: digests
	Reason string       // CancelTrial, Finish: in words
}

// quiet is how long a trial may be without news before its record is read.
const quiet = 10 * time.Second

// ahead is how long before a worker is free a trial is chosen for it.
const ahead = 300 * time.Millisecond

// telling is the declared time in seconds below which a trial's cost, most of it
// for messages, says nothing of other learners.
const telling = 0.05

// timeUp is what ends most jobs.
const timeUp = "the time was up"

// maxNumber bounds what a damaged record can make the core hold.
const maxNumber = 1 << 20

// State is the core of a job: a value that Step turns into the next one. It
// holds no goroutine, clock or connection.
type State struct {
	rules  *Rules
	trials list  // nil where a record was lost
	held   []int // numbers of the trials whose blobs are kept
	passed *passed
	ratio  map[string]float64 // of observed to declared cost, by learner

	now, started time.Time
	workers      int
	live         bool   // Tick has come
	prefix       int    // all trials below are in a final state
	gap          int    // the lowest number without a trial
	finals       int    // trials in a final state
	full         string // why no further trial is asked for
	dry          int    // no trial is asked for until so many are in a final state
	ended        string // what ended the search
	best         int    // trial, -1 for none

	known   *known
	version uint64 // counts changes of trials and passed
}

// trial is what the core knows of one; it is replaced, never changed.
type trial struct {
	record   *trials.Record
	key      string
	news     time.Time
	declared float64 // cost in seconds, with a clock
	// unhurried is the key at the slowest pace, which tells configurations apart that
	// differ in more than their pace.
	unhurried string
}

func (s *State) newTrial(r *trials.Record, sug search.Suggestion) *trial {
	return &trial{record: r, key: sug.Key, news: s.now, declared: s.declared(sug), unhurried: s.rules.unhurried(sug)}
}

func (t *trial) final() bool { return t != nil && t.record.State.Final() }

// loss is NaN unless the trial ended with one.
func (t *trial) loss() float64 {
	r := t.record
	if r.Result == nil || r.State != trials.Succeeded && r.State != trials.Pruned || math.IsInf(r.Result.Loss, 0) {
		return math.NaN()
	}
	return r.Result.Loss
}

func (t *trial) succeeded() bool {
	return t.final() && t.record.State == trials.Succeeded && !math.IsNaN(t.loss())
}

// NewState is the core before anything has happened.
func NewState(r *Rules) State {
	return State{rules: r, started: r.Started, workers: 1, best: -1}
}

// Step takes one event. It is a pure function: s stays as it was, and the same
// state and event always give the same result.
func (s State) Step(e Event) (State, []Action) {
	if s.ended != "" {
		return s, nil
	}
	if e.At.After(s.now) {
		s.now = e.At
	}
	var out []Action
	switch e.Kind {
	case Report:
		out = s.report(e.Record)
	case Cancel:
		return s, s.finish(e.Reason)
	case Tick:
		if e.Workers > 0 {
			s.workers = e.Workers
		}
		if !s.live {
			out = s.start()
		} else {
			out = s.overdue()
		}
	}
	if !s.live {
		return s, nil
	}
	if i := s.reached(); i >= 0 && s.Timed() {
		return s, append(out, s.finish(exitReason(i))...)
	}
	if s.Timed() && !s.End().IsZero() && !s.now.Before(s.End().Add(s.grace())) {
		return s, append(out, s.finish(timeUp)...)
	}
	if reason := s.settled(); reason != "" {
		return s, append(out, s.finish(reason)...)
	}
	out = append(out, s.fill()...)
	if s.full != "" && s.inFlight() == 0 {
		out = append(out, s.finish(s.full)...)
	}
	return s, out
}

// Timed reports whether the job looks at the clock.
func (s *State) Timed() bool { return s.rules.Timed }

// Started is when the first trial was dispatched, zero before.
func (s *State) Started() time.Time { return s.started }

// End is when the search ends, zero while there is no limit.
func (s *State) End() time.Time {
	end := s.rules.End
	if s.rules.Budget > 0 && !s.started.IsZero() {
		if e := s.started.Add(s.rules.Budget); end.IsZero() || e.Before(end) {
			end = e
		}
	}
	return end
}

// grace is how much longer the search goes on than to its end.
func (s *State) grace() time.Duration {
	if s.best >= 0 {
		return 0
	}
	for _, t := range s.open {
		if t.record.Spec.Learner == baseline {
			return s.rules.Grace
		}
	}
	return 0
}

// Ended says what ended the search, "" while it goes on.
func (s *State) Ended() string { return s.ended }

// Finals counts the trials in a final state.
func (s *State) Finals() int { return s.finals }

// Record is what is known of a trial, nil if nothing.
func (s *State) Record(number int) *trials.Record {
	if t := s.trials.at(number); t != nil {
		return t.record
	}
	return nil
}

// put sets trial number.
func (s *State) put(number int, t *trial) {
	old := s.trials.at(number)
	k := s.knows()
	k.change(number, old, t, s.Timed())
	s.changed(k)
	if t.final() && !old.final() {
		s.finals++
	}
	s.trials = s.trials.with(number, t)
	for s.trials.at(s.prefix).final() {
		s.prefix++
	}
	for s.trials.at(s.gap) != nil {
		s.gap++
	}
}

// open goes through the trials that are not in a final state.
func (s *State) open(yield func(int, *trial) bool) {
	for _, i := range s.knows().open {
		if !yield(i, s.trials.at(i)) {
			return
		}
	}
}

func (s *State) inFlight() int { return len(s.knows().open) }

// start makes the job live, after what earlier owners left has been reported.
func (s *State) start() []Action {
	s.live = true
	var out []Action
	for i, t := range s.trials.from(0) {
		if q := t.record.Queued; s.started.IsZero() || s.rules.Started.IsZero() && !q.IsZero() && q.Before(s.started) {
			s.started = q
		}
		if t.final() {
			s.learn(t)
			s.best = s.better(i)
			out = append(out, s.hold(t)...)
		} else {
			// Its task may never have been stored, or be lost.
			out = append(out, Action{Kind: Check, Number: i, Spec: &t.record.Spec})
		}
	}
	return out
}

// report takes in a record. Records that are older than what is known, or that
// change a final state, are nothing new.
func (s *State) report(r *trials.Record) []Action {
	n := r.Spec.Number
	if r.Spec.Job != s.rules.Job || n < 0 || n > maxNumber {
		return nil
	}
	old := s.trials.at(n)
	if old != nil && (old.final() || r.Revision <= old.record.Revision) {
		return nil
	}
	var t *trial
	if old != nil {
		changed := *old
		changed.record, changed.news = r, s.now
		t = &changed
	} else {
		sug := search.Suggestion{Learner: r.Spec.Learner, Params: r.Spec.Params}
		sug.Key = search.Key(sug.Learner, sug.Params)
		t = s.newTrial(r, sug)
	}
	s.put(n, t)
	if !s.live || !t.final() {
		return nil
	}
	s.learn(t)
	out := []Action{{Kind: Ended, Number: n}}
	if b := s.better(n); b != s.best {
		s.best = b
		out = append(out, Action{Kind: Best, Number: n})
	}
	return append(out, s.hold(t)...)
}

// better is the better one of trial n and the best so far.
func (s *State) better(n int) int {
	t := s.trials.at(n)
	if !t.succeeded() || s.best >= 0 && s.trials.at(s.best).loss() <= t.loss() {
		return s.best
	}
	return n
}

// learn corrects the cost model of the trial's learner by what it took. One that
// was cut tells only that the learner is slower than thought.
func (s *State) learn(t *trial) {
	r := t.record
	took := r.Finished.Sub(r.Started).Seconds()
	if !s.Timed() || r.Started.IsZero() || took <= 0 {
		return
	}
	share := 1.0
	whole := t.succeeded() && !r.Result.Truncated
	if r.Result != nil && len(r.Result.FoldLosses) > 0 {
		share = float64(len(r.Result.FoldLosses)) / float64(r.Spec.Split.Count())
		whole = whole || r.State == trials.Pruned && !r.Result.Truncated
	}
	declared := t.declared * share
	if !(declared > 0) || !whole && took <= declared*s.slowness(r.Spec.Learner) {
		return
	}
	next := make(map[string]float64, len(s.ratio)+2)
	maps.Copy(next, s.ratio)
	for _, k := range []string{r.Spec.Learner, ""} { // "" stands for the learners not seen yet
		if k == "" && declared < telling {
			break
		}
		v := min(max(took/declared, 0.02), 50)
		if old, ok := next[k]; ok {
			v = math.Sqrt(old * v)
		}
		next[k] = v
	}
	s.ratio = next
}

// slowness is the ratio of observed to declared cost.
func (s *State) slowness(learner string) float64 {
	if v, ok := s.ratio[learner]; ok {
		return v
	}
	if v, ok := s.ratio[""]; ok {
		return v
	}
	return 1
}

// hold keeps what an ended trial left, and lets go of what thereby falls out of
// the ensemble's pool.
func (s *State) hold(t *trial) []Action {
	if len(blobs(t.record)) == 0 {
		return nil
	}
	s.held = append(slices.Clone(s.held), t.record.Spec.Number)
	records := make([]*trials.Record, len(s.held))
	for i, n := range s.held {
		records[i] = s.trials.at(n).record
	}
	var out []Action
	for _, r := range outside(records, s.rules.PoolBytes, s.rules.OOFBytes) {
		n := r.Spec.Number
		s.held = slices.DeleteFunc(s.held, func(k int) bool { return k == n })
		out = append(out, Action{Kind: Drop, Number: n, Blobs: blobs(r)})
	}
	return out
}

// overdue asks for the records of trials that nothing was heard of.
func (s *State) overdue() []Action {
	var out []Action
	for i, t := range s.open {
		if s.now.Sub(t.news) < quiet {
			continue
		}
		heard := *t
		heard.news = s.now
		s.put(i, &heard)
		out = append(out, Action{Kind: Check, Number: i, Spec: &t.record.Spec})
	}
	return out
}

// finish ends the search.
func (s *State) finish(reason string) []Action {
	s.ended = reason
	var out []Action
	for i := range s.open {
		out = append(out, Action{Kind: CancelTrial, Number: i, Reason: reason})
	}
	return append(out, Action{Kind: Finish, Reason: reason})
}

// fill asks for new trials until enough are in flight.
func (s *State) fill() []Action {
	var out []Action
	for s.full == "" && (s.finals >= s.dry || s.inFlight() == 0) {
		n := s.gap
		if s.rules.Trials > 0 && n >= s.rules.Trials {
			s.full = "all trials were run"
			break
		}
		if !s.wants(n) {
			break
		}
		if i := s.reachedBefore(n); i >= 0 {
			s.full = exitReason(i)
			break
		}
		sug, ok := s.choose(n)
		if !ok {
			break
		}
		if s.started.IsZero() {
			s.started = s.now
		}
		spec := s.spec(n, sug)
		r := &trials.Record{Spec: *spec, State: trials.Queued, Queued: s.now}
		s.put(n, s.newTrial(r, sug))
		out = append(out, Action{Kind: Dispatch, Number: n, Spec: spec})
	}
	return out
}

// wants reports whether trial n is to be asked for now: with a clock, as long as
// fewer wait than there are workers that may take them; without, as soon as the results that it may
// depend on are there.
func (s *State) wants(n int) bool {
	if !s.Timed() {
		return s.prefix > n-s.rules.Lag
	}
	if !s.rules.Closed {
		return s.knows().queued < max(2, s.parallel())
	}
	return s.knows().queued < s.free()
}

// parallel is the number of workers as far as is known: workers elsewhere show
// by what they have taken.
func (s *State) parallel() int {
	return max(1, s.workers, s.knows().running)
}
