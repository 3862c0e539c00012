package featurize

import (
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// logarithm gives log(1+v), of negative numbers -log(1-v).
type logarithm struct{ ofColumn }

func fitLog(f Fitting) (Transform, error) {
	return &logarithm{ofColumn{f.col.Name}}, nil
}

func (t *logarithm) ready() error               { return nil }
func (t *logarithm) Kind() string               { return "log" }
func (t *logarithm) Features() []matrix.Feature { return one(t.Column+".log", t.Column) }

func (t *logarithm) Row(in []Cell, out []float32, _ *Entries) error {
	return rowOfNumber(in, out, func(v float64) float64 { return math.Copysign(math.Log1p(math.Abs(v)), v) })
}
