package predictor

import "math"

// Apply turns the sums of a row into predictions: sum[k] becomes out[k] for
// all k < len(sum), and sum is overwritten. n is the number of leaves that each
// sum is made of; only Mean looks at it. All results are finite.
func (l Link) Apply(sum []float64, n int, out []float32) {
	switch l {
	case Sigmoid:
		for k, v := range sum {
			out[k] = float32(1 / (1 + math.Exp(-clip(v, maxLogit))))
		}
	case Softmax:
		softmax(sum, out)
	case Exp:
		for k, v := range sum {
			out[k] = float32(min(math.Exp(clip(v, math.MaxFloat32)), math.MaxFloat32))
		}
	case Mean:
		for k, v := range sum {
			out[k] = float32(clip(v/float64(max(n, 1)), math.MaxFloat32))
		}
	case Square:
		for k, v := range sum {
			out[k] = float32(clip(v*math.Abs(v), math.MaxFloat32))
		}
	case Softplus:
		for k, v := range sum {
			out[k] = float32(clip(math.Log1p(math.Exp(v)), math.MaxFloat32))
		}
	case Step:
		for k, v := range sum {
			out[k] = float32(step(v))
		}
	default:
		for k, v := range sum {
			out[k] = float32(clip(v, math.MaxFloat32))
		}
	}
}

// Apply is the link's Apply with the parameters of o.
func (o Output) Apply(sum []float64, n int, out []float32) {
	o.scale(sum, n)
	o.Link.Apply(sum, n, out)
}

// Exact turns the sums of a row into predictions in double precision, in place,
// with the operations of LightGBM in their order and without bounds: sums that
// are not finite give what they give there. n is as in Link.Apply.
func (o Output) Exact(sum []float64, n int) {
	o.scale(sum, n)
	switch o.Link {
	case Sigmoid:
		for k, v := range sum {
			sum[k] = 1 / (1 + math.Exp(-v))
		}
	case Softmax:
		softmaxExact(sum)
	case Exp:
		for k, v := range sum {
			sum[k] = math.Exp(v)
		}
	case Mean:
		for k, v := range sum {
			sum[k] = v / float64(max(n, 1))
		}
	case Square:
		for k, v := range sum {
			sum[k] = v * math.Abs(v)
		}
	case Softplus:
		for k, v := range sum {
			sum[k] = math.Log1p(math.Exp(v))
		}
	case Step:
		for k, v := range sum {
			sum[k] = step(v)
		}
	}
}

func step(v float64) float64 {
	if v > 0 {
		return 1
	}
	return 0
}

// scale applies the parameters that come before the link.
func (o Output) scale(sum []float64, n int) {
	if o.Average && o.Link != Mean {
		for k := range sum {
			sum[k] /= float64(max(n, 1))
		}
	}
	if o.Scale != 0 && o.Link == Sigmoid {
		for k := range sum {
			sum[k] *= o.Scale
		}
	}
}

func softmaxExact(v []float64) {
	top := v[0]
	for _, x := range v {
		if x > top {
			top = x
		}
	}
	total := 0.0
	for k := range v {
		v[k] = math.Exp(v[k] - top)
		total += v[k]
	}
	for k := range v {
		v[k] /= total
	}
}
