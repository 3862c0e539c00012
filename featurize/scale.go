package featurize

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// scale takes a centre from a number and divides by a spread: mean and standard
// deviation ("standard"), or median and the range between the quartiles ("robust"), after which Clip, if above 0, bends what lies far out: z becomes
// z/√(1+(z/Clip)²), as in Holzmüller et al., "Better by Default" (2024), section 3.
type scale struct {
	ofColumn
	Name   string  `json:"name"` // standard or robust
	Centre float64 `json:"centre"`
	Spread float64 `json:"spread"`
	Clip   float64 `json:"clip,omitempty"`
}

func fitStandard(f Fitting) (Transform, error) {
	values := trainingNumbers(f)
	t := &scale{ofColumn: ofColumn{f.col.Name}, Name: "standard", Centre: meanOf(values)}
	t.Spread = deviationOf(values, t.Centre)
	return t, t.ready()
}

// robustParams are the parameters of a robust step; Clip is 3 by default, 0 for none.
type robustParams struct {
	Clip float64 `json:"clip"`
}

func (p *robustParams) check() error {
	if !(p.Clip >= 0 && p.Clip <= largest) {
		return fmt.Errorf("clip %v: use a number above 0, or 0 for none", p.Clip)
	}
	return nil
}

func (p *robustParams) fit(f Fitting) (Transform, error) {
	values := trainingNumbers(f)
	t := &scale{ofColumn: ofColumn{f.col.Name}, Name: "robust", Centre: quantileOf(values, 0.5), Spread: 1, Clip: p.Clip}
	lo, hi := quantileOf(values, 0.25), quantileOf(values, 0.75)
	if hi == lo { // half of the values are one: take the whole range
		lo, hi = quantileOf(values, 0), quantileOf(values, 1)
	}
	if hi > lo {
		t.Spread = hi - lo
	}
	return t, t.ready()
}

func (t *scale) ready() error {
	if t.Name != "standard" && t.Name != "robust" || !(t.Clip >= 0) {
		return fmt.Errorf("column %q: unknown scale %q with clip %v", t.Column, t.Name, t.Clip)
	}
	return finiteState(t.Column, t.Spread, t.Centre, t.Clip)
}

// Kind is "standard" or "robust".
func (t *scale) Kind() string { return t.Name }

func (t *scale) Features() []matrix.Feature { return one(t.Column+"."+t.Name, t.Column) }

func (t *scale) Row(in []Cell, out []float32, _ *Entries) error {
	return rowOfNumber(in, out, func(v float64) float64 {
		z := bounded((v - t.Centre) / t.Spread)
		if t.Clip > 0 {
			r := z / t.Clip
			z /= math.Sqrt(1 + float64(r*r))
		}
		return z
	})
}
