package gbdt

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/search"
)

// settings are the hyperparameters of a fit, real units.
type settings struct {
	rounds          int
	learningRate    float64
	leafLimit       int
	depthLimit      int // 0: none
	minRows         int
	minHessian      float64
	lambdaL1        float64
	lambdaL2        float64
	minGain         float64
	featureFraction float64
	baggingFraction float64
	extraTrees      bool
	catSmooth       float64
	catL2           float64
	maxOneHot       int
	minGroup        float64
	maxSet          int
}

const (
	// maxRounds is where boosting ends if nothing stops it earlier.
	maxRounds = 10_000
	// unwatchedRounds at learning rate 0.1 is where it ends without validation rows.
	unwatchedRounds = 100
	maxLeaves       = 1 << 16
)

// defaultRate is the learning rate for a number of training rows: small steps
// where rounds are cheap.
func defaultRate(rows int) float64 {
	switch {
	case rows < 100_000:
		return 0.05
	case rows < 500_000:
		return 0.07
	}
	return 0.1
}

// number is a hyperparameter with the range that a fit accepts.
type number struct {
	name      string
	def       float64
	low, high float64
	to        *float64
}

// parseSettings reads the hyperparameters. watched says that there are
// validation rows to stop on.
func parseSettings(p search.Params, rows int, watched bool) (*settings, error) {
	s := &settings{extraTrees: p.Bool("extra_trees", false)}
	var rounds, leaves, depth, minRows, oneHot, maxSet float64
	for _, n := range []number{
		{"learning_rate", defaultRate(rows), 1e-6, 1, &s.learningRate},
		{"rounds", 0, 0, 1e6, &rounds},
		{"num_leaves", 31, 2, maxLeaves, &leaves},
		{"max_depth", 0, -1, 1e6, &depth},
		{"min_data_in_leaf", 20, 0, 1e9, &minRows},
		{"min_sum_hessian_in_leaf", 1e-3, 0, 1e12, &s.minHessian},
		{"lambda_l1", 0, 0, 1e12, &s.lambdaL1},
		{"lambda_l2", 0, 0, 1e12, &s.lambdaL2},
		{"min_gain_to_split", 0, 0, 1e30, &s.minGain},
		{"feature_fraction", 1, 1e-6, 1, &s.featureFraction},
		{"bagging_fraction", 1, 1e-6, 1, &s.baggingFraction},
		{"cat_smooth", 10, 0, 1e12, &s.catSmooth},
		{"cat_l2", 10, 0, 1e12, &s.catL2},
		{"max_cat_to_onehot", 4, 0, 1e6, &oneHot},
		{"min_data_per_group", 100, 1, 1e9, &s.minGroup},
		{"max_cat_threshold", 32, 1, 1e6, &maxSet},
	} {
		v := p.Float(n.name, n.def)
		if !(v >= n.low && v <= n.high) {
			return nil, fmt.Errorf("parameter %s = %v is outside [%v, %v]", n.name, v, n.low, n.high)
		}
		*n.to = v
	}
	s.rounds, s.leafLimit, s.depthLimit = int(rounds), int(leaves), max(0, int(depth))
	s.minRows, s.maxOneHot, s.maxSet = int(minRows), int(oneHot), int(maxSet)
	s.leafLimit = min(s.leafLimit, max(2, rows))
	if s.rounds == 0 {
		s.rounds = maxRounds
		if !watched {
			s.rounds = max(1, int(math.Round(unwatchedRounds*0.1/s.learningRate)))
		}
	}
	return s, nil
}

// patience is the number of rounds without improvement that ends a fit, at best
// being the best round so far (the rule of AutoGluon).
func patience(rows, best int) int {
	simple := max(20, math.Round(300*min(1, 10_000/float64(max(rows, 1)))))
	return int(max(simple, 0.3*float64(best)+20))
}

// usualRounds estimates how many rounds a watched fit takes: what the learning
// rate needs, more on larger data, and the patience behind that.
func usualRounds(rows int, rate float64) float64 {
	best := 12 / rate * (1 + 0.5*max(0, math.Log10(float64(max(rows, 1))/1000)))
	return best + float64(patience(rows, int(best)))
}

