package trials

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
)

// MaxFolds bounds the folds of a job, and MaxRepeats the repetitions.
const (
	MaxFolds   = 100
	MaxRepeats = 20
)

// SplitColumn is the column that divides the rows, and how; "" for none.
func (o *JobOptions) SplitColumn() (featurize.SplitBy, string) {
	switch {
	case o.Group != "":
		return featurize.ByGroup, o.Group
	case o.TimeColumn != "":
		return featurize.ByTime, o.TimeColumn
	case o.Fold != "":
		return featurize.ByFold, o.Fold
	}
	return "", ""
}

// FoldCount reads Folds and Holdout: 0 to choose, 1 for a hold-out, or the number
// of folds.
func (o *JobOptions) FoldCount() (int, error) {
	switch strings.ToLower(o.Folds) {
	case "", "auto":
		if o.Holdout != 0 {
			return 1, nil
		}
		return 0, nil
	case "holdout":
		return 1, nil
	}
	k, err := strconv.Atoi(o.Folds)
	if err != nil || k < 2 || k > MaxFolds {
		return 0, fmt.Errorf("folds %q: use auto, holdout or a number from 2 to %d", o.Folds, MaxFolds)
	}
	return k, nil
}

// Check reports what is wrong with the options of validation, training and answers before
// any data is looked at, or which of them exclude each other, and the JSON name of
// the field to blame.
func (o *JobOptions) Check() (field string, err error) {
	if field, err = o.checkSplit(); err == nil {
		field, err = o.checkTraining()
	}
	if err == nil {
		field, err = o.checkAnswers()
	}
	if err == nil {
		field, err = o.checkPlan()
	}
	if err == nil {
		field, err = o.checkLimits()
	}
	if err == nil {
		field, err = o.checkParts()
	}
	return field, err
}

// Weights of classes keep clear of where float32 ends.
const (
	leastClassWeight = 1e-9
	mostClassWeight  = 1e9
)

func (o *JobOptions) checkPlan() (field string, err error) {
	if o.Plan == nil {
		return "", nil
	}
	if len(o.Types) > 0 {
		return "types", errors.New("a feature plan and types of columns exclude each other: edit the plan")
	}
	if err := o.Plan.Check(); err != nil {
		return "plan", err
	}
	if o.Plan.Target != "" && o.Plan.Target != o.Target {
		return "plan", fmt.Errorf("%w: it is for target %q, not for %q", featurize.ErrPlan, o.Plan.Target, o.Target)
	}
	return "", nil
}

func (o *JobOptions) checkTraining() (field string, err error) {
	if o.Distill && o.Best {
		return "distill", errors.New("distill: the best trial alone is no ensemble to distill: leave out one of the two")
	}
	if o.Balanced && len(o.ClassWeights) > 0 {
		return "class_weights", errors.New("balanced classes and class weights exclude each other: give one")
	}
	for _, name := range slices.Sorted(maps.Keys(o.ClassWeights)) {
		if w := o.ClassWeights[name]; !(w >= leastClassWeight && w <= mostClassWeight) {
			return "class_weights", fmt.Errorf("class weights: the weight of class %q is %v: use %g to %g", name, w, leastClassWeight, mostClassWeight)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Monotone)) {
		if way := o.Monotone[name]; way != 1 && way != -1 {
			return "monotone", fmt.Errorf("monotone: direction %d of column %q: use 1 or -1", way, name)
		}
	}
	return "", nil
}

// Bounds of what is asked of predictions.
const (
	maxQuantiles = 99
	maxCost      = 1e12
)

