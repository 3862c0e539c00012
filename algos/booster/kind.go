package booster

import (
	"maps"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/search"
)

const (
	// symmetricRounds is what the learning rate of symmetric trees is for, and their bound.
	symmetricRounds = 1000
	// leafwiseRounds bounds the time where the loss keeps falling.
	leafwiseRounds = 1500
	// symmetricLonger is how many times the rounds of folds symmetric trees get on all
	// rows: beyond the best round their loss rises slowly.
	symmetricLonger = 1.2
	// manyClasses is where leaf-wise trees have a value for every class, which was
	// better than symmetric trees on all small tables and costs far less.
	manyClasses = 4
)

// kind is a kind of trees.
type kind struct {
	learner algos.Learner
	offset  int     // its first step less one
	steps   int     // how many it may have
	longer  float64 // how many times the rounds of folds it gets on all rows
}

// leafwiseOnly are parameters that symmetric trees do not know and that change what is
// to be learned.
var leafwiseOnly = []string{"objective", "class_weight", "scale_pos_weight", "base_score", "monotone_constraints", "interaction_constraints"}

// kindsFor are those for a number of classes and parameters, the one to take when in
// doubt first.
func kindsFor(classes int, p search.Params) []kind {
	leafwise := kind{learner: gbdt.New(), steps: leafwiseRounds, longer: 1}
	if classes >= manyClasses {
		return []kind{leafwise}
	}
	for _, name := range leafwiseOnly {
		if _, given := p[name]; given {
			return []kind{leafwise}
		}
	}
	leafwise.offset = symmetricRounds
	return []kind{{learner: gbdt.NewSymmetric(), steps: symmetricRounds, longer: symmetricLonger}, leafwise}
}

func kindsOf(r *algos.Request) []kind {
	all := kindsFor(r.Problem.Classes, r.Params)
	if len(all) > 1 && (r.Objective != nil || r.Init != nil) {
		all = all[1:]
		all[0].offset = 0
	}
	return all
}

// params are what a search of the kind begins with, symmetric trees with the learning
// rate of their most rounds, changed by p. They are complete, so that a fit on a fold
// takes the steps of one on all rows.
func (k kind) params(s algos.Shape, p search.Params) search.Params {
	var first search.Params
	if l, ok := k.learner.(algos.Portfolio); ok {
		first = l.Portfolio(s)[0]
	}
	out := k.learner.Space(s).Complete(first)
	if _, ok := k.learner.(gbdt.Symmetric); ok {
		out["learning_rate"] = gbdt.SymmetricRate(s.Task, s.Rows, symmetricRounds)
	}
	maps.Copy(out, p)
	return out
}

// shapeOf is that of the training rows.
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
