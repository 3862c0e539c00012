package featurize

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// impute fills missing numbers with the median (by default) or mean of training, or a
// constant, and says in a second feature which they were if Indicator.
type impute struct {
	ofColumn
	Value     float64 `json:"value"`
	Indicator bool    `json:"indicator,omitempty"`
}

// imputeParams are the parameters of an impute step: By is median, mean or constant,
// which takes Value.
type imputeParams struct {
	By        string   `json:"by"`
	Value     *float64 `json:"value"`
	Indicator bool     `json:"indicator"`
}

func (p *imputeParams) check() error {
	switch {
	case p.Value != nil && p.By != "constant":
		return fmt.Errorf("a value goes with by constant, not with %q", p.By)
	case p.By != "median" && p.By != "mean" && (p.By != "constant" || p.Value == nil):
		return fmt.Errorf("by %q: use median, mean, or constant with a value", p.By)
	}
	return nil
}

func (p *imputeParams) fit(f Fitting) (Transform, error) {
	t := &impute{ofColumn: ofColumn{f.col.Name}, Indicator: p.Indicator}
	switch p.By {
	case "median":
		t.Value = quantileOf(trainingNumbers(f), 0.5)
	case "mean":
		t.Value = meanOf(trainingNumbers(f))
	default:
		t.Value = *p.Value
	}
	return t, t.ready()
}

func (t *impute) ready() error { return finiteState(t.Column, 1, t.Value) }
func (t *impute) Kind() string { return "impute" }

func (t *impute) Features() []matrix.Feature {
	fs := one(t.Column+".filled", t.Column)
	if t.Indicator {
		fs = append(fs, one(t.Column+".missing", t.Column)...)
	}
	return fs
}

func (t *impute) Row(in []Cell, out []float32, _ *Entries) error {
	err := rowOfNumber(in, out, func(v float64) float64 { return v })
	if math.IsNaN(float64(out[0])) {
		out[0] = clamp(t.Value)
		if t.Indicator {
			out[1] = 1
		}
	}
	return err
}
