package metrics

import (
	"fmt"
	"math"
)

// Probabilities may leave [0, 1] by rounding, as those of a blend do.
const slack = 1e-5

// epsilon is the machine precision of float64: what scikit-learn clips
// probabilities and the denominators of percentages to.
const epsilon = 0x1p-52

func (s *sample) checkProbabilities() error {
	for i, p := range s.pred {
		if p < -slack || p > 1+slack {
			return fmt.Errorf("the probability %v of row %d is outside [0, 1]", p, i/Width(s.task, s.classes))
		}
	}
	return nil
}

// ofTruth is the probability given to the class that row i has.
func (s *sample) ofTruth(i int) float64 {
	if s.task == Multiclass {
		return float64(s.pred[i*s.classes+int(s.y[i])])
	}
	if s.y[i] == 1 {
		return float64(s.pred[i])
	}
	return 1 - float64(s.pred[i])
}

func logLoss(s *sample) (float64, error) {
	if err := s.checkProbabilities(); err != nil {
		return 0, err
	}
	if s.w == nil {
		return -s.sumLogs() / s.total, nil
	}
	return s.mean(func(i int) float64 {
		return -math.Log(max(epsilon, min(1-epsilon, s.ofTruth(i))))
	}), nil
}

// sumLogs takes one logarithm for eight rows; their product is at least
// 2^-416, a normal number.
func (s *sample) sumLogs() float64 {
	sum := 0.0
	for lo := 0; lo < len(s.y); lo += 8 {
		product := 1.0
		for i := lo; i < min(lo+8, len(s.y)); i++ {
			product *= max(epsilon, min(1-epsilon, s.ofTruth(i)))
		}
		sum += math.Log(product)
	}
	return sum
}

// brier is the mean squared error of the probability of class 1, or the sum of
// those of all classes where there are more than two.
func brier(s *sample) (float64, error) {
	if err := s.checkProbabilities(); err != nil {
		return 0, err
	}
	width := Width(s.task, s.classes)
	return s.mean(func(i int) float64 {
		if width == 1 {
			d := float64(s.pred[i]) - float64(s.y[i])
			return d * d
		}
		sum := 0.0
		for k, p := range s.pred[i*width : (i+1)*width] {
			d := float64(p)
			if k == int(s.y[i]) {
				d--
			}
			sum += float64(d * d)
		}
		return sum
	}), nil
}
