package scheduler

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// What time distilling is given, and how it is spent.
const (
	// teachShare is the most of a budget that is kept for it, labelShare the part of that
	// in which made-up rows are labelled, and spareTime the part that is planned for.
	teachShare = 0.25
	labelShare = 0.2
	spareTime  = 0.8
	// leastPace is how much faster than in the search a configuration may be made.
	leastPace = 0.1
	// fewestMadeUp are too few rows to teach anything, by rows of the table and at all.
	fewestMadeUp = 0.5
	// lastFit is what the fit of all rows takes, in fits of a fold.
	lastFit = 1.5
	// moreThreads is what each further thread of a fit is worth.
	moreThreads = 0.6
)

// distillTime is the part of a budget that is kept for distilling: what the students' fits
// on all folds and all rows take by what is declared.
func (p *plan) distillTime(o *trials.JobOptions, budget time.Duration, threads int) time.Duration {
	if !o.Distill {
		return 0
	}
	need := 0.0
	for _, l := range p.learners {
		if slices.Contains(students, l.Name()) {
			need += p.firstCost(l) * (float64(p.split.Count()) + lastFit)
		}
	}
	need *= 1 + float64(p.madeUpRows())/float64(p.trainRows())
	need /= spareTime * faster(threads, 1)
	return min(200*time.Millisecond+seconds(need), time.Duration(teachShare*float64(budget)))
}

// faster is how much faster a fit is with more threads.
func faster(threads, than int) float64 {
	return max(1, 1+moreThreads*float64(threads-than)/float64(than))
}

// left is the time that remains, the longest there is without a limit.
func (d *distillery) left() time.Duration {
	if d.end.IsZero() {
		return math.MaxInt64
	}
	return time.Until(d.end)
}

// rowTimes are what the ensemble takes for a row on one thread, and what one fold model of
// each of its members does.
func (r *runner) rowTimes(o *Outcome, tried []candidate) (kept, one float64) {
	for _, m := range o.Members {
		k := slices.IndexFunc(tried, func(c candidate) bool { return c.record.Spec.Number == m.Trial })
		t := tried[k].record.Result.RowSeconds
		one += t
		if r.plan.split.Whole() {
			kept += t
		} else {
			kept += t * float64(len(m.Kept))
		}
	}
	return kept, one
}

// affordable is how many rows may be made up, by the time that labelling them and the fits
// of the first student take, and by the memory that the job may take.
func (d *distillery) affordable(o *Outcome, list []*student) (int, error) {
	p := d.plan
	n, most := float64(p.trainRows()), float64(p.madeUpRows())
	least := fewestMadeUp * n
	if limit := d.job.Options.MaxMemory; limit > 0 {
		fit := list[0].learner.Estimate(p.shape, list[0].params).Bytes
		for ; most >= least; most /= 2 {
			if grown := 1 + most/n; (grown+1)*float64(p.prepared.Bytes())+grown*float64(fit) <= float64(limit) {
				break
			}
		}
		if most < least {
			return 0, fmt.Errorf("the rows that it takes do not go into max memory %s", trials.FormatSize(limit))
		}
	}
	if d.end.IsZero() {
		return int(most), nil
	}
	threads := float64(d.c.threads())
	kept, one := d.rowTimes(o, d.tried)
	perRow := (one*float64(len(p.folds)) + kept) / threads
	most = min(most, labelShare*d.left().Seconds()/perRow)
	most = min(most, max(n, n*(spareTime*d.left().Seconds()/float64(len(list))/d.need(list[0])-1)))
	if most < least {
		return 0, fmt.Errorf("%w: there was none to label enough rows", errNoTime)
	}
	return int(math.Ceil(most)), nil
}

// need is what the fits of a student take on rows of the table alone, in seconds, by what
// the trial of its configuration took.
func (d *distillery) need(s *student) float64 {
	n, threads := float64(len(d.plan.folds)), 1
	took := d.plan.firstCost(s.learner) * n
	if k := d.bestOf(s.learner); k >= 0 {
		rec := d.tried[k].record
		took = rec.Result.FitSeconds
		if threads = rec.Spec.Threads; threads == 0 {
			threads = max(1, d.c.threads()/d.c.workers())
		}
	}
	return took * (n + lastFit) / n / faster(d.c.threads(), threads)
}

// hurry makes a student's fits shorter where they would take more than a time. It fails if
// they would still.
func (d *distillery) hurry(s *student, left time.Duration) error {
	if d.end.IsZero() {
		return nil
	}
	need := d.need(s) * (1 + float64(len(d.teach.made.from))/float64(d.plan.trainRows()))
	have := spareTime * left.Seconds()
	if need <= have {
		return nil
	}
	factor := have / need
	params := d.plan.pace(search.Suggestion{Learner: s.learner.Name(), Params: s.params}, factor)
	if params == nil || factor < leastPace {
		return fmt.Errorf("%w: %s takes %v by what its trials took, %v were left", errNoTime, s.learner.Name(),
			seconds(need).Round(10*time.Millisecond), max(0, left).Round(10*time.Millisecond))
	}
	s.params = params
	return nil
}
