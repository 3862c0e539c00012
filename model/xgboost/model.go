package xgboost

import (
	"fmt"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Model is a gbtree model.
type Model struct {
	// Objective is its name, such as "binary:logistic".
	Objective string
	// Classes is the number of classes of a classification objective, 2 for the
	// binary ones with a probability; 0 for all others.
	Classes int
	// Features are the inputs, in the order of the trees' feature indices.
	Features []Feature
	// Width is the number of sums a row gets: one a class or target, 1 for
	// regression and binary problems.
	Width int
	// Base are the Width starts of the sums, before the link.
	Base []float64
	Link predictor.Link
	// Trees in the order of package predictor: tree i is added to sum i mod Width
	// unless its leaves hold Width values.
	Trees []predictor.Tree
	// Warnings are sentences for the user about what the file lacks.
	Warnings []string
}

// Feature is an input column.
type Feature struct {
	Name string
	// Categorical features hold codes from 0; Levels, if the file has them, are
	// the category of each code, numbers in decimal.
	Categorical bool
	Levels      []string
}

// Predictor lays out the model for scoring. Its input values must be rounded
// to float32 first, where XGBoost's are.
func (m *Model) Predictor() *predictor.Trees {
	return predictor.NewTrees(m.Trees, m.Width, m.Base, m.Link)
}

// Of returns the model of trees on the features of a frame, ready for [Write].
// The objective "" means the usual one of the trees' link and width; any other
// must have that link. Averages become sums, and a scaled sigmoid a plain one.
// Links that XGBoost does not have are an error.
func Of(t *predictor.Trees, features []matrix.Feature, objective string) (*Model, error) {
	out := t.Output()
	m := &Model{Objective: objective, Width: t.Width(), Base: t.Base(), Link: out.Link, Trees: t.Trees()}
	for _, f := range features {
		m.Features = append(m.Features, Feature{Name: f.Name, Categorical: f.Levels > 0})
	}
	factor := 1.0
	if out.Average || out.Link == predictor.Mean {
		n := len(m.Trees)
		if !vectorLeaves(m.Trees, m.Width) {
			n /= m.Width
		}
		factor /= float64(max(1, n))
	}
	if out.Link == predictor.Mean {
		m.Link = predictor.Identity
	}
	if out.Scale != 0 && out.Link == predictor.Sigmoid {
		factor *= out.Scale
	}
	m.multiply(factor)
	if m.Objective == "" {
		m.Objective = usual(m.Link, m.Width)
	}
	if m.Objective == "" {
		return nil, fmt.Errorf("xgboost: no objective turns %d sums into such predictions", m.Width)
	}
	o, err := objectiveOf(m.Objective)
	if err == nil && o.link != m.Link {
		err = fmt.Errorf("objective %s does not make the predictions of the model", m.Objective)
	}
	if err != nil {
		return nil, fmt.Errorf("xgboost: %w", err)
	}
	m.Classes = classes(o, m.Width)
	return m, nil
}

// classes is the number of classes of an objective with so many sums.
func classes(o objective, width int) int {
	switch {
	case o.link == predictor.Softmax:
		return width
	case width == 1 && (o.link == predictor.Step || o.name == "binary:logistic"):
		return 2
	}
	return 0
}

// multiply scales the sums.
func (m *Model) multiply(factor float64) {
	if factor == 1 {
		return
	}
	for k := range m.Base {
		m.Base[k] *= factor
	}
	for _, t := range m.Trees {
		for i := range t {
			for k := range t[i].Value {
				t[i].Value[k] *= factor
			}
			if l := t[i].Linear; l != nil {
				l.Const *= factor
				for k := range l.Coef {
					l.Coef[k] *= factor
				}
			}
		}
	}
}

func vectorLeaves(trees []predictor.Tree, width int) bool {
	if width == 1 || len(trees) == 0 {
		return false
	}
	for _, n := range trees[0] {
		if n.Feature < 0 {
			return len(n.Value) == width
		}
	}
	return false
}

// usual is the objective that trained models of a link mostly have, "" for a
// link that XGBoost does not know.
func usual(link predictor.Link, width int) string {
	switch link {
	case predictor.Identity:
		return "reg:squarederror"
	case predictor.Sigmoid:
		if width == 1 {
			return "binary:logistic"
		}
		return "reg:logistic"
	case predictor.Softmax:
		return "multi:softprob"
	case predictor.Exp:
		return "reg:tweedie"
	case predictor.Step:
		return "binary:hinge"
	}
	return ""
}
