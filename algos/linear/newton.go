package linear

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

const (
	// settled is the relative decrease of the objective by which Newton's method
	// knows that it has arrived: the next step would gain about its square.
	settled = 1e-7
	// passing is that of the points on the way along a path.
	passing = 1e-4
	// pathRatio is the largest ratio of a penalty to the one before it on a path,
	// pathPoints their number.
	pathRatio  = 0.5
	pathPoints = 20
	// leastSmooth is where the rounding of quantile losses ends, in deviations of
	// the target.
	leastSmooth = 1e-3
)

// byNewton says whether a problem with one sum a row is solved by Newton's
// method: its matrix must not be large for the rows. Where the curvature is
// constant it is needed but once.
func byNewton(rows, columns int, filled float64, width int, constant bool) bool {
	n, p := float64(rows), float64(columns)
	switch {
	case width > 1 || columns > gramColumns || n*filled*filled > gramWork:
		return false
	case constant:
		return true
	}
	return filled <= gramFilled && p*p*p <= max(1e6, 100*n*filled)
}

// newton minimises the objective of a fit with one sum a row: each step minimises
// its quadratic model, in closed form or, with an absolute penalty, by coordinate
// descent. With such a penalty it follows the solution from the penalty that
// makes all weights zero down to alpha.
type newton struct {
	f       *fit
	loss    lossRows
	l1, l2  float64
	value   float64
	z, d, h []float64 // sums, derivatives, curvatures by row
	along   []float64 // sums of the step
	trialZ  []float64
	trialD  []float64
	trialH  []float64
	grad    []float64 // of the smooth part, the intercept last
	delta   []float64
	gram    *gram // of the last curvatures
}

func newNewton(f *fit) *newton {
	s := &newton{f: f, loss: f.lossRows()}
	for _, v := range []*[]float64{&s.z, &s.d, &s.h, &s.along, &s.trialZ, &s.trialD, &s.trialH} {
		*v = make([]float64, len(f.y))
	}
	s.grad, s.delta = make([]float64, len(f.params)), make([]float64, len(f.params))
	f.design.byCol = f.design.byRow.transpose(f.design.columns)
	f.design.forward(f.params, 1, s.z)
	return s
}

// run solves along the path. It fills in f.params.
func (s *newton) run() (steps int, truncated bool) {
	f := s.f
	path := s.path()
	best := keeper{f: f}
	for i, alpha := range path {
		tolerance := passing
		if i == len(path)-1 {
			tolerance = settled
		}
		s.penalise(alpha)
		for more := true; more; {
			var done bool
			if more, done = s.step(tolerance); done {
				steps++
			}
			if f.ctx.Err() != nil || steps == f.limit {
				if steps > 0 {
					best.see(steps)
				}
				return best.end(), steps < f.limit
			}
		}
		if !best.see(steps) {
			break
		}
	}
	return best.end(), false
}

// path are the strengths of the penalty to go through.
func (s *newton) path() []float64 {
	f := s.f
	if f.l1 == 0 {
		return []float64{f.alpha}
	}
	s.penalise(f.alpha)
	s.gradient()
	top := 0.0
	for _, g := range s.grad[:len(s.grad)-1] {
		top = max(top, math.Abs(g)/f.l1)
	}
	points := 1
	if top > f.alpha {
		points = min(pathPoints, 1+int(math.Ceil(math.Log(f.alpha/top)/math.Log(pathRatio))))
	}
	path := make([]float64, points)
	for i := range path {
		path[i] = f.alpha * math.Pow(top/f.alpha, float64(points-1-i)/float64(points))
	}
	path[points-1] = f.alpha
	return path
}

// penalise sets the strength of the penalty, and with it the objective.
func (s *newton) penalise(alpha float64) {
	f := s.f
	s.l1, s.l2 = alpha*f.l1, alpha*(1-f.l1)
	s.value = s.losses(s.z, s.d, s.h) + s.penalty(f.params, nil)
}

func (s *newton) losses(z, d, h []float64) float64 {
	return s.f.sum(func(lo, hi int) float64 { return s.loss(lo, hi, z, d, h) })
}

// penalty of b, or of b + delta.
func (s *newton) penalty(b, delta []float64) float64 {
	square, absolute := 0.0, 0.0
	for j, v := range b[:len(b)-1] {
		if delta != nil {
			v += delta[j]
		}
		square += float64(v * v)
		absolute += math.Abs(v)
	}
	return float64(s.l2*square)/2 + float64(s.l1*absolute)
}

func (s *newton) gradient() {
	f, p := s.f, len(s.grad)-1
	f.design.backward(s.d, 1, s.grad)
	axpy(s.l2, f.params[:p], s.grad[:p])
}

