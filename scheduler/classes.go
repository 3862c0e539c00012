package scheduler

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// classWeights are what the options multiply the weights of training rows by,
// class by class; nil for no change. Balanced classes get n/(K·n_c), n_c of n
// rows being of class c, as in scikit-learn.
func (p *plan) classWeights(o *trials.JobOptions, target *featurize.Target) ([]float64, error) {
	if !o.Balanced && len(o.ClassWeights) == 0 {
		return nil, nil
	}
	if target.Task == metrics.Regression {
		return nil, fmt.Errorf("class weights: target %q is a number to predict and has no classes", target.Name)
	}
	if o.Balanced {
		return p.balanced(o, target)
	}
	out := make([]float64, len(target.Classes))
	for k := range out {
		out[k] = 1
	}
	for _, name := range slices.Sorted(maps.Keys(o.ClassWeights)) {
		k, err := findClass(target, name)
		if err != nil {
			return nil, fmt.Errorf("class weights: %w", err)
		}
		out[k] = o.ClassWeights[name]
	}
	return out, nil
}

func findClass(target *featurize.Target, name string) (int, error) {
	k := target.Class(name)
	if k < 0 {
		hint := ""
		if near := data.NearestName(name, target.Classes); near != "" {
			hint = fmt.Sprintf(": did you mean %q?", near)
		}
		return 0, fmt.Errorf("target %q has no class %q%s", target.Name, name, hint)
	}
	return k, nil
}

// balanced counts the training rows of each class, by their weights.
func (p *plan) balanced(o *trials.JobOptions, target *featurize.Target) ([]float64, error) {
	column, err := featurize.Find(p.table, target.Name)
	if err != nil {
		return nil, err
	}
	y, _, err := target.Encode(column)
	if err != nil {
		return nil, err
	}
	var w []float32
	if o.Weight != "" {
		if column, err = featurize.Find(p.table, o.Weight); err != nil {
			return nil, fmt.Errorf("weight column: %w", err)
		}
		if w, err = featurize.Weights(column); err != nil {
			return nil, err
		}
	}
	out, total := make([]float64, len(target.Classes)), 0.0
	for i, v := range y[:p.trainRows()] {
		weight := 1.0
		if w != nil {
			weight = float64(w[i])
		}
		out[int(v)] += weight
		total += weight
	}
	for k, n := range out {
		if out[k] = 1; n > 0 {
			out[k] = total / (n * float64(len(out)))
		}
	}
	return out, nil
}

// costMatrix is what predicting class k costs where class c is true, [c][k]; nil if
// the options have no costs. Every pair of classes that differ must have one.
func costMatrix(o *trials.JobOptions, target *featurize.Target) ([][]float64, error) {
	if len(o.Costs) == 0 {
		return nil, nil
	}
	if target.Task == metrics.Regression {
		return nil, fmt.Errorf("costs: target %q is a number to predict and has no classes", target.Name)
	}
	out, given := make([][]float64, len(target.Classes)), make([][]bool, len(target.Classes))
	for c := range out {
		out[c], given[c] = make([]float64, len(target.Classes)), make([]bool, len(target.Classes))
		given[c][c] = true
	}
	for _, actual := range slices.Sorted(maps.Keys(o.Costs)) {
		c, err := findClass(target, actual)
		if err != nil {
			return nil, fmt.Errorf("costs: %w", err)
		}
		for _, predicted := range slices.Sorted(maps.Keys(o.Costs[actual])) {
			k, err := findClass(target, predicted)
			if err != nil {
				return nil, fmt.Errorf("costs of class %q: %w", actual, err)
			}
			out[c][k], given[c][k] = o.Costs[actual][predicted], true
		}
	}
	for c, row := range given {
		if k := slices.Index(row, false); k >= 0 {
			return nil, fmt.Errorf("costs: none is given for class %q predicted as %q", target.Classes[c], target.Classes[k])
		}
	}
	return out, nil
}
