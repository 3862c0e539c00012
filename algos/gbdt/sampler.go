package gbdt

import "math"

// sampler weighs the training rows of a tree at random, for its structure only.
type sampler struct {
	*symmetricSettings
	rows  *rowset
	drawn [][]pair // weighted gradient, and the weight itself
	scale []float64
	size  float64 // root mean square of the gradients
}

func newSampler(s *symmetricSettings, rows *rowset, width int) *sampler {
	out := &sampler{symmetricSettings: s, rows: rows, drawn: make([][]pair, width)}
	if s.sample == "mvs" && (s.fraction == 1 || rows.n < 100) || s.sample == "bayesian" && s.temperature == 0 {
		c := *s
		c.sample = "none"
		out.symmetricSettings = &c
	}
	for k := range out.drawn {
		out.drawn[k] = make([]pair, rows.n)
	}
	out.scale = make([]float64, rows.n)
	return out
}

// unit says that all rows weigh one.
func (s *sampler) unit() bool { return s.sample == "none" && s.rows.w == nil }

// draw weighs the rows. "mvs" keeps a row with a probability that goes with the
// size of its gradient and weighs it by the inverse (Ibragimov and Gusev 2019);
// "bayesian" weighs all rows by powers of exponential numbers.
func (s *sampler) draw(grad [][]pair, seed uint64, c crew) {
	s.measure(grad, c)
	bound := 0.0
	if s.sample == "mvs" {
		bound = s.bound(c)
	}
	c.blocks(s.rows.n, func(lo, hi, _ int) {
		for i := lo; i < hi; i++ {
			f := 1.0
			switch u := unit(mix(seed + uint64(i))); s.sample {
			case "mvs":
				if p := s.scale[i] / bound; p < 1 {
					f = 0
					if u < p {
						f = 1 / p
					}
				}
			case "bayesian":
				f = exponential(u)
				if s.temperature != 1 {
					f = math.Pow(f, s.temperature)
				}
			}
			w := float32(f)
			for k := range grad {
				d := pair{grad[k][i].g * w, w}
				if s.rows.w != nil {
					d.h *= s.rows.w[i]
				}
				s.drawn[k][i] = d
			}
		}
	})
}

// exponential is -ln(1-u).
func exponential(u float64) float64 { return -math.Log1p(-u) }

// measure computes the sizes of the rows' gradients, and their root mean square.
func (s *sampler) measure(grad [][]pair, c crew) {
	sums := make([]float64, (s.rows.n+block-1)/block)
	c.blocks(s.rows.n, func(lo, hi, b int) {
		for i := lo; i < hi; i++ {
			v := 0.0
			for k := range grad {
				g := float64(grad[k][i].g)
				v += float64(g * g)
			}
			s.scale[i] = v
			sums[b] += v
		}
	})
	total := 0.0
	for _, v := range sums {
		total += v
	}
	mean := total / float64(s.rows.n)
	s.size = math.Sqrt(mean)
	if s.sample != "mvs" {
		return
	}
	for i, v := range s.scale {
		s.scale[i] = math.Sqrt(v + 0.1*mean)
	}
}

// bound is the size from which rows are kept in any case: the sum of
// min(1, size/bound) is the number of rows wanted. It grows from below.
func (s *sampler) bound(c crew) float64 {
	want := s.fraction * float64(s.rows.n)
	bound := 0.0
	parts := make([]struct{ sum, above float64 }, (s.rows.n+block-1)/block)
	for range 20 {
		c.blocks(s.rows.n, func(lo, hi, b int) {
			p := struct{ sum, above float64 }{}
			for _, v := range s.scale[lo:hi] {
				if bound > 0 && v >= bound {
					p.above++
				} else {
					p.sum += v
				}
			}
			parts[b] = p
		})
		sum, above := 0.0, 0.0
		for _, p := range parts {
			sum, above = sum+p.sum, above+p.above
		}
		if above >= want || sum == 0 {
			break
		}
		next := sum / (want - above)
		if bound > 0 && math.Abs(next-bound) < 1e-3*bound {
			return next
		}
		bound = next
	}
	return max(bound, math.SmallestNonzeroFloat64)
}

// tops are the largest gradient and weight.
func (s *sampler) tops(c crew) (g, h float32) {
	parts := make([]pair, (s.rows.n+block-1)/block)
	for k := range s.drawn {
		c.blocks(s.rows.n, func(lo, hi, b int) {
			t := topOf(s.drawn[k][lo:hi])
			parts[b] = pair{max(parts[b].g, t.g), max(parts[b].h, t.h)}
		})
	}
	for _, p := range parts {
		g, h = max(g, p.g), max(h, p.h)
	}
	return g, h
}
