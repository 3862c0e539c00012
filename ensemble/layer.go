package ensemble

import (
	"math"

	"github.com/seed-09a2cce4/automl/metrics"
)

// A second layer is linear in what the members predict: in their log-odds
// (log-probabilities) for classes, with a common weight for all classes, or in the
// numbers themselves. Its weights are not negative and need not sum to 1: the fold
// models of a member are averaged when it predicts, which makes it more cautious
// than each of them was out of fold (Wolpert, Stacked Generalization, 1992; Satopää et
// al., Combining multiple probability predictions using a simple logit model, 2014).

// How a layer is fitted.
const (
	// layerRidge holds weights to those of the mean, in the unit of log-likelihood.
	layerRidge = 10
	// layerValues bounds the predictions that it is fitted on.
	layerValues = 4_000_000
	maxLayer    = 12 // Newton steps
	sweeps      = 300
)

// layer is the problem of a layer's weights a and shift b.
type layer struct {
	*table
	members []int
	x       [][]float64 // by member: rows×width
	// Means that were taken from each member's x (not of many classes, which have no
	// shift) and, for a regression, from the answers.
	means  []float64
	center float64
	noise  float64 // how much the errors of a regression's mean vary, else 1
	start  []float64
}

// fitLayer turns weights of a mean into those of a layer, which sum to 1 as well,
// and the rest of it; nil if there is none.
func fitLayer(t *table, weights []float64) ([]float64, *Calibration) {
	l := newLayer(t, weights)
	if !(l.noise > 0) {
		return nil, nil
	}
	a, b := append([]float64(nil), l.start...), 0.0
	for range maxLayer {
		g, h := l.slopes(a, b)
		moved := l.step(a, &b, g, h)
		if !(moved > 1e-6) {
			break
		}
	}
	out, scale, shift := make([]float64, len(weights)), 0.0, b+l.center
	for i, k := range l.members {
		out[k] = a[i]
		scale += a[i]
		shift -= float64(a[i] * l.means[i])
	}
	c := &Calibration{Logs: t.task != metrics.Regression, Scale: scale, Shift: shift}
	if !(scale > 1e-3) || c.Check(t.task, t.classes) != nil {
		return nil, nil
	}
	for k := range out {
		out[k] /= scale
	}
	return out, c
}

func newLayer(t *table, weights []float64) *layer {
	l := &layer{table: t, noise: 1}
	for k, w := range weights {
		if w > 0 {
			l.members, l.start = append(l.members, k), append(l.start, w)
		}
	}
	if most := layerValues / (t.width * len(l.members)); len(t.y) > most {
		l.table = t.subsample(most)
	}
	for _, k := range l.members {
		l.x = append(l.x, margins(l.table, l.preds[k]).z)
	}
	l.means = make([]float64, len(l.x))
	if t.task != metrics.Multiclass {
		l.centre()
	}
	return l
}

// centre takes the means away, and finds how much the errors of a regression's mean
// to begin with vary.
func (l *layer) centre() {
	total := 0.0
	for i := range l.y {
		total += l.weight(i)
	}
	mean := func(of func(i int) float64) float64 {
		sum := 0.0
		for i := range l.y {
			sum += float64(l.weight(i) * of(i))
		}
		return sum / total
	}
	for j, x := range l.x {
		l.means[j] = mean(func(i int) float64 { return x[i] })
		for i := range x {
			x[i] -= l.means[j]
		}
	}
	if l.task != metrics.Regression {
		return
	}
	l.center = mean(func(i int) float64 { return float64(l.y[i]) })
	l.noise = mean(func(i int) float64 {
		r := float64(l.y[i]) - l.center
		for j, x := range l.x {
			r -= float64(l.start[j] * x[i])
		}
		return r * r
	})
}

// slopes are the gradient and the Hessian of the loss, the shift last.
func (l *layer) slopes(a []float64, b float64) (g []float64, h [][]float64) {
	n := len(a) + 1
	g, h = make([]float64, n), make([][]float64, n)
	for j := range h {
		h[j] = make([]float64, n)
	}
	at, row := make([]float64, n), make([]float64, l.width)
	for i, v := range l.y {
		if l.task == metrics.Multiclass {
			l.addClasses(i, int(v), a, row, at, g, h)
			continue
		}
		f := b
		for j, x := range l.x {
			at[j] = x[i]
			f += float64(a[j] * x[i])
		}
		at[n-1] = 1
		d, curve := (f-(float64(v)-l.center))/l.noise, 1/l.noise
		if l.task == metrics.Binary {
			p := sigmoid(f)
			d, curve = p-float64(v), p*(1-p)
		}
		w := l.weight(i)
		for j, x := range at {
			g[j] += float64(w * d * x)
			for k := range j + 1 {
				h[j][k] += float64(w * curve * x * at[k])
			}
		}
	}
	for j := range a {
		g[j] += layerRidge * (a[j] - l.start[j])
		h[j][j] += layerRidge
	}
	return g, h
}

// addClasses adds row i of many classes, which has no shift.
func (l *layer) addClasses(i, truth int, a, row, at, g []float64, h [][]float64) {
	from, w := i*l.width, l.weight(i)
	for k := range row {
		row[k] = 0
		for j, x := range l.x {
			row[k] += float64(a[j] * x[from+k])
		}
	}
	softmax(row)
	for j, x := range l.x {
		at[j] = 0
		for k, p := range row {
			at[j] += float64(p * x[from+k])
		}
		g[j] += float64(w * (at[j] - x[from+truth]))
		for m := range j + 1 {
			s := 0.0
			for k, p := range row {
				s += float64(p * (x[from+k] - at[j]) * (l.x[m][from+k] - at[m]))
			}
			h[j][m] += float64(w * s)
		}
	}
}

// step minimises the quadratic model over weights that are not negative, coordinate
// by coordinate, and returns how far it goes.
func (l *layer) step(a []float64, b *float64, g []float64, h [][]float64) float64 {
	n := len(g)
	for j := range n {
		for k := range j {
			h[k][j] = h[j][k]
		}
	}
	d := make([]float64, n)
	for range sweeps {
		change := 0.0
		for j := range n {
			if !(h[j][j] > 0) {
				continue // no shift
			}
			slope := g[j]
			for k, v := range d {
				slope += float64(h[j][k] * v)
			}
			next := d[j] - slope/h[j][j]
			if j < n-1 {
				next = max(-a[j], next)
			}
			change += math.Abs(next - d[j])
			d[j] = next
		}
		if change < 1e-9 {
			break
		}
	}
	long, scale := 0.0, 1.0
	for j := range n - 1 {
		long = max(long, math.Abs(d[j]))
	}
	if long > farthest {
		scale = farthest / long
	}
	for j := range a {
		a[j] = max(0, a[j]+float64(scale*d[j]))
	}
	*b += scale * d[n-1]
	return long + math.Abs(d[n-1])
}
