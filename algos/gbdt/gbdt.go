package gbdt

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// Learner is the boosted trees learner, "gbdt".
type Learner struct{}

var (
	_ algos.Learner   = Learner{}
	_ algos.Portfolio = Learner{}
)

// New makes the learner.
func New() Learner { return Learner{} }

// Name is "gbdt".
func (Learner) Name() string { return "gbdt" }

// View is matrix.Binned.
func (Learner) View() matrix.View { return matrix.Binned }

// Fit boosts until the validation loss has stopped improving (without
// validation rows for a number of rounds that goes with the learning rate),
// until MaxSteps rounds or until ctx ends, and keeps the rounds up to the best.
// Steps is their number. A fit that ctx ends in its first round returns ctx's
// error.
func (Learner) Fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	if err := checkRequest(r); err != nil {
		return nil, fmt.Errorf("gbdt: %w", err)
	}
	r = withoutIdle(r)
	s, err := parseSettings(r.Params, len(r.Train.Rows), len(r.Valid.Rows) > 0)
	if err != nil {
		return nil, fmt.Errorf("gbdt: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.MaxSteps > 0 {
		s.rounds = min(s.rounds, r.MaxSteps)
	}
	return newBooster(s, r).run(ctx)
}

// withoutIdle leaves out training rows of weight 0.
func withoutIdle(r *algos.Request) *algos.Request {
	if r.Train.W == nil {
		return r
	}
	idle := func(i int32) bool { return r.Train.W[i] == 0 }
	if !slices.ContainsFunc(r.Train.Rows, idle) {
		return r
	}
	c := *r
	c.Train.Rows = slices.DeleteFunc(slices.Clone(r.Train.Rows), idle)
	return &c
}

// maxTarget keeps gradients far inside the range of float32.
const maxTarget = 1e30

func checkRequest(r *algos.Request) error {
	switch p := r.Problem; {
	case len(r.Train.Rows) == 0:
		return fmt.Errorf("no training rows")
	case p.Task == metrics.Multiclass && p.Classes < 2:
		return fmt.Errorf("%d classes", p.Classes)
	}
	p := r.Problem
	if p.Task == metrics.Binary {
		p.Classes = 2
	}
	if err := checkData("training", p, r.Train); err != nil {
		return err
	}
	if len(r.Valid.Rows) > 0 {
		if err := checkData("validation", p, r.Valid); err != nil {
			return err
		}
	}
	var target, weight float64
	for _, i := range r.Train.Rows {
		target = max(target, math.Abs(float64(r.Train.Y[i])))
		w := float32(1)
		if r.Train.W != nil {
			w = r.Train.W[i]
		}
		weight = max(weight, float64(w))
	}
	if weight == 0 {
		return fmt.Errorf("all training rows have weight 0")
	}
	if target*weight > maxTarget || weight > maxTarget {
		return fmt.Errorf("targets up to %.3g and weights up to %.3g: scale them down", target, weight)
	}
	return nil
}

// Estimate is the declared cost model. Seconds are for as many rounds as a
// learning rate usually takes; the rates were measured on one core of a Zen
// server at 2.5 GHz.
func (Learner) Estimate(s algos.Shape, p search.Params) algos.Cost {
	set, err := parseSettings(p, max(s.Rows, 1), true)
	if err != nil {
		set, _ = parseSettings(nil, max(s.Rows, 1), true)
	}
	rows, features := float64(s.Rows), float64(max(s.Features, 1))
	leaves := float64(set.leafLimit)
	classes := float64(metrics.Width(s.Task, s.Classes))
	bins := min(255, rows/3+2)
	used := features * set.featureFraction
	depth := math.Log2(leaves) + 1
	// Rows are counted about twice over (half of them on each level of a lopsided
	// tree), parted on each level, and have gradients and sums taken once.
	tree := rows*set.baggingFraction*used*(1+depth/4)*0.55e-9 +
		rows*(depth*2.5e-9+12e-9) + leaves*used*(bins*2.2e-9+60e-9) + 5e-6
	rounds := min(float64(set.rounds), 30/math.Pow(set.learningRate, 0.8))
	width := int64(classes)
	cells := min(int64(leaves)*int64(used*bins)*8, maxHistogramBytes)
	return algos.Cost{
		Seconds: rounds * classes * tree,
		Bytes:   int64(s.Rows)*(2*int64(s.Features)+8*5+16*width) + cells + int64(rounds*classes*leaves*2*120),
	}
}
