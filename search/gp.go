package search

import (
	"cmp"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
)

// What the Gaussian process sampler does.
const (
	gpStartup  = 4    // observations with a loss before it begins
	gpBest     = 40   // best observations the model is made of
	gpNewest   = 20   // and the newest others, and the newest that failed
	gpOpen     = 30   // running trials the model knows of
	gpBad      = 2.0  // losses are cut at the median and this many times its distance from the best
	gpUniform  = 150  // candidates all over the space
	gpTop      = 5    // best configurations that candidates are near to
	gpNear     = 24   // candidates near each
	gpPolish   = 3    // times that candidates near the best candidate are tried
	gpLeastVar = 1e-6 // least variance of the noise, in units of the signal's
)

// GP models the losses by a Gaussian process (Matérn 5/2 kernel, a length scale
// for each dimension) and proposes the largest expected improvement: Snoek,
// Larochelle, Adams, Practical Bayesian Optimization of Machine Learning
// Algorithms, 2012. Two choices are 1 apart, and so are a value and its absence.
// Length scales and noise are the most probable ones under wide log-normal
// priors. Running trials are taken to end as expected (kriging believer:
// Ginsbourger, Le Riche, Carraro, 2010). It is for few trials: the model is of no
// more than the best and the newest observations.
func GP() Sampler { return gp{} }

type gp struct{}

func (gp) Propose(t *Task) iter.Seq2[Params, string] {
	done, failed, open := t.told()
	if len(done) < gpStartup {
		return QuasiRandom().Propose(t)
	}
	m := newProcess(t.Space, done, failed)
	m.believe(newest(open, gpOpen))
	return func(yield func(Params, string) bool) {
		for r := t.rand(3); ; {
			for _, c := range m.candidates(done, r) {
				if !yield(c.p, "gp") {
					return
				}
			}
		}
	}
}

// process is a Gaussian process given points and values.
type process struct {
	space  Space
	points [][]float64
	y      []float64 // standardised: the best is negative, the mean is 0
	best   float64   // the least expected value at the points: what was seen may have been luck
	scales []float64 // length scales, and the variance of the noise
	chol   []float64 // lower triangle, row by row
	alpha  []float64 // K⁻¹y
}

func newProcess(s Space, done, failed []*Observation) *process {
	m := &process{space: s}
	kept := slices.Clone(done[:min(gpBest, len(done))])
	others := slices.Clone(done[len(kept):])
	slices.SortFunc(others, func(a, b *Observation) int { return cmp.Compare(a.Number, b.Number) })
	kept = append(kept, newest(others, gpNewest)...)
	median := done[len(done)/2].Loss
	most := median + float64(gpBad*(median-done[0].Loss))
	for _, o := range kept {
		m.add(s.places(o.Params), min(o.Loss, most))
	}
	for _, o := range newest(failed, gpNewest) {
		m.add(s.places(o.Params), most)
	}
	m.standardise()
	m.fit()
	return m
}

func (m *process) add(x []float64, y float64) {
	m.points = append(m.points, x)
	m.y = append(m.y, y)
}

func (m *process) standardise() {
	mean, square := 0.0, 0.0
	for _, v := range m.y {
		mean += v / float64(len(m.y))
	}
	for _, v := range m.y {
		square += float64((v - mean) * (v - mean) / float64(len(m.y)))
	}
	scale := math.Sqrt(square)
	for i := range m.y {
		if m.y[i] -= mean; scale > 0 {
			m.y[i] /= scale
		}
	}
}

// distance is the square of the distance of two places in dimension i.
func (m *process) distance(i int, a, b float64) float64 {
	switch {
	case a == b || math.IsNaN(a) && math.IsNaN(b):
		return 0
	case len(m.space[i].Choices) > 0 || math.IsNaN(a) || math.IsNaN(b):
		return 1
	}
	return (a - b) * (a - b)
}

// kernel is the Matérn 5/2 covariance at a squared scaled distance.
func kernel(d2 float64) float64 {
	d := math.Sqrt(5 * d2)
	return (1 + d + float64(d*d/3)) * math.Exp(-d)
}

func (m *process) covariance(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += m.distance(i, a[i], b[i]) / (m.scales[i] * m.scales[i])
	}
	return kernel(sum)
}

// fit finds the scales: a search along coordinates whose steps become smaller.
func (m *process) fit() {
	d := len(m.space)
	logs := make([]float64, d+1)
	middle := math.Log(0.5) + float64(0.5*math.Log(float64(max(1, d))))
	for i := range d {
		logs[i] = middle
	}
	logs[d] = math.Log(1e-2)
	distances := m.distances()
	value := func() float64 {
		v := m.evidence(distances, logs)
		for i := range d {
			z := logs[i] - middle
			v += float64(0.5 * z * z)
		}
		z := (logs[d] - math.Log(1e-2)) / 2
		return v + float64(0.5*z*z)
	}
	least := value()
	for _, step := range []float64{1.2, 0.6, 0.3} {
		for i := range logs {
			for _, sign := range []float64{1, -1} {
				old := logs[i]
				logs[i] += sign * step
				if v := value(); v < least {
					least = v
					break
				}
				logs[i] = old
			}
		}
	}
	m.scale(logs)
	m.solve()
}

func (m *process) scale(logs []float64) {
	m.scales = make([]float64, len(logs))
	for i, v := range logs {
		m.scales[i] = math.Exp(v)
	}
	d := len(logs) - 1
	m.scales[d] = max(m.scales[d], gpLeastVar)
}

