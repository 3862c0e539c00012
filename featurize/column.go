package featurize

import (
	"fmt"
	"math"
	"slices"
)

// ofColumn is what transforms of one column without sparse outputs share.
type ofColumn struct {
	Column string `json:"column"`
}

// Inputs is the column.
func (c ofColumn) Inputs() []string { return []string{c.Column} }

// SparseCols is 0.
func (c ofColumn) SparseCols() int { return 0 }

// Supervised is false.
func (c ofColumn) Supervised() bool { return false }

// largest bounds the numbers that statistics are made of, so that their squares and
// sums stay finite.
const largest = math.MaxFloat32

func bounded(v float64) float64 { return min(max(v, -largest), largest) }

// trainingNumbers are the numbers of the training rows, ascending, missing ones left out.
func trainingNumbers(f Fitting) []float64 {
	values := make([]float64, 0, f.rows)
	for i := range f.rows {
		if v, _ := cellAt(f.col, i).number(); v == v {
			values = append(values, bounded(v))
		}
	}
	slices.Sort(values)
	return values
}

// quantileOf interpolates linearly between the values next to q, as numpy does by
// default; 0 without values.
func quantileOf(ascending []float64, q float64) float64 {
	if len(ascending) == 0 {
		return 0
	}
	at := q * float64(len(ascending)-1)
	i := int(at)
	if i+1 >= len(ascending) {
		return ascending[len(ascending)-1]
	}
	lo, hi := ascending[i], ascending[i+1]
	return lo + float64((at-float64(i))*(hi-lo))
}

// meanOf is 0 without values.
func meanOf(values []float64) float64 {
	n, mean := float64(len(values)), 0.0
	for _, v := range values {
		mean += v / n
	}
	return mean
}

// deviationOf is the standard deviation about the mean, 1 where it is 0, so that one
// can divide by it.
func deviationOf(values []float64, mean float64) float64 {
	sum := 0.0
	for _, v := range values {
		d := v - mean
		sum += float64(d * d)
	}
	if s := math.Sqrt(sum / float64(max(1, len(values)))); s > 0 {
		return s
	}
	return 1
}

// finiteState reports numbers of a decoded transform that would make NaN.
func finiteState(column string, scale float64, numbers ...float64) error {
	for _, v := range append(numbers, scale) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("column %q: a number of its state is %v", column, v)
		}
	}
	if !(scale > 0) {
		return fmt.Errorf("column %q: scale %v is not above 0", column, scale)
	}
	return nil
}

// rowOfNumber does the work of Row for a function of a number; missing stays missing.
func rowOfNumber(in []Cell, out []float32, f func(v float64) float64) error {
	v, ok := in[0].number()
	if !ok {
		return errDate
	}
	if v != v {
		out[0] = float32(math.NaN())
		return nil
	}
	out[0] = clamp(f(bounded(v)))
	return nil
}
