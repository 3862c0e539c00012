package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

const (
	racers   = 5   // trials before any is given up, and the rank of the reference at first
	poolSize = 29  // the reference's last rank
	short    = 0.3 // of the time of all folds: a budget
)

// rule gives the mean losses over folds 0 to k above which a trial is given up;
// whole are the trials with all folds so far, best first, rank is that of the
// reference among them, from 1.
type rule struct {
	name       string
	thresholds func(whole []*record, rank int) []float64
}

// raced is what a rule comes to, in the mean over tables and orders.
type raced struct {
	Rule string `json:"rule"`
	Runs int    `json:"runs"`
	// Saved is the share of the time of all folds that was not spent. Lost is how
	// often the best trial was given up, and Kept what share of the ten best ended.
	Saved float64 `json:"saved"`
	Lost  float64 `json:"lost"`
	Kept  float64 `json:"kept"`
	// Regret is how far the best of those that ended in 0.3 of the time of all is
	// from the best of all, in units of the median's distance, and Ten the same for
	// the mean of the best ten.
	Regret float64 `json:"regret"`
	Ten    float64 `json:"ten"`
}

func racing(path string, args []string, out io.Writer) error {
	f := flag.NewFlagSet("racing", flag.ContinueOnError)
	list := f.String("widths", "0,0.5,1,1.5,2,3", "standard errors by which a trial must be behind")
	orders := f.Int("orders", 20, "random orders of each table's trials")
	if err := f.Parse(args); err != nil {
		return err
	}
	rules, err := rulesOf(*list)
	if err != nil {
		return err
	}
	all, err := readRecords(path)
	if err != nil {
		return err
	}
	byTable := map[string][]*record{}
	for i := range all {
		if r := &all[i]; r.whole() {
			byTable[r.Table] = append(byTable[r.Table], r)
		}
	}
	for _, rule := range rules {
		sum := raced{Rule: rule.name}
		for _, name := range slices.Sorted(maps.Keys(byTable)) {
			if len(byTable[name]) < 4*racers {
				continue
			}
			for order := range *orders {
				sum.add(race(byTable[name], rule, uint64(order)))
			}
		}
		if sum.Runs == 0 {
			return fmt.Errorf("%s: no table has %d trials with all folds", path, 4*racers)
		}
		sum.scale(1 / float64(sum.Runs))
		if err := json.NewEncoder(out).Encode(sum); err != nil {
			return err
		}
	}
	return nil
}

func rulesOf(widths string) ([]rule, error) {
	out := []rule{
		{"none", func([]*record, int) []float64 { return nil }},
		{"quarter", func(whole []*record, rank int) []float64 {
			return quarter(whole[:min(len(whole), poolSize+1)], rank)
		}},
	}
	for w := range strings.SplitSeq(widths, ",") {
		width, err := strconv.ParseFloat(w, 64)
		if err != nil {
			return nil, fmt.Errorf("-widths: %w", err)
		}
		out = append(out, rule{"paired " + w, func(whole []*record, rank int) []float64 {
			var near [][]float64
			for i, r := range whole[:min(len(whole), poolSize+1)] {
				if i != rank-1 {
					near = append(near, r.Losses)
				}
			}
			return paired(whole[rank-1].Losses, near, width)
		}})
	}
	return out, nil
}

// quarter is the scheduler's rule: it compares with the partial mean that has the rank
// among those of the others.
func quarter(whole []*record, rank int) []float64 {
	out, means, sums := make([]float64, folds-1), make([]float64, len(whole)), make([]float64, len(whole))
	for k := range out {
		for i, r := range whole {
			sums[i] += r.Losses[k]
			means[i] = sums[i] / float64(k+1)
		}
		slices.Sort(means)
		out[k] = means[rank-1] + 0.1*(means[rank-1]-means[0])
	}
	return out
}

func (r *raced) add(o raced) {
	r.Runs++
	r.Saved += o.Saved
	r.Lost += o.Lost
	r.Kept += o.Kept
	r.Regret += o.Regret
	r.Ten += o.Ten
}

func (r *raced) scale(by float64) {
	for _, v := range []*float64{&r.Saved, &r.Lost, &r.Kept, &r.Regret, &r.Ten} {
		*v *= by
	}
}

func byLoss(a, b *record) int { return cmp.Compare(a.loss(), b.loss()) }

// race plays the trials of a table in a random order.
func race(trials []*record, rule rule, seed uint64) raced {
	ranked := slices.SortedStableFunc(slices.Values(trials), byLoss)
	order := slices.Clone(trials)
	random := rand.New(rand.NewPCG(seed, 1))
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	total := 0.0
	for _, r := range order {
		for _, s := range r.Seconds {
			total += s
		}
	}
	var out raced
	var whole, early []*record // best first; early ended within the budget
	spent := 0.0
	for n, r := range order {
		var thresholds []float64
		if rank := min(max(racers, n/4), poolSize); len(whole) > rank {
			thresholds = rule.thresholds(whole, rank)
		}
		gone, sum := false, 0.0
		for k, loss := range r.Losses {
			sum += loss
			spent += r.Seconds[k]
			if k < len(thresholds) && sum/float64(k+1) > thresholds[k] {
				gone = true
				break
			}
		}
		if gone {
			if r == ranked[0] {
				out.Lost = 1
			}
			continue
		}
		at, _ := slices.BinarySearchFunc(whole, r, byLoss)
		whole = slices.Insert(whole, at, r)
		if spent <= short*total {
			early = slices.Clone(whole)
		}
		if slices.Contains(ranked[:10], r) {
			out.Kept += 0.1
		}
	}
	out.Saved = 1 - spent/total
	best := ranked[0].loss()
	unit := ranked[len(ranked)/2].loss() - best
	out.Regret, out.Ten = regret(early, 1, best, unit), regret(early, 10, best, unit)
	return out
}

// regret is how far the mean of the best n is from the best of all.
func regret(ended []*record, n int, best, unit float64) float64 {
	if len(ended) == 0 || !(unit > 0) {
		return 1
	}
	sum := 0.0
	for _, r := range ended[:min(n, len(ended))] {
		sum += (r.loss() - best) / unit
	}
	return sum / float64(min(n, len(ended)))
}
