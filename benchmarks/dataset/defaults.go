package dataset

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

const (
	// holdout is the share of the rows of large tables that stops the boosting.
	holdout = 0.2
	// mostRounds bounds the time where the loss keeps falling.
	mostRounds = 1500
	// symmetricRounds is what the learning rate of symmetric trees is for, and their bound.
	symmetricRounds = 1000
	// symmetricLonger is how many times the rounds of folds symmetric trees get on all
	// rows: beyond the best round their loss rises slowly.
	symmetricLonger = 1.2
	// hopeless is how many times the least loss so far a learner may have to go on.
	hopeless = 1.5
	// manyClasses is where leaf-wise trees have a value for every class, which was
	// better than symmetric trees on all small tables and costs far less.
	manyClasses = 4
)

// usualFolds is the number of folds that FitDefaults takes: where boosting stops on
// a hold-out of a few hundred rows is chance, and large tables, and more than one
// learner, take their time.
func usualFolds(rows, learners int) int {
	switch {
	case rows <= 2500 && learners == 1:
		return 5
	case rows <= 1500 || rows <= 10_000 && learners == 1:
		return 3
	}
	return 1
}

// Defaults names the learners that [FitDefaults] chooses from for a problem, the one
// to take when in doubt first.
func Defaults(p algos.Problem) []string {
	if p.Classes >= manyClasses {
		return []string{"gbdt"}
	}
	return []string{"symmetric", "gbdt"}
}

// FitDefaults trains one model on all of r's training rows, r.Params changing its
// parameters. The learner and the number of rounds are those that were good on folds
// of these rows, cut by r.Seed: the geometric mean of where boosting stopped. Each
// learner has the configuration that a search begins with; symmetric trees have the
// learning rate of a thousand rounds. folds is their number, 1 for a hold-out of a
// fifth, 0 for what suits the number of rows. r must not have validation rows, and a metric
// whose losses are not negative; it is not changed.
func FitDefaults(ctx context.Context, learners []string, r *algos.Request, folds int) (*algos.Fitted, error) {
	var left []*candidate
	for _, name := range learners {
		c, err := newCandidate(name, r)
		if err != nil {
			return nil, err
		}
		left = append(left, c)
	}
	if folds == 0 {
		folds = usualFolds(len(r.Train.Rows), len(left))
	}
	split := trials.Split{Folds: folds, Holdout: holdout, Seed: r.Seed}
	for _, valid := range split.Assign(len(r.Train.Rows), r.Problem.Task, pick(r.Train.Y, r.Train.Rows), nil) {
		for _, c := range left {
			if err := c.validate(ctx, valid, split.Train(len(r.Train.Rows), valid, nil)); err != nil {
				return nil, err
			}
		}
		limit := hopeless * least(left)
		left = slices.DeleteFunc(left, func(c *candidate) bool { return c.mean() > limit })
	}
	if len(left) == 0 {
		return nil, errors.New("no learners")
	}
	best := left[0]
	for _, c := range left[1:] {
		if c.mean() < best.mean()*(1-margin(len(r.Train.Rows))) {
			best = c
		}
	}
	best.request.Params["rounds"] = best.rounds()
	return best.learner.Fit(ctx, best.request)
}

// margin is the share of the loss by which a further learner must be better than
// the first: on few rows a smaller difference is chance.
func margin(rows int) float64 { return min(0.1, 1/math.Sqrt(float64(max(rows, 1)))) }

// candidate is a learner with its configuration, and what the folds said of it.
type candidate struct {
	learner algos.Learner
	request *algos.Request
	longer  float64 // how many times the rounds of folds it gets on all rows

	folds, loss, logRounds float64 // the last two summed over folds
}

func newCandidate(name string, r *algos.Request) (*candidate, error) {
	learner, err := algos.Lookup(name)
	if err != nil {
		return nil, err
	}
	q := *r
	c := &candidate{learner: learner, request: &q, longer: 1}
	q.MaxSteps = mostRounds
	q.Params = defaultParams(learner, shapeOf(r))
	if name == "symmetric" {
		q.MaxSteps, c.longer = symmetricRounds, symmetricLonger
		q.Params["learning_rate"] = gbdt.SymmetricRate(r.Problem.Task, len(r.Train.Rows), symmetricRounds)
	}
	maps.Copy(q.Params, r.Params)
	return c, nil
}

// validate fits on a fold: on train, stopped by valid.
func (c *candidate) validate(ctx context.Context, valid, train []int32) error {
	part := *c.request
	part.Valid = part.Train
	part.Valid.Rows, part.Train.Rows = take(part.Train.Rows, valid), take(part.Train.Rows, train)
	loss := math.Inf(1)
	part.Report = func(_ int, v float64) bool { loss = min(loss, v); return true }
	fitted, err := c.learner.Fit(ctx, &part)
	if err != nil {
		return err
	}
	c.folds++
	c.loss += loss
	c.logRounds += math.Log(float64(max(1, fitted.Steps)))
	return nil
}

func (c *candidate) mean() float64 { return c.loss / c.folds }

// rounds are for a fit on all rows.
func (c *candidate) rounds() float64 {
	return math.Round(c.longer * math.Exp(c.logRounds/c.folds))
}

func least(all []*candidate) float64 {
	least := math.Inf(1)
	for _, c := range all {
		least = min(least, c.mean())
	}
	return least
}

// defaultParams is complete, so that a fit on a fold takes the steps of one on all
// rows.
func defaultParams(learner algos.Learner, s algos.Shape) search.Params {
	var first search.Params
	if p, ok := learner.(algos.Portfolio); ok {
		first = p.Portfolio(s)[0]
	}
	return learner.Space(s).Complete(first)
}

func shapeOf(r *algos.Request) algos.Shape {
	frame := r.Train.M.Frame
	s := algos.Shape{Rows: len(r.Train.Rows), Features: len(frame.Features), Filled: frame.Filled(),
		Task: r.Problem.Task, Classes: r.Problem.Classes}
	for _, f := range frame.Features {
		if f.Levels > 0 {
			s.Categorical++
		}
	}
	return s
}
