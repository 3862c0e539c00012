package search

import (
	"cmp"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
)

// What TPE does, in the terms and with the values of Optuna 5.0.
const (
	tpeStartup    = 10   // observations with a loss before it begins
	tpeCandidates = 24   // draws of which the best is proposed
	tpeGood       = 0.1  // share of the observations that count as good
	tpeGoodMost   = 25   // number of these at most
	tpeFlat       = 25   // the newest observations have full weight; older ones less and less
	tpeSharp      = 100  // a kernel's width is at least the range divided by this
	tpeRest       = 400  // the newest of the others that are looked at: older ones weigh little
	tpeCell       = 0.02 // integers whose stretch of the range is wider are not taken for real numbers
)

// TPE is the tree-structured Parzen estimator (Bergstra, Bardenet, Bengio, Kégl,
// Algorithms for Hyper-Parameter Optimization, 2011): it models the density of
// good configurations and of the others, and proposes what the former has more
// of. The model is multivariate: a kernel stands for an observation, with all its
// dimensions (Falkner, Klein, Hutter, BOHB, 2018). A dimension that an observation
// does not have is uniform in its kernel, so that conditional dimensions take part
// in the choice their condition is on. Running trials count as bad, which keeps
// new ones away from them (a constant liar).
func TPE() Sampler { return tpe{} }

type tpe struct{}

func (tpe) Propose(t *Task) iter.Seq2[Params, string] {
	done, failed, open := t.told()
	if len(done) < tpeStartup {
		return QuasiRandom().Propose(t)
	}
	n := min(int(math.Ceil(tpeGood*float64(len(done)))), tpeGoodMost)
	rest := slices.Concat(done[n:], failed, newest(open, tpeRest/2))
	byNumber := func(a, b *Observation) int { return cmp.Compare(a.Number, b.Number) }
	slices.SortFunc(done[:n], byNumber)
	slices.SortFunc(rest, byNumber)
	good, bad := newParzen(t.Space, done[:n]), newParzen(t.Space, newest(rest, tpeRest))
	return func(yield func(Params, string) bool) {
		for r := t.rand(2); ; {
			var best Params
			most := math.Inf(-1)
			for range tpeCandidates {
				p := good.sample(r)
				x := t.Space.places(p)
				if v := good.logDensity(x) - bad.logDensity(x); best == nil || v > most {
					best, most = p, v
				}
			}
			if !yield(best, "tpe") {
				return
			}
		}
	}
}

// parzen is a density over a space: a mixture of a kernel around each of some
// points and one, the prior, that is nearly flat.
type parzen struct {
	space   Space
	centres [][]float64 // places of the points; nil for the prior, which is the last
	widths  [][]float64 // of the kernels, by dimension, in units of the range
	logs    [][]float64 // logarithm of what a kernel has within [0, 1], times its width
	weights []float64   // sum to 1
	hit     []float64   // probability of a kernel's own choice, by dimension
}

func newParzen(s Space, points []*Observation) *parzen {
	n := len(points)
	m := &parzen{space: s, weights: tpeWeights(n), hit: make([]float64, len(s))}
	for _, o := range points {
		m.centres = append(m.centres, s.places(o.Params))
	}
	m.centres = append(m.centres, nil)
	for range m.centres {
		m.widths = append(m.widths, make([]float64, len(s)))
		m.logs = append(m.logs, make([]float64, len(s)))
	}
	for i := range s {
		if c := len(s[i].Choices); c > 0 {
			prior := 1 / float64(n+1)
			m.hit[i] = (1 + prior) / (1 + float64(prior*float64(c)))
			continue
		}
		m.spread(i)
		for k := range m.centres {
			mu, width := m.kernel(k, i)
			m.logs[k][i] = math.Log(width * (normal((1-mu)/width) - normal(-mu/width)))
		}
	}
	return m
}

