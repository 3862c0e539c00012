package ebm

import (
	"cmp"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
)

// maxCandidates bounds the pairs that are looked at.
const maxCandidates = 20_000

// candidate is a pair of features and what cutting it would take off the loss.
type candidate struct {
	i, j int
	gain float64
}

// choosePairs adds the terms of the pairs that would take off most of the loss
// that the bags leave (FAST; Lou et al. 2013), and begins with them. It reports
// whether there are any; if ctx ends meanwhile, there are none.
func (f *fit) choosePairs(out *algos.Fitted) bool {
	want := f.pairs(len(f.axes))
	if want == 0 {
		return false
	}
	most := gridBins(len(f.rows))
	f.coarse = make([]*axis, len(f.axes))
	algos.Each(len(f.axes), f.threads, func(i int) { f.coarse[i] = f.axes[i].coarsen(most) })
	list := f.candidates()
	residual := f.residual()
	algos.Each(len(list), f.threads, func(i int) {
		if f.ctx.Err() == nil {
			list[i].gain = residual.gain(f.pair(list[i].i, list[i].j))
		}
	})
	if f.ctx.Err() != nil {
		out.Truncated = true
		return false
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return cmp.Compare(b.gain, a.gain) })
	from := len(f.terms)
	for _, c := range list[:min(want, len(list))] {
		if c.gain > 0 {
			f.terms = append(f.terms, f.pair(c.i, c.j))
		}
	}
	if len(f.terms) == from {
		return false
	}
	algos.Each(len(f.terms)-from, f.threads, func(i int) { f.terms[from+i].weigh(f.w) })
	algos.Each(len(f.bags), f.threads, func(i int) { f.bags[i].start(from) })
	return true
}

// candidates are all pairs, or those of the features that matter most alone.
func (f *fit) candidates() []candidate {
	order := make([]int, len(f.axes))
	for i := range order {
		order[i] = i
	}
	if n := len(order); n*(n-1)/2 > maxCandidates {
		weight := make([]float64, n)
		for i := range weight {
			weight[i] = f.spread(i)
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weight[b], weight[a]) })
		for n*(n-1)/2 > maxCandidates {
			n--
		}
		order = order[:n]
		slices.Sort(order)
	}
	var list []candidate
	for a, i := range order {
		for _, j := range order[a+1:] {
			list = append(list, candidate{i: i, j: j})
		}
	}
	return list
}

// spread is the variance of what a term of one feature adds.
func (f *fit) spread(k int) float64 {
	sum := 0.0
	for _, b := range f.bags {
		for i, v := range b.kept[k] {
			sum += float64(float64(f.axes[k].count[i/f.width]) * float64(v*v))
		}
	}
	return sum
}

// residual is a bag that has all rows and the mean of the others' tables.
func (f *fit) residual() *bag {
	all := &bag{fit: f, weight: f.w}
	for k, t := range f.terms {
		mean := make([]float64, t.cells*f.width)
		for _, b := range f.bags {
			for i, v := range b.kept[k] {
				mean[i] += v / float64(len(f.bags))
			}
		}
		all.best = append(all.best, mean)
	}
	all.rescore(len(f.terms))
	all.refresh()
	return all
}

// gain is what the best cut of a pair takes off the loss.
func (b *bag) gain(t *term) float64 {
	cells := make([]float64, 2*b.width*t.cells)
	b.sum(t, cells)
	if b.width > 1 {
		b.lessHits(b.classWeights(t), cells)
	}
	var c cutter
	_, best := c.findCross(b.fit, t, cells, t.count(b.weight))
	return best.gain
}
