package metrics

import (
	"fmt"
	"math"
)

// sample is what a score is computed from, checked by newSample.
type sample struct {
	task    Task
	classes int
	y, pred []float32
	w       []float32 // nil: one
	total   float64   // sum of the weights
}

// Score computes the metric. y holds class indices 0..classes-1 or values
// (classes is not read for regression), pred len(y)×Width predictions, w
// weights, nil for ones. Everything that would make the number meaningless is
// an error: no rows, lengths that do not fit, a target, prediction or weight
// that is not a number, negative weights, probabilities outside [0, 1], and a
// score that is not defined, such as the AUC of rows of one class.
func (m Metric) Score(t Task, classes int, y, pred, w []float32) (float64, error) {
	d := find(m.Name)
	if d == nil {
		return 0, fmt.Errorf("unknown metric %q", m.Name)
	}
	if !m.Supports(t) {
		return 0, fmt.Errorf("%s is not defined for %s problems", m.Name, t)
	}
	s, err := newSample(t, classes, y, pred, w)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", m.Name, err)
	}
	v, err := d.score(s)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", m.Name, err)
	}
	if !finite(v) {
		return 0, fmt.Errorf("%s: the numbers are too large", m.Name)
	}
	return v, nil
}

func newSample(t Task, classes int, y, pred, w []float32) (*sample, error) {
	switch {
	case len(y) == 0:
		return nil, fmt.Errorf("no rows to score")
	case t == Binary && classes != 2 || t == Multiclass && classes < 2:
		return nil, fmt.Errorf("%d classes in a %s problem", classes, t)
	case len(pred) != len(y)*Width(t, classes):
		return nil, fmt.Errorf("%d predictions for %d rows", len(pred), len(y))
	case w != nil && len(w) != len(y):
		return nil, fmt.Errorf("%d weights for %d rows", len(w), len(y))
	}
	for i, v := range pred {
		if !finite(float64(v)) {
			return nil, fmt.Errorf("the prediction of row %d is %v", i/Width(t, classes), v)
		}
	}
	for i, v := range y {
		if t == Regression && !finite(float64(v)) {
			return nil, fmt.Errorf("the target of row %d is %v", i, v)
		}
		if t != Regression && !(v >= 0 && v < float32(classes) && v == float32(int(v))) {
			return nil, fmt.Errorf("the class of row %d is %v, there are %d classes", i, v, classes)
		}
	}
	s := &sample{task: t, classes: classes, y: y, pred: pred, w: w, total: float64(len(y))}
	return s, s.checkWeights()
}

func (s *sample) checkWeights() error {
	if s.w == nil {
		return nil
	}
	s.total = 0
	for i, v := range s.w {
		if !(v >= 0) || !finite(float64(v)) {
			return fmt.Errorf("the weight of row %d is %v", i, v)
		}
		s.total += float64(v)
	}
	if s.total == 0 {
		return fmt.Errorf("all weights are 0")
	}
	return nil
}

// weight is the weight of row i.
func (s *sample) weight(i int) float64 {
	if s.w == nil {
		return 1
	}
	return float64(s.w[i])
}

// mean is the weighted mean of f over the rows.
func (s *sample) mean(f func(i int) float64) float64 {
	sum := 0.0
	for i := range s.y {
		if wi := s.weight(i); wi != 0 {
			sum += float64(wi * f(i))
		}
	}
	return sum / s.total
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
