package model

import (
	"fmt"
	"slices"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
)

// Evaluation is how well a model does on a table with known answers.
type Evaluation struct {
	Rows int `json:"rows"`
	// Skipped counts rows without an answer, or with one the model has never seen.
	Skipped int `json:"skipped"`
	// Scores has every metric of the task that is defined for these rows.
	Scores map[string]float64 `json:"scores"`
	// MeanCost is what a row's label costs on average, nil for a model without
	// costs.
	MeanCost *float64 `json:"mean_cost,omitempty"`
	// Undefined says why a metric has no score.
	Undefined map[string]string `json:"undefined,omitempty"`
}

// Evaluate predicts a table that has the target column and scores it by every
// metric of the task, without sample weights.
func (m *Model) Evaluate(t *data.Table) (*Evaluation, error) {
	info := m.spec.Info
	y, known, err := m.answers(t)
	if err != nil {
		return nil, err
	}
	p, err := m.Predict(t)
	if err != nil {
		return nil, err
	}
	e := &Evaluation{Scores: map[string]float64{}, Undefined: map[string]string{}}
	truth, pred := keepKnown(y, p.Raw(), known, metrics.Width(info.Task, len(info.Classes)))
	e.Rows, e.Skipped = len(truth), t.Rows()-len(truth)
	if e.Rows == 0 {
		return nil, fmt.Errorf("no row of the table has a usable value in the target column %q", info.Target)
	}
	if info.Costs != nil {
		cost := meanCost(p, y, known)
		e.MeanCost = &cost
	}
	for _, metric := range metrics.ForTask(info.Task) {
		of := pred
		if metric.OfLabels() {
			of = m.spec.Calibration.Labelled(info.Task, len(info.Classes), pred)
		}
		score, err := metric.Score(info.Task, len(info.Classes), truth, of, nil)
		if err != nil {
			e.Undefined[metric.Name] = err.Error()
			continue
		}
		e.Scores[metric.Name] = score
	}
	return e, nil
}

// meanCost of the labels of the rows whose answer is known.
func meanCost(p *Predictions, y []float32, known []bool) float64 {
	sum, n := 0.0, 0
	for i, ok := range known {
		if ok {
			sum += p.Costs[int(y[i])][p.Class(i)]
			n++
		}
	}
	return sum / float64(n)
}

// answers encodes the target column of a table; known is false where a row has
// no answer, or one that the model has never seen.
func (m *Model) answers(t *data.Table) (y []float32, known []bool, err error) {
	info := m.spec.Info
	column := t.Column(info.Target)
	if column == nil {
		return nil, nil, fmt.Errorf("the table has no target column %q: the true answers are needed", info.Target)
	}
	target := &featurize.Target{Name: info.Target, Task: info.Task, Classes: info.Classes}
	return target.Encode(column)
}

func keepKnown(y, pred []float32, known []bool, width int) (truth, kept []float32) {
	if !slices.Contains(known, false) {
		return y, pred
	}
	for i, ok := range known {
		if ok {
			truth = append(truth, y[i])
			kept = append(kept, pred[i*width:(i+1)*width]...)
		}
	}
	return truth, kept
}
