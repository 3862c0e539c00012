package gbdt

import (
	"fmt"
	"math"
	"sync/atomic"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// custom is a loss from outside, which is not trusted with its numbers.
type custom struct {
	algos.Objective
	width   int
	problem atomic.Pointer[error] // the first that was seen
}

func (*custom) unitHessian() bool      { return false }
func (o *custom) link() predictor.Link { return o.Link() }

func (o *custom) base(d *rowset) []float64 {
	base := o.Base(d.y, d.w)
	if len(base) != o.width {
		o.fail(fmt.Errorf("the objective's base has %d scores, not %d", len(base), o.width))
		return make([]float64, o.width)
	}
	for k, v := range base {
		if !(math.Abs(v) <= maxTarget) {
			o.fail(fmt.Errorf("the objective's base score %d is %v", k, v))
			base[k] = 0
		}
	}
	return base
}

func (o *custom) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	n, width := hi-lo, len(score)
	some := make([][]float64, width)
	first, second := make([][]float64, width), make([][]float64, width)
	for k := range some {
		some[k] = score[k][lo:hi:hi]
		first[k], second[k] = make([]float64, n), make([]float64, n)
	}
	o.Gradients(d.y[lo:hi:hi], some, first, second)
	for k := range some {
		for i := range n {
			g, h := first[k][i], second[k][i]
			if !(math.Abs(g) <= maxTarget && h >= 0 && h <= maxTarget) {
				o.fail(fmt.Errorf("the objective's derivatives at target %v, score %v are %v and %v: "+
					"use finite numbers, the second not negative", d.y[lo+i], some[k][i], g, h))
				g, h = 0, 0
			}
			grad[k][lo+i] = pair{float32(g), float32(h)}
		}
		weigh(d, grad[k][lo:hi], lo)
	}
}

func (o *custom) fail(err error) { o.problem.CompareAndSwap(nil, &err) }

// failure is what was wrong with the gradients, nil for nothing.
func (o *custom) failure() error {
	if err := o.problem.Load(); err != nil {
		return *err
	}
	return nil
}
