package automl_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/model"
)

// noisy draws rows whose noise grows with x.
func noisy(t *testing.T, seed uint64, n int) *automl.Table {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 11))
	var rows []map[string]any
	for range n {
		x := rng.Float64()
		rows = append(rows, map[string]any{"x": x, "z": rng.Float64(), "y": 3*x + (0.2+x)*rng.NormFloat64()})
	}
	table, err := automl.FromRows(rows)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// Intervals and quantiles hold the share of new answers that they promise, within
// the binomial errors of the new rows and of those they were calibrated on; and
// they are the same from a file, and row by row.
func TestIntervalsHoldTheirShare(t *testing.T) {
	t.Parallel()
	const trained, fresh = 800, 4000
	levels := []float64{0.1, 0.5, 0.95}
	m, err := automl.Fit(t.Context(), noisy(t, 1, trained), automl.Options{
		Target: "y", Trials: 5, Folds: "4", Include: []string{"linear", "gbdt"}, Intervals: 0.9, Quantiles: levels,
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if m, err = model.Read(bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	table := noisy(t, 2, fresh)
	p, err := m.Predict(table)
	if err != nil {
		t.Fatal(err)
	}
	y := table.Column("y").Floats
	check := func(name string, want float64, hit func(i int) bool) {
		hits := 0
		for i := range y {
			if hit(i) {
				hits++
			}
		}
		got, limit := float64(hits)/fresh, 4*math.Sqrt(want*(1-want)*(1./fresh+1./trained))
		t.Logf("%s %v: %.3f of the answers", name, want, got)
		if math.Abs(got-want) > limit {
			t.Errorf("%s: %.3f of the answers, want %v ± %.3f", name, got, want, limit)
		}
	}
	check("interval", 0.9, func(i int) bool { return y[i] >= p.Lower[i] && y[i] <= p.Upper[i] })
	for k, level := range levels {
		check("quantile", level, func(i int) bool { return y[i] <= p.Quantiles[i*len(levels)+k] })
	}
	for i := range 20 {
		row, err := m.PredictRow(map[string]any{"x": table.Column("x").Floats[i], "z": table.Column("z").Floats[i]})
		if err != nil {
			t.Fatal(err)
		}
		want := &automl.Prediction{Value: p.Values[i], Lower: p.Lower[i], Upper: p.Upper[i], Quantiles: p.Quantiles[i*3 : i*3+3]}
		if d := cmp.Diff(want, row); d != "" {
			t.Fatal(d)
		}
	}
}
