package ensemble

import (
	"fmt"

	"github.com/seed-09a2cce4/automl/metrics"
)

const (
	// minGain is the improvement over the best single model without which that
	// model stands alone.
	minGain = 1e-9
	// minWeight is the share below which a member is not worth its time.
	minWeight = 0.01
)

// chooser chooses weights on a table.
type chooser struct {
	metric metrics.Metric
	spare  float64
	*Options
}

// choose weighs the models by the rows of some, within the limits; loss is that
// on the rows of all, by which the combination must be better than the best model.
func (c *chooser) choose(some, all *table) (weights []float64, loss float64, err error) {
	alone, err := some.losses(c.metric)
	if err != nil {
		return nil, 0, err
	}
	out, err := c.excluded(len(alone))
	if err != nil {
		return nil, 0, err
	}
	best := lowest(alone, out)
	weights = make([]float64, len(alone))
	weights[best] = 1
	if loss, err = all.loss(c.metric, all.preds[best]); err != nil || len(alone) == 1 {
		return weights, loss, err
	}
	for {
		first := lowest(alone, out)
		sel := selection{rows: some, metric: c.metric, out: out}
		mixed := prune(sel.run(first, orDefault(c.Steps, 50), orDefault(c.Patience, 10), c.Deadline))
		mixed = c.thin(some, mixed, alone[first])
		if k := c.excess(mixed); k >= 0 {
			out[k] = true
			continue
		}
		if mixedLoss, err := all.loss(c.metric, all.blend(mixed)); err == nil && mixedLoss < loss-minGain {
			return mixed, mixedLoss, nil
		}
		return weights, loss, nil
	}
}

// lowest is the first model of the lowest loss that is not left out; there is one.
func lowest(losses []float64, out []bool) int {
	best := -1
	for k, l := range losses {
		if !out[k] && (best < 0 || l < losses[best]) {
			best = k
		}
	}
	return best
}

// losses are those of the models by themselves.
func (t *table) losses(m metrics.Metric) ([]float64, error) {
	out := make([]float64, len(t.preds))
	for k, p := range t.preds {
		var err error
		if out[k], err = t.loss(m, p); err != nil {
			return nil, fmt.Errorf("model %d: %w", k, err)
		}
	}
	return out, nil
}

func orDefault(v, def int) int {
	if v <= 0 {
		return def
	}
	return v
}

// prune drops small members and scales the rest to sum to one.
func prune(weights []float64) []float64 {
	total := 0.0
	for k, w := range weights {
		if w < minWeight {
			weights[k] = 0
		}
		total += weights[k]
	}
	for k := range weights {
		weights[k] /= total
	}
	return weights
}
