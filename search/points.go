package search

import (
	"iter"
	"math"
	"slices"
)

// places gives each dimension's place in a configuration: in [0, 1] for a
// number, its index for a choice, NaN where the dimension is inactive or has no
// value of its own.
func (s Space) places(p Params) []float64 {
	out := make([]float64, len(s))
	for i := range s {
		out[i] = s[i].place(p[s[i].Name])
	}
	return out
}

func (d *Dimension) place(v any) float64 {
	switch v := v.(type) {
	case float64:
		if d.contains(v) {
			return d.unit(v)
		}
	case string:
		if i := slices.Index(d.Choices, v); i >= 0 {
			return float64(i)
		}
	}
	return math.NaN()
}

// configure makes a configuration of the places that place gives to the active
// dimensions, which it is asked for one after the other.
func (s Space) configure(place func(i int) float64) Params {
	p := make(Params, len(s))
	for i := range s {
		d := &s[i]
		if !d.active(p) {
			continue
		}
		if u := place(i); len(d.Choices) > 0 {
			p[d.Name] = d.Choices[min(max(int(u), 0), len(d.Choices)-1)]
		} else {
			p[d.Name] = d.at(u)
		}
	}
	return p
}

// cell are the ends of the stretch of places that all mean the number at u, which
// is u itself unless the dimension is of integers.
func (d *Dimension) cell(u float64) (lo, hi float64) {
	if !d.Integer {
		return u, u
	}
	v := d.at(u)
	return d.unit(v - 0.5), d.unit(v + 0.5)
}

// values is the number of values of a dimension, +Inf for a range of real numbers.
func (d *Dimension) values() float64 {
	switch {
	case len(d.Choices) > 0:
		return float64(len(d.Choices))
	case d.Integer:
		return math.Floor(d.High) - math.Ceil(d.Low) + 1
	case d.Low == d.High:
		return 1
	}
	return math.Inf(1)
}

// few goes through all configurations of a space that has no more than most, and
// through none of a larger one.
func (s Space) few(most int) iter.Seq[Params] {
	size := 1.0
	for i := range s {
		size *= s[i].values()
	}
	return func(yield func(Params) bool) {
		if size > float64(most) {
			return
		}
		for n := range int(size) {
			p := s.configure(func(i int) float64 {
				count := int(s[i].values())
				k := n
				for j := range i { // the i-th digit of n, whose bases are the numbers of values
					k /= int(s[j].values())
				}
				if k %= count; len(s[i].Choices) > 0 {
					return float64(k)
				}
				return s[i].unit(math.Ceil(s[i].Low) + float64(k))
			})
			if !yield(p) {
				return
			}
		}
	}
}
