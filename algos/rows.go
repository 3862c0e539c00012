package algos

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/metrics"
)

// EachRow calls do for each training row that has weight, in order, with its target, a
// class index or a value, and its weight, 1 if there are none. It fails if a target
// or a weight is not finite, a weight is negative, a class is none of the problem's (of
// two at least), or no row has weight, and with the first error of do.
func (r *Request) EachRow(do func(row int32, y, w float32) error) error {
	classes := math.Inf(1)
	if r.Problem.Task != metrics.Regression {
		classes = float64(max(2, r.Problem.Classes))
	}
	weighed := false
	for _, row := range r.Train.Rows {
		w := float32(1)
		if r.Train.W != nil {
			w = r.Train.W[row]
		}
		if w == 0 {
			continue
		}
		y := r.Train.Y[row]
		if v := float64(y); math.IsNaN(v) || math.IsInf(v, 0) || !(w > 0) || math.IsInf(float64(w), 0) {
			return fmt.Errorf("row %d has target %v and weight %v", row, y, w)
		}
		if r.Problem.Task != metrics.Regression && !(y >= 0 && float64(y) < classes) {
			return fmt.Errorf("row %d has class %v, there are %v", row, y, classes)
		}
		weighed = true
		if err := do(row, y, w); err != nil {
			return err
		}
	}
	if !weighed {
		return errors.New("no training row has weight")
	}
	return nil
}
