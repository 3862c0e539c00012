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
	default:
		for k, v := range sum {
			out[k] = float32(clip(v, math.MaxFloat32))
		}
	}
}
