package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/seed-09a2cce4/automl/search"
)

var samplers = map[string]search.Sampler{
	"random": search.Random(), "quasi": search.QuasiRandom(), "local": search.Local(),
	"tpe": search.TPE(), "gp": search.GP(), "mixed": search.Mixed(),
}

// marks are the numbers of trials after which the regret is noted.
var marks = []int{10, 20, 30, 50, 100, 200, 500}

// run is one run of a sampler on a problem.
type curve struct {
	Problem string          `json:"problem"`
	Sampler string          `json:"sampler"`
	Lag     int             `json:"lag"`
	Seed    uint64          `json:"seed"`
	Regret  map[int]float64 `json:"regret"` // by number of trials
}

func regret(args []string, out io.Writer) error {
	f := flag.NewFlagSet("regret", flag.ContinueOnError)
	names := f.String("samplers", "", "a list; all if empty")
	on := f.String("problems", "", "a list; all if empty")
	n := f.Int("trials", 100, "of a run")
	seeds := f.Int("seeds", 10, "runs of each sampler on each problem")
	lag := f.Int("lag", 1, "trials between one and the last whose result it depends on, itself included")
	if err := f.Parse(args); err != nil {
		return err
	}
	runs, err := plan(*names, *on, *seeds, *lag)
	if err != nil {
		return err
	}
	errs := make([]error, len(runs))
	slots := make(chan bool, runtime.GOMAXPROCS(0))
	var group sync.WaitGroup
	for i := range runs {
		slots <- true
		group.Go(func() {
			errs[i] = runs[i].run(*n)
			<-slots
		})
	}
	group.Wait()
	for i := range runs {
		if errs[i] != nil {
			return fmt.Errorf("%s on %s: %w", runs[i].Sampler, runs[i].Problem, errs[i])
		}
		if err := json.NewEncoder(out).Encode(runs[i]); err != nil {
			return err
		}
	}
	return nil
}

// plan are the runs to be done.
func plan(names, on string, seeds, lag int) ([]curve, error) {
	if lag < 1 {
		return nil, fmt.Errorf("-lag %d: a trial does not know itself, use 1 or more", lag)
	}
	var out []curve
	chosen := slices.Sorted(maps.Keys(samplers))
	if names != "" {
		chosen = strings.Split(names, ",")
	}
	var problemNames []string
	for _, p := range problems() {
		problemNames = append(problemNames, p.name)
	}
	if on != "" {
		problemNames = strings.Split(on, ",")
	}
	for _, name := range problemNames {
		if _, err := lookup(name); err != nil {
			return nil, err
		}
		for _, s := range chosen {
			if samplers[s] == nil {
				return nil, fmt.Errorf("no sampler %q", s)
			}
			for seed := range seeds {
				out = append(out, curve{Problem: name, Sampler: s, Lag: lag, Seed: uint64(seed), Regret: map[int]float64{}})
			}
		}
	}
	return out, nil
}

// run goes through n trials.
func (c *curve) run(n int) error {
	p, err := lookup(c.Problem)
	if err != nil {
		return err
	}
	study, err := search.NewStudy(search.Config{Arms: []search.Arm{{Learner: "made", Space: p.space}}, Seed: c.Seed, Sampler: samplers[c.Sampler]})
	if err != nil {
		return err
	}
	var history search.History
	var suggested []search.Suggestion
	losses := make([]float64, n)
	best := 0 // the trial that looks best
	for i := range n {
		sug, ok := study.Ask(i, &history)
		if !ok {
			break
		}
		losses[i] = p.observed(sug.Params, c.Seed, i)
		suggested = append(suggested, sug)
		history.Add(search.Observation{Suggestion: sug, Number: i, Loss: math.NaN()})
		if k := i + 1 - c.Lag; k >= 0 {
			history.Add(search.Observation{Suggestion: suggested[k], Number: k, Loss: losses[k]})
		}
		if cmp.Less(losses[i], losses[best]) {
			best = i
		}
		if slices.Contains(marks, i+1) {
			c.Regret[i+1] = p.loss(suggested[best].Params) - p.least
		}
	}
	return nil
}
