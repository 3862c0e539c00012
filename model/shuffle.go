package model

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/metrics"
)

// PermuteOptions say how a model's columns are measured; the zero value is good.
type PermuteOptions struct {
	// Metric is a name of package metrics, "" for the model's own.
	Metric string
	// Repeats is how often each column is shuffled, 0 means 5.
	Repeats int
	// MaxRows bounds the rows that are drawn for it, 0 means 1,000.
	MaxRows int
	Seed    uint64
}

// Permute measures the permutation importance of every input column on a table
// with known answers, which the model should not have been trained on. The most
// important column comes first. Rows without a usable answer are left out. It
// fails if columns are missing, if the metric does not exist or is undefined for
// these rows, and with ctx's error when that ends.
func (m *Model) Permute(ctx context.Context, t *data.Table, o PermuteOptions) ([]Importance, error) {
	info := m.spec.Info
	if o.Repeats < 0 || o.MaxRows < 0 {
		return nil, fmt.Errorf("%d repeats on %d rows: the numbers must not be negative", o.Repeats, o.MaxRows)
	}
	if o.Metric == "" {
		o.Metric = info.Metric
	}
	metric, err := metrics.Lookup(o.Metric)
	if err != nil {
		return nil, err
	}
	y, known, err := m.answers(t)
	if err != nil {
		return nil, err
	}
	var rows []int32
	for i := range y {
		if known[i] {
			rows = append(rows, int32(i))
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no row of the table has a usable value in the target column %q", info.Target)
	}
	of := OutOfFold{
		Table: t, Pipeline: m.spec.Pipeline, Metric: metric, Task: info.Task, Classes: len(info.Classes), Y: y,
		Folds: [][]int32{rows}, Seed: o.Seed, MaxRows: o.MaxRows, Repeats: orDefault(o.Repeats, 5),
	}
	for _, mem := range m.spec.Members {
		of.Members = append(of.Members, FoldMember{Weight: mem.Weight, Predictor: mem.Predictor})
	}
	list, err := permute(of, time.Time{}, func() bool { return ctx.Err() != nil })
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return list, err
}
