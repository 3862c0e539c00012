package gbdt

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
)

// pair is the gradient and the Hessian of the loss in a row's score.
type pair struct{ g, h float32 }

// objective is a loss with its derivatives. Scores and gradients are [class][row].
type objective interface {
	// base is the best constant score.
	base(d *rowset) []float64
	// gradients fills grad for the rows lo to hi-1.
	gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int)
	// unitHessian says that the Hessian of a row is its weight.
	unitHessian() bool
	link() predictor.Link
}

func newObjective(p algos.Problem) objective {
	switch p.Task {
	case metrics.Binary:
		return logistic{}
	case metrics.Multiclass:
		return softmax{p.Classes}
	default:
		return squared{}
	}
}

// weightedMean of f over the rows, reduced in order.
func weightedMean(d *rowset, f func(y float32) float64) float64 {
	var sum, total float64
	for i, y := range d.y {
		w := 1.0
		if d.w != nil {
			w = float64(d.w[i])
		}
		sum += float64(w * f(y))
		total += w
	}
	return sum / total
}

// squared is half the squared error.
type squared struct{}

func (squared) unitHessian() bool    { return true }
func (squared) link() predictor.Link { return predictor.Identity }

func (squared) base(d *rowset) []float64 {
	return []float64{weightedMean(d, func(y float32) float64 { return float64(y) })}
}

func (squared) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	s, y, out := score[0][lo:hi], d.y[lo:hi], grad[0][lo:hi]
	if d.w == nil {
		for i, v := range s {
			out[i] = pair{float32(v - float64(y[i])), 1}
		}
		return
	}
	for i, w := range d.w[lo:hi] {
		out[i] = pair{float32((s[i] - float64(y[i])) * float64(w)), w}
	}
}

// minProbability keeps starting scores finite where a class is absent.
const minProbability = 1e-6

// logistic is the log loss of two classes.
type logistic struct{}

func (logistic) unitHessian() bool    { return false }
func (logistic) link() predictor.Link { return predictor.Sigmoid }

func (logistic) base(d *rowset) []float64 {
	p := weightedMean(d, func(y float32) float64 { return float64(y) })
	p = max(minProbability, min(1-minProbability, p))
	return []float64{math.Log(p / (1 - p))}
}

func (logistic) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	s, y, out := score[0][lo:hi], d.y[lo:hi], grad[0][lo:hi]
	for i, v := range s {
		p := 1 / (1 + algos.Exp(-v))
		out[i] = pair{float32(p - float64(y[i])), float32(p * (1 - p))}
	}
	weigh(d, out, lo)
}

func weigh(d *rowset, out []pair, lo int) {
	if d.w == nil {
		return
	}
	for i := range out {
		w := d.w[lo+i]
		out[i].g *= w
		out[i].h *= w
	}
}

// softmax is the log loss of many classes.
type softmax struct{ classes int }

func (softmax) unitHessian() bool    { return false }
func (softmax) link() predictor.Link { return predictor.Softmax }

func (o softmax) base(d *rowset) []float64 {
	out := make([]float64, o.classes)
	for k := range out {
		p := weightedMean(d, func(y float32) float64 {
			if int(y) == k {
				return 1
			}
			return 0
		})
		out[k] = math.Log(max(p, minProbability))
	}
	return out
}

// strip is the number of rows whose softmax is computed class by class, so that
// scores and gradients are read and written in order.
const strip = 64

// gradients uses the diagonal of the Hessian, enlarged by K/(K-1) because the
// classes' trees move together (as LightGBM does).
func (o softmax) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	p := make([]float64, o.classes*strip)
	for at := lo; at < hi; at += strip {
		o.gradientsOf(score, grad, at, min(at+strip, hi), p)
	}
	for i, y := range d.y[lo:hi] {
		grad[int(y)][lo+i].g--
	}
	for k := range grad {
		weigh(d, grad[k][lo:hi], lo)
	}
}

// gradientsOf is gradients for up to a strip of rows, without weights and as if no
// class were the true one.
func (o softmax) gradientsOf(score [][]float64, grad [][]pair, lo, hi int, p []float64) {
	var tops, totals [strip]float64
	top, total := tops[:hi-lo], totals[:hi-lo]
	copy(top, score[0][lo:hi])
	for _, s := range score[1:] {
		for i, v := range s[lo:hi] {
			if v > top[i] {
				top[i] = v
			}
		}
	}
	for k, s := range score {
		out := p[k*strip:][:len(top)]
		for i, v := range s[lo:hi] {
			out[i] = algos.Exp(v - top[i])
			total[i] += out[i]
		}
	}
	for i, v := range total {
		total[i] = 1 / v
	}
	factor := float64(o.classes) / float64(o.classes-1)
	for k := range score {
		out := grad[k][lo:hi]
		for i, e := range p[k*strip:][:len(out)] {
			q := e * total[i]
			out[i] = pair{float32(q), float32(factor * q * (1 - q))}
		}
	}
}
