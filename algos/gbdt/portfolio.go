package gbdt

import (
	"maps"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// smallRows is the number of training rows up to which random thresholds are
// the better default: below it they were the best single configuration on average
// over 33 public tables, above it the best thresholds came first; for numbers, which
// can ask for many sharp thresholds, up to half of it.
const smallRows = 5000

func isSmall(s algos.Shape) bool {
	if s.Task == metrics.Regression {
		return s.Rows <= smallRows/2
	}
	return s.Rows <= smallRows
}

// isWide says that there are so many features for the rows that small trees come first:
// they cost least, and large ones find what is not there.
func isWide(s algos.Shape) bool { return s.Features > 1000 && s.Rows < 10*s.Features }

// manyClasses is the number of classes from which multi-output trees come first.
// With random thresholds their log loss was lower than that of single trees on seven
// of nine public tables of 4 to 18 classes, by 9 % on average (the exception being
// counts of words), at half the processor time.
const manyClasses = 4

// Portfolio lists configurations that complement each other. Most are those
// that AutoGluon found good together (its portfolios of 2023 and 2025) and
// pytabkit's tuned defaults; the order is greedy: each next one improved the
// best so far the most, on public tables of up to 15,000 rows.
func (Learner) Portfolio(s algos.Shape) []search.Params {
	first := []search.Params{plain, random, wide, large, fine, randomSlow, mid, randomLarge, randomSmall, randomStumps, few, stumps}
	if s.Task != metrics.Regression {
		first[0] = sampled
	}
	if isSmall(s) {
		first = []search.Params{small(s.Task), randomSlow, wide, large, plain, randomStumps, fine, shallow, randomSmall, light, stumps, few}
	}
	if isWide(s) {
		first = []search.Params{randomStumps, small(s.Task), shallow, randomSlow, randomSmall, light, plain, stumps, few, wide, fine, large}
	}
	if s.Classes >= manyClasses {
		many := multiRandom
		if isSmall(s) {
			many = search.Params{"multi_output": "true", "extra_trees": "true", "learning_rate": .03}
		}
		first = slices.Insert(first, 0, many, multi)
	}
	out := make([]search.Params, len(first))
	for i, p := range first {
		out[i] = maps.Clone(p)
		if rate, ok := p["learning_rate"].(float64); ok && s.Rows > 100_000 {
			out[i]["learning_rate"] = min(0.1, 2*rate) // rounds are dear
		}
	}
	return out
}

// Steps that are worth taking.
const (
	slowestRate = 0.02
	fastestRate = 0.3
)

// Pace changes the learning rate, within 0.02 and 0.3 unless it was beyond.
func (Learner) Pace(p search.Params, factor float64) search.Params {
	rate := p.Float("learning_rate", 0.1)
	out := maps.Clone(p)
	if out == nil {
		out = search.Params{}
	}
	out["learning_rate"] = min(max(rate/factor, min(rate, slowestRate)), max(rate, fastestRate))
	return out
}

// small is the default where random thresholds are. On halves of public tables (150
// to 5,000 training rows) samples of rows and features lowered the loss, and so did,
// for classes, smaller steps and leaves of half the usual least size, for numbers
// small trees of small leaves.
func small(t metrics.Task) search.Params {
	p := search.Params{"extra_trees": "true", "bagging_fraction": .75, "feature_fraction": .7}
	if t == metrics.Regression {
		p["num_leaves"], p["min_data_in_leaf"] = 15., 3.
	} else {
		p["learning_rate"], p["min_data_in_leaf"] = .03, 10.
	}
	return p
}

var (
	plain  = search.Params{}
	random = search.Params{"extra_trees": "true"}
	// sampled is better than plain where classes are to be told apart, on public
	// tables of 2,000 to 17,000 rows; numbers want all rows and features.
	sampled = search.Params{"bagging_fraction": .75, "feature_fraction": .7}
	multi   = search.Params{"multi_output": "true"}
	wide    = search.Params{"learning_rate": .04, "bagging_fraction": .75, "num_leaves": 50., "min_data_in_leaf": 40.}
	large   = search.Params{"learning_rate": .03, "num_leaves": 128., "feature_fraction": .9, "min_data_in_leaf": 3.}
	mid     = search.Params{"learning_rate": .0471, "feature_fraction": .625, "min_data_in_leaf": 56., "num_leaves": 89.}
	fine    = search.Params{
		"learning_rate": .01139, "bagging_fraction": .978, "feature_fraction": .528, "lambda_l1": .027, "lambda_l2": .838,
		"max_cat_to_onehot": 42., "min_data_in_leaf": 3., "min_data_per_group": 75., "num_leaves": 84., "cat_l2": .155, "cat_smooth": .0093,
	}
	few = search.Params{
		"learning_rate": .0134, "bagging_fraction": .711, "feature_fraction": .425, "lambda_l1": .514, "lambda_l2": .513,
		"min_data_in_leaf": 2., "num_leaves": 20., "cat_smooth": 48.7,
	}
	stumps = search.Params{
		"learning_rate": .0079, "bagging_fraction": .815, "feature_fraction": .94, "lambda_l1": .437, "lambda_l2": .3,
		"max_cat_to_onehot": 28., "min_data_in_leaf": 24., "min_data_per_group": 3., "num_leaves": 8.,
	}
	light   = search.Params{"learning_rate": .03, "bagging_fraction": .75, "feature_fraction": .6, "num_leaves": 12., "min_data_in_leaf": 5., "lambda_l2": 1.}
	shallow = search.Params{"learning_rate": .05, "bagging_fraction": .8, "feature_fraction": .8, "num_leaves": 6., "min_data_in_leaf": 2., "max_cat_to_onehot": 16.}

	multiRandom = search.Params{"multi_output": "true", "extra_trees": "true"}
	randomSlow  = search.Params{
		"extra_trees": "true", "learning_rate": .01786, "bagging_fraction": .877, "feature_fraction": .462, "lambda_l1": .238, "lambda_l2": .355,
		"max_cat_to_onehot": 16., "min_data_in_leaf": 3., "min_data_per_group": 9., "num_leaves": 39., "cat_l2": .342, "cat_smooth": 15.4,
	}
	randomStumps = search.Params{
		"extra_trees": "true", "learning_rate": .0127, "bagging_fraction": .854, "feature_fraction": .733, "lambda_l1": .241, "lambda_l2": .298,
		"max_cat_to_onehot": 67., "min_data_in_leaf": 12., "min_data_per_group": 93., "num_leaves": 5.,
	}
	randomLarge = search.Params{
		"extra_trees": "true", "learning_rate": .018, "bagging_fraction": .95, "feature_fraction": .404, "lambda_l1": .766, "lambda_l2": 1.604,
		"max_cat_to_onehot": 11., "min_data_in_leaf": 12., "min_data_per_group": 3., "num_leaves": 180.,
	}
	randomSmall = search.Params{
		"extra_trees": "true", "learning_rate": .03, "bagging_fraction": .8, "feature_fraction": .7, "num_leaves": 16., "min_data_in_leaf": 2., "lambda_l2": .5,
	}
)
