package main

import (
	"encoding/json"
	"flag"
	"io"
	"maps"
	"math"
	"os"
	"slices"

	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/search/portfolio"
)

const (
	smallRows  = 5000 // rows of a table up to which it is small
	leastGain  = 1e-3 // in units of the median's distance, for which a portfolio grows
	leastGroup = 4    // tables that a portfolio is made of
)

// times are those at which orders are compared, in times of the first configuration.
var times = []float64{2, 4, 8, 16, 32}

// group is what a portfolio is for.
type group struct {
	Learner string       `json:"learner"`
	Task    metrics.Task `json:"task"`
	Small   bool         `json:"small"` // no more than 5000 rows
}

// compared is how a group's greedy order does on tables that it was not made of,
// beside that of the learner's portfolio, which begins with the same configuration.
type compared struct {
	group
	Tables int `json:"tables"`
	// Hand and Greedy are mean regrets of the best so far over times and tables, in
	// units of the median's distance, StdErr that of the mean of their difference.
	Hand   float64 `json:"hand"`
	Greedy float64 `json:"greedy"`
	StdErr float64 `json:"std_err"`
	Better int     `json:"better"` // tables on which the greedy order is
	Worse  int     `json:"worse"`
	// Order is the greedy order of all tables, behind the learner's first.
	Order []search.Params `json:"order"`
}

// board is what the configurations of a learner come to on a table.
type board struct {
	regret  map[string]float64 // by key, in units of the median's distance, at most 1
	seconds map[string]float64
	params  map[string]search.Params
	hand    []string // the learner's portfolio, in its order
}

func choose(path string, args []string, out io.Writer) error {
	f := flag.NewFlagSet("choose", flag.ContinueOnError)
	to := f.String("out", "", "file for the orders that are better on tables left out, by two standard errors at least")
	power := f.Float64("power", 0.5, "of its relative cost by which a configuration's gain is divided")
	if err := f.Parse(args); err != nil {
		return err
	}
	all, err := readRecords(path)
	if err != nil {
		return err
	}
	groups := groupsOf(all)
	kept := []compared{}
	for _, g := range slices.SortedFunc(maps.Keys(groups), func(a, b group) int { return slices.Compare(a.words(), b.words()) }) {
		boards := groups[g]
		if len(boards) < leastGroup || !slices.ContainsFunc(boards, func(b *board) bool { return len(b.hand) > 1 }) {
			continue
		}
		c := leaveOneOut(g, boards, *power)
		if err := json.NewEncoder(out).Encode(c); err != nil {
			return err
		}
		if c.Greedy+2*c.StdErr < c.Hand && len(c.Order) > 0 {
			kept = append(kept, c)
		}
	}
	if *to == "" {
		return nil
	}
	return write(*to, kept)
}

