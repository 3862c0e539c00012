package dataset

import (
	"context"
	"maps"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

const (
	// holdout is the share of the rows of large tables that stops the boosting.
	holdout = 0.2
	// mostRounds bounds the time where the loss keeps falling.
	mostRounds = 1500
)

// usualFolds is the number of folds that FitDefaults takes: where boosting stops on
// a hold-out of a few hundred rows is chance, and large tables take their time.
func usualFolds(rows int) int {
	switch {
	case rows <= 2500:
		return 5
	case rows <= 10_000:
		return 3
	}
	return 1
}

// FitDefaults trains one model on all of r's training rows with the configuration
// that a search begins with, r.Params changing it, for as many rounds as were good
// on folds of these rows, cut by r.Seed: the geometric mean of where boosting
// stopped. folds is their number, 1 for a hold-out of a fifth, 0 for what suits the
// number of rows. r must not have validation rows; it is not changed.
func FitDefaults(ctx context.Context, learner algos.Learner, r *algos.Request, folds int) (*algos.Fitted, error) {
	q := *r
	q.MaxSteps = mostRounds
	q.Params = defaultParams(learner, shapeOf(r))
	maps.Copy(q.Params, r.Params)
	rounds, err := goodRounds(ctx, learner, &q, folds)
	if err != nil {
		return nil, err
	}
	q.Params["rounds"] = float64(rounds)
	return learner.Fit(ctx, &q)
}

func goodRounds(ctx context.Context, learner algos.Learner, r *algos.Request, folds int) (int, error) {
	all := r.Train.Rows
	if folds == 0 {
		folds = usualFolds(len(all))
	}
	split := trials.Split{Folds: folds, Holdout: holdout, Seed: r.Seed}
	held := split.Assign(len(all), r.Problem.Task, pick(r.Train.Y, all), nil)
	sum := 0.0
	for _, valid := range held {
		part := *r
		part.Valid = r.Train
		part.Valid.Rows = take(all, valid)
		part.Train.Rows = take(all, split.Train(len(all), valid, nil))
		fitted, err := learner.Fit(ctx, &part)
		if err != nil {
			return 0, err
		}
		sum += math.Log(float64(max(1, fitted.Steps)))
	}
	return int(math.Round(math.Exp(sum / float64(len(held))))), nil
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
