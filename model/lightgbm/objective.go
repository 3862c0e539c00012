package lightgbm

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// aliases are other names of objectives that old or edited files have.
var aliases = map[string]string{
	"regression_l2": "regression", "mean_squared_error": "regression", "mse": "regression", "l2": "regression",
	"l2_root": "regression", "root_mean_squared_error": "regression", "rmse": "regression",
	"mean_absolute_error": "regression_l1", "l1": "regression_l1", "mae": "regression_l1",
	"softmax": "multiclass", "multiclass_ova": "multiclassova", "ova": "multiclassova", "ovr": "multiclassova",
	"xentropy": "cross_entropy", "xentlambda": "cross_entropy_lambda", "mean_absolute_percentage_error": "mape",
	"xendcg": "rank_xendcg", "xe_ndcg": "rank_xendcg", "xe_ndcg_mart": "rank_xendcg", "xendcg_mart": "rank_xendcg",
	"none": "custom", "null": "custom", "na": "custom",
}

// output is what an objective makes of width sums: its link.
func output(objective string, width int) (predictor.Output, error) {
	o := predictor.Output{}
	words := strings.Fields(objective)
	if len(words) == 0 {
		return o, nil
	}
	if strings.ContainsAny(objective, "=\r\n") {
		return o, fmt.Errorf("objective %q holds = or a line break", short(objective))
	}
	name := words[0]
	if long, ok := aliases[name]; ok {
		name = long
	}
	several := false
	switch name {
	case "custom":
		return o, nil
	case "regression", "regression_l1", "fair", "quantile", "mape":
		for _, w := range words[1:] {
			if w == "sqrt" {
				o.Link = predictor.Square
			}
		}
	case "huber", "lambdarank", "rank_xendcg":
	case "poisson", "gamma", "tweedie":
		o.Link = predictor.Exp
	case "cross_entropy":
		o.Link = predictor.Sigmoid
	case "cross_entropy_lambda":
		o.Link = predictor.Softplus
	case "binary", "multiclassova":
		o.Link, several = predictor.Sigmoid, name != "binary"
		scale, err := factor(words)
		if err != nil {
			return o, err
		}
		o.Scale = scale
	case "multiclass":
		o.Link, several = predictor.Softmax, true
	default:
		return o, fmt.Errorf("unknown objective %q", words[0])
	}
	if several {
		if n, err := strconv.Atoi(parameter(words, "num_class")); err != nil || n != width {
			return o, fmt.Errorf("objective %q does not fit %d trees an iteration", objective, width)
		}
	} else if width != 1 {
		return o, fmt.Errorf("objective %q has one tree an iteration, not %d", objective, width)
	}
	return o, nil
}

// factor reads the factor of the sigmoid; 0 stands for 1, as in Output.
func factor(words []string) (float64, error) {
	v, err := strconv.ParseFloat(parameter(words, "sigmoid"), 64)
	if err != nil || !(v > 0) || v-v != 0 {
		return 0, fmt.Errorf("objective %q needs sigmoid:NUMBER, a number above zero", strings.Join(words, " "))
	}
	if v == 1 {
		return 0, nil
	}
	return v, nil
}

// parameter finds the value of a name:value word.
func parameter(words []string, name string) string {
	for _, w := range words[1:] {
		if v, ok := strings.CutPrefix(w, name+":"); ok {
			return v
		}
	}
	return ""
}

// objectiveOf names an objective that has the link; "" where sums are the
// predictions.
func objectiveOf(o predictor.Output, width int) (string, error) {
	scale := o.Scale
	if scale == 0 {
		scale = 1
	}
	sigmoid := "sigmoid:" + strconv.FormatFloat(scale, 'g', -1, 64)
	switch {
	case o.Link == predictor.Identity:
		return "", nil
	case o.Link == predictor.Sigmoid && width == 1:
		return "binary " + sigmoid, nil
	case o.Link == predictor.Sigmoid:
		return fmt.Sprintf("multiclassova num_class:%d %s", width, sigmoid), nil
	case o.Link == predictor.Softmax:
		return fmt.Sprintf("multiclass num_class:%d", width), nil
	case o.Link == predictor.Exp && width == 1:
		return "poisson", nil
	case o.Link == predictor.Square && width == 1:
		return "regression sqrt", nil
	case o.Link == predictor.Softplus && width == 1:
		return "cross_entropy_lambda", nil
	}
	return "", fmt.Errorf("no objective of LightGBM has link %d with %d outputs", o.Link, width)
}
