package booster

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/search"
)

// Learner is the boosted model that chooses for itself, "booster". Nothing of it is
// searched; beside the parameters of gbdt and symmetric, which go to the kind of trees
// that knows them and change its defaults, a fit knows
//
//	inner_folds  folds of the training rows that choose where there are no validation
//	             rows, 0 to 20: 1 for a hold-out of a fifth, 0, the default, for what
//	             suits the number of rows
type Learner struct{}

var (
	_ algos.Learner   = Learner{}
	_ algos.Portfolio = Learner{}
	_ algos.Selective = Learner{}
	_ algos.Monotone  = Learner{}
)

// Name is "booster".
func (Learner) Name() string { return "booster" }

// View is matrix.Binned.
func (Learner) View() matrix.View { return matrix.Binned }

// Space is empty: the fit itself chooses.
func (Learner) Space(algos.Shape) search.Space { return nil }

// Portfolio is the one configuration that there is.
func (Learner) Portfolio(algos.Shape) []search.Params { return []search.Params{{}} }

// Suits is false: a search does what the learner does, with more to choose from. It is
// for those who ask for it by name.
func (Learner) Suits(algos.Shape) bool { return false }

// Monotone is that of gbdt, whose trees it then has.
func (Learner) Monotone(ways map[string]int) search.Params { return gbdt.New().Monotone(ways) }

// Estimate is the time of a fit of each kind of trees, as with validation rows. Folds
// take as many times longer as there are of them.
func (Learner) Estimate(s algos.Shape, p search.Params) algos.Cost {
	var cost algos.Cost
	for _, k := range kindsFor(s.Classes, p) {
		c := k.learner.Estimate(s, k.params(s, p))
		cost.Seconds += c.Seconds
		cost.Bytes = max(cost.Bytes, c.Bytes)
	}
	return cost
}

// Fit chooses and trains. Steps are numbered over the kinds of trees: symmetric ones
// have 1 to 1,000, leaf-wise ones behind them 1,001 to 2,500, or from 1 where there are
// no others (from four classes on, and where the request asks for what symmetric trees
// cannot do: an objective, constraints, class weights, a model to go on from). So
// MaxSteps, the last step that the model may have, also says its kind: nothing is chosen
// then, and without validation rows all those steps are taken. Beyond 2,500 it says nothing.
//
// If ctx ends while the first kind is trained on validation rows, the second is not
// tried. Without validation rows a fit that ctx ends before there is a choice returns
// ctx's error: only models of a part of the rows are there until then.
func (Learner) Fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	fitted, err := fit(ctx, r)
	if err != nil && err != ctx.Err() {
		err = fmt.Errorf("booster: %w", err)
	}
	return fitted, err
}

func fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	if err := gbdt.Check(r); err != nil {
		return nil, err
	}
	folds := r.Params.Int("inner_folds", 0)
	if folds < 0 || folds > mostFolds {
		return nil, fmt.Errorf("parameter inner_folds = %d is outside [0, %d]", folds, mostFolds)
	}
	r = withoutIdle(r)
	var left []*candidate
	for _, k := range kindsOf(r) {
		left = append(left, newCandidate(k, r))
	}
	watched := len(r.Valid.Rows) > 0
	if c := endsAt(r.MaxSteps, left); c != nil {
		rounds := r.MaxSteps - c.offset
		if !watched {
			return c.train(ctx, rounds)
		}
		return c.watch(ctx, *c.request, rounds, r.Report)
	}
	if watched {
		return compare(ctx, left, r.Report)
	}
	best, err := choose(ctx, r, left, folds)
	if err != nil {
		return nil, err
	}
	return best.train(ctx, best.rounds())
}

// endsAt is the candidate that has a step, the last that a fit may take, nil if it may
// take all.
func endsAt(step int, all []*candidate) *candidate {
	for _, c := range all {
		if step > 0 && step <= c.offset+c.steps {
			return c
		}
	}
	return nil
}

// compare trains each candidate on the validation rows and returns the better model.
// report hears of the losses, from the second candidate on of the least so far.
func compare(ctx context.Context, all []*candidate, report func(int, float64) bool) (*algos.Fitted, error) {
	best := all[0]
	model, err := best.watch(ctx, *best.request, best.steps, report)
	if err != nil {
		return nil, err
	}
	cut := model.Truncated
	for _, c := range all[1:] {
		if cut || best.stopped {
			break
		}
		least := best.mean()
		told := report
		if report != nil {
			told = func(step int, loss float64) bool { least = min(least, loss); return report(step, least) }
		}
		m, err := c.watch(ctx, *c.request, c.steps, told)
		if err != nil && ctx.Err() == nil {
			return nil, err
		}
		cut = err != nil || m.Truncated
		if err == nil && c.better(best) {
			best, model = c, m
		}
	}
	model.Truncated = cut
	return model, nil
}

// withoutIdle leaves out training rows of weight 0: they are in no fold.
func withoutIdle(r *algos.Request) *algos.Request {
	if r.Train.W == nil {
		return r
	}
	out := *r
	out.Train.Rows = slices.DeleteFunc(slices.Clone(r.Train.Rows), func(i int32) bool { return r.Train.W[i] == 0 })
	return &out
}