// tpeWeights are those of n observations in the order of their numbers, and the prior's.
func tpeWeights(n int) []float64 {
	out := make([]float64, n+1)
	total := 0.0
	for i := range out {
		out[i] = 1
		if old := n - tpeFlat; i < old {
			out[i] = 1/float64(n) + float64((1-1/float64(n))*float64(i)/float64(max(1, old-1)))
		}
		total += out[i]
	}
	for i := range out {
		out[i] /= total
	}
	return out
}

// spread sets the widths in dimension i: how far the neighbour is on the side
// where it is further, within limits. The ends of the range count as neighbours
// for a single point alone.
func (m *parzen) spread(i int) {
	var order []int
	for k := range m.centres {
		if m.own(k, i) {
			order = append(order, k)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(m.centres[a][i], m.centres[b][i]) })
	least := 1 / float64(min(tpeSharp, len(order)+2))
	for j, k := range order {
		at := m.centres[k][i]
		below, above := at, 1-at
		if j > 0 {
			below = at - m.centres[order[j-1]][i]
		} else if len(order) > 1 {
			below = 0
		}
		if j < len(order)-1 {
			above = m.centres[order[j+1]][i] - at
		} else if len(order) > 1 {
			above = 0
		}
		m.widths[k][i] = min(max(below, above, least), 1)
	}
}

// kernel is the centre and the width of kernel k in dimension i; the width is 1,
// and the centre in the middle, where the point has no value.
func (m *parzen) kernel(k, i int) (mu, width float64) {
	if m.own(k, i) {
		return m.centres[k][i], m.widths[k][i]
	}
	return 0.5, 1
}

// own reports whether kernel k has a centre in dimension i.
func (m *parzen) own(k, i int) bool { return m.centres[k] != nil && !math.IsNaN(m.centres[k][i]) }

func (m *parzen) sample(r *rand.Rand) Params {
	k := pick(m.weights, r)
	return m.space.configure(func(i int) float64 {
		mu, width := m.kernel(k, i)
		if c := len(m.space[i].Choices); c > 0 {
			miss := 0.0
			if c > 1 {
				miss = float64(c) * (1 - m.hit[i]) / float64(c-1)
			}
			if m.own(k, i) && r.Float64() >= miss {
				return mu
			}
			return float64(r.IntN(c)) // itself among them
		}
		for range 100 {
			if u := mu + float64(width*r.NormFloat64()); u >= 0 && u <= 1 {
				return u
			}
		}
		return mu
	})
}

// logDensity is the logarithm of the density at places x.
func (m *parzen) logDensity(x []float64) float64 {
	lo, hi := make([]float64, len(x)), make([]float64, len(x))
	for i := range x {
		if lo[i], hi[i] = x[i], x[i]; len(m.space[i].Choices) == 0 && !math.IsNaN(x[i]) {
			lo[i], hi[i] = m.space[i].cell(x[i])
		}
	}
	logs := make([]float64, len(m.centres))
	for k := range m.centres {
		sum := math.Log(m.weights[k])
		for i, u := range x {
			if !math.IsNaN(u) {
				sum += m.logKernel(k, i, u, lo[i], hi[i])
			}
		}
		logs[k] = sum
	}
	top := slices.Max(logs)
	sum := 0.0
	for _, v := range logs {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

// logKernel is the logarithm of kernel k in dimension i at place u, whose cell is
// from lo to hi.
func (m *parzen) logKernel(k, i int, u, lo, hi float64) float64 {
	mu, width := m.kernel(k, i)
	if c := len(m.space[i].Choices); c > 0 {
		switch {
		case !m.own(k, i):
			return -math.Log(float64(c))
		case u == mu:
			return math.Log(m.hit[i])
		}
		return math.Log((1 - m.hit[i]) / float64(c-1))
	}
	if hi-lo > tpeCell {
		p := (normal((hi-mu)/width) - normal((lo-mu)/width)) / (hi - lo)
		return math.Log(max(p*width, 1e-300)) - m.logs[k][i]
	}
	z := (u - mu) / width
	return -float64(0.5*z*z) - logRootTwoPi - m.logs[k][i]
}

const logRootTwoPi = 0.9189385332046727

// normal is the distribution function of the standard normal distribution.
func normal(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }
