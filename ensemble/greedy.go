package ensemble

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/metrics"
)

// Options of Greedy; the zero value is good.
type Options struct {
	// Steps bounds the additions, 0 means 50.
	Steps int
	// MaxRows bounds the rows that models are chosen on, 0 means 20,000. The
	// returned loss is always of all rows.
	MaxRows int
	// Patience is the number of additions without a new best after which the
	// selection ends, 0 means 10.
	Patience int
	// Deadline, if not nil, is asked between candidates; once it answers true,
	// the best combination so far is returned.
	Deadline func() bool
}

const (
	// minGain is the improvement over the best single model without which that
	// model stands alone.
	minGain = 1e-9
	// minWeight is the share below which a member is not worth its time.
	minWeight = 0.01
)

// Greedy chooses weights for predictions that are averaged. preds[k] are model
// k's predictions, len(y)×metrics.Width, for rows it was not trained on. A row
// where a model has NaN (it was never validated there) is left out for all.
// The weights sum to one, members below 1 % are dropped, ties go to a model
// chosen already and then to the earlier one, and a combination that is no
// better than the best single model gives that model weight one. loss is
// m.Loss of the combination on all rows that count.
//
// It fails without models, when lengths do not fit, when no row counts, when a
// prediction is infinite, and when m cannot be computed (metrics.Metric.Score).
func Greedy(m metrics.Metric, t metrics.Task, classes int, y, w []float32, preds [][]float32, opts Options) (weights []float64, loss float64, err error) {
	all, err := usable(t, classes, y, w, preds)
	if err != nil {
		return nil, 0, err
	}
	some := all.subsample(orDefault(opts.MaxRows, 20000))
	best, err := some.best(m)
	if err != nil {
		return nil, 0, err
	}
	weights = make([]float64, len(preds))
	weights[best] = 1
	if loss, err = all.loss(m, all.preds[best]); err != nil || len(preds) == 1 {
		return weights, loss, err
	}
	sel := selection{rows: some, metric: m}
	mixed := prune(sel.run(best, orDefault(opts.Steps, 50), orDefault(opts.Patience, 10), opts.Deadline))
	if mixedLoss, err := all.loss(m, all.blend(mixed)); err == nil && mixedLoss < loss-minGain {
		return mixed, mixedLoss, nil
	}
	return weights, loss, nil
}

// best is the model of the lowest loss.
func (t *table) best(m metrics.Metric) (int, error) {
	best, bestLoss := 0, math.Inf(1)
	for k, p := range t.preds {
		loss, err := t.loss(m, p)
		if err != nil {
			return 0, fmt.Errorf("model %d: %w", k, err)
		}
		if loss < bestLoss {
			best, bestLoss = k, loss
		}
	}
	return best, nil
}

func orDefault(v, def int) int {
	if v <= 0 {
		return def
	}
	return v
}

// table is the rows that count.
type table struct {
	task    metrics.Task
	classes int
	width   int
	y, w    []float32
	preds   [][]float32
}

// usable checks the predictions and leaves out rows in which any is NaN.
func usable(t metrics.Task, classes int, y, w []float32, preds [][]float32) (*table, error) {
	width := metrics.Width(t, classes)
	if len(preds) == 0 {
		return nil, fmt.Errorf("no models to combine")
	}
	if w != nil && len(w) != len(y) {
		return nil, fmt.Errorf("%d weights for %d rows", len(w), len(y))
	}
	for i, v := range y {
		if t != metrics.Regression && !(v >= 0 && v < float32(classes)) {
			return nil, fmt.Errorf("the class of row %d is %v, there are %d classes", i, v, classes)
		}
	}
	missing := make([]bool, len(y))
	for k, p := range preds {
		if len(p) != len(y)*width {
			return nil, fmt.Errorf("model %d has %d predictions for %d rows of %d", k, len(p), len(y), width)
		}
		for i, v := range p {
			if v != v {
				missing[i/width] = true
			} else if math.IsInf(float64(v), 0) {
				return nil, fmt.Errorf("model %d predicts %v for row %d", k, v, i/width)
			}
		}
	}
	var keep []int
	for i, gone := range missing {
		if !gone {
			keep = append(keep, i)
		}
	}
	if len(keep) == 0 {
		return nil, fmt.Errorf("the %d models share no validated row", len(preds))
	}
	all := &table{task: t, classes: classes, width: width, y: y, w: w, preds: preds}
	if len(keep) == len(y) {
		return all, nil
	}
	return all.take(keep), nil
}

// take copies the given rows.
func (t *table) take(rows []int) *table {
	sub := &table{task: t.task, classes: t.classes, width: t.width}
	sub.y = gather(t.y, rows, 1)
	if t.w != nil {
		sub.w = gather(t.w, rows, 1)
	}
	for _, p := range t.preds {
		sub.preds = append(sub.preds, gather(p, rows, t.width))
	}
	return sub
}

func gather(v []float32, rows []int, width int) []float32 {
	out := make([]float32, 0, len(rows)*width)
	for _, i := range rows {
		out = append(out, v[i*width:(i+1)*width]...)
	}
	return out
}

// subsample gives about limit rows, spread over the table by a fixed hash. All
// rows of a class that has few are kept, so that every class is represented.
func (t *table) subsample(limit int) *table {
	if len(t.y) <= limit {
		return t
	}
	const rare = 50
	perClass := make([]int, t.classes)
	if t.task != metrics.Regression {
		for _, v := range t.y {
			perClass[int(v)]++
		}
	}
	share := float64(limit) / float64(len(t.y))
	var rows []int
	for i, v := range t.y {
		if t.task != metrics.Regression && perClass[int(v)] <= rare || chance(uint64(i)) < share {
			rows = append(rows, i)
		}
	}
	return t.take(rows)
}

// chance maps a row to [0, 1): the finaliser of SplitMix64.
func chance(x uint64) float64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

func (t *table) loss(m metrics.Metric, pred []float32) (float64, error) {
	score, err := m.Score(t.task, t.classes, t.y, pred, t.w)
	if err != nil {
		return 0, err
	}
	return m.Loss(score), nil
}

// blend is the weighted sum of the predictions.
func (t *table) blend(weights []float64) []float32 {
	sum := make([]float64, len(t.y)*t.width)
	for k, wk := range weights {
		if wk == 0 {
			continue
		}
		for i, v := range t.preds[k] {
			sum[i] += float64(wk * float64(v))
		}
	}
	out := make([]float32, len(sum))
	for i, v := range sum {
		out[i] = float32(v)
	}
	return out
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
