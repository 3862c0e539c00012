package scheduler

import (
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/ensemble"
)

// usualLatency is what the fold models of a job with a clock may take for a row where it
// sets no limit: a job without a clock keeps all of them, so that it can be repeated. On
// ten tables of 2,000 to 25,000 rows two of five gave up 0 to 0.5 % of the loss (1.8 % on
// one), for less than half of the time.
const usualLatency = 100 * time.Microsecond

// each is what one of the candidate's fold models costs.
func (c candidate) each() ensemble.Cost {
	r := c.record.Result
	return ensemble.Cost{Bytes: r.Bytes / int64(max(1, len(r.Steps))), PerRow: seconds(r.RowSeconds)}
}

// room is what the members' fold models may cost together.
func (r *runner) room(candidates []candidate) ensemble.Cost {
	out := r.bounds(candidates)
	if out.PerRow == 0 && r.state.Timed() {
		out.PerRow = usualLatency
	}
	return out
}

// keep chooses which fold models of the members predict: one of each, and further ones
// as long as all stay within the limits (0 is none), always where the variance of the
// ensemble falls most for what it costs: n models of a member of weight w have w²/n of
// it. costs are those of one model of each member.
func keep(members []Member, costs []ensemble.Cost, limits ensemble.Cost) {
	kept := make([]int, len(members))
	var total ensemble.Cost
	for k := range members {
		kept[k] = 1
		total = plus(total, costs[k])
	}
	for {
		best, most := -1, 0.0
		for k, m := range members {
			if n := kept[k]; n < len(m.Models) && within(plus(total, costs[k]), limits) {
				gain := m.Weight * m.Weight / float64(n*(n+1)) / price(costs[k], limits)
				if best < 0 || gain > most {
					best, most = k, gain
				}
			}
		}
		if best < 0 {
			break
		}
		kept[best]++
		total = plus(total, costs[best])
	}
	for k := range members {
		members[k].Kept = folds(kept[k], len(members[k].Models), k)
	}
}

// folds are n of so many fold models, for member k others than for its neighbours, so
// that each row is part of what most members were trained on.
func folds(n, of, k int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = (k + i*of/n) % of
	}
	slices.Sort(out)
	return out
}

func plus(a, b ensemble.Cost) ensemble.Cost {
	return ensemble.Cost{Bytes: a.Bytes + b.Bytes, PerRow: a.PerRow + b.PerRow}
}

func within(c, limits ensemble.Cost) bool {
	return (limits.Bytes == 0 || c.Bytes <= limits.Bytes) && (limits.PerRow == 0 || c.PerRow <= limits.PerRow)
}

// price is what share of the limits something takes, a little for what costs nothing.
func price(c, limits ensemble.Cost) float64 {
	share := 1e-6
	if limits.Bytes > 0 {
		share += float64(c.Bytes) / float64(limits.Bytes)
	}
	if limits.PerRow > 0 {
		share += float64(c.PerRow) / float64(limits.PerRow)
	}
	return share
}
