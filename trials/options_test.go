package trials_test

import (
	"math"
	"testing"

	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		o     trials.JobOptions
		field string
	}{
		{trials.JobOptions{}, ""},
		{trials.JobOptions{Folds: "5", Repeats: 3, Group: "g"}, ""},
		{trials.JobOptions{Folds: "holdout", Holdout: 0.2, TimeColumn: "t"}, ""},
		{trials.JobOptions{Holdout: 500}, ""},
		{trials.JobOptions{Fold: "f"}, ""},
		{trials.JobOptions{ValidRows: 3, Folds: "holdout"}, ""},
		{trials.JobOptions{Folds: "1"}, "folds"},
		{trials.JobOptions{Folds: "101"}, "folds"},
		{trials.JobOptions{Repeats: -1}, "repeats"},
		{trials.JobOptions{Repeats: 21}, "repeats"},
		{trials.JobOptions{Repeats: 2, Folds: "holdout"}, "repeats"},
		{trials.JobOptions{Repeats: 2, TimeColumn: "t"}, "repeats"},
		{trials.JobOptions{Repeats: 2, Fold: "f"}, "repeats"},
		{trials.JobOptions{Holdout: -0.1}, "holdout"},
		{trials.JobOptions{Holdout: 1.5}, "holdout"},
		{trials.JobOptions{Holdout: math.NaN()}, "holdout"},
		{trials.JobOptions{Holdout: math.Inf(1)}, "holdout"},
		{trials.JobOptions{Holdout: 0.2, Folds: "5"}, "holdout"},
		{trials.JobOptions{Group: "g", TimeColumn: "t"}, "group_column"},
		{trials.JobOptions{Fold: "f", TimeColumn: "t"}, "group_column"},
		{trials.JobOptions{Fold: "f", Folds: "5"}, "fold_column"},
		{trials.JobOptions{Fold: "f", Holdout: 0.5}, "fold_column"},
		{trials.JobOptions{Target: "y", Group: "y"}, "group_column"},
		{trials.JobOptions{Weight: "w", TimeColumn: "w"}, "time_column"},
		{trials.JobOptions{ValidRows: 3, Group: "g"}, "group_column"},
		{trials.JobOptions{ValidRows: 3, Folds: "5"}, "folds"},
		{trials.JobOptions{ValidRows: 3, Repeats: 2}, "folds"},
		{trials.JobOptions{Balanced: true}, ""},
		{trials.JobOptions{Intervals: 0.9, Quantiles: []float64{0.1, 0.9}}, ""},
		{trials.JobOptions{Intervals: 1}, "intervals"},
		{trials.JobOptions{Costs: map[string]map[string]float64{"a": {"b": -5}}}, ""},
		{trials.JobOptions{Costs: map[string]map[string]float64{"a": {"b": math.Inf(1)}}}, "costs"},
		{trials.JobOptions{Costs: map[string]map[string]float64{"a": {"b": math.NaN()}}}, "costs"},
		{trials.JobOptions{Costs: map[string]map[string]float64{"a": {"b": 1}}, Task: metrics.Regression}, "costs"},
		{trials.JobOptions{Intervals: math.NaN()}, "intervals"},
		{trials.JobOptions{Intervals: 0.9, Task: metrics.Binary}, "intervals"},
		{trials.JobOptions{Quantiles: []float64{0.5, 0.5}}, "quantiles"},
		{trials.JobOptions{Quantiles: []float64{0}}, "quantiles"},
		{trials.JobOptions{Quantiles: make([]float64, 100)}, "quantiles"},
		{trials.JobOptions{Monotone: map[string]int{"a": 1, "b": -1}}, ""},
		{trials.JobOptions{Monotone: map[string]int{"a": 0}}, "monotone"},
		{trials.JobOptions{ClassWeights: map[string]float64{"a": 0.5}}, ""},
		{trials.JobOptions{Balanced: true, ClassWeights: map[string]float64{"a": 2}}, "class_weights"},
		{trials.JobOptions{ClassWeights: map[string]float64{"a": math.NaN()}}, "class_weights"},
		{trials.JobOptions{ClassWeights: map[string]float64{"a": 0}}, "class_weights"},
	} {
		if field, err := tt.o.Check(); field != tt.field || (err != nil) != (field != "") {
			t.Errorf("%+v: field %q, error %v; want %q", tt.o, field, err, tt.field)
		}
	}
}

func TestSplitInWords(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]trials.Split{
		"hold-out rows":                    {Folds: 1, Holdout: 0.2},
		"5-fold cross-validation":          {Folds: 5},
		"3 × 5-fold cross-validation":      {Folds: 5, Repeats: 3},
		"5-fold cross-validation by store": {Folds: 5, By: featurize.ByGroup, Column: "store"},
		"hold-out rows by store":           {Folds: 1, By: featurize.ByGroup, Column: "store"},
		"4 expanding windows of day":       {Folds: 4, By: featurize.ByTime, Column: "day"},
		"the latest rows by day":           {Folds: 1, By: featurize.ByTime, Column: "day"},
		"the 3 folds of part":              {Folds: 3, By: featurize.ByFold, Column: "part"},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
