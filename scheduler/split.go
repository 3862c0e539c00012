package scheduler

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/trials"
)

// findSplitColumn takes the column that divides the rows from the options.
func (p *plan) findSplitColumn(o *trials.JobOptions) error {
	p.split = trials.Split{Seed: o.Seed, Repeats: o.Repeats}
	if p.split.By, p.split.Column = o.SplitColumn(); p.split.By == "" {
		return nil
	}
	if _, err := featurize.Find(p.table, p.split.Column); err != nil {
		return fmt.Errorf("%s column: %w", p.split.By, err)
	}
	return nil
}

// ignored are the columns that make no features: those of groups and folds say
// how the table came about. Times are features like any others.
func (p *plan) ignored(o *trials.JobOptions) []string {
	if p.split.By == featurize.ByGroup || p.split.By == featurize.ByFold {
		return append(slices.Clone(o.Ignore), p.split.Column)
	}
	return o.Ignore
}

// chooseSplit decides how trials are validated: as the options say, or by what
// the default configuration's folds would cost of the budget of each worker.
func (p *plan) chooseSplit(o *trials.JobOptions, budget time.Duration) error {
	k, err := o.FoldCount()
	if err != nil {
		return input(err)
	}
	n := p.table.Rows()
	p.split.Folds = k
	if p.valid > 0 {
		p.split.Folds, p.split.Fixed = 1, p.valid
	} else if p.split.Folds, err = p.foldCount(k, budget); err != nil {
		return input(err)
	}
	if p.split.Folds == 1 && p.valid == 0 {
		if p.split.Holdout, err = holdout(o.Holdout, n); err != nil {
			return input(err)
		}
	}
	err = p.takeSplit(p.split, k > 0)
	for k == 0 && err != nil && p.fewer() {
		err = p.takeSplit(p.split, false)
	}
	if err != nil {
		return err
	}
	return p.checkSpread(o)
}

// fewer takes a fold from a number that was chosen, down to a hold-out: a column may
// divide the rows in such a way that a fold lacks what it needs.
func (p *plan) fewer() bool {
	s := &p.split
	if s.By != featurize.ByGroup && s.By != featurize.ByTime || s.Folds == 1 || s.Folds == 2 && s.Repeats > 1 {
		return false
	}
	if s.Folds--; s.Folds == 1 {
		s.Holdout = holdoutShare(p.table.Rows())
	}
	return true
}

// takeSplit goes on with a split; explicit says that the user chose its folds, or
// that the job was begun with it.
func (p *plan) takeSplit(s trials.Split, explicit bool) error {
	p.split = s
	p.folds = s.Assign(p.table.Rows(), p.shape.Task, p.prepared.Y, p.prepared.Keys)
	return p.checkFolds(explicit)
}

// checkSpread reports rows that are too few for the intervals and quantiles that
// are asked for.
func (p *plan) checkSpread(o *trials.JobOptions) error {
	if o.Intervals == 0 && len(o.Quantiles) == 0 {
		return nil
	}
	if p.shape.Task != metrics.Regression {
		return inputf("intervals and quantiles are of numbers: target %q has classes", o.Target)
	}
	if n, need := len(validated(p.folds)), model.SpreadRows(o.Intervals, o.Quantiles); n < need {
		return inputf("intervals and quantiles: %d rows to validate on are too few: the outermost level takes %d", n, need)
	}
	return nil
}

// foldCount is the number of folds, k being what was asked for (0: choose), as far
// as the rows and the column that divides them have so many.
func (p *plan) foldCount(k int, budget time.Duration) (int, error) {
	n := p.table.Rows()
	most := n
	if p.split.By != "" {
		most = int(slices.Max(p.prepared.Keys)) + 1
	}
	switch p.split.By {
	case featurize.ByFold:
		if most < 2 || most > trials.MaxFolds {
			return 0, fmt.Errorf("fold column %q: %d different values: it takes 2 to %d", p.split.Column, most, trials.MaxFolds)
		}
		return most, nil
	case featurize.ByGroup:
		if most < max(2, k) {
			return 0, fmt.Errorf("fewer groups than folds: group column %q has %d, there are %d folds", p.split.Column, most, max(2, k))
		}
	case featurize.ByTime:
		if most--; most < max(1, k) { // the first time only trains
			return 0, fmt.Errorf("time column %q: %d different times: %d folds take %d", p.split.Column, most+1, max(1, k), max(1, k)+1)
		}
	}
	switch {
	case k == 0:
		k = min(p.autoFolds(budget), most)
		if p.split.Repeats > 1 {
			k = min(max(k, 2), most)
		}
	case k > n:
		return 0, fmt.Errorf("fewer rows than folds: %d rows with a target, %d folds", n, k)
	}
	return k, nil
}