// step does one iteration and reports whether there is more to gain than a
// relative tolerance. It is not done, and changes nothing, when the context ends.
func (s *newton) step(tolerance float64) (more, done bool) {
	f := s.f
	if f.loss == lossQuantile && f.smooth > leastSmooth {
		f.smooth = max(leastSmooth, f.smooth*0.6)
		s.value = s.losses(s.z, s.d, s.h) + s.penalty(f.params, nil)
		tolerance = 0 // not yet the loss that is asked for: go on in any case
	}
	s.gradient()
	if s.gram == nil || f.loss != lossSquared {
		g := f.products(s.h)
		if g == nil {
			return false, false
		}
		s.gram = g
	}
	if !s.solve() {
		return false, true
	}
	slope := product(s.grad, s.delta) + s.l1Change(1)
	if !(slope < 0) || -slope <= 1e-13*math.Abs(s.value) {
		return tolerance == 0, true
	}
	f.design.forward(s.delta, 1, s.along)
	gained := s.search(slope)
	if f.loss == lossSquared && s.l1 == 0 { // the model is the objective
		return false, true
	}
	return tolerance == 0 || gained > tolerance*math.Abs(s.value), true
}

// solve finds the step that minimises the quadratic model.
func (s *newton) solve() bool {
	g, p := s.gram, s.gram.p
	grad := make([]float64, p)
	slope := s.grad[p] // of the intercept
	for j := range grad {
		grad[j] = s.grad[j] - float64(slope*g.means[j])
	}
	switch {
	case s.l1 > 0:
		g.descend(grad, s.f.params, s.l1, s.l2, 1e-10*math.Abs(s.value), s.delta)
	case p > 0 && !g.newtonStep(grad, s.l2, s.delta):
		return false
	}
	s.delta[p] = 0
	if g.total > 0 {
		s.delta[p] = -slope/g.total - product(g.means, s.delta[:p])
	}
	return true
}

// newtonStep sets delta to -(G + l2·I)⁻¹·grad and reports whether it could.
func (g *gram) newtonStep(grad []float64, l2 float64, delta []float64) bool {
	m := mat.NewSymDense(g.p, append([]float64(nil), g.sums...))
	for j := range g.p {
		m.SetSym(j, j, m.At(j, j)+l2)
	}
	var c mat.Cholesky
	var x mat.VecDense
	if !c.Factorize(m) || c.SolveVecTo(&x, mat.NewVecDense(g.p, grad)) != nil {
		return false
	}
	for j := range g.p {
		delta[j] = -x.AtVec(j)
		if math.IsNaN(delta[j]) || math.IsInf(delta[j], 0) {
			return false
		}
	}
	return true
}

// l1Change is the change of the absolute penalty by a part t of the step.
func (s *newton) l1Change(t float64) float64 {
	if s.l1 == 0 {
		return 0
	}
	change := 0.0
	for j, b := range s.f.params[:s.gram.p] {
		change += math.Abs(b+float64(t*s.delta[j])) - math.Abs(b)
	}
	return float64(s.l1 * change)
}

// search takes the largest of the steps 1, 1/2, 1/4 … that lowers the objective
// as it should, and returns by how much; 0 if rounding hides what is left to gain.
func (s *newton) search(slope float64) float64 {
	f := s.f
	scaled := make([]float64, len(s.delta))
	for t := 1.0; t > 1e-9; t /= 2 {
		for i, v := range s.z {
			s.trialZ[i] = v + float64(t*s.along[i])
		}
		for j, v := range s.delta {
			scaled[j] = t * v
		}
		value := s.losses(s.trialZ, s.trialD, s.trialH) + s.penalty(f.params, scaled)
		if !(value <= s.value+float64(1e-4*t*slope) && value < s.value) {
			continue
		}
		axpy(1, scaled, f.params)
		s.z, s.trialZ = s.trialZ, s.z
		s.d, s.trialD = s.trialD, s.d
		s.h, s.trialH = s.trialH, s.h
		gained := s.value - value
		s.value = value
		return gained
	}
	return 0
}

// keeper holds the parameters of the point of a path that validates best, or of
// the last one if there is nothing to validate on.
type keeper struct {
	f      *fit
	params []float64
	loss   float64
	steps  int
}

// see looks at the fit's parameters and returns whether to go on.
func (k *keeper) see(steps int) bool {
	loss, known := k.f.validate()
	if !known || k.steps == 0 || loss < k.loss {
		k.params = append(k.params[:0], k.f.params...)
		k.loss, k.steps = loss, steps
	}
	return !known || k.f.request.Report == nil || k.f.request.Report(steps, loss)
}

// end gives the fit the parameters that were kept and returns their steps.
func (k *keeper) end() int {
	copy(k.f.params, k.params)
	return k.steps
}
