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
	_ algos.Monotone  = Learner{}
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
	if err := Check(r); err != nil {
		return nil, fmt.Errorf("gbdt: %w", err)
	}
	r = withoutIdle(r)
	s, err := newSettings(r)
	if err != nil {
		return nil, fmt.Errorf("gbdt: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := hire(r.Threads)
	defer c.dismiss()
	return newBooster(s, r, c).run(ctx)
}

// newSettings reads the parameters of a checked request.
func newSettings(r *algos.Request) (*settings, error) {
	s, err := parseSettings(r.Params, len(r.Train.Rows), len(r.Valid.Rows) > 0)
	if err != nil {
		return nil, err
	}
	if r.MaxSteps > 0 {
		s.rounds = min(s.rounds, r.MaxSteps)
	}
	if err := s.constrain(r.Params, r.Train.M.Frame); err != nil {
		return nil, err
	}
	if s.obj, err = chooseObjective(r); err != nil {
		return nil, err
	}
	if s.multi, err = multiOutput(s, r); err != nil {
		return nil, err
	}
	if s.classWeights, err = classWeights(r); err != nil {
		return nil, err
	}
	return s, checkInit(r, s)
}

// width is the number of outputs.
func width(r *algos.Request) int { return metrics.Width(r.Problem.Task, r.Problem.Classes) }

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

// Check says why no fit of boosted trees can begin, nil if one can: no rows, and
// rows, targets or weights that are out of range.
func Check(r *algos.Request) error {
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
// server.
func (Learner) Estimate(s algos.Shape, p search.Params) algos.Cost {
	n := max(s.Rows, 1)
	set, err := parseSettings(p, n, true)
	if err != nil {
		set, _ = parseSettings(nil, n, true)
	}
	rows, features := float64(n), float64(max(s.Features, 1))
	leaves, bins := float64(set.leafLimit), min(255, rows/6+2)
	trees := min(float64(set.rounds), usualRounds(n, set.learningRate))
	width := int64(metrics.Width(s.Task, s.Classes))
	counted, held := features, features
	if s.Filled > 0 && s.Filled < mostlyZero {
		// An entry costs the time of about two bytes in a tile, and the memory of
		// five; such features have few values.
		entries := s.Filled * features
		counted, held = min(features, 10+2*entries), min(features, 10+5*entries)
		bins = min(bins, 64)
	}
	perTree, perLeaf := 0.0, int64(150)
	if width > 1 && p.Bool("multi_output", false) {
		perTree, perLeaf = rows*float64(width)*15e-9, 150+4*width
	} else {
		trees *= float64(width)
	}
	cells := min(int64(leaves*features*bins)*8, maxHistogramBytes)
	return algos.Cost{
		Seconds: trees * (treeSeconds(set, rows, features, counted, bins) + perTree),
		Bytes:   int64(n)*(2*int64(held)+40+16*width) + cells + int64(trees*leaves)*perLeaf,
	}
}

// mostlyZero is the share of values that are not zero below which most features
// are taken for sparse.
const mostlyZero = 0.2

// treeSeconds estimates the time of a tree of which a row costs as much as
// counted features in tiles. Features beyond a hundred are usually soon known to
// be of no use in a tree.
func treeSeconds(s *settings, rows, features, counted, bins float64) float64 {
	used := s.featureFraction * (min(features, 100) + 0.1*max(features-100, 0))
	depth := math.Log2(float64(s.leafLimit)) + 1
	counted *= rows * s.baggingFraction * (0.5 + 0.5*s.featureFraction) * (1 + depth/3)
	scanned := float64(s.leafLimit) * used * min(bins, 2*rows/float64(s.leafLimit)+10)
	if s.extraTrees {
		scanned /= 2
	}
	return counted*0.6e-9 + rows*(depth*4e-9+25e-9) + scanned*10e-9 + float64(s.leafLimit)*used*60e-9 + 5e-6
}