// holdout is the share of n rows to hold out: as asked for, a share or a number of
// rows, or chosen.
func holdout(asked float64, n int) (float64, error) {
	switch {
	case asked >= float64(n):
		return 0, fmt.Errorf("%v rows to hold out leave nothing to learn from: the table has %d rows with a target", asked, n)
	case asked >= 1:
		return asked / float64(n), nil
	case asked > 0:
		return asked, nil
	}
	return holdoutShare(n), nil
}

// rowsOfFit is about how many rows a fit trains on.
func (p *plan) rowsOfFit() int {
	n, k := p.shape.Rows, p.split.Folds
	switch {
	case k > 1 && p.split.By == featurize.ByTime:
		return max(1, n/2) // the windows expand
	case k > 1:
		return n - n/k
	}
	return n
}

// autoFolds is the number of folds, 1 for a hold-out.
func (p *plan) autoFolds(budget time.Duration) int {
	cost := p.defaultCost() * float64(max(1, p.split.Repeats))
	k, share := 1, shareOfFolds
	if p.shape.Rows > manyRows {
		// A small part of so many rows tells models apart, and boosting goes on to gain
		// by more and slower rounds than folds leave time for.
		share = shareOfLarge
	}
	switch total := budget.Seconds(); {
	case p.shape.Rows < fewRows && 8*cost <= shareOfMany*total:
		k = 8
	case 5*cost <= share*total, 5*cost <= total && p.shape.Rows < 5*fewRows:
		k = 5
	case 3*cost <= shareOfFolds*total && p.shape.Rows < 20*fewRows, p.shape.Rows < 2*fewRows:
		k = 3 // a hold-out of a few hundred rows tells little
	}
	// Each fold needs a row of either class; very small tables, two rows.
	if p.shape.Task == metrics.Binary {
		k = min(k, p.smallestClass())
	}
	return max(1, min(k, p.shape.Rows/2))
}

// holdoutShare is the part of n rows that is held out: enough to tell models
// apart, and no more.
func holdoutShare(n int) float64 {
	f := float64(n)
	if n < 5000 {
		return max(0.1, min(0.2, 500/f))
	}
	return max(0.02, min(0.15, 6000/f))
}

func (p *plan) smallestClass() int {
	counts := make([]int, p.shape.Classes)
	for _, v := range p.prepared.Y {
		if c := int(v); c >= 0 && c < len(counts) {
			counts[c]++
		}
	}
	return slices.Min(counts)
}

// checkFolds reports a split on which no score would mean anything.
func (p *plan) checkFolds(explicit bool) error {
	if p.split.By != "" {
		return p.checkTied()
	}
	task, y := p.shape.Task, p.prepared.Y
	for i, rows := range p.folds {
		classes := map[float32]bool{}
		for _, r := range rows {
			classes[y[r]] = true
		}
		switch {
		case len(rows) == 0 && p.valid > 0:
			return inputf("no validation row has a target")
		case len(rows) == 0 || len(rows) == p.table.Rows():
			return inputf("fewer rows than folds: %d rows with a target leave fold %d of %d empty", p.table.Rows(), i+1, len(p.folds))
		case task == metrics.Binary && len(classes) < 2 && p.valid > 0:
			return inputf("all validation rows are of the class %q: take others", p.prepared.Target.Classes[int(y[rows[0]])])
		case task == metrics.Binary && len(classes) < 2 && explicit && p.split.Folds > 1:
			return inputf("fewer rows than folds: the rarer class has %d rows, there are %d folds", p.smallestClass(), len(p.folds))
		case task == metrics.Binary && len(classes) < 2:
			return inputf("the rarer class of target %q has %d rows: too few to validate on", p.prepared.Target.Name, p.smallestClass())
		}
	}
	return nil
}

// checkTied is checkFolds for rows that a column divides: a fold may lack a class
// there, but not all of them together.
func (p *plan) checkTied() error {
	y := p.prepared.Y
	classes := map[float32]bool{}
	for i, rows := range p.folds {
		train := p.split.Train(p.table.Rows(), rows, p.prepared.Keys)
		if len(rows) == 0 || len(train) == 0 {
			return inputf("%s column %q leaves fold %d of %d empty: use fewer folds", p.split.By, p.split.Column, i+1, len(p.folds))
		}
		if p.shape.Task == metrics.Regression {
			continue
		}
		if !slices.ContainsFunc(train, func(r int32) bool { return y[r] != y[train[0]] }) {
			return inputf("%s column %q: all rows that fold %d of %d trains on are of the class %q: use fewer folds",
				p.split.By, p.split.Column, i+1, len(p.folds), p.prepared.Target.Classes[int(y[train[0]])])
		}
		for _, r := range rows {
			classes[y[r]] = true
		}
	}
	if len(classes) == 1 {
		return inputf("%s column %q: all rows to validate on are of one class", p.split.By, p.split.Column)
	}
	return nil
}
