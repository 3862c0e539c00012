package gbdt

import (
	"fmt"
	"math"
	"slices"

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
	byDepth         bool // grow_policy: depth by depth, not by the best leaf
	nodeFraction    float64
	maxDelta        float64 // of a leaf's output before the learning rate, 0: any
	pathSmooth      float64
	monotone        []int8    // of each feature of the frame: the direction of its effect; nil: any
	groups          [][]int32 // of features of the frame that may interact; nil: all

	multi              bool // one tree a round for all outputs
	goss               bool
	topRate, otherRate float64
	obj                objective
	classWeights       []float64
	baseScore          float64 // NaN: the objective's
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

func readNumbers(p search.Params, list []number) error {
	for _, n := range list {
		v := p.Float(n.name, n.def)
		if !(v >= n.low && v <= n.high) {
			return fmt.Errorf("parameter %s = %v is outside [%v, %v]", n.name, v, n.low, n.high)
		}
		*n.to = v
	}
	return nil
}

// parseSettings reads the hyperparameters. watched says that there are
// validation rows to stop on.
func parseSettings(p search.Params, rows int, watched bool) (*settings, error) {
	s := &settings{extraTrees: p.Bool("extra_trees", false)}
	var rounds, leaves, depth, minRows, oneHot, maxSet float64
	s.baseScore = math.NaN()
	if _, ok := p["base_score"]; ok {
		if err := readNumbers(p, []number{{"base_score", 0, -maxTarget, maxTarget, &s.baseScore}}); err != nil {
			return nil, err
		}
	}
	if err := readNumbers(p, []number{
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
		{"feature_fraction_bynode", 1, 1e-6, 1, &s.nodeFraction},
		{"max_delta_step", 0, 0, 1e30, &s.maxDelta},
		{"path_smooth", 0, 0, 1e12, &s.pathSmooth},
		{"top_rate", 0.2, 0, 1, &s.topRate},
		{"other_rate", 0.1, 0, 1, &s.otherRate},
	}); err != nil {
		return nil, err
	}
	policy, err := choice(p, "grow_policy", "leaf", "depth")
	if err != nil {
		return nil, err
	}
	strategy, err := choice(p, "data_sample_strategy", "bagging", "goss")
	if err != nil {
		return nil, err
	}
	s.byDepth, s.goss = policy == "depth", strategy == "goss"
	if s.goss && (s.baggingFraction < 1 || s.topRate+s.otherRate > 1) {
		return nil, fmt.Errorf("parameter data_sample_strategy = goss: use it with bagging_fraction 1 and top_rate + other_rate up to 1")
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

// choice reads a parameter that is one of a few words, the first by default.
func choice(p search.Params, name string, words ...string) (string, error) {
	v := p.String(name, words[0])
	if !slices.Contains(words, v) {
		return "", fmt.Errorf("parameter %s = %q: use one of %q", name, v, words)
	}
	return v, nil
}

// patience is the number of rounds without improvement that ends a fit, at best
// being the best round so far: the rule of AutoGluon with a third of its rounds,
// which is as good and leaves time for more trials.
func patience(rows, best int) int {
	simple := max(20, math.Round(100*min(1, 10_000/float64(max(rows, 1)))))
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
// appear only where there are categorical features, multi_output only where there
// are more than two classes.
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
	if s.Classes > 2 {
		space = append(space, search.Dimension{Name: "multi_output", Choices: []string{"false", "true"}, Default: "false"})
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
