package featurize

import (
	"fmt"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// capped draws outliers in to quantiles of the training values.
type capped struct {
	ofColumn
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// capParams are the quantiles, 0.01 and 0.99 by default.
type capParams struct {
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

func (p *capParams) check() error {
	if !(p.Lower >= 0 && p.Lower < p.Upper && p.Upper <= 1) {
		return fmt.Errorf("lower %v, upper %v: use shares of the values, such as 0.01 and 0.99", p.Lower, p.Upper)
	}
	return nil
}

func (p *capParams) fit(f Fitting) (Transform, error) {
	values := trainingNumbers(f)
	t := &capped{ofColumn{f.col.Name}, quantileOf(values, p.Lower), quantileOf(values, p.Upper)}
	return t, t.ready()
}

func (t *capped) ready() error {
	if t.Low > t.High {
		return fmt.Errorf("column %q: low %v is above high %v", t.Column, t.Low, t.High)
	}
	return finiteState(t.Column, 1, t.Low, t.High)
}

func (t *capped) Kind() string               { return "cap" }
func (t *capped) Features() []matrix.Feature { return one(t.Column+".cap", t.Column) }

func (t *capped) Row(in []Cell, out []float32, _ *Entries) error {
	return rowOfNumber(in, out, func(v float64) float64 { return min(max(v, t.Low), t.High) })
}
