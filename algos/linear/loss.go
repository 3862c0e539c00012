package linear

import (
	"math"

	"github.com/seed-09a2cce4/automl/metrics"
)

// lossBlock is the number of rows whose losses are added up before they join
// the total: fixed, so that threads change nothing.
const lossBlock = 1024

// lossRows sums the weighted losses of rows lo..hi at the sums z (n×width),
// and sets their derivatives.
type lossRows func(lo, hi int, z, derivative []float64) float64

func (f *fit) lossRows() lossRows {
	switch f.request.Problem.Task {
	case metrics.Regression:
		return f.squared
	case metrics.Binary:
		return f.logistic
	}
	return f.softmax
}

func (f *fit) squared(lo, hi int, z, derivative []float64) float64 {
	sum := 0.0
	for i := lo; i < hi; i++ {
		d := z[i] - f.y[i]
		derivative[i] = f.w[i] * d
		sum += float64(derivative[i] * d)
	}
	return sum / 2
}

func (f *fit) logistic(lo, hi int, z, derivative []float64) float64 {
	sum := 0.0
	for i := lo; i < hi; i++ {
		// With a = |z| and e = exp(-a): log(1+exp(z)) = max(z, 0) + log(1+e).
		v, y := z[i], f.y[i]
		e := math.Exp(-math.Abs(v))
		p := e / (1 + e)
		if v >= 0 {
			p = 1 / (1 + e)
		}
		derivative[i] = f.w[i] * (p - y)
		sum += float64(f.w[i] * (max(v, 0) + math.Log(1+e) - float64(y*v)))
	}
	return sum
}

func (f *fit) softmax(lo, hi int, z, derivative []float64) float64 {
	sum := 0.0
	for i := lo; i < hi; i++ {
		zi, di := z[i*f.width:(i+1)*f.width], derivative[i*f.width:(i+1)*f.width]
		top := zi[0]
		for _, v := range zi {
			top = max(top, v)
		}
		total := 0.0
		for k, v := range zi {
			di[k] = math.Exp(v - top)
			total += di[k]
		}
		y, wi := int(f.y[i]), f.w[i]
		for k := range di {
			di[k] *= wi / total
		}
		di[y] -= wi
		sum += float64(wi * (math.Log(total) - (zi[y] - top)))
	}
	return sum
}

// sum adds a function of row blocks in their order.
func (f *fit) sum(of func(lo, hi int) float64) float64 {
	n := len(f.y)
	blocks := make([]float64, (n+lossBlock-1)/lossBlock)
	share(len(blocks), f.threads, func(from, to int) {
		for b := from; b < to; b++ {
			blocks[b] = of(b*lossBlock, min((b+1)*lossBlock, n))
		}
	})
	total := 0.0
	for _, v := range blocks {
		total += v
	}
	return total
}
