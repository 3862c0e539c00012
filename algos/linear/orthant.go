package linear

import "math"

// stepOrthant is a step of OWL-QN: L-BFGS within the orthant that the steepest
// descent of the whole objective, the absolute penalty included, points into.
func (s *solver) stepOrthant() bool {
	params := s.f.params
	pseudo := s.pseudoGradient()
	s.past.apply(pseudo, s.direction)
	for i := range s.direction[:s.weights] {
		if float64(s.direction[i]*pseudo[i]) >= 0 {
			s.direction[i] = 0
		}
	}
	slope := product(pseudo, s.direction)
	if !(slope < -1e-12*math.Abs(s.value)) {
		if s.past.empty() {
			return false
		}
		s.past.clear()
		return s.stepOrthant()
	}
	t := 1.0
	if s.past.empty() {
		t = min(1, 1/math.Sqrt(product(pseudo, pseudo)))
	}
	for range 30 {
		gain := s.move(t, pseudo)
		s.f.design.forward(s.trial, s.f.width, s.trialZ)
		value := s.penalty(s.trial) + s.f.sum(func(lo, hi int) float64 {
			return s.loss(lo, hi, s.trialZ, s.trialResidual, nil)
		})
		if value <= s.value+float64(1e-4*gain) && value < s.value {
			for i, v := range s.trial {
				s.direction[i] = v - params[i]
			}
			s.accept(value)
			return true
		}
		t /= 2
	}
	return false
}

// pseudoGradient is the steepest of the subgradients, in s.previous' place
// until the step is accepted.
func (s *solver) pseudoGradient() []float64 {
	g := s.previous
	copy(g, s.grad)
	for i, b := range s.f.params[:s.weights] {
		switch {
		case b > 0:
			g[i] += s.l1
		case b < 0:
			g[i] -= s.l1
		case g[i] > s.l1:
			g[i] -= s.l1
		case g[i] < -s.l1:
			g[i] += s.l1
		default:
			g[i] = 0
		}
	}
	return g
}

// move sets the trial parameters t along the direction, those that would
// change sign to zero, and returns the change that the pseudo-gradient expects.
func (s *solver) move(t float64, pseudo []float64) float64 {
	for i, b := range s.f.params {
		v := b + float64(t*s.direction[i])
		if i < s.weights {
			side := b
			if side == 0 {
				side = -pseudo[i]
			}
			if float64(v*side) <= 0 {
				v = 0
			}
		}
		s.trial[i] = v
	}
	gain := 0.0
	for i, b := range s.f.params {
		gain += float64(pseudo[i] * (s.trial[i] - b))
	}
	return gain
}

// accept makes the trial the current point; the direction is the step taken.
func (s *solver) accept(value float64) {
	copy(s.f.params, s.trial)
	copy(s.previous, s.grad)
	s.z, s.trialZ = s.trialZ, s.z
	s.residual, s.trialResidual = s.trialResidual, s.residual
	s.value = value
	s.gradient()
	s.past.add(s.direction, s.grad, s.previous)
}
