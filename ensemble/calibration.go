package ensemble

import (
	"fmt"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/metrics"
)

// Calibration is what becomes of the members' predictions beside their weights, and
// how classes are told from probabilities. It is plain data; nil stands for the
// weighted mean as it is.
type Calibration struct {
	// Logs says that the weighted mean is that of log-odds (many classes:
	// log-probabilities), not of probabilities.
	Logs bool `json:"logs,omitempty"`
	// Scale multiplies log-odds or log-probabilities, the inverse of a temperature (Guo
	// et al., On Calibration of Modern Neural Networks, ICML 2017), or the number of a
	// regression; 0 for none, which Logs and Shift do not go with.
	Scale float64 `json:"scale,omitempty"`
	// Shift is added to what was scaled (Platt 1999); 0 for many classes.
	Shift float64 `json:"shift,omitempty"`
	// Decision multiplies the probabilities before the largest one tells the class;
	// one factor a class, nil for none. Probabilities stay as they are.
	Decision []float64 `json:"decision,omitempty"`
}

// faintest is the probability below which the logarithm is not taken.
const faintest = 1e-9

// Check reports what makes a calibration unusable for a task.
func (c *Calibration) Check(t metrics.Task, classes int) error {
	bad := func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }
	switch {
	case t == metrics.Regression && (c.Logs || c.Decision != nil):
		return fmt.Errorf("logarithms or decisions of a regression")
	case bad(c.Scale) || c.Scale < 0 || bad(c.Shift) || c.Shift != 0 && t == metrics.Multiclass, c.Scale == 0 && (c.Logs || c.Shift != 0):
		return fmt.Errorf("a calibration by scale %v and shift %v of a %s task", c.Scale, c.Shift, t)
	case c.Decision != nil && len(c.Decision) != classes,
		slices.ContainsFunc(c.Decision, func(v float64) bool { return bad(v) || !(v > 0) }):
		return fmt.Errorf("a decision by factors %v for %d classes", c.Decision, classes)
	}
	return nil
}

// Term is what a member's prediction adds to the weighted mean, by its weight.
func (c *Calibration) Term(t metrics.Task, v float32) float64 {
	switch {
	case c == nil || !c.Logs:
		return float64(v)
	case t == metrics.Binary:
		return logit(float64(v))
	}
	return math.Log(max(faintest, float64(v)))
}

// Apply makes predictions of rows×Width weighted means of Terms, in place. Probabilities
// of many classes then sum to 1 where there is a Scale.
func (c *Calibration) Apply(t metrics.Task, classes int, p []float64) {
	if c == nil || c.Scale == 0 {
		return
	}
	if t != metrics.Multiclass {
		for i, v := range p {
			if t == metrics.Regression {
				p[i] = float64(c.Scale*v) + c.Shift
				continue
			}
			if !c.Logs {
				v = logit(v)
			}
			p[i] = sigmoid(float64(c.Scale*v) + c.Shift)
		}
		return
	}
	for from := 0; from < len(p); from += classes {
		row := p[from : from+classes]
		for k, v := range row {
			if !c.Logs {
				v = math.Log(max(faintest, v))
			}
			row[k] = c.Scale * v
		}
		softmax(row)
	}
}

// Labelled gives probabilities of which the largest tells the class, those of two
// classes by being above one half: for metrics of labels. nil gives p itself.
func (c *Calibration) Labelled(t metrics.Task, classes int, p []float32) []float32 {
	if c == nil || c.Decision == nil {
		return p
	}
	out := make([]float32, len(p))
	if t == metrics.Binary {
		for i, v := range p {
			no, yes := c.Decision[0]*(1-float64(v)), c.Decision[1]*float64(v)
			out[i] = share(yes, no+yes)
			if yes > no != (out[i] > 0.5) { // by rounding
				out[i] = 0.5
				if yes > no {
					out[i] = math.Nextafter32(0.5, 1)
				}
			}
		}
		return out
	}
	for from := 0; from < len(p); from += classes {
		total := 0.0
		for k := range classes {
			total += c.Decision[k] * float64(p[from+k])
		}
		for k := range classes {
			out[from+k] = share(c.Decision[k]*float64(p[from+k]), total)
		}
	}
	return out
}

