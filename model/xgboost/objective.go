package xgboost

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// objective is what a reader must know of a training objective.
type objective struct {
	name string
	link predictor.Link
	// base says how the intercept is stored.
	base baseForm
	// block is the name and params the content of the parameters that XGBoost
	// wants to find beside the name; "" for none.
	block, params string
}

// baseForm is what base_score holds.
type baseForm uint8

const (
	baseMargin      baseForm = iota // the sum's start itself
	baseProbability                 // its sigmoid
	baseExp                         // its exponential
)

const regLoss, regParams = "reg_loss_param", `{"scale_pos_weight":"1"}`

var rankParams = `{"lambdarank_bias_norm":"1","lambdarank_normalization":"1","lambdarank_num_pair_per_sample":"4294967295",` +
	`"lambdarank_pair_method":"topk","lambdarank_score_normalization":"1","lambdarank_unbiased":"0","ndcg_exp_gain":"1"}`

// objectives of XGBoost 3.2, as its parameter documentation lists them. Of
// multi:softmax the probabilities are given, whose largest it predicts.
var objectives = []objective{
	{"reg:squarederror", predictor.Identity, baseMargin, regLoss, regParams},
	{"reg:linear", predictor.Identity, baseMargin, regLoss, regParams}, // its name in old files
	{"reg:squaredlogerror", predictor.Identity, baseMargin, regLoss, regParams},
	{"reg:pseudohubererror", predictor.Identity, baseMargin, "pseudo_huber_param", `{"huber_slope":"1"}`},
	{"reg:absoluteerror", predictor.Identity, baseMargin, "", ""},
	{"reg:quantileerror", predictor.Identity, baseMargin, "quantile_loss_param", `{"quantile_alpha":"[5E-1]"}`},
	{"reg:logistic", predictor.Sigmoid, baseProbability, regLoss, regParams},
	{"reg:gamma", predictor.Exp, baseExp, regLoss, regParams},
	{"reg:tweedie", predictor.Exp, baseExp, "tweedie_regression_param", `{"tweedie_variance_power":"1.5"}`},
	{"count:poisson", predictor.Exp, baseExp, "poisson_regression_param", `{"max_delta_step":"0.7"}`},
	{"survival:cox", predictor.Exp, baseExp, "", ""},
	{"survival:aft", predictor.Exp, baseExp, "aft_loss_param", `{"aft_loss_distribution":"normal","aft_loss_distribution_scale":"1"}`},
	{"binary:logistic", predictor.Sigmoid, baseProbability, regLoss, regParams},
	{"binary:logitraw", predictor.Identity, baseMargin, regLoss, regParams},
	{"binary:hinge", predictor.Step, baseMargin, "", ""},
	{"multi:softprob", predictor.Softmax, baseMargin, "softmax_multiclass_param", ""},
	{"multi:softmax", predictor.Softmax, baseMargin, "softmax_multiclass_param", ""},
	{"rank:pairwise", predictor.Identity, baseMargin, "lambdarank_param", rankParams},
	{"rank:ndcg", predictor.Identity, baseMargin, "lambdarank_param", rankParams},
	{"rank:map", predictor.Identity, baseMargin, "lambdarank_param", rankParams},
}

func objectiveOf(name string) (objective, error) {
	for _, o := range objectives {
		if o.name == name {
			return o, nil
		}
	}
	return objective{}, fmt.Errorf("objective %q is unknown: what its predictions mean cannot be told", name)
}

// margin turns a stored intercept into the sum's start, in the float32 that
// XGBoost uses.
func (o objective) margin(base float64) (float64, error) {
	v := base
	switch o.base {
	case baseProbability:
		if !(base > 0 && base < 1) {
			return 0, fmt.Errorf("base_score %v is not between 0 and 1, as %s wants it", base, o.name)
		}
		v = -math.Log(1/base - 1)
	case baseExp:
		if !(base > 0) {
			return 0, fmt.Errorf("base_score %v is not positive, as %s wants it", base, o.name)
		}
		v = math.Log(base)
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("base_score %v is not a finite number", base)
	}
	return v, nil
}

// neutral is the base_score of a sum that starts at 0.
func (o objective) neutral() float64 {
	switch o.base {
	case baseProbability:
		return 0.5
	case baseExp:
		return 1
	}
	return 0
}