// checkAnswers reports what is wrong with what is asked of predictions.
func (o *JobOptions) checkAnswers() (field string, err error) {
	if !(o.Intervals >= 0 && o.Intervals < 1) {
		return "intervals", fmt.Errorf("intervals %v: use the share of answers that they are to hold, such as 0.9", o.Intervals)
	}
	if len(o.Quantiles) > maxQuantiles {
		return "quantiles", fmt.Errorf("%d quantiles: use at most %d", len(o.Quantiles), maxQuantiles)
	}
	for i, q := range o.Quantiles {
		if !(q > 0 && q < 1) || i > 0 && !(q > o.Quantiles[i-1]) {
			return "quantiles", fmt.Errorf("quantiles %v: use levels between 0 and 1, ascending, such as 0.1,0.5,0.9", o.Quantiles)
		}
	}
	for _, actual := range slices.Sorted(maps.Keys(o.Costs)) {
		for _, predicted := range slices.Sorted(maps.Keys(o.Costs[actual])) {
			if c := o.Costs[actual][predicted]; math.Abs(c) > maxCost || math.IsNaN(c) {
				return "costs", fmt.Errorf("costs: %v for class %q predicted as %q: use numbers up to %g", c, actual, predicted, maxCost)
			}
		}
	}
	if len(o.Costs) > 0 && o.Task == metrics.Regression {
		return "costs", errors.New("costs are of classes: a regression task has none")
	}
	if (o.Intervals > 0 || len(o.Quantiles) > 0) && o.Task != "" && o.Task != metrics.Regression {
		return "intervals", fmt.Errorf("intervals and quantiles are of numbers: a %s task has none", o.Task)
	}
	return "", nil
}

func (o *JobOptions) checkSplit() (field string, err error) {
	k, err := o.FoldCount()
	if err != nil {
		return "folds", err
	}
	by, column := o.SplitColumn()
	switch {
	case o.Repeats < 0 || o.Repeats > MaxRepeats:
		return "repeats", fmt.Errorf("repeats %d: use a number from 1 to %d", o.Repeats, MaxRepeats)
	case !(o.Holdout >= 0) || math.IsInf(o.Holdout, 0) || o.Holdout >= 1 && o.Holdout != math.Trunc(o.Holdout):
		return "holdout", fmt.Errorf("holdout %v: use a share of the rows such as 0.2 or a number of rows", o.Holdout)
	case o.Holdout > 0 && k > 1:
		return "holdout", fmt.Errorf("%d folds and a hold-out exclude each other: give one", k)
	case o.Group != "" && o.TimeColumn != "", o.Group != "" && o.Fold != "", o.TimeColumn != "" && o.Fold != "":
		return "group_column", fmt.Errorf("the columns of groups, times and folds exclude each other: give one")
	case o.Repeats > 1 && k == 1:
		return "repeats", fmt.Errorf("repeats %d: a hold-out is not repeated: use folds", o.Repeats)
	case o.Repeats > 1 && (by == featurize.ByTime || by == featurize.ByFold):
		return "repeats", fmt.Errorf("repeats %d: the %s column %q leaves nothing to draw again", o.Repeats, by, column)
	case o.Fold != "" && (k > 0 || o.Holdout > 0):
		return "fold_column", fmt.Errorf("the fold column %q says what the folds are: leave out their number and the hold-out", column)
	case column != "" && (column == o.Target || column == o.Weight):
		return string(by) + "_column", fmt.Errorf("column %q cannot be the %s column and the target or the weight column too", column, by)
	}
	return o.checkValid()
}

// checkValid reports what does not go with validation rows of their own.
func (o *JobOptions) checkValid() (field string, err error) {
	by, column := o.SplitColumn()
	k, _ := o.FoldCount()
	switch {
	case o.ValidRows == 0:
	case column != "":
		return string(by) + "_column", fmt.Errorf("validation rows of their own and the %s column %q exclude each other: give one", by, column)
	case o.Holdout > 0 || o.Repeats > 1 || k > 1:
		return "folds", fmt.Errorf("validation rows of their own and folds, repeats or a hold-out exclude each other: give one")
	}
	return "", nil
}

// String says in words how rows are divided.
func (s Split) String() string {
	text := "hold-out rows"
	switch {
	case s.Fixed > 0:
		return text
	case s.By == featurize.ByTime && s.Folds > 1:
		return fmt.Sprintf("%d expanding windows of %s", s.Folds, s.Column)
	case s.By == featurize.ByTime:
		return "the latest rows by " + s.Column
	case s.By == featurize.ByFold:
		return fmt.Sprintf("the %d folds of %s", s.Folds, s.Column)
	case s.Folds > 1:
		text = fmt.Sprintf("%d-fold cross-validation", s.Folds)
	}
	if s.Repeats > 1 {
		text = fmt.Sprintf("%d × %s", s.Repeats, text)
	}
	if s.By == featurize.ByGroup {
		text += " by " + s.Column
	}
	return text
}
