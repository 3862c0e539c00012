package gbdt

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// symmetricSettings are the hyperparameters of a symmetric fit.
type symmetricSettings struct {
	rounds          int
	learningRate    float64
	depth           int
	lambdaL2        float64
	strength        float64 // of the noise on scores
	featureFraction float64
	sample          string // how rows are drawn: "mvs", "bayesian" or "none"
	fraction        float64
	temperature     float64
	steps           int // of Newton's method a leaf
	maxOneHot       int
	combined        int     // categories at most in a combination
	sizePenalty     float64 // exponent of the penalty on new, large tables
}

// symmetricRounds is where symmetric boosting ends if nothing stops it earlier.
const symmetricRounds = 1000

// maxDepth bounds symmetric trees: 2^10 leaves.
const maxDepth = 10

// rateRule is CatBoost's learning rate as a function of rows and rounds:
// exp(a·ln rows + b) · (rounds/1000)^c.
type rateRule struct{ a, b, c float64 }

// symmetricRate is the default learning rate, at most 0.5.
func symmetricRate(task metrics.Task, rows, rounds int, watched bool) float64 {
	rule := rateRule{.158, -4.287, -.813}
	switch {
	case task == metrics.Binary && watched:
		rule = rateRule{.247, -5.158, -.435}
	case task == metrics.Binary:
		rule = rateRule{.408, -7.299, -.928}
	case task == metrics.Multiclass && watched:
		rule = rateRule{.02, -2.364, -.382}
	case task == metrics.Multiclass:
		rule = rateRule{.051, -2.889, -.845}
	case watched:
		rule = rateRule{.157, -4.062, -.61}
	}
	rate := math.Exp(rule.a*math.Log(float64(max(rows, 1)))+rule.b) * math.Pow(float64(rounds)/1000, rule.c)
	return max(1e-6, min(0.5, math.Round(rate*1e6)/1e6))
}

// SymmetricRate is the learning rate that suits symmetric trees on so many training
// rows if they are to take so many rounds, at most 0.5: CatBoost's default without
// validation rows. The learner's own default on validation rows is larger.
func SymmetricRate(task metrics.Task, rows, rounds int) float64 {
	return symmetricRate(task, rows, rounds, false)
}

// parseSymmetric reads the hyperparameters. watched says that there are
// validation rows to stop on.
func parseSymmetric(p search.Params, task metrics.Task, rows int, watched bool) (*symmetricSettings, error) {
	s := &symmetricSettings{}
	sample, newton := "mvs", 1.
	switch task {
	case metrics.Binary:
		newton = 10 // the loss is far from a parabola where leaves are pure
	case metrics.Multiclass:
		sample = "bayesian"
	}
	var rounds, depth, steps, oneHot, combined float64
	if err := readNumbers(p, []number{
		{"learning_rate", 0, 0, 1, &s.learningRate},
		{"rounds", 0, 0, 1e6, &rounds},
		{"depth", 6, 1, maxDepth, &depth},
		{"l2_leaf_reg", 3, 0, 1e12, &s.lambdaL2},
		{"random_strength", 1, 0, 1e6, &s.strength},
		{"feature_fraction", 1, 1e-6, 1, &s.featureFraction},
		{"bagging_fraction", 0.8, 1e-6, 1, &s.fraction},
		{"bagging_temperature", 1, 0, 100, &s.temperature},
		{"leaf_iterations", newton, 1, 100, &steps},
		{"one_hot_max_size", 2, 0, 255, &oneHot},
		{"max_ctr_complexity", 4, 1, 8, &combined},
		{"model_size_reg", 0.5, 0, 100, &s.sizePenalty},
	}); err != nil {
		return nil, err
	}
	s.sample = p.String("bootstrap", sample)
	if s.sample != "mvs" && s.sample != "bayesian" && s.sample != "none" {
		return nil, fmt.Errorf("parameter bootstrap = %q: use mvs, bayesian or none", s.sample)
	}
	s.rounds, s.depth, s.steps = int(rounds), int(depth), int(steps)
	s.maxOneHot, s.combined = int(oneHot), int(combined)
	if s.rounds == 0 {
		s.rounds = symmetricRounds
		if usual := symmetricRate(task, rows, symmetricRounds, watched); s.learningRate > 0 && s.learningRate < usual {
			s.rounds = min(maxRounds, int(symmetricRounds*usual/s.learningRate))
		}
	}
	if s.learningRate == 0 {
		s.learningRate = symmetricRate(task, rows, s.rounds, watched)
	}
	return s, nil
}

// Space is the declared space around CatBoost's defaults. What concerns
// combinations of categories appears only where there are some.
func (Symmetric) Space(s algos.Shape) search.Space {
	space := search.Space{
		log("learning_rate", 5e-3, 0.3, max(5e-3, min(0.3, symmetricRate(s.Task, s.Rows, symmetricRounds, true)))),
		{Name: "depth", Low: 4, High: 8, Integer: true, Default: 6.},
		log("l2_leaf_reg", 0.3, 30, 3),
		linear("random_strength", 0, 2, 1),
		linear("feature_fraction", 0.5, 1, 1),
	}
	if s.Categorical > 0 {
		space = append(space,
			search.Dimension{Name: "max_ctr_complexity", Low: 1, High: 4, Integer: true, Default: 4.},
			logInt("one_hot_max_size", 2, 100, 2),
		)
	}
	return space
}

// Portfolio begins with the defaults.
func (Symmetric) Portfolio(s algos.Shape) []search.Params {
	return []search.Params{
		{},
		{"depth": 8., "l2_leaf_reg": 5.},
		{"depth": 4., "l2_leaf_reg": 1.},
		{"feature_fraction": 0.6, "random_strength": 1.5},
	}
}

// Estimate is the declared cost model, like that of the other trees.
func (Symmetric) Estimate(s algos.Shape, p search.Params) algos.Cost {
	n := max(s.Rows, 1)
	set, err := parseSymmetric(p, s.Task, n, true)
	if err != nil {
		set, _ = parseSymmetric(nil, s.Task, n, true)
	}
	width := float64(metrics.Width(s.Task, s.Classes))
	rows, leaves := float64(n), math.Pow(2, float64(set.depth))
	columns, bins := float64(max(s.Features-s.Categorical, 1)), min(255, rows/6+2)
	rounds := min(float64(set.rounds), usualSymmetricRounds(n, set.learningRate))
	level := rows * (columns*0.7e-9 + 4e-9)
	scan := columns * min(leaves*bins, 3*rows) * 4e-9
	combined := float64(s.Categorical) * (1 + 0.5*float64(set.combined-1))
	perTree := width*(float64(set.depth)*(level+combined*rows*6e-9)+scan) + combined*rows*40e-9 + rows*30e-9 + 10e-6
	held := min(width*leaves*columns*bins*4, maxHistogramBytes)
	return algos.Cost{
		Seconds: rounds * perTree,
		Bytes:   int64(rows*(float64(s.Features)+60+24*width)+held+rounds*leaves*width*30) + int64(min(float64(s.Categorical)*rows*200, maxStatisticBytes)),
	}
}

// usualSymmetricRounds estimates how many rounds a watched fit takes.
func usualSymmetricRounds(rows int, rate float64) float64 {
	best := 20 / rate * (1 + 0.3*max(0, math.Log10(float64(max(rows, 1))/1000)))
	return best + float64(patience(rows, int(best)))
}
