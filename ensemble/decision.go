package ensemble

import (
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/metrics"
)

// How decisions are looked for.
const (
	mostDecided   = 30  // classes
	thresholds    = 100 // of two classes that are tried
	smoothed      = 2   // thresholds to either side that count as well
	decisionRows  = 5000
	decisionSweep = 2
)

// decisionGrid are the logarithms of the factors that a class is tried with.
var decisionGrid = []float64{-1.5, -1, -0.7, -0.5, -0.3, -0.15, 0, 0.15, 0.3, 0.5, 0.7, 1, 1.5, 2, 3}

// fitDecision looks for the factors of the least loss; nil if the metric has no value.
func (c *chooser) fitDecision(t *table, pred []float32) *Calibration {
	if t.task == metrics.Binary {
		return c.fitThreshold(t, pred)
	}
	if len(t.y) > decisionRows {
		rows := make([]int, 0, decisionRows)
		for i := range decisionRows {
			rows = append(rows, i*len(t.y)/decisionRows)
		}
		pred = gather(pred, rows, t.width)
		t = t.only(rows)
	}
	logs := make([]float64, t.classes)
	least := c.decisionLoss(t, pred, logs)
	for range decisionSweep {
		for k := range logs {
			best := logs[k]
			for _, v := range decisionGrid {
				if c.late() {
					return nil
				}
				logs[k] = v
				if loss := c.decisionLoss(t, pred, logs); loss < least-minGain {
					best, least = v, loss
				}
			}
			logs[k] = best
		}
	}
	if math.IsInf(least, 0) {
		return nil
	}
	return &Calibration{Decision: factors(logs)}
}

// factors are the exponentials, the largest of them 1.
func factors(logs []float64) []float64 {
	out, top := make([]float64, len(logs)), slices.Max(logs)
	for k, v := range logs {
		out[k] = math.Exp(v - top)
	}
	return out
}

// decisionLoss is +Inf where the metric has no value.
func (c *chooser) decisionLoss(t *table, pred []float32, logs []float64) float64 {
	cal := Calibration{Decision: factors(logs)}
	loss, err := t.loss(c.metric, cal.Labelled(t.task, t.classes, pred))
	if err != nil {
		return math.Inf(1)
	}
	return loss
}

// fitThreshold tries thresholds between the rows' probabilities and takes the one
// around which the loss is least: a single one would be luck.
func (c *chooser) fitThreshold(t *table, pred []float32) *Calibration {
	sorted := slices.Clone(pred)
	slices.Sort(sorted)
	var at, loss []float64
	for i := 1; i <= thresholds; i++ {
		p := logit(float64(sorted[i*(len(sorted)-1)/(thresholds+1)]))
		if len(at) > 0 && p <= at[len(at)-1] {
			continue
		}
		if c.late() {
			return nil
		}
		at = append(at, p)
		loss = append(loss, c.decisionLoss(t, pred, []float64{p, 0}))
	}
	best, least := 0, math.Inf(1)
	for i := range at {
		from, to := max(0, i-smoothed), min(len(at), i+smoothed+1)
		mean := 0.0
		for _, v := range loss[from:to] {
			mean += v / float64(to-from)
		}
		if mean < least {
			best, least = i, mean
		}
	}
	if math.IsInf(least, 0) {
		return nil
	}
	return &Calibration{Decision: factors([]float64{at[best], 0})}
}
