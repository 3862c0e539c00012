package booster

import (
	"context"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/folds"
)

const (
	// holdout is the share of the rows of large tables that stops the boosting.
	holdout   = 0.2
	mostFolds = 20
	// hopeless is the share of the least loss so far that a kind's may be above it for
	// the kind to go on.
	hopeless = 0.5
)

// usualFolds suits a number of rows and of kinds of trees: where boosting stops on a
// hold-out of a few hundred rows is chance, and large tables, and more than one kind,
// take their time.
func usualFolds(rows, kinds int) int {
	switch {
	case rows <= 2500 && kinds == 1:
		return 5
	case rows <= 1500 || rows <= 10_000 && kinds == 1:
		return 3
	}
	return 1
}

// choose boosts each candidate on folds of r's training rows, of which there are count,
// and returns the best. One that is far behind after a fold is given up.
func choose(ctx context.Context, r *algos.Request, left []*candidate, count int) (*candidate, error) {
	rows := r.Train.Rows
	if count == 0 {
		count = usualFolds(len(rows), len(left))
	}
	for _, valid := range cut(r, count) {
		train := algos.Pick(rows, folds.Rest(len(rows), valid))
		if len(valid) == 0 || len(train) == 0 {
			continue
		}
		for _, c := range left {
			if err := c.validate(ctx, train, algos.Pick(rows, valid)); err != nil {
				return nil, err
			}
			if err := ctx.Err(); err != nil { // it may have been cut short
				return nil, err
			}
		}
		least := math.Inf(1)
		for _, c := range left {
			least = min(least, c.mean())
		}
		limit := least + float64(hopeless*math.Abs(least))
		left = slices.DeleteFunc(left, func(c *candidate) bool { return c.mean() > limit })
	}
	best := left[0]
	for _, c := range left[1:] {
		if c.better(best) {
			best = c
		}
	}
	return best, nil
}

// cut divides the training rows, by their places among them. Rows of a group, and a row
// that is there several times, stay together.
func cut(r *algos.Request, count int) [][]int32 {
	s := folds.Split{Count: count, Holdout: holdout, Seed: r.Seed}
	y := algos.Pick(r.Train.Y, r.Train.Rows)
	if r.Train.Groups != nil {
		if of, groups := dense(algos.Pick(r.Train.Groups, r.Train.Rows)); groups > 1 {
			return s.Groups(r.Problem.Task, y, of)
		}
	}
	if of, different := dense(r.Train.Rows); different < len(of) && different > 1 {
		return s.Groups(r.Problem.Task, y, of)
	}
	return s.Rows(r.Problem.Task, y)
}

// dense replaces values by numbers from 0 in the order in which they first come, and
// says how many there are.
func dense(values []int32) ([]int32, int) {
	seen := make(map[int32]int32)
	of := make([]int32, len(values))
	for i, v := range values {
		n, ok := seen[v]
		if !ok {
			n = int32(len(seen))
			seen[v] = n
		}
		of[i] = n
	}
	return of, len(seen)
}
