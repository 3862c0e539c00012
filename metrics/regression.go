package metrics

import (
	"fmt"
	"math"
	"sort"
)

func (s *sample) residual(i int) float64 { return float64(s.y[i]) - float64(s.pred[i]) }

func (s *sample) square(i int) float64 {
	d := s.residual(i)
	return d * d
}

func meanSquared(s *sample) (float64, error) { return s.mean(s.square), nil }

func rootMeanSquared(s *sample) (float64, error) { return math.Sqrt(s.mean(s.square)), nil }

func meanAbsolute(s *sample) (float64, error) {
	return s.mean(func(i int) float64 { return math.Abs(s.residual(i)) }), nil
}

func meanAbsolutePercentage(s *sample) (float64, error) {
	return s.mean(func(i int) float64 {
		return math.Abs(s.residual(i)) / max(epsilon, math.Abs(float64(s.y[i])))
	}), nil
}

// rSquared is 1 for perfect and 0 for other predictions of a target that does
// not vary.
func rSquared(s *sample) (float64, error) {
	if len(s.y) < 2 {
		return 0, fmt.Errorf("not defined for a single row")
	}
	mean := s.mean(func(i int) float64 { return float64(s.y[i]) })
	spread := s.mean(func(i int) float64 {
		d := float64(s.y[i]) - mean
		return d * d
	})
	rest := s.mean(s.square)
	switch {
	case rest == 0:
		return 1, nil
	case spread == 0 || s.constant():
		return 0, nil
	}
	return 1 - rest/spread, nil
}

// constant reports whether all rows with weight have one target, of which the
// mean may differ by rounding.
func (s *sample) constant() bool {
	first := -1
	for i, v := range s.y {
		switch {
		case s.weight(i) == 0:
		case first < 0:
			first = i
		case v != s.y[first]:
			return false
		}
	}
	return true
}

// medianAbsolute is the weighted median of the absolute errors: the mean of
// the two middle ones where the weight on both sides is equal.
func medianAbsolute(s *sample) (float64, error) {
	errs := make([]float64, len(s.y))
	order := make([]int, len(s.y))
	for i := range errs {
		errs[i], order[i] = math.Abs(s.residual(i)), i
	}
	sort.Slice(order, func(a, b int) bool { return errs[order[a]] < errs[order[b]] })
	below := 0.0
	for at, i := range order {
		below += s.weight(i)
		if below < s.total/2 {
			continue
		}
		if below > s.total/2 {
			return errs[i], nil
		}
		for _, next := range order[at+1:] {
			if s.weight(next) > 0 {
				return (errs[i] + errs[next]) / 2, nil
			}
		}
		return errs[i], nil
	}
	return errs[order[len(order)-1]], nil
}
