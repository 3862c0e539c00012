package gbdt

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// The losses of counts and amounts: their scores are logarithms of predictions.

// logMean is the score of the mean target.
func logMean(d *rowset) []float64 {
	mean := weightedMean(d, func(y float32) float64 { return float64(y) })
	return []float64{math.Log(max(mean, minProbability))}
}

// finite32 keeps a derivative in the range that sums can bear.
func finite32(v float64) float32 { return float32(max(-maxTarget, min(maxTarget, v))) }

// poisson is the deviance of counts. Its Hessian is enlarged by e^damping, which
// bounds the steps of leaves with few counts.
type poisson struct{ damping float64 }

func (poisson) unitHessian() bool        { return false }
func (poisson) link() predictor.Link     { return predictor.Exp }
func (poisson) base(d *rowset) []float64 { return logMean(d) }

func (o poisson) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	s, y, out := score[0][lo:hi], d.y[lo:hi], grad[0][lo:hi]
	larger := math.Exp(o.damping)
	for i, v := range s {
		mean := algos.Exp(v)
		out[i] = pair{finite32(mean - float64(y[i])), finite32(mean * larger)}
	}
	weigh(d, out, lo)
}

// gamma is the deviance of positive amounts whose spread goes with their size.
type gamma struct{}

func (gamma) unitHessian() bool        { return false }
func (gamma) link() predictor.Link     { return predictor.Exp }
func (gamma) base(d *rowset) []float64 { return logMean(d) }

func (gamma) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	s, y, out := score[0][lo:hi], d.y[lo:hi], grad[0][lo:hi]
	for i, v := range s {
		ratio := float64(y[i]) * algos.Exp(-v)
		out[i] = pair{finite32(1 - ratio), finite32(ratio)}
	}
	weigh(d, out, lo)
}

// tweedie is the deviance of amounts that are often 0: variance as a power
// between 1 (counts) and 2 (gamma) of the mean.
type tweedie struct{ power float64 }

func (tweedie) unitHessian() bool        { return false }
func (tweedie) link() predictor.Link     { return predictor.Exp }
func (tweedie) base(d *rowset) []float64 { return logMean(d) }

func (o tweedie) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	s, y, out := score[0][lo:hi], d.y[lo:hi], grad[0][lo:hi]
	a, b := 1-o.power, 2-o.power
	for i, v := range s {
		given, mean := float64(y[i])*algos.Exp(a*v), algos.Exp(b*v)
		out[i] = pair{finite32(mean - given), finite32(float64(b*mean) - float64(a*given))}
	}
	weigh(d, out, lo)
}