func log(name string, low, high, def float64) search.Dimension {
	return search.Dimension{Name: name, Low: low, High: high, Log: true, Default: def}
}

func logInt(name string, low, high, def float64) search.Dimension {
	d := log(name, low, high, def)
	d.Integer = true
	return d
}

func linear(name string, low, high, def float64) search.Dimension {
	return search.Dimension{Name: name, Low: low, High: high, Default: def}
}

// Space is TabArena's LightGBM space. The parameters of categorical splits
// appear only where there are categorical features.
func (Learner) Space(s algos.Shape) search.Space {
	space := search.Space{
		log("learning_rate", 5e-3, 0.1, defaultRate(s.Rows)),
		linear("feature_fraction", 0.4, 1, 1),
		linear("bagging_fraction", 0.7, 1, 1),
		logInt("num_leaves", 4, 200, 31),
		logInt("min_data_in_leaf", 1, 64, 20),
		{Name: "extra_trees", Choices: []string{"false", "true"}, Default: "false"},
		linear("lambda_l1", 0, 1, 0),
		linear("lambda_l2", 0, 2, 0),
	}
	if s.Categorical > 0 {
		space = append(space,
			logInt("min_data_per_group", 2, 100, 100),
			log("cat_l2", 5e-3, 10, 10),
			log("cat_smooth", 1e-3, 100, 10),
			logInt("max_cat_to_onehot", 4, 100, 4),
		)
	}
	return space
}

// Portfolio starts with the defaults, then follows what AutoGluon found to
// complement each other (portfolios of 2023 and 2025).
func (Learner) Portfolio(s algos.Shape) []search.Params {
	type p = search.Params
	return []p{
		{},
		{"extra_trees": "true"},
		{"learning_rate": .03, "num_leaves": 128., "feature_fraction": .9, "min_data_in_leaf": 3.},
		{"extra_trees": "true", "learning_rate": .01786, "bagging_fraction": .877, "feature_fraction": .462, "lambda_l1": .238, "lambda_l2": .355,
			"max_cat_to_onehot": 16., "min_data_in_leaf": 3., "min_data_per_group": 9., "num_leaves": 39., "cat_l2": .342, "cat_smooth": 15.4},
		{"learning_rate": .01139, "bagging_fraction": .978, "feature_fraction": .528, "lambda_l1": .027, "lambda_l2": .838,
			"max_cat_to_onehot": 42., "min_data_in_leaf": 3., "min_data_per_group": 75., "num_leaves": 84., "cat_l2": .155, "cat_smooth": .0093},
		{"learning_rate": .0134, "bagging_fraction": .711, "feature_fraction": .425, "lambda_l1": .514, "lambda_l2": .513,
			"min_data_in_leaf": 2., "num_leaves": 20., "cat_smooth": 48.7},
		{"extra_trees": "true", "learning_rate": .0127, "bagging_fraction": .854, "feature_fraction": .733, "lambda_l1": .241, "lambda_l2": .298,
			"max_cat_to_onehot": 67., "min_data_in_leaf": 12., "min_data_per_group": 93., "num_leaves": 5.},
		{"extra_trees": "true", "learning_rate": .018, "bagging_fraction": .95, "feature_fraction": .404, "lambda_l1": .766, "lambda_l2": 1.604,
			"max_cat_to_onehot": 11., "min_data_in_leaf": 12., "min_data_per_group": 3., "num_leaves": 180.},
		{"learning_rate": .0079, "bagging_fraction": .815, "feature_fraction": .94, "lambda_l1": .437, "lambda_l2": .3,
			"max_cat_to_onehot": 28., "min_data_in_leaf": 24., "min_data_per_group": 3., "num_leaves": 8.},
		{"learning_rate": .01215, "feature_fraction": .702, "min_data_in_leaf": 14., "num_leaves": 53.},
		{"extra_trees": "true", "learning_rate": .0152, "feature_fraction": .564, "min_data_in_leaf": 48., "num_leaves": 16.},
		{"learning_rate": .0471, "feature_fraction": .625, "min_data_in_leaf": 56., "num_leaves": 89.},
	}
}
