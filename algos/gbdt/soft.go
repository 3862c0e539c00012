package gbdt

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
)

// Shares of the classes in place of classes: the log loss is then the cross-entropy of
// the shares, which is linear in them (Hinton et al., Distilling the Knowledge in a
// Neural Network, 2015).

// soften makes an objective learn the shares of d, if it has some; losses other than the
// log losses stay as they are.
func soften(o objective, d algos.Data) objective {
	if d.Soft == nil {
		return o
	}
	switch o := o.(type) {
	case logistic:
		return softLogistic{o, pick(d.Soft, d.Rows)}
	case softmax:
		shares := make([]float32, 0, len(d.Rows)*o.classes)
		for _, r := range d.Rows {
			shares = append(shares, d.Soft[int(r)*o.classes:(int(r)+1)*o.classes]...)
		}
		return softSoftmax{o, shares}
	}
	return o
}

// softLogistic is logistic with a share for each training row.
type softLogistic struct {
	logistic
	shares []float32
}

func (o softLogistic) of(d *rowset) *rowset { return &rowset{n: d.n, y: o.shares, w: d.w} }

func (o softLogistic) base(d *rowset) []float64 { return o.logistic.base(o.of(d)) }

func (o softLogistic) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	o.logistic.gradients(o.of(d), score, grad, lo, hi)
}

// softSoftmax is softmax with a share of each class for each training row.
type softSoftmax struct {
	softmax
	shares []float32 // rows×classes
}

func (o softSoftmax) base(d *rowset) []float64 {
	out := make([]float64, o.classes)
	for k := range out {
		i := -1
		p := weightedMean(d, func(float32) float64 {
			i++
			return float64(o.shares[i*o.classes+k])
		})
		out[k] = math.Log(max(p, minProbability))
	}
	return out
}

func (o softSoftmax) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	p := make([]float64, o.classes*strip)
	for at := lo; at < hi; at += strip {
		o.gradientsOf(score, grad, at, min(at+strip, hi), p)
	}
	for k := range grad {
		out := grad[k][lo:hi]
		for i := range out {
			out[i].g -= o.shares[(lo+i)*o.classes+k]
		}
		weigh(d, out, lo)
	}
}

// checkSoft refuses shares that a fit could not make sense of.
func checkSoft(what string, p algos.Problem, d algos.Data) error {
	if d.Soft == nil {
		return nil
	}
	if p.Task == metrics.Regression {
		return fmt.Errorf("%s data: shares of classes for a regression: change its targets instead", what)
	}
	width := metrics.Width(p.Task, p.Classes)
	if len(d.Soft) < d.M.Frame.Rows*width {
		return fmt.Errorf("%s data: %d shares for %d rows of %d", what, len(d.Soft), d.M.Frame.Rows, width)
	}
	for _, r := range d.Rows {
		for _, v := range d.Soft[int(r)*width : (int(r)+1)*width] {
			if !(v >= 0 && v <= 1) {
				return fmt.Errorf("%s data: a share of row %d is %v: use numbers from 0 to 1", what, r, v)
			}
		}
	}
	return nil
}