// write stores orders as package search/portfolio reads them.
func write(path string, list []compared) error {
	out := []portfolio.Order{}
	for _, c := range list {
		o := portfolio.Order{Learner: c.Learner, Task: c.Task, Configs: c.Order}
		if o.MinRows = smallRows + 1; c.Small {
			o.MinRows, o.MaxRows = 0, smallRows
		}
		out = append(out, o)
	}
	b, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

func (g group) words() []string {
	size := "large"
	if g.Small {
		size = "small"
	}
	return []string{g.Learner, string(g.Task), size}
}

// groupsOf sorts the records into groups and, within these, tables.
func groupsOf(all []record) map[group][]*board {
	type place struct {
		group
		table string
	}
	byPlace := map[place][]*record{}
	for i := range all {
		r := &all[i]
		p := place{group{r.Learner, r.Task, r.Rows <= smallRows}, r.Table}
		byPlace[p] = append(byPlace[p], r)
	}
	out := map[group][]*board{}
	for _, p := range slices.SortedFunc(maps.Keys(byPlace), func(a, b place) int {
		return slices.Compare(append(a.words(), a.table), append(b.words(), b.table))
	}) {
		if b := boardOf(byPlace[p]); b != nil {
			out[p.group] = append(out[p.group], b)
		}
	}
	return out
}

// boardOf is nil if there is nothing to tell configurations apart by.
func boardOf(list []*record) *board {
	b := &board{regret: map[string]float64{}, seconds: map[string]float64{}, params: map[string]search.Params{}}
	var losses []float64
	for _, r := range list {
		if r.whole() {
			losses = append(losses, r.loss())
		}
	}
	slices.Sort(losses)
	if len(losses) < leastGroup || !list[0].whole() || list[0].Drawn {
		return nil
	}
	best, unit := losses[0], losses[len(losses)/2]-losses[0]
	if !(unit > 0) {
		return nil
	}
	for _, r := range list {
		key := search.Key(r.Learner, r.Params)
		if !r.Drawn {
			b.hand = append(b.hand, key)
		}
		b.regret[key], b.seconds[key], b.params[key] = 1, total(r.Seconds), r.Params
		if r.whole() {
			b.regret[key] = min(1, (r.loss()-best)/unit)
		}
	}
	return b
}

func total(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum
}

// greedy orders configurations, each being the one that lowers the best regrets so
// far the most for its cost, behind the first of each learner's portfolio.
func greedy(boards []*board, most int, power float64) []string {
	so := make([]float64, len(boards))
	count := map[string]int{}
	for i, b := range boards {
		so[i] = b.regret[b.hand[0]]
		for key := range b.regret {
			count[key]++
		}
	}
	var out []string
	for len(out) < most {
		best, value := "", 0.0
		for _, key := range slices.Sorted(maps.Keys(count)) {
			if count[key] < (len(boards)+1)/2 || slices.Contains(out, key) {
				continue
			}
			gain, cost, n := 0.0, 0.0, 0.0
			for i, b := range boards {
				if v, ok := b.regret[key]; ok {
					gain += max(0, so[i]-v)
					cost += math.Log(max(b.seconds[key], 1e-6) / max(b.seconds[b.hand[0]], 1e-6))
					n++
				}
			}
			if gain /= n; gain < leastGain {
				continue
			}
			if v := gain / math.Exp(power*cost/n); v > value {
				best, value = key, v
			}
		}
		if best == "" {
			break
		}
		out = append(out, best)
		for i, b := range boards {
			if v, ok := b.regret[best]; ok {
				so[i] = min(so[i], v)
			}
		}
	}
	return out
}

// area is the mean regret of the best so far at the times.
func (b *board) area(order []string) float64 {
	sum := 0.0
	for _, t := range times {
		best, spent := 1.0, 0.0
		for i, key := range order {
			v, ok := b.regret[key]
			if !ok || i > 0 && key == order[0] {
				continue // not recorded, or done
			}
			if spent += b.seconds[key]; spent > t*b.seconds[b.hand[0]] {
				break
			}
			best = min(best, v)
		}
		sum += best / float64(len(times))
	}
	return sum
}

// leaveOneOut makes orders as long as the learner's portfolio.
func leaveOneOut(g group, boards []*board, power float64) compared {
	out := compared{group: g, Tables: len(boards)}
	var diffs []float64
	for i, b := range boards {
		others := slices.Concat(boards[:i], boards[i+1:])
		ours := b.area(append([]string{b.hand[0]}, greedy(others, len(b.hand)-1, power)...))
		hand := b.area(b.hand)
		out.Greedy += ours / float64(len(boards))
		out.Hand += hand / float64(len(boards))
		diffs = append(diffs, ours-hand)
		switch {
		case ours < hand:
			out.Better++
		case ours > hand:
			out.Worse++
		}
	}
	middle, square := mean(diffs), 0.0
	for _, d := range diffs {
		square += (d - middle) * (d - middle)
	}
	out.StdErr = math.Sqrt(square / float64(len(diffs)*(len(diffs)-1)))
	most := 0
	for _, b := range boards {
		most = max(most, len(b.hand)-1)
	}
	for _, key := range greedy(boards, most, power) {
		for _, b := range boards {
			if p, ok := b.params[key]; ok {
				out.Order = append(out.Order, p)
				break
			}
		}
	}
	return out
}