// distances are those of all pairs of points, by dimension.
func (m *process) distances() [][]float64 {
	out := make([][]float64, len(m.space))
	for i := range out {
		for a := range m.points {
			for b := range a {
				out[i] = append(out[i], m.distance(i, m.points[a][i], m.points[b][i]))
			}
		}
	}
	return out
}

// evidence is the negative logarithm of the marginal likelihood at the most
// likely variance of the signal, less constants.
func (m *process) evidence(distances [][]float64, logs []float64) float64 {
	m.scale(logs)
	n, d := len(m.points), len(m.space)
	sums := make([]float64, n*(n-1)/2)
	for i := range d {
		w := 1 / (m.scales[i] * m.scales[i])
		for j, v := range distances[i] {
			sums[j] += float64(v * w)
		}
	}
	k := make([]float64, n*(n+1)/2)
	at, pair := 0, 0
	for a := range n {
		for range a {
			k[at] = kernel(sums[pair])
			at++
			pair++
		}
		k[at] = 1 + m.scales[d]
		at++
	}
	if !cholesky(k, n) {
		return math.Inf(1)
	}
	z := slices.Clone(m.y)
	forward(k, z)
	square, logdet := 0.0, 0.0
	for i := range n {
		square += float64(z[i] * z[i])
		logdet += math.Log(k[i*(i+1)/2+i])
	}
	return float64(0.5*float64(n)*math.Log(max(square/float64(n), 1e-12))) + logdet
}

// solve prepares predictions; noise is added until the matrix is definite.
func (m *process) solve() {
	n, d := len(m.points), len(m.space)
	for {
		m.chol = make([]float64, 0, n*(n+1)/2)
		for a := range n {
			for b := range a {
				m.chol = append(m.chol, m.covariance(m.points[a], m.points[b]))
			}
			m.chol = append(m.chol, 1+m.scales[d])
		}
		if cholesky(m.chol, n) {
			break
		}
		m.scales[d] *= 10
	}
	m.alpha = slices.Clone(m.y)
	forward(m.chol, m.alpha)
	backward(m.chol, m.alpha)
	m.best = math.Inf(1)
	for i, y := range m.y { // Ky⁻¹ times the noise is what the noise is taken to have added
		m.best = min(m.best, y-float64(m.scales[d]*m.alpha[i]))
	}
}

// believe adds trials that still run, as if they ended as expected.
func (m *process) believe(open []*Observation) {
	if len(open) == 0 {
		return
	}
	for _, o := range open {
		x := m.space.places(o.Params)
		mean := 0.0
		for i := range m.alpha {
			mean += float64(m.covariance(x, m.points[i]) * m.alpha[i])
		}
		m.add(x, mean)
	}
	m.solve()
}

// improvement is the expected improvement at x on the best of the values.
func (m *process) improvement(x []float64) float64 {
	k := make([]float64, len(m.points))
	mean, square := 0.0, 0.0
	for i := range k {
		k[i] = m.covariance(x, m.points[i])
		mean += float64(k[i] * m.alpha[i])
	}
	forward(m.chol, k)
	for _, v := range k {
		square += float64(v * v)
	}
	sigma := math.Sqrt(max(1-square, 1e-12))
	z := (m.best - mean) / sigma
	return sigma * (float64(z*normal(z)) + math.Exp(-0.5*z*z-logRootTwoPi))
}

type candidate struct {
	p     Params
	value float64
}

// candidates are configurations all over the space and near the best ones, the
// largest expected improvement first.
func (m *process) candidates(done []*Observation, r *rand.Rand) []candidate {
	var out []candidate
	try := func(p Params) {
		out = append(out, candidate{p, m.improvement(m.space.places(p))})
	}
	for range gpUniform {
		try(m.space.Sample(r))
	}
	for _, o := range done[:min(gpTop, len(done))] {
		for i := range gpNear {
			try(m.space.Near(o.Params, []float64{0.3, 0.1, 0.03}[i%3], r))
		}
	}
	order := func(a, b candidate) int { return cmp.Compare(b.value, a.value) }
	slices.SortStableFunc(out, order)
	for i := range gpPolish {
		top := out[0].p
		for range gpNear {
			try(m.space.Near(top, 0.1/float64(int(1)<<(2*i)), r))
		}
		slices.SortStableFunc(out, order)
	}
	return out
}

// cholesky replaces the lower triangle of a symmetric matrix, row by row, by its
// factor; false if it is not positive definite.
func cholesky(a []float64, n int) bool {
	for i := range n {
		row := a[i*(i+1)/2:]
		for j := range i + 1 {
			other := a[j*(j+1)/2:]
			sum := row[j]
			for k := range j {
				sum -= float64(row[k] * other[k])
			}
			if i > j {
				row[j] = sum / other[j]
				continue
			}
			if !(sum > 0) {
				return false
			}
			row[j] = math.Sqrt(sum)
		}
	}
	return true
}

// forward solves Lx = b in place, backward Lᵀx = b.
func forward(l, b []float64) {
	for i := range b {
		row := l[i*(i+1)/2:]
		sum := b[i]
		for k := range i {
			sum -= float64(row[k] * b[k])
		}
		b[i] = sum / row[i]
	}
}

func backward(l, b []float64) {
	for i := len(b) - 1; i >= 0; i-- {
		row := l[i*(i+1)/2:]
		b[i] /= row[i]
		for k := range i {
			b[k] -= float64(row[k] * b[i])
		}
	}
}
