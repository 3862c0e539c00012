package scheduler

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

var update = flag.Bool("update", false, "rewrite the expected part of testdata/*.txt")

// TestScenarios plays testdata/*.txt: commands, each followed by what the core
// asks for.
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, want)
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			} else if !bytes.Equal(got, want) {
				t.Errorf("%s differs (run with -update and look at the difference):\n%s", file, got)
			}
		})
	}
}

// play runs the commands of a scenario, which are its unindented lines, and
// writes them again with the answers, which are indented.
func play(t *testing.T, scenario []byte) []byte {
	sim := &simulation{t: t, records: map[int]*trials.Record{}}
	var out bytes.Buffer
	lines := bufio.NewScanner(bytes.NewReader(scenario))
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "  ") {
			continue
		}
		fmt.Fprintln(&out, line)
		if line == "" || line[0] == '#' {
			continue
		}
		for _, a := range sim.command(strings.Fields(line)) {
			fmt.Fprintln(&out, "  "+sim.describe(a))
		}
	}
	return out.Bytes()
}

// simulation is a core with the store and the clock that a shell would give it.
type simulation struct {
	t        *testing.T
	rules    Rules
	state    State
	now      time.Time
	revision uint64
	records  map[int]*trials.Record
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// testStudy has a baseline and two learners with portfolios of three and two.
func testStudy(t *testing.T) *search.Study {
	t.Helper()
	space := search.Space{{Name: "x", Low: 0, High: 1}}
	study, err := search.NewStudy(search.Config{Seed: 1, Arms: []search.Arm{
		{Learner: "baseline", Weight: 100, Once: true},
		{Learner: "gbdt", Weight: 3, Space: space, Portfolio: []search.Params{{"x": 0.1}, {"x": 0.2}, {"x": 0.3}}},
		{Learner: "linear", Weight: 2, Space: space, Portfolio: []search.Params{{"x": 0.1}, {"x": 0.2}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return study
}

func (s *simulation) command(words []string) []Action {
	switch words[0] {
	case "job":
		s.now = epoch
		s.rules = s.parseRules(words[1:])
		s.state = NewState(&s.rules)
		return nil
	case "start":
		return s.step(Event{Kind: Tick, Workers: 2})
	case "tick":
		e := Event{Kind: Tick}
		for _, w := range words[1:] {
			if d, ok := strings.CutPrefix(w, "+"); ok {
				s.now = s.now.Add(s.duration(d))
			} else if n, ok := strings.CutPrefix(w, "workers="); ok {
				e.Workers = s.number(n)
			} else {
				s.t.Fatalf("tick: %q?", w)
			}
		}
		return s.step(e)
	case "run", "report", "prune", "fail":
		s.revision++
		return s.step(Event{Kind: Report, Record: s.change(words)})
	case "redeliver":
		n := s.number(words[1][1:])
		return s.step(Event{Kind: Report, Record: s.records[n]})
	case "crash": // and recover from the records
		s.state = NewState(&s.rules)
		for n := range 100 {
			if r := s.records[n]; r != nil {
				s.step(Event{Kind: Report, Record: r})
			}
		}
		return s.step(Event{Kind: Tick, Workers: 2})
	case "lose": // the record was never stored
		delete(s.records, s.number(words[1][1:]))
		return nil
	case "cancel":
		return s.step(Event{Kind: Cancel, Reason: strings.Join(words[1:], " ")})
	}
	s.t.Fatalf("unknown command %q", words)
	return nil
}

func (s *simulation) parseRules(words []string) Rules {
	r := Rules{
		Job: "j", Study: testStudy(s.t), Lag: 3, Primary: "gbdt",
		Cost: func(sug search.Suggestion) float64 {
			return map[string]float64{"baseline": 0.1, "gbdt": 2, "linear": 1}[sug.Learner]
		},
		Spec: trials.Spec{Kind: trials.Folds, Split: trials.Split{Folds: 3}},
	}
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		switch k {
		case "trials":
			r.Trials = s.number(v)
		case "lag":
			r.Lag = s.number(v)
		case "time":
			r.Timed, r.Budget, r.Slack = true, s.duration(v), 100*time.Millisecond
		case "folds":
			r.Spec.Split.Folds = s.number(v)
		case "paced": // learner gbdt, by x down to 0.05; of tells configurations apart
			r.Pace = func(sug search.Suggestion, factor float64) search.Params {
				if sug.Learner != "gbdt" {
					return nil
				}
				x := sug.Params.Float("x", 0)
				return search.Params{"x": max(0.05, x/factor), "of": sug.Params.Float("of", x)}
			}
			r.Cost = func(sug search.Suggestion) float64 {
				if sug.Learner == "gbdt" {
					return 1 / sug.Params.Float("x", 0)
				}
				return 0.1
			}
		case "grace":
			r.Grace = s.duration(v)
		case "closed":
			r.Closed = true
		case "early":
			r.EarlyEnd = true
		case "exit":
			loss := s.float(v)
			r.ExitLoss = &loss
		default:
			s.t.Fatalf("job: %q?", w)
		}
	}
	return r
}

// change makes the next record of a trial: run t1, report t1 loss=.4 took=2s, …
func (s *simulation) change(words []string) *trials.Record {
	n := s.number(words[1][1:])
	old := s.records[n]
	if old == nil {
		s.t.Fatalf("%v: trial was not dispatched", words)
	}
	r := *old
	r.Revision = s.revision
	s.records[n] = &r
	took := time.Second
	r.Result = nil
	if words[0] == "report" || words[0] == "prune" {
		r.Result = &trials.Result{OutOfFold: "o" + words[1], Models: "m" + words[1], Bytes: 1}
		r.Result.FoldLosses = make([]float64, r.Spec.Split.Folds)
	}
	for _, w := range words[2:] {
		k, v, ok := strings.Cut(w, "=")
		switch {
		case !ok:
			r.Reason = w
		case k == "loss":
			r.Result.Loss = s.float(v)
			for i := range r.Result.FoldLosses {
				r.Result.FoldLosses[i] = r.Result.Loss
			}
		case k == "took":
			took = s.duration(v)
		case k == "folds":
			r.Result.FoldLosses = r.Result.FoldLosses[:s.number(v)]
		case k == "bare":
			r.Result.OutOfFold, r.Result.Models = "", ""
		default:
			s.t.Fatalf("%v: %q?", words, w)
		}
	}
	switch words[0] {
	case "run":
		r.State, r.Started = trials.Running, s.now
		r.Attempt++
		return &r
	case "report":
		r.State = trials.Succeeded
	case "prune":
		r.State = trials.Pruned
	case "fail":
		r.State = trials.Failed
	}
	r.Started, r.Finished = s.now.Add(-took), s.now
	return &r
}

// step takes a step and does what a shell would do at once; it also holds that
// steps are pure.
func (s *simulation) step(e Event) []Action {
	e.At = s.now
	before := s.state
	next, actions := s.state.Step(e)
	if again, repeated := before.Step(e); !reflect.DeepEqual(next.trials, again.trials) || !reflect.DeepEqual(actions, repeated) {
		s.t.Fatalf("the same step of the same state differs: %v and %v", actions, repeated)
	}
	s.state = next
	for _, a := range actions {
		if a.Kind == Dispatch {
			s.revision++
			s.records[a.Number] = &trials.Record{Spec: *a.Spec, State: trials.Queued, Queued: s.now, Revision: s.revision}
		}
	}
	return actions
}

func (s *simulation) describe(a Action) string {
	name := map[ActionKind]string{
		Dispatch: "dispatch", Check: "check", CancelTrial: "cancel", Ended: "ended", Best: "best", Drop: "drop", Finish: "finish",
	}[a.Kind]
	if a.Kind == Finish {
		return name + ": " + a.Reason
	}
	text := fmt.Sprintf("%s t%d", name, a.Number)
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	if a.Kind != Dispatch {
		return text
	}
	text += fmt.Sprintf(" %s x=%.3g", a.Spec.Learner, a.Spec.Params.Float("x", 0))
	if !a.Spec.Deadline.IsZero() {
		text += " until=" + a.Spec.Deadline.Sub(epoch).Round(time.Millisecond).String()
	}
	if d := a.Spec.Limits.TrialTimeout; d > 0 {
		text += " timeout=" + d.Round(time.Millisecond).String()
	}
	if a.Spec.Prune != nil {
		text += fmt.Sprintf(" prune=%.4g", a.Spec.Prune)
	}
	if a.Spec.KeepLoss != nil {
		text += fmt.Sprintf(" keep<%.4g", *a.Spec.KeepLoss)
	}
	return text
}

func (s *simulation) number(v string) int {
	n, err := strconv.Atoi(v)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *simulation) float(v string) float64 {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

func (s *simulation) duration(v string) time.Duration {
	d, err := time.ParseDuration(v)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// lossOf is what a trial of the simulated job finds: a function of its spec alone.
func lossOf(s *trials.Spec) float64 {
	d := s.Params.Float("x", 0.9) - 0.37
	return d*d + float64(len(s.Learner))/100
}

// shuffledRules are those of a job of 60 trials, or of 5 s.
func shuffledRules(t *testing.T, timed bool) *Rules {
	r := &Rules{
		Job: "j", Study: testStudy(t), Trials: 60, Lag: 8, Cost: func(search.Suggestion) float64 { return 1 },
		Spec: trials.Spec{Kind: trials.Folds, Split: trials.Split{Folds: 3}, Seed: 7},
	}
	if timed {
		r.Trials, r.Timed, r.Budget, r.Slack, r.Primary = 0, true, 5*time.Second, 50*time.Millisecond, "gbdt"
		r.Cost = func(search.Suggestion) float64 { return 0.2 }
	}
	return r
}

// runShuffled plays a whole job in which records are reported out of order, repeatedly
// and late, and in which the scheduler crashes; it returns the specs by number.
func runShuffled(t *testing.T, rules *Rules, seed uint64) []*trials.Spec {
	r := rand.New(rand.NewPCG(seed, 7))
	state := NewState(rules)
	store := map[int]*trials.Record{}
	now, revision := epoch, uint64(0)
	var log []*trials.Record // every version of every record
	finals := map[int]int{}
	step := func(e Event) {
		e.At = now
		var actions []Action
		state, actions = state.Step(e)
		if r.IntN(100) == 0 {
			keepsUp(t, state)
		}
		for _, a := range actions {
			switch a.Kind {
			case Dispatch:
				if _, dup := store[a.Number]; dup {
					t.Fatalf("trial %d was dispatched twice", a.Number)
				}
				revision++
				store[a.Number] = &trials.Record{Spec: *a.Spec, State: trials.Queued, Queued: now, Revision: revision}
				log = append(log, store[a.Number])
			case Ended:
				finals[a.Number]++
			}
		}
	}
	step(Event{Kind: Tick, Workers: 1 + r.IntN(4)})
	for range 100000 {
		if state.Ended() != "" {
			break
		}
		now = now.Add(time.Duration(r.IntN(50)) * time.Millisecond)
		switch r.IntN(8) {
		case 0:
			step(Event{Kind: Tick, Workers: 1 + r.IntN(4)})
		case 1: // an old report again
			step(Event{Kind: Report, Record: log[r.IntN(len(log))]})
		case 2:
			if r.IntN(10) == 0 {
				state = NewState(rules)
				clear(finals)
				for _, i := range r.Perm(len(log)) {
					step(Event{Kind: Report, Record: log[i]})
				}
				step(Event{Kind: Tick, Workers: 1})
			}
		default: // any unfinished trial goes on
			var open []int
			for n, rec := range store {
				if !rec.State.Final() {
					open = append(open, n)
				}
			}
			if len(open) == 0 {
				continue
			}
			slices.Sort(open)
			rec := *store[open[r.IntN(len(open))]]
			revision++
			rec.Revision = revision
			if rec.State == trials.Queued {
				rec.State, rec.Started, rec.Attempt = trials.Running, now, 1
			} else {
				rec.State, rec.Finished = trials.Succeeded, now
				loss := lossOf(&rec.Spec)
				rec.Result = &trials.Result{Loss: loss, FoldLosses: []float64{loss, loss, loss}, OutOfFold: "o", Bytes: 1}
			}
			store[rec.Spec.Number] = &rec
			log = append(log, &rec)
			if r.IntN(3) > 0 { // else it is lost, until something else brings it up
				step(Event{Kind: Report, Record: &rec})
			} else if r.IntN(2) == 0 {
				for n := range len(store) {
					step(Event{Kind: Report, Record: store[n]})
				}
			}
		}
		for n, times := range finals {
			if times > 1 {
				t.Fatalf("trial %d ended %d times", n, times)
			}
		}
	}
	specs := make([]*trials.Spec, len(store))
	for n, rec := range store {
		specs[n] = &rec.Spec
	}
	return specs
}

// TestOrderOfReportsChangesNothing is the promise of the mode without a clock:
// the specs, thresholds included, are the same however the reports come.
func TestOrderOfReportsChangesNothing(t *testing.T) {
	t.Parallel()
	rules := shuffledRules(t, false)
	want := runShuffled(t, rules, 1)
	if len(want) != 60 {
		t.Fatalf("%d trials instead of 60", len(want))
	}
	if want[59].Prune == nil || want[59].KeepLoss == nil {
		t.Error("the last trial has no thresholds, so that this test shows little")
	}
	for seed := uint64(2); seed < 12; seed++ {
		if got := runShuffled(t, rules, seed); !reflect.DeepEqual(got, want) {
			for i := range want {
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Fatalf("seed %d: trial %d is\n%+v, not\n%+v", seed, i, got[i], want[i])
				}
			}
			t.Fatalf("seed %d: %d trials, not %d", seed, len(got), len(want))
		}
	}
}

// TestTimedJobsEnd plays timed jobs with every kind of disorder.
func TestTimedJobsEnd(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		rules := shuffledRules(t, true)
		specs := runShuffled(t, rules, seed)
		if len(specs) < 10 {
			t.Errorf("seed %d: only %d trials were asked for", seed, len(specs))
		}
		for _, s := range specs {
			if s.Deadline.IsZero() || s.Deadline.After(epoch.Add(5*time.Second)) {
				t.Errorf("trial %d may run until %v", s.Number, s.Deadline)
			}
		}
	}
}

func TestPoolIsMonotone(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	var all []*trials.Record
	dropped := map[int]bool{}
	for n := range 200 {
		all = append(all, &trials.Record{
			Spec: trials.Spec{Number: n, Learner: []string{"a", "a", "a", "b", "c"}[r.IntN(5)]}, State: trials.Succeeded,
			Result: &trials.Result{Loss: r.Float64(), OutOfFold: "o", Bytes: int64(r.IntN(100))},
		})
		in := pool(all, 1500, 10)
		if len(in) == 0 || len(in) > poolBest+3*poolLearner {
			t.Fatalf("%d candidates", len(in))
		}
		for _, rec := range in {
			if dropped[rec.Spec.Number] {
				t.Fatalf("trial %d came back into the pool", rec.Spec.Number)
			}
		}
		for _, rec := range outside(all, 1500, 10) {
			dropped[rec.Spec.Number] = true
		}
	}
	if len(dropped) < 100 {
		t.Errorf("only %d of 200 were dropped", len(dropped))
	}
}
