package featurize

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// power makes numbers look normal by the transform of Yeo and Johnson (2000), whose λ is
// that of the greatest likelihood on up to 10,000 training values, and scales them to
// mean 0 and deviation 1.
type power struct {
	ofColumn
	Lambda float64 `json:"lambda"`
	Mean   float64 `json:"mean"`
	Spread float64 `json:"spread"`
}

// Bounds of λ, and how closely it is found.
const (
	leastLambda   = -3
	mostLambda    = 3
	lambdaSteps   = 40
	powerValues   = 10_000
	goldenSection = 0.6180339887498949
)

func fitPower(f Fitting) (Transform, error) {
	values := trainingNumbers(f)
	if n := len(values); n > powerValues { // evenly among the sorted ones
		some := make([]float64, powerValues)
		for k := range some {
			some[k] = values[k*(n-1)/(powerValues-1)]
		}
		values = some
	}
	t := &power{ofColumn: ofColumn{f.col.Name}, Lambda: 1}
	if len(values) > 1 && values[0] < values[len(values)-1] {
		t.Lambda = bestLambda(values)
	}
	bent := make([]float64, len(values))
	for i, v := range values {
		bent[i] = yeoJohnson(v, t.Lambda)
	}
	t.Mean = meanOf(bent)
	t.Spread = deviationOf(bent, t.Mean)
	return t, t.ready()
}

// bestLambda narrows the bounds by the golden section.
func bestLambda(values []float64) float64 {
	lo, hi := float64(leastLambda), float64(mostLambda)
	for range lambdaSteps {
		step := float64(goldenSection * (hi - lo))
		if a, b := hi-step, lo+step; likelihood(values, a) >= likelihood(values, b) {
			hi = b
		} else {
			lo = a
		}
	}
	return (lo + hi) / 2
}

// likelihood is the logarithm of the normal likelihood of the bent values, a constant
// aside; -Inf where they leave the range of numbers.
func likelihood(values []float64, lambda float64) float64 {
	n := float64(len(values))
	bent := make([]float64, len(values))
	slope := 0.0
	for i, v := range values {
		bent[i] = yeoJohnson(v, lambda)
		slope += math.Copysign(math.Log1p(math.Abs(v)), v)
	}
	s := deviationOf(bent, meanOf(bent))
	l := float64((lambda-1)*slope) - float64(n*math.Log(s))
	if math.IsNaN(l) {
		return math.Inf(-1)
	}
	return l
}

func yeoJohnson(v, lambda float64) float64 {
	switch {
	case v >= 0 && math.Abs(lambda) < 1e-9:
		return math.Log1p(v)
	case v >= 0:
		return bounded((math.Pow(v+1, lambda) - 1) / lambda)
	case math.Abs(lambda-2) < 1e-9:
		return -math.Log1p(-v)
	}
	return bounded(-(math.Pow(1-v, 2-lambda) - 1) / (2 - lambda))
}

func (t *power) ready() error {
	if !(math.Abs(t.Lambda) <= mostLambda) {
		return fmt.Errorf("column %q: λ %v is outside %d to %d", t.Column, t.Lambda, leastLambda, mostLambda)
	}
	return finiteState(t.Column, t.Spread, t.Mean)
}

func (t *power) Kind() string               { return "power" }
func (t *power) Features() []matrix.Feature { return one(t.Column+".power", t.Column) }

func (t *power) Row(in []Cell, out []float32, _ *Entries) error {
	return rowOfNumber(in, out, func(v float64) float64 { return (yeoJohnson(v, t.Lambda) - t.Mean) / t.Spread })
}
