package scheduler

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// shop is a core with workers in virtual time, whose trials take what their learner
// takes: more or less than is declared.
type shop struct {
	state    State
	rules    *Rules
	scale    float64 // of all trials, in seconds
	workers  []time.Time
	queue    []*trials.Spec
	running  []*trials.Record // as they will end
	now      time.Time
	revision uint64
	seed     uint64
	busy     time.Duration // in trials that succeeded
}

// shopCosts are the declared seconds of the shop's learners at a scale of one second, how
// many times as much they take, and the part in which a fit that is cut gives nothing.
var shopCosts = map[string]struct{ declared, factor, setup float64 }{
	"baseline": {0.001, 1, 0}, "gbdt": {1, 1.3, 0.02}, "linear": {0.03, 2, 0.03}, "gbdt_prepared": {1.5, 1.5, 0.4}, "random_forest": {1, 0.7, 0.1},
}

// newShop is a job of this scale, budget and number of folds.
func newShop(t *testing.T, scale float64, budget time.Duration, folds int, seed uint64) *shop {
	t.Helper()
	space := search.Space{{Name: "rate", Low: 0.02, High: 0.3, Log: true, Default: 0.1}, {Name: "x", Low: 0, High: 1, Default: 0.5}}
	portfolio := []search.Params{{}, {"rate": 0.04, "x": 0.2}, {"rate": 0.03, "x": 0.7}, {"rate": 0.02, "x": 0.4}, {"x": 0.9}, {"rate": 0.05, "x": 0.3}}
	other := search.Space{{Name: "x", Low: 0, High: 1, Default: 0.5}}
	study, err := search.NewStudy(search.Config{Seed: seed, Sampler: search.Random(), Arms: []search.Arm{
		{Learner: "baseline", Weight: 100, Once: true}, {Learner: "gbdt", Weight: 3, Space: space, Portfolio: portfolio},
		{Learner: "linear", Weight: 2, Space: other}, {Learner: "gbdt_prepared", Weight: 1.2, Space: space, Portfolio: portfolio}, {Learner: "random_forest", Space: other},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{scale: scale, now: epoch, seed: seed, workers: make([]time.Time, 2)}
	s.rules = &Rules{
		Job: "j", Study: study, Timed: true, Budget: budget, Slack: budget / 50, Primary: "gbdt", Closed: true,
		Cost: func(sug search.Suggestion) float64 { return s.takes(sug.Learner, sug.Params, false) * float64(folds) },
		Pace: func(sug search.Suggestion, factor float64) search.Params {
			rate, ok := sug.Params["rate"].(float64)
			if !ok {
				return nil
			}
			return search.Params{"rate": min(max(rate/factor, 0.02), 0.3), "x": sug.Params["x"]}
		},
		Spec: trials.Spec{Kind: trials.Folds, Split: trials.Split{Folds: folds}},
	}
	s.state = NewState(s.rules)
	return s
}

// takes is the time of a fit in seconds, as declared or in truth.
func (s *shop) takes(learner string, p search.Params, truly bool) float64 {
	c := shopCosts[learner]
	out := c.declared * s.scale
	if rate := p.Float("rate", 0); rate > 0 {
		out *= math.Pow(0.1/rate, 0.8)
	}
	if truly {
		out *= c.factor
	}
	return out
}

func (s *shop) step(e Event) {
	e.At = s.now
	var actions []Action
	s.state, actions = s.state.Step(e)
	for _, a := range actions {
		if a.Kind == Dispatch {
			s.queue = append(s.queue, a.Spec)
		}
	}
}

// run plays the job to its end.
func (s *shop) run() {
	for s.step(Event{Kind: Tick, Workers: len(s.workers)}); s.state.Ended() == ""; {
		s.start()
		next := s.now.Add(tickEvery)
		if end := s.state.End(); end.After(s.now) && end.Before(next) {
			next = end
		}
		first := -1
		for i, r := range s.running {
			if !r.Finished.After(next) && (first < 0 || r.Finished.Before(s.running[first].Finished)) {
				first = i
			}
		}
		if first < 0 {
			s.now = next
			s.step(Event{Kind: Tick, Workers: len(s.workers)})
			continue
		}
		r := s.running[first]
		s.running = append(s.running[:first], s.running[first+1:]...)
		s.now = r.Finished
		if r.State == trials.Succeeded {
			s.busy += r.Finished.Sub(r.Started)
		}
		s.step(Event{Kind: Report, Record: r})
	}
}

// start gives queued tasks to free workers.
func (s *shop) start() {
	for w := range s.workers {
		if len(s.queue) == 0 || s.workers[w].After(s.now) {
			continue
		}
		spec := s.queue[0]
		s.queue = s.queue[1:]
		r := &trials.Record{Spec: *spec, State: trials.Running, Queued: s.now, Started: s.now, Revision: s.revision + 1}
		ended := *r
		ended.Revision++
		s.revision += 2
		s.fit(&ended)
		s.workers[w] = ended.Finished
		s.running = append(s.running, &ended)
		s.step(Event{Kind: Report, Record: r})
	}
}

// fit says what becomes of a trial.
func (s *shop) fit(r *trials.Record) {
	spec := &r.Spec
	noise := rand.New(rand.NewPCG(s.seed, uint64(spec.Number)))
	folds := spec.Split.Count()
	takes := s.takes(spec.Learner, spec.Params, true) * float64(folds) * math.Exp(0.15*noise.NormFloat64())
	room := spec.Deadline.Sub(s.now)
	if limit := spec.Limits.TrialTimeout; limit > 0 {
		room = min(room, limit)
	}
	cut := seconds(takes) > room
	r.State = trials.Succeeded
	// What boosts in small steps is better, a fit that is cut worse.
	rate, x := spec.Params.Float("rate", 0.3), spec.Params.Float("x", 0)
	loss := map[string]float64{"baseline": 3, "gbdt": 1, "linear": 2, "gbdt_prepared": 0.98, "random_forest": 1.1}[spec.Learner]
	loss += 0.2*rate + 0.1*(x-0.4)*(x-0.4)
	if cut {
		setup := shopCosts[spec.Learner].setup * takes
		if folds > 1 || room.Seconds() < setup {
			r.State = trials.Failed
		}
		loss += 0.4 * (1 - (room.Seconds()-setup)/takes)
		takes = room.Seconds() + 0.005*s.scale
	}
	r.Finished = s.now.Add(seconds(takes))
	if r.State == trials.Succeeded {
		r.Result = &trials.Result{Loss: loss, FoldLosses: make([]float64, folds), Truncated: cut}
		for k := range r.Result.FoldLosses {
			r.Result.FoldLosses[k] = loss
		}
	}
}

func (s *shop) use() float64 {
	return s.busy.Seconds() / float64(len(s.workers)) / s.rules.Budget.Seconds()
}

// TestUse: the workers' time goes into trials of which something comes, also where the
// time is short for them.
func TestUse(t *testing.T) {
	t.Parallel()
	const seeds = 5
	for _, test := range []struct {
		name   string
		scale  float64
		budget time.Duration
		folds  int
		least  float64
	}{
		{"hold-out", 0.3, 10 * time.Second, 1, 0.94},
		{"hold-out of a few trials", 3, 60 * time.Second, 1, 0.94},
		{"hold-out, all are cut", 3, 10 * time.Second, 1, 0.87},
		{"folds", 0.3, 20 * time.Second, 5, 0.94},
		{"few trials of folds", 1, 20 * time.Second, 3, 0.90},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			use := 0.0
			for seed := range uint64(seeds) {
				s := newShop(t, test.scale, test.budget, test.folds, seed)
				s.run()
				use += s.use() / seeds
			}
			if use < test.least {
				t.Errorf("%.3f of the workers' time is used", use)
			}
		})
	}
}
