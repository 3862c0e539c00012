package linear

import "math"

const (
	// memory is the number of past steps that L-BFGS remembers.
	memory = 10
	// tolerance is the relative decrease of the objective below which an
	// iteration counts as idle; two idle ones in a row end the search.
	tolerance = 1e-6
)

// solver minimises the objective of a fit, one iteration a step.
type solver struct {
	f        *fit
	loss     lossRows
	l2, l1   float64
	weights  int       // penalised parameters; the intercepts follow
	z        []float64 // sums at the parameters
	residual []float64 // derivatives of the losses at z
	grad     []float64 // of the smooth part, penalty included
	value    float64   // of the objective
	past     history
	idle     int

	along, trialZ, trialResidual []float64 // n×width
	direction, trial, previous   []float64 // like params
}

func newSolver(f *fit) *solver {
	s := &solver{f: f, loss: f.lossRows(), l2: f.alpha * (1 - f.l1), l1: f.alpha * f.l1}
	s.weights = len(f.params) - f.width
	sums := func() []float64 { return make([]float64, len(f.y)*f.width) }
	s.z, s.residual, s.trialZ, s.trialResidual = sums(), sums(), sums(), sums()
	if s.l1 == 0 {
		s.along = sums()
	}
	s.grad = make([]float64, len(f.params))
	s.previous = make([]float64, len(f.params))
	s.direction = make([]float64, len(f.params))
	s.trial = make([]float64, len(f.params))
	f.design.byCol = f.design.byRow.transpose(f.design.columns)
	f.design.forward(f.params, f.width, s.z)
	s.value = f.sum(func(lo, hi int) float64 { return s.loss(lo, hi, s.z, s.residual, nil) }) + s.penalty(f.params)
	s.gradient()
	return s
}

func (s *solver) penalty(params []float64) float64 {
	square, absolute := 0.0, 0.0
	for _, v := range params[:s.weights] {
		square += float64(v * v)
		absolute += math.Abs(v)
	}
	return float64(s.l2*square)/2 + float64(s.l1*absolute)
}

// gradient is computed from the residuals and the parameters.
func (s *solver) gradient() {
	s.f.design.backward(s.residual, s.f.width, s.grad)
	axpy(s.l2, s.f.params[:s.weights], s.grad[:s.weights])
}

// step does one iteration and reports false, having changed nothing, when
// there is no more to gain.
func (s *solver) step() bool {
	if s.idle >= 2 {
		return false
	}
	before := s.value
	ok := false
	if s.l1 > 0 {
		ok = s.stepOrthant()
	} else {
		ok = s.stepSmooth()
	}
	if !ok {
		return false
	}
	if before-s.value <= tolerance*math.Abs(before) {
		s.idle++
	} else {
		s.idle = 0
	}
	return true
}

// stepSmooth is an L-BFGS step. The objective along the direction needs only
// the sums along it, so that the line search multiplies by no matrix.
func (s *solver) stepSmooth() bool {
	s.past.apply(s.grad, s.direction)
	slope := product(s.grad, s.direction)
	if !(slope < 0) {
		s.past.clear()
		s.past.apply(s.grad, s.direction)
		slope = product(s.grad, s.direction)
	}
	if !(slope < -1e-12*math.Abs(s.value)) {
		return false
	}
	s.f.design.forward(s.direction, s.f.width, s.along)
	t, value, ok := s.search(slope)
	if !ok {
		return false
	}
	copy(s.previous, s.grad)
	axpy(t, s.direction, s.f.params)
	s.z, s.trialZ = s.trialZ, s.z
	s.residual, s.trialResidual = s.trialResidual, s.residual
	s.value = value
	s.gradient()
	for i := range s.direction {
		s.direction[i] *= t
	}
	s.past.add(s.direction, s.grad, s.previous)
	return true
}