func share(v, total float64) float32 {
	if !(total > 0) {
		return 0
	}
	return float32(v / total)
}

func logit(p float64) float64 {
	p = min(1-faintest, max(faintest, p))
	return math.Log(p / (1 - p))
}

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// softmax of a row of log-probabilities, in place.
func softmax(row []float64) {
	top, total := slices.Max(row), 0.0
	for k, v := range row {
		row[k] = math.Exp(v - top)
		total += row[k]
	}
	for k := range row {
		row[k] /= total
	}
}

// Judged gives the weighted mean of a blend as m is to score it, calibrated and, if m
// is of labels, Labelled. nil gives pred itself.
func (c *Calibration) Judged(m metrics.Metric, t metrics.Task, classes int, pred []float32) []float32 {
	if c == nil {
		return pred
	}
	if c.Scale != 0 {
		wide := make([]float64, len(pred))
		for i, v := range pred {
			wide[i] = float64(v)
		}
		c.Apply(t, classes, wide)
		pred = make([]float32, len(wide))
		for i, v := range wide {
			pred[i] = float32(v)
		}
	}
	if m.OfLabels() {
		return c.Labelled(t, classes, pred)
	}
	return pred
}

// calibrate looks for a calibration of cross-fitted predictions, and gives them as it
// leaves them, each part by the one that was fitted on the others; nil if the metric does
// not gain on average over the parts, decisions (of which many are tried) by more than
// a standard error.
func (c *chooser) calibrate(t *table, nested []float32) (*Calibration, []float32) {
	fit := c.fitter(t)
	if fit == nil {
		return nil, nil
	}
	predicted := make([]float32, len(nested))
	for part := range mostParts {
		rows, others := t.rowsOf(part, false), t.rowsOf(part, true)
		if len(rows) == 0 {
			continue
		}
		cal := fit(t.only(others), gather(nested, others, t.width))
		if cal == nil || c.late() {
			return nil, nil
		}
		t.put(predicted, rows, cal.Judged(c.metric, t.task, t.classes, gather(nested, rows, t.width)))
	}
	if gain, unsure := gains(t.partLosses(c.metric, nested), t.partLosses(c.metric, predicted)); !(gain > 0) || c.metric.OfLabels() && !(gain > unsure) {
		return nil, nil
	}
	cal := fit(t, nested)
	if cal == nil {
		return nil, nil
	}
	return cal, predicted
}

// fitter fits the calibration that the metric can gain from, nil if there is none.
func (c *chooser) fitter(t *table) func(*table, []float32) *Calibration {
	switch {
	case t.task == metrics.Regression:
		return nil
	case c.metric.Name == "log_loss" || c.metric.Name == "brier_score_loss":
		return fitScale
	case c.metric.OfLabels() && c.Labels && t.classes <= mostDecided:
		return c.fitDecision
	}
	return nil
}

// gains is by how much the second losses are lower on average, where both are numbers,
// and the standard error of that; 0 for fewer than two.
func gains(before, after []float64) (mean, stdError float64) {
	var list []float64
	sum := 0.0
	for i, v := range before {
		if g := v - after[i]; g == g {
			list = append(list, g)
			sum += g
		}
	}
	if len(list) < 2 {
		return 0, 0
	}
	return sum / float64(len(list)), stdErr(list)
}

// only is the answers of the given rows, without predictions.
func (t *table) only(rows []int) *table {
	sub := &table{task: t.task, classes: t.classes, width: t.width, y: gather(t.y, rows, 1)}
	if t.w != nil {
		sub.w = gather(t.w, rows, 1)
	}
	return sub
}
