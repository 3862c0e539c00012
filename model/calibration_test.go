package model

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/ensemble"
	"github.com/seed-09a2cce4/automl/metrics"
)

// calibrated is the sample with a calibration.
func calibrated(t testing.TB, c *ensemble.Calibration) (*data.Table, *Model, *Model) {
	t.Helper()
	table, plain := sample(t)
	s := plain.spec
	s.Calibration = c
	m, err := Build(s)
	if err != nil {
		t.Fatal(err)
	}
	return table, plain, m
}

func predicted(t testing.TB, m *Model, table *data.Table) *Predictions {
	t.Helper()
	p, err := m.Predict(table)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCalibrationBendsLogOdds(t *testing.T) {
	t.Parallel()
	table, plain, m := calibrated(t, &ensemble.Calibration{Scale: 0.5, Shift: 0.25, Decision: []float64{1, 0.5}})
	before, after := predicted(t, plain, table), predicted(t, m, table)
	labels := map[string]int{}
	for i, row := range sampleRows() {
		p, q := float64(before.Probability(i, 1)), float64(after.Probability(i, 1))
		want := 1 / (1 + math.Exp(-(0.5*math.Log(p/(1-p)) + 0.25)))
		if math.Abs(q-want) > 1e-6 || math.Abs(float64(after.Probability(i, 0))-(1-want)) > 1e-6 {
			t.Fatalf("row %d: %v became %v, want %v", i, p, q, want)
		}
		label := "no"
		if 0.5*q > 1-q {
			label = "yes"
		}
		if after.Label(i) != label {
			t.Errorf("row %d: probability %v: %s", i, q, after.Label(i))
		}
		labels[label]++
		one, err := m.PredictRow(row)
		if err != nil || one.Label != label || one.Probabilities[1] != after.Probability(i, 1) {
			t.Errorf("row %d alone: %+v, %v", i, one, err)
		}
	}
	if len(labels) < 2 {
		t.Errorf("all rows are of one class: %v", labels)
	}
}

func TestCalibrationIsInTheFile(t *testing.T) {
	t.Parallel()
	table, plain, m := calibrated(t, &ensemble.Calibration{Scale: 0.5, Decision: []float64{1, 0.5}})
	b := bundle(t, m)
	loaded, err := Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(predicted(t, m, table), predicted(t, loaded, table)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(m.Calibration(), loaded.Calibration()); d != "" {
		t.Error(d)
	}
	// What older programs would answer otherwise they must not read.
	if v := binary.LittleEndian.Uint32(b[8:]); v != 2 {
		t.Errorf("version %d with a calibration", v)
	}
	if v := binary.LittleEndian.Uint32(bundle(t, plain)[8:]); v != 1 {
		t.Errorf("version %d without", v)
	}
}

func TestCalibrationsThatDoNotFit(t *testing.T) {
	t.Parallel()
	_, m := sample(t)
	for _, c := range []*ensemble.Calibration{{Scale: -1}, {Scale: 1, Shift: math.Inf(1)}, {Decision: []float64{1, 2, 3}}} {
		s := m.spec
		s.Calibration = c
		if _, err := Build(s); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Contributions add up to what is predicted in the end.
func TestExplainCalibrated(t *testing.T) {
	t.Parallel()
	table, _, m := calibrated(t, &ensemble.Calibration{Scale: 0.5, Shift: -0.5})
	p := predicted(t, m, table)
	e := explain(t, m, table, ExplainOptions{Rows: []int32{3, 9, 44}, Samples: 60})
	if e.Method != Sampled {
		t.Errorf("method %s", e.Method)
	}
	for i, row := range e.Rows {
		if got, want := e.Predictions[i], float64(p.Probability(int(row), 1)); math.Abs(got-want) > 1e-6 {
			t.Errorf("row %d: the contributions add up to %v, the prediction is %v", row, got, want)
		}
	}
	if _, err := m.Explain(t.Context(), table, ExplainOptions{Method: Exact}); err == nil {
		t.Error("exact contributions of calibrated probabilities")
	}
}

// Metrics of labels are of the labels that are predicted.
func TestEvaluateGoesByDecisions(t *testing.T) {
	t.Parallel()
	table, plain, m := calibrated(t, &ensemble.Calibration{Decision: []float64{1, 0.5}})
	e, err := m.Evaluate(table)
	if err != nil {
		t.Fatal(err)
	}
	p, hits := predicted(t, m, table), 0.0
	for i, row := range sampleRows() {
		if p.Label(i) == row.Out {
			hits++
		}
	}
	if want := hits / float64(table.Rows()); e.Scores["accuracy"] != want {
		t.Errorf("accuracy %v, want %v", e.Scores["accuracy"], want)
	}
	before, err := plain.Evaluate(table)
	if err != nil {
		t.Fatal(err)
	}
	if e.Scores["log_loss"] != before.Scores["log_loss"] || e.Scores["accuracy"] == before.Scores["accuracy"] {
		t.Errorf("scores %v, without decisions %v", e.Scores, before.Scores)
	}
	if metrics.Default(metrics.Binary).OfLabels() {
		t.Error("the AUC is no metric of labels")
	}
}
