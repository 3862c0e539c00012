package main

import (
	"container/heap"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
	"github.com/seed-09a2cce4/automl/scheduler"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

const (
	unit  = 20.0 // seconds that the default trial takes
	noise = 0.2  // of the logarithm of a trial's time
)

// shift is one job of a number of workers.
type shift struct {
	Workers int `json:"workers"`
	Trials  int `json:"trials"` // that ended in time
	// Linear is the share of the workers' time until the budget's end that went
	// into trials that ended in time. Charged is the same with the processor
	// time of the core charged to the clock.
	Linear  float64 `json:"linear"`
	Charged float64 `json:"charged"`
	// PlanMs is the core's processor time a trial, in milliseconds.
	PlanMs float64 `json:"plan_ms"`
}

func workers(args []string, out io.Writer) error {
	f := flag.NewFlagSet("workers", flag.ContinueOnError)
	counts := f.String("counts", "1,10,100,1000", "numbers of workers")
	each := f.Int("each", 20, "budget, in times of the default trial")
	seed := f.Uint64("seed", 1, "of the search")
	if err := f.Parse(args); err != nil {
		return err
	}
	for _, w := range strings.Split(*counts, ",") {
		n, err := strconv.Atoi(w)
		if err != nil || n < 1 || *each < 1 {
			return fmt.Errorf("%q workers with a budget of %d trials' time: both must be positive numbers", w, *each)
		}
		free, err := newFarm(n, *each, *seed, func() float64 { return 0 })
		if err != nil {
			return err
		}
		began := dataset.CPUSeconds()
		free.run()
		spent := dataset.CPUSeconds() - began
		charged, err := newFarm(n, *each, *seed, dataset.CPUSeconds)
		if err != nil {
			return err
		}
		charged.run()
		line := shift{n, free.ended, free.linear(), charged.linear(), 1e3 * spent / float64(max(1, free.ended))}
		if err := json.NewEncoder(out).Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// farm is a core with workers in virtual time, in seconds from 0.
type farm struct {
	state    scheduler.State
	problems map[string]*problem
	cpu      func() float64 // processor time so far, whose increase the core's steps take
	workers  int
	budget   float64
	seed     uint64
	idle     int
	queue    []*trials.Spec
	free     float64 // when the core is done with what it was told
	events   events
	ended    int     // trials
	busy     float64 // time of those that ended
	revision uint64
}

// event is a trial's start or end.
type event struct {
	at     float64
	record *trials.Record
}

// events is a heap, the earliest event first, ties by revision.
type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].record.Revision < e[j].record.Revision
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(v any)   { *e = append(*e, v.(event)) }
func (e *events) Pop() any {
	old := *e
	v := old[len(old)-1]
	*e = old[:len(old)-1]
	return v
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func seconds(v float64) time.Duration { return time.Duration(v * float64(time.Second)) }

func moment(at float64) time.Time { return epoch.Add(seconds(at)) }

// newFarm is a job of n workers with a budget of so many times the default trial's.
func newFarm(n, each int, seed uint64, cpu func() float64) (*farm, error) {
	f := &farm{problems: map[string]*problem{}, cpu: cpu, workers: n, budget: float64(each) * unit, seed: seed, idle: n}
	config := search.Config{Seed: seed}
	for _, p := range []*problem{boosting(), kinds(), choices()} {
		f.problems[p.name] = p
		config.Arms = append(config.Arms, search.Arm{Learner: p.name, Space: p.space})
	}
	study, err := search.NewStudy(config)
	if err != nil {
		return nil, err
	}
	f.state = scheduler.NewState(&scheduler.Rules{
		Job: "made", Study: study, Timed: true, Budget: seconds(f.budget), Cost: f.cost,
		Spec: trials.Spec{Kind: trials.Folds, Split: trials.Split{Folds: 5}},
	})
	return f, nil
}

func (f *farm) cost(s search.Suggestion) float64 {
	return unit * f.problems[s.Learner].seconds(s.Params)
}

// linear is the share of the workers' time that went into trials.
func (f *farm) linear() float64 { return f.busy / (f.budget * float64(f.workers)) }

// run goes on until the budget's end.
func (f *farm) run() {
	f.step(0, scheduler.Event{Kind: scheduler.Tick, Workers: f.workers})
	for len(f.events) > 0 {
		e := heap.Pop(&f.events).(event)
		if e.at > f.budget {
			return
		}
		if r := e.record; r.State == trials.Succeeded {
			loss := f.problems[r.Spec.Learner].observed(r.Spec.Params, f.seed, r.Spec.Number)
			r.Result = &trials.Result{Loss: loss, FoldLosses: []float64{loss, loss, loss, loss, loss}}
			f.idle++
			f.ended++
			f.busy += r.Finished.Sub(r.Started).Seconds()
		}
		f.step(e.at, scheduler.Event{Kind: scheduler.Report, Record: e.record})
	}
}

// step tells the core what happened, when it has time for it, and gives the new
// tasks to idle workers.
func (f *farm) step(at float64, e scheduler.Event) {
	f.free = max(f.free, at)
	e.At = moment(f.free)
	before := f.cpu()
	var actions []scheduler.Action
	f.state, actions = f.state.Step(e)
	f.free += f.cpu() - before
	// What was queued before can be taken at once, what is new when the core is done.
	for f.idle > 0 && len(f.queue) > 0 {
		f.take(f.queue[0], at)
		f.queue = f.queue[1:]
	}
	for _, a := range actions {
		if a.Kind != scheduler.Dispatch {
			continue
		}
		if f.queue = append(f.queue, a.Spec); f.idle > 0 {
			f.take(a.Spec, f.free)
			f.queue = f.queue[:len(f.queue)-1]
		}
	}
}

// take lets a worker run a trial from a time on.
func (f *farm) take(s *trials.Spec, at float64) {
	f.idle--
	r := rand.New(rand.NewPCG(s.Seed, uint64(s.Number)))
	took := f.cost(search.Suggestion{Learner: s.Learner, Params: s.Params}) * math.Exp(float64(noise*r.NormFloat64()))
	running := trials.Record{Spec: *s, State: trials.Running, Queued: moment(at), Started: moment(at), Revision: f.revision + 1}
	ended := running
	ended.State, ended.Finished, ended.Revision = trials.Succeeded, moment(at+took), f.revision+2
	f.revision += 2
	heap.Push(&f.events, event{at, &running})
	heap.Push(&f.events, event{at + took, &ended})
}
