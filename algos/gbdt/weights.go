package gbdt

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
)

// classWeights reads what the training rows' weights are multiplied by, class by
// class; nil for no change. class_weight is "balanced", for weights that make the
// classes equally heavy, or a JSON object of weights by class index, {"1":5}, 1
// being the default; scale_pos_weight is the weight of class 1 of two.
func classWeights(r *algos.Request) ([]float64, error) {
	text, scale := r.Params.String("class_weight", ""), 1.0
	if err := readNumbers(r.Params, []number{{"scale_pos_weight", 1, 1e-9, 1e9, &scale}}); err != nil {
		return nil, err
	}
	if text == "" && scale == 1 {
		return nil, nil
	}
	p := r.Problem
	switch {
	case p.Task == metrics.Regression:
		return nil, fmt.Errorf("parameters class_weight and scale_pos_weight are for classes, not for a %s target", p.Task)
	case scale != 1 && p.Task != metrics.Binary:
		return nil, fmt.Errorf("parameter scale_pos_weight is for two classes: use class_weight")
	case scale != 1 && text != "":
		return nil, fmt.Errorf("parameters class_weight and scale_pos_weight exclude each other")
	case scale != 1:
		return []float64{1, scale}, nil
	case text == "balanced":
		return balanced(r), nil
	}
	weights, err := readClassWeights(text, max(2, p.Classes))
	if err != nil {
		return nil, fmt.Errorf("parameter class_weight: %w", err)
	}
	return weights, nil
}

func readClassWeights(text string, classes int) ([]float64, error) {
	byClass := map[string]float64{}
	if err := json.Unmarshal([]byte(text), &byClass); err != nil {
		return nil, fmt.Errorf(`use balanced or an object such as {"0":1,"1":5}: %w`, err)
	}
	weights := constant(1, classes)
	for name, w := range byClass {
		k, err := strconv.Atoi(name)
		if err != nil || k < 0 || k >= classes {
			return nil, fmt.Errorf("class %q: use indices from 0 to %d", name, classes-1)
		}
		if !(w >= 1e-9 && w <= 1e9) {
			return nil, fmt.Errorf("the weight of class %d is %v: use 1e-9 to 1e9", k, w)
		}
		weights[k] = w
	}
	return weights, nil
}

// balanced weighs each class that occurs with total/(classes·its own weight).
func balanced(r *algos.Request) []float64 {
	sums := make([]float64, max(2, r.Problem.Classes))
	total, present := 0.0, 0.0
	for _, i := range r.Train.Rows {
		w := 1.0
		if r.Train.W != nil {
			w = float64(r.Train.W[i])
		}
		sums[int(r.Train.Y[i])] += w
		total += w
	}
	for _, s := range sums {
		if s > 0 {
			present++
		}
	}
	for k, s := range sums {
		sums[k] = 1
		if s > 0 {
			sums[k] = total / (present * s)
		}
	}
	return sums
}

// weighClasses multiplies the rows' weights by those of their classes.
func (d *rowset) weighClasses(weights []float64) {
	if weights == nil {
		return
	}
	w := make([]float32, d.n)
	for i := range w {
		w[i] = float32(d.weight(int32(i)) * weights[int(d.y[i])])
	}
	d.w = w
}