// search finds a step along the direction at which the objective has fallen
// and its slope is at most half of that at zero. The objective is convex: its
// slope rises, and the secant of two slopes points at the minimum.
func (s *solver) search(slope float64) (t, value float64, ok bool) {
	b, d := s.f.params[:s.weights], s.direction[:s.weights]
	bd, dd := s.l2*product(b, d), s.l2*product(d, d)
	base := s.penalty(s.f.params)
	lo, slopeLo, hi, slopeHi := 0.0, slope, math.Inf(1), math.Inf(1)
	t = 1
	if s.past.empty() {
		t = min(1, 1/math.Sqrt(product(s.grad, s.grad)))
	}
	for range 30 {
		value, at := s.along1D(t)
		value += base + float64(t*(bd+float64(t*dd)/2))
		at += bd + float64(t*dd)
		low := value <= s.value+float64(1e-4*t*slope)
		switch {
		case low && math.Abs(at) <= 0.5*math.Abs(slope):
			return t, value, true
		case low && at < 0:
			lo, slopeLo = t, at
		default:
			hi, slopeHi = t, at
		}
		t = nextStep(lo, slopeLo, hi, slopeHi, slope)
	}
	// Rounding hides what is left to gain.
	return 0, 0, false
}

// nextStep is the secant's, kept away from the ends of the bracket.
func nextStep(lo, slopeLo, hi, slopeHi, slope float64) float64 {
	if math.IsInf(hi, 1) {
		guess := 4 * lo
		if slopeLo > slope { // the slope has risen: follow it to zero
			guess = lo * slope / (slope - slopeLo)
		}
		return max(1.5*lo, min(10*lo, guess))
	}
	width := hi - lo
	guess := lo + width/2
	if slopeHi > 0 && !math.IsInf(slopeHi, 1) {
		guess = lo + float64(width*slopeLo)/(slopeLo-slopeHi)
	}
	return max(lo+float64(0.1*width), min(hi-float64(0.1*width), guess))
}

// along1D is the sum of losses at step t along the direction and its slope;
// trialZ and trialResidual are left there.
func (s *solver) along1D(t float64) (value, slope float64) {
	w := s.f.width
	value = s.f.sum(func(lo, hi int) float64 {
		for i := lo * w; i < hi*w; i++ {
			s.trialZ[i] = s.z[i] + float64(t*s.along[i])
		}
		return s.loss(lo, hi, s.trialZ, s.trialResidual, nil)
	})
	slope = s.f.sum(func(lo, hi int) float64 {
		return product(s.trialResidual[lo*w:hi*w], s.along[lo*w:hi*w])
	})
	return value, slope
}

// history is what L-BFGS remembers: steps and the changes of the gradient.
type history struct {
	steps, changes [][]float64
	inverse        []float64 // 1 / (step · change)
}

func (h *history) empty() bool { return len(h.steps) == 0 }

func (h *history) clear() { h.steps, h.changes, h.inverse = nil, nil, nil }

// add remembers a step (copied) unless the curvature along it is lost in
// rounding.
func (h *history) add(step, grad, previous []float64) {
	var s, y []float64
	if len(h.steps) == memory { // reuse the oldest
		s, y = h.steps[0], h.changes[0]
		h.steps, h.changes, h.inverse = h.steps[1:], h.changes[1:], h.inverse[1:]
	} else {
		s, y = make([]float64, len(step)), make([]float64, len(step))
	}
	copy(s, step)
	for i, v := range grad {
		y[i] = v - previous[i]
	}
	sy, yy := product(s, y), product(y, y)
	if !(sy > 1e-12*yy) {
		return
	}
	h.steps, h.changes, h.inverse = append(h.steps, s), append(h.changes, y), append(h.inverse, 1/sy)
}

// apply sets direction to minus the inverse Hessian times grad.
func (h *history) apply(grad, direction []float64) {
	for i, v := range grad {
		direction[i] = -v
	}
	var rho [memory]float64
	for k := len(h.steps) - 1; k >= 0; k-- {
		rho[k] = h.inverse[k] * product(h.steps[k], direction)
		axpy(-rho[k], h.changes[k], direction)
	}
	if last := len(h.steps) - 1; last >= 0 {
		scale := 1 / (h.inverse[last] * product(h.changes[last], h.changes[last]))
		for i := range direction {
			direction[i] *= scale
		}
	}
	for k := range h.steps {
		axpy(rho[k]-float64(h.inverse[k]*product(h.changes[k], direction)), h.steps[k], direction)
	}
}

// product is the inner product, summed in four lanes.
func product(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	for len(a) >= 4 && len(b) >= 4 {
		s0 += float64(a[0] * b[0])
		s1 += float64(a[1] * b[1])
		s2 += float64(a[2] * b[2])
		s3 += float64(a[3] * b[3])
		a, b = a[4:], b[4:]
	}
	for i, v := range a {
		s0 += float64(v * b[i])
	}
	return (s0 + s1) + (s2 + s3)
}
