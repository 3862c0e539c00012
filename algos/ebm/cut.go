package ebm

import (
	"cmp"
	"slices"
)

const (
	maxLeaves = 4
	// ridge is added to second derivatives, so that a leaf of few certain rows
	// does not go far.
	ridge = 0.1
	// levelRidge is the same for the order in which levels of a category come.
	levelRidge = 2.5
)

// cutter finds the leaves of a step. It holds scratch memory.
type cutter struct {
	order []int32   // bins, or cells of the first and the second axis, to cut in this order
	other []int32   // of the second axis
	sums  []float64 // of the first bins of the order: derivatives and rows
	keys  []float64
	// While random, cuts of single features are drawn, from the stream draw.
	random bool
	draw   uint64
}

// cut finds the leaves of a term and writes what they add to the scores of each
// cell to shift, which is zero. It reports whether there are any. cells has the
// first and the second derivatives of each cell, counts its rows.
func (c *cutter) cut(f *fit, t *term, cells []float64, counts []int32, shift []float32) bool {
	if t.second != nil {
		return c.cutPair(f, t, cells, counts, shift)
	}
	c.order = c.order[:0]
	if t.first.Levels > 0 {
		c.orderLevels(t.cells, f.width, cells, counts)
	} else {
		for b := range t.cells - 1 {
			if counts[b] > 0 {
				c.order = append(c.order, int32(b))
			}
		}
		// Missing values are a leaf of their own.
		if missing := t.cells - 1; int(counts[missing]) >= f.least {
			size := 2 * f.width
			leaf(cells[missing*size:(missing+1)*size], f.rate, shift[missing*f.width:(missing+1)*f.width])
		}
	}
	c.accumulate(f.width, cells, counts)
	return c.split(f, shift)
}

// orderLevels sorts the levels that have rows by the step each would take, of
// many classes for the class that is furthest off.
func (c *cutter) orderLevels(bins, width int, cells []float64, counts []int32) {
	class, worst := 0, -1.0
	for k := range width {
		off := 0.0
		for b := range bins {
			g, h := cells[2*width*b+k], cells[2*width*b+width+k]
			off += float64(g*g) / (h + levelRidge)
		}
		if off > worst {
			class, worst = k, off
		}
	}
	c.keys = slices.Grow(c.keys[:0], bins)[:bins]
	for b := range bins {
		if counts[b] > 0 {
			c.order = append(c.order, int32(b))
		}
		c.keys[b] = cells[2*width*b+class] / (cells[2*width*b+width+class] + levelRidge)
	}
	slices.SortFunc(c.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(c.keys[a], c.keys[b]), cmp.Compare(a, b))
	})
}

// accumulate makes the sums: those of the first i bins of the order stand at
// i·(2·width+1), the number of rows last.
func (c *cutter) accumulate(width int, cells []float64, counts []int32) {
	size := 2*width + 1
	c.sums = slices.Grow(c.sums[:0], (len(c.order)+1)*size)[:(len(c.order)+1)*size]
	clear(c.sums[:size])
	for i, b := range c.order {
		from, to := c.sums[i*size:(i+1)*size], c.sums[(i+1)*size:(i+2)*size]
		for k, v := range cells[int(b)*(size-1) : (int(b)+1)*(size-1)] {
			to[k] = from[k] + v
		}
		to[size-1] = from[size-1] + float64(counts[b])
	}
}

// segment is a run of the order; at is where it is best cut, 0 if nowhere.
type segment struct {
	lo, hi, at int
	gain       float64
}

// split cuts the order, the best cut first, until there are the leaves asked for.
func (c *cutter) split(f *fit, shift []float32) bool {
	parts := append(make([]segment, 0, maxLeaves), c.best(f, segment{hi: len(c.order)}))
	for len(parts) < f.leaves {
		next := 0
		for i := range parts {
			if parts[i].gain > parts[next].gain {
				next = i
			}
		}
		p := parts[next]
		if p.at == 0 {
			break
		}
		parts[next] = c.best(f, segment{lo: p.lo, hi: p.at})
		parts = append(parts, c.best(f, segment{lo: p.at, hi: p.hi}))
	}
	if len(parts) == 1 {
		return slices.ContainsFunc(shift, func(v float32) bool { return v != 0 })
	}
	var few [16]float64
	sum, step := slices.Grow(few[:0], 2*f.width)[:2*f.width], make([]float32, f.width)
	size := 2*f.width + 1
	for _, p := range parts {
		for k := range sum {
			sum[k] = c.sums[p.hi*size+k] - c.sums[p.lo*size+k]
		}
		leaf(sum, f.rate, step)
		for _, b := range c.order[p.lo:p.hi] {
			copy(shift[int(b)*f.width:], step)
		}
	}
	return true
}

// best finds where to cut a segment.
func (c *cutter) best(f *fit, s segment) segment {
	size, n := 2*f.width+1, 2*f.width
	lo, hi := c.sums[s.lo*size:(s.lo+1)*size], c.sums[s.hi*size:(s.hi+1)*size]
	least := float64(f.least)
	whole := between(lo, hi, f.width)
	from, to := s.lo+1, s.hi
	if c.random && to > from {
		c.draw = mix(c.draw)
		from += int((c.draw >> 32) * uint64(to-from) >> 32)
		to = from + 1
	}
	for i := from; i < to; i++ {
		mid := c.sums[i*size : (i+1)*size]
		if mid[n]-lo[n] < least || hi[n]-mid[n] < least {
			continue
		}
		if gain := between(lo, mid, f.width) + between(mid, hi, f.width) - whole; gain > s.gain {
			s.gain, s.at = gain, i
		}
	}
	return s
}

// between is what a leaf takes off the loss, twice, whose sums are b - a.
func between(a, b []float64, width int) float64 {
	if width == 1 {
		g, h := b[0]-a[0], b[1]-a[1]
		return float64(g*g) / (h + ridge)
	}
	sum := 0.0
	for k := range width {
		g, h := b[k]-a[k], b[width+k]-a[width+k]
		sum += float64(g*g) / (h + ridge)
	}
	return sum
}

// leaf writes what a leaf with the given sums adds to the scores.
func leaf(sums []float64, rate float64, out []float32) {
	for k := range out {
		out[k] = float32(-rate * max(-maxShift, min(maxShift, sums[k]/(sums[len(out)+k]+ridge))))
	}
}
