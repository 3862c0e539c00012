package gbdt

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// renewer is an objective whose gradients do not say how far to go: the leaves'
// values are quantiles of the residuals instead of Newton steps.
type renewer interface {
	// level of the quantile.
	level() float64
	// share is a row's weight in it.
	share(d *rowset, i int32) float64
}

// quantile is the pinball loss, whose best constant is the quantile at alpha.
// The absolute error is twice that at 1/2.
type quantile struct{ alpha float64 }

func (quantile) unitHessian() bool    { return true }
func (quantile) link() predictor.Link { return predictor.Identity }
func (o quantile) level() float64     { return o.alpha }

func (quantile) share(d *rowset, i int32) float64 { return d.weight(i) }

func (d *rowset) weight(i int32) float64 {
	if d.w == nil {
		return 1
	}
	return float64(d.w[i])
}

func (o quantile) base(d *rowset) []float64 { return quantileOfTargets(o, d) }

func quantileOfTargets(o renewer, d *rowset) []float64 {
	items := make([]weighted, d.n)
	for i := range items {
		items[i] = weighted{float64(d.y[i]), o.share(d, int32(i))}
	}
	return []float64{quantileOf(items, o.level())}
}

func (o quantile) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	over, under := float32(1-o.alpha), float32(-o.alpha)
	s, y, out := score[0][lo:hi], d.y[lo:hi], grad[0][lo:hi]
	for i, v := range s {
		out[i] = pair{under, 1}
		if v >= float64(y[i]) {
			out[i].g = over
		}
	}
	weigh(d, out, lo)
}

// absolute is the absolute error.
type absolute struct{}

func (absolute) unitHessian() bool                { return true }
func (absolute) link() predictor.Link             { return predictor.Identity }
func (absolute) level() float64                   { return 0.5 }
func (absolute) share(d *rowset, i int32) float64 { return d.weight(i) }

func (o absolute) base(d *rowset) []float64 { return quantileOfTargets(o, d) }

func (absolute) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	s, y, out := score[0][lo:hi], d.y[lo:hi], grad[0][lo:hi]
	for i, v := range s {
		out[i] = pair{sign(v - float64(y[i])), 1}
	}
	weigh(d, out, lo)
}

func sign(v float64) float32 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// percentage is the absolute error relative to the target, or to 1 where that is
// larger (as in LightGBM's mape).
type percentage struct{}

func (percentage) unitHessian() bool    { return true }
func (percentage) link() predictor.Link { return predictor.Identity }
func (percentage) level() float64       { return 0.5 }

func (percentage) share(d *rowset, i int32) float64 {
	return d.weight(i) / max(1, math.Abs(float64(d.y[i])))
}

func (o percentage) base(d *rowset) []float64 { return quantileOfTargets(o, d) }

func (percentage) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	s, y, out := score[0][lo:hi], d.y[lo:hi], grad[0][lo:hi]
	for i, v := range s {
		y := float64(y[i])
		out[i] = pair{float32(float64(sign(v-y)) / max(1, math.Abs(y))), 1}
	}
	weigh(d, out, lo)
}

// huber is half the squared error up to a residual of delta, and linear beyond.
type huber struct{ delta float64 }

func (huber) unitHessian() bool        { return true }
func (huber) link() predictor.Link     { return predictor.Identity }
func (huber) base(d *rowset) []float64 { return squared{}.base(d) }

func (o huber) gradients(d *rowset, score [][]float64, grad [][]pair, lo, hi int) {
	s, y, out := score[0][lo:hi], d.y[lo:hi], grad[0][lo:hi]
	for i, v := range s {
		out[i] = pair{float32(max(-o.delta, min(o.delta, v-float64(y[i])))), 1}
	}
	weigh(d, out, lo)
}

// robust is huber with a delta that follows the residuals: before each round it is
// the quantile of their absolute values (Friedman 2001, M-regression).
type robust struct {
	huber
	part float64
}

func (*robust) base(d *rowset) []float64 { return absolute{}.base(d) }

