package ensemble

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/metrics"
)

// table is the rows that count.
type table struct {
	task    metrics.Task
	classes int
	width   int
	y, w    []float32
	preds   [][]float32
	part    []int // of each row, see divide
}

// usable checks the predictions and leaves out rows in which any is NaN; rows are
// those that are left.
func usable(p *Problem) (t *table, rows []int, err error) {
	task, classes, y, w, preds := p.Task, p.Classes, p.Y, p.W, p.Preds
	width := metrics.Width(task, classes)
	if len(preds) == 0 {
		return nil, nil, fmt.Errorf("no models to combine")
	}
	if w != nil && len(w) != len(y) {
		return nil, nil, fmt.Errorf("%d weights for %d rows", len(w), len(y))
	}
	if p.Parts != nil && len(p.Parts) != len(y) {
		return nil, nil, fmt.Errorf("%d parts for %d rows", len(p.Parts), len(y))
	}
	for i, v := range y {
		if task != metrics.Regression && !(v >= 0 && v < float32(classes)) {
			return nil, nil, fmt.Errorf("the class of row %d is %v, there are %d classes", i, v, classes)
		}
	}
	missing := make([]bool, len(y))
	for k, pred := range preds {
		if len(pred) != len(y)*width {
			return nil, nil, fmt.Errorf("model %d has %d predictions for %d rows of %d", k, len(pred), len(y), width)
		}
		for i, v := range pred {
			if v != v {
				missing[i/width] = true
			} else if math.IsInf(float64(v), 0) {
				return nil, nil, fmt.Errorf("model %d predicts %v for row %d", k, v, i/width)
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
		return nil, nil, fmt.Errorf("the %d models share no validated row", len(preds))
	}
	all := &table{task: task, classes: classes, width: width, y: y, w: w, preds: preds, part: divide(p.Parts, len(y))}
	if len(keep) == len(y) {
		return all, keep, nil
	}
	return all.take(keep), keep, nil
}

// take copies the given rows.
func (t *table) take(rows []int) *table {
	sub := t.only(rows)
	if t.part != nil {
		sub.part = gather(t.part, rows, 1)
	}
	for _, p := range t.preds {
		sub.preds = append(sub.preds, gather(p, rows, t.width))
	}
	return sub
}

// put copies the predictions for the given rows into those of more rows.
func (t *table) put(into []float32, rows []int, pred []float32) {
	for i, row := range rows {
		copy(into[row*t.width:(row+1)*t.width], pred[i*t.width:(i+1)*t.width])
	}
}

func gather[T any](v []T, rows []int, width int) []T {
	out := make([]T, 0, len(rows)*width)
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
func (t *table) blend(weights []float64) []float32 { return t.predict(weights, nil) }

// predict is what an ensemble predicts.
func (t *table) predict(weights []float64, c *Calibration) []float32 {
	sum := t.sum(weights, c)
	c.Apply(t.task, t.classes, sum)
	out := make([]float32, len(sum))
	for i, v := range sum {
		out[i] = float32(v)
	}
	return out
}

// sum is the weighted sum of the predictions' Terms.
func (t *table) sum(weights []float64, c *Calibration) []float64 {
	sum := make([]float64, len(t.y)*t.width)
	for k, wk := range weights {
		if wk == 0 {
			continue
		}
		for i, v := range t.preds[k] {
			sum[i] += float64(wk * c.Term(t.task, v))
		}
	}
	return sum
}
