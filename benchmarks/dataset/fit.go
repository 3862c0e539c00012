package dataset

import (
	"context"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/trials"
)

// FitStopped stops the boosting on a hold-out, a share of r's training rows cut by
// r.Seed, and then, if refit, trains on all of them for as many rounds. r must not
// have validation rows; it is changed.
func FitStopped(ctx context.Context, learner algos.Learner, r *algos.Request, holdout float64, refit bool) (*algos.Fitted, error) {
	all := r.Train.Rows
	y := pick(r.Train.Y, all)
	split := trials.Split{Folds: 1, Holdout: holdout, Seed: r.Seed}
	valid := split.Assign(len(all), r.Problem.Task, y, nil)[0]
	r.Valid = r.Train
	r.Valid.Rows = take(all, valid)
	r.Train.Rows = take(all, split.Train(len(all), valid, nil))
	if refit {
		pinRate(learner, r)
	}
	fitted, err := learner.Fit(ctx, r)
	if err != nil || !refit {
		return fitted, err
	}
	r.Train.Rows, r.Valid = all, algos.Data{}
	r.Params["rounds"] = float64(max(1, fitted.Steps))
	return learner.Fit(ctx, r)
}

func take(from, at []int32) []int32 {
	out := make([]int32, len(at))
	for i, k := range at {
		out[i] = from[k]
	}
	return out
}

// pinRate sets the learner's default learning rate, which goes with the number of
// rows: the second fit must take the steps that the first one counted.
func pinRate(learner algos.Learner, r *algos.Request) {
	const name = "learning_rate"
	if _, ok := r.Params[name]; ok {
		return
	}
	shape := algos.Shape{
		Rows: len(r.Train.Rows), Features: len(r.Train.M.Frame.Features), Task: r.Problem.Task, Classes: r.Problem.Classes,
	}
	for _, d := range learner.Space(shape) {
		if d.Name == name {
			r.Params[name] = d.Default
		}
	}
}