// adapter is an objective that looks at all rows before a round.
type adapter interface {
	// adapt may overwrite items, as many as there are rows.
	adapt(d *rowset, score [][]float64, items []weighted, c crew)
}

func (o *robust) adapt(d *rowset, score [][]float64, items []weighted, c crew) {
	c.blocks(d.n, func(lo, hi, _ int) {
		for i := lo; i < hi; i++ {
			items[i] = weighted{math.Abs(float64(d.y[i]) - score[0][i]), d.weight(int32(i))}
		}
	})
	o.delta = max(quantileOf(items, o.part), math.SmallestNonzeroFloat32)
}

// adapt lets the objective look at all rows, if it needs to.
func (s *settings) adapt(d *rowset, score [][]float64, items *[]weighted, c crew) {
	o, ok := s.obj.(adapter)
	if !ok {
		return
	}
	if *items == nil {
		*items = make([]weighted, d.n)
	}
	o.adapt(d, score, *items, c)
}

// renew replaces the leaves' values by the quantiles of their rows' residuals.
func (b *booster) renew(o renewer, nodes []node, score []float64) {
	if b.residuals == nil {
		b.residuals = make([]weighted, b.train.n)
	}
	idx := b.grower.spread.idx
	one := func(i, _ int) {
		n := &nodes[i]
		if !n.leaf() || n.lo == n.hi {
			return
		}
		items := b.residuals[n.lo:n.hi]
		for k, r := range idx[n.lo:n.hi] {
			items[k] = weighted{float64(b.train.y[r]) - score[r], o.share(b.train, r)}
		}
		n.value = b.shrunk(quantileOf(items, o.level()))
	}
	c := b.crew
	if b.train.n < parallelRows {
		c = alone
	}
	c.run(len(nodes), one)
}

// weighted is a value with a weight above 0.
type weighted struct{ v, w float64 }

// quantileOf is the value at position part·(n+1) of n items in order, between
// two of them as far as the position is (Hyndman and Fan's sixth definition, which
// does not draw the outer quantiles of few rows inwards). An item of more weight
// takes more room. It reorders the items, of which there is at least one.
func quantileOf(items []weighted, part float64) float64 {
	total := 0.0
	for _, it := range items {
		total += it.w
	}
	mean := total / float64(len(items))
	return valueAt(items, part*(total+mean), mean)
}

// valueAt finds the value at a position, where the middle of an item of weight
// mean with the weight w of items before it is at w+mean. It takes time in
// proportion to the number of items, which it reorders.
func valueAt(items []weighted, position, mean float64) float64 {
	type place struct{ v, at float64 }
	var before, after place
	hasBefore, hasAfter := false, false
	passed := mean / 2
	for seed := uint64(len(items)); len(items) > 0; seed++ {
		pivot := items[below(mix(seed), len(items))].v
		low, high, lowW, evenW := parted(items, pivot)
		first := passed + lowW + items[low].w/2
		last := passed + lowW + evenW - items[high-1].w/2
		switch {
		case position < first:
			after, hasAfter = place{pivot, first}, true
			items = items[:low]
		case position > last:
			before, hasBefore = place{pivot, last}, true
			passed += lowW + evenW
			items = items[high:]
		default:
			return pivot
		}
	}
	switch {
	case !hasBefore:
		return after.v
	case !hasAfter:
		return before.v
	}
	share := (position - before.at) / (after.at - before.at)
	return before.v + float64(share*(after.v-before.v))
}

// parted reorders items to those below the pivot, those at it (from low on) and
// those above (from high on), and sums up the weights of the first two.
func parted(items []weighted, pivot float64) (low, high int, lowW, evenW float64) {
	high = len(items)
	for i := 0; i < high; {
		switch it := items[i]; {
		case it.v < pivot:
			lowW += it.w
			items[i], items[low] = items[low], it
			low++
			i++
		case it.v > pivot:
			high--
			items[i], items[high] = items[high], it
		default:
			evenW += it.w
			i++
		}
	}
	return low, high, lowW, evenW
}
