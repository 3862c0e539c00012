package ensemble

import (
	"math"

	"github.com/seed-09a2cce4/automl/metrics"
)

// How a scale is fitted.
const (
	// ridge holds scale and shift to 1 and 0, in the unit of log-likelihood.
	ridge     = 2
	maxNewton = 25
	// farthest is how far a Newton step may go, and smallestScale how low.
	farthest      = 0.5
	smallestScale = 0.05
)

// fitScale fits the scale, and for two classes the shift, of the least log loss. It
// is nil if there is none.
func fitScale(t *table, pred []float32) *Calibration {
	m := margins(t, pred)
	a, b := 1.0, 0.0
	for range maxNewton {
		g := m.slopes(a, b)
		da, db := g.step(a, b, t.task == metrics.Binary)
		a, b = max(smallestScale, a+da), b+db
		if math.Abs(da)+math.Abs(db) < 1e-7 {
			break
		}
	}
	if math.IsNaN(a) || math.IsInf(a, 0) || math.IsNaN(b) || math.IsInf(b, 0) {
		return nil
	}
	return &Calibration{Scale: a, Shift: b}
}

// margin holds log-probabilities, of two classes log-odds, of regressions the numbers.
type margin struct {
	*table
	z   []float64
	row []float64
}

func margins(t *table, pred []float32) *margin {
	m := &margin{table: t, z: make([]float64, len(pred)), row: make([]float64, t.width)}
	c := Calibration{Logs: t.task != metrics.Regression}
	for i, v := range pred {
		m.z[i] = c.Term(t.task, v)
	}
	return m
}

// slopes are the first and second derivatives of the summed log loss.
type slopes struct{ a, b, aa, ab, bb float64 }

func (m *margin) slopes(a, b float64) slopes {
	var g slopes
	for i, v := range m.y {
		w := m.weight(i)
		if m.task == metrics.Binary {
			z := m.z[i]
			p := sigmoid(float64(a*z) + b)
			d, h := w*(p-float64(v)), w*p*(1-p)
			g.a += float64(d * z)
			g.b += d
			g.aa += float64(h * z * z)
			g.ab += float64(h * z)
			g.bb += h
			continue
		}
		z := m.z[i*m.width : (i+1)*m.width]
		for k, v := range z {
			m.row[k] = a * v
		}
		softmax(m.row)
		mean, square := 0.0, 0.0
		for k, p := range m.row {
			mean += float64(p * z[k])
			square += float64(p * z[k] * z[k])
		}
		g.a += float64(w * (mean - z[int(v)]))
		g.aa += float64(w * max(0, square-float64(mean*mean)))
	}
	return g
}

// step is Newton's, held by the ridge and cut to what is safe.
func (g slopes) step(a, b float64, shift bool) (da, db float64) {
	ga, haa := g.a+ridge*(a-1), g.aa+ridge
	if shift {
		gb, hbb := g.b+ridge*b, g.bb+ridge
		det := haa*hbb - float64(g.ab*g.ab)
		da, db = -(hbb*ga-float64(g.ab*gb))/det, -(haa*gb-float64(g.ab*ga))/det
	} else {
		da = -ga / haa
	}
	if long := max(math.Abs(da), math.Abs(db)); long > farthest {
		da, db = da*farthest/long, db*farthest/long
	}
	return da, db
}
