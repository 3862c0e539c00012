package ebm

import "slices"

// grid has the sums of the rectangles of a pair's cells that begin at the first
// cell: those of the first i bins of one axis and the first j of the other stand
// at i·row+j·size. Turned, the axes change places.
type grid struct {
	sums      []float64
	width     int
	size      int // numbers of a rectangle: derivatives and rows
	rows      int // bins of the first axis
	cols      int
	row, col  int // distances of neighbours
	least     float64
	left, all []float64 // scratch: sums of a part
}

func (g *grid) at(i, j int) []float64 { return g.sums[i*g.row+j*g.col:][:g.size] }

func (g grid) turned() grid {
	g.rows, g.cols, g.row, g.col = g.cols, g.rows, g.col, g.row
	return g
}

// cross is a way to cut a pair: the first axis at at, what is below it at below
// on the second, what is above at above (0 for not at all).
type cross struct {
	at, below, above int
	turned           bool
	gain             float64
}

// findCross finds the best way to cut a pair, and the grid it is a cut of.
func (c *cutter) findCross(f *fit, t *term, cells []float64, counts []int32) (grid, cross) {
	c.order = orderAxis(t, 0, f.width, cells, c.order)
	c.other = orderAxis(t, 1, f.width, cells, c.other)
	g := c.grid(f, t, cells, counts)
	turned := g.turned()
	best := turned.best(g.best(cross{}))
	if best.turned {
		return turned, best
	}
	return g, best
}

// cutPair finds up to four leaves: a cut of one axis, then one of the other on
// each side.
func (c *cutter) cutPair(f *fit, t *term, cells []float64, counts []int32, shift []float32) bool {
	g, best := c.findCross(f, t, cells, counts)
	if best.at == 0 {
		return false
	}
	step := make([]float32, f.width)
	for _, r := range best.leaves(g.rows, g.cols) {
		g.part(r)
		if !(g.left[g.size-1] > 0) {
			continue
		}
		leaf(g.left[:g.size-1], f.rate, step)
		for i := r.lo; i < r.hi; i++ {
			for j := r.from; j < r.to; j++ {
				a, b := i, j
				if best.turned {
					a, b = j, i
				}
				cell := int(c.order[a])*t.second.bins + int(c.other[b])
				copy(shift[cell*f.width:], step)
			}
		}
	}
	return true
}

// rect is bins lo to hi-1 of the first axis and from to to-1 of the second.
type rect struct{ lo, hi, from, to int }

func (x cross) leaves(rows, cols int) []rect {
	var out []rect
	add := func(lo, hi, cut int) {
		if cut > 0 {
			out = append(out, rect{lo, hi, 0, cut})
		}
		out = append(out, rect{lo, hi, cut, cols})
	}
	add(0, x.at, x.below)
	add(x.at, rows, x.above)
	return out
}

// part sums up a rectangle into g.left.
func (g *grid) part(r rect) {
	a, b, c, d := g.at(r.lo, r.from), g.at(r.lo, r.to), g.at(r.hi, r.from), g.at(r.hi, r.to)
	for k := range g.left {
		g.left[k] = d[k] - b[k] - (c[k] - a[k])
	}
}

// orderAxis is the order in which the bins of an axis are cut: numbers as they
// are, missing values last; levels by the step each would take.
func orderAxis(t *term, which, width int, cells []float64, order []int32) []int32 {
	axis := t.first
	if which == 1 {
		axis = t.second
	}
	order = order[:0]
	for b := range axis.bins {
		order = append(order, int32(b))
	}
	if axis.Levels == 0 {
		return order
	}
	key := make([]float64, axis.bins)
	second := t.second.bins
	for b := range axis.bins {
		g, h := 0.0, levelRidge
		add := func(cell int) {
			g += cells[2*width*cell]
			h += cells[2*width*cell+width]
		}
		if which == 0 {
			for j := range second {
				add(b*second + j)
			}
		} else {
			for i := range t.first.bins {
				add(i*second + b)
			}
		}
		key[b] = g / h
	}
	slices.SortFunc(order, func(a, b int32) int {
		if key[a] != key[b] {
			if key[a] < key[b] {
				return -1
			}
			return 1
		}
		return int(a - b)
	})
	return order
}

// grid sums up the cells in the order of the axes.
func (c *cutter) grid(f *fit, t *term, cells []float64, counts []int32) grid {
	n, m, size := len(c.order), len(c.other), 2*f.width+1
	g := grid{width: f.width, size: size, rows: n, cols: m, row: (m + 1) * size, col: size, least: float64(f.least)}
	c.sums = slices.Grow(c.sums[:0], (n+1)*g.row)[:(n+1)*g.row]
	g.sums = c.sums
	c.keys = slices.Grow(c.keys[:0], 2*size)[:2*size]
	g.left, g.all = c.keys[:size:size], c.keys[size:]
	clear(g.sums[:g.row])
	run := g.left // of the row so far
	for i, a := range c.order {
		clear(run)
		clear(g.at(i+1, 0))
		for j, b := range c.other {
			cell := int(a)*t.second.bins + int(b)
			for k, v := range cells[cell*(size-1) : (cell+1)*(size-1)] {
				run[k] += v
			}
			run[size-1] += float64(counts[cell])
			above, to := g.at(i, j+1), g.at(i+1, j+1)
			for k, v := range run {
				to[k] = above[k] + v
			}
		}
	}
	return g
}

// best finds a better cut than known whose first axis is the grid's.
func (g *grid) best(known cross) cross {
	turned := g.row < g.col
	end := g.size - 1
	all := g.at(g.rows, g.cols)
	copy(g.all, all)
	whole := score(g.all[:end], g.width)
	for i := 1; i < g.rows; i++ {
		n := g.at(i, g.cols)[end]
		if n < g.least || all[end]-n < g.least {
			continue
		}
		x := cross{at: i, turned: turned}
		var low, high float64
		x.below, low = g.bestSide(0, i)
		x.above, high = g.bestSide(i, g.rows)
		if x.gain = low + high - whole; x.gain > known.gain {
			known = x
		}
	}
	return known
}

// bestSide finds where to cut the bins lo to hi-1 of the first axis on the
// second, and what that takes off the loss.
func (g *grid) bestSide(lo, hi int) (cut int, gain float64) {
	end := g.size - 1
	g.part(rect{lo, hi, 0, g.cols})
	copy(g.all, g.left)
	gain = score(g.all[:end], g.width)
	for j := 1; j < g.cols; j++ {
		a, b := g.at(lo, j), g.at(hi, j)
		if n := b[end] - a[end]; n < g.least || g.all[end]-n < g.least {
			continue
		}
		sum := 0.0
		for k := range g.width {
			first, second := b[k]-a[k], b[g.width+k]-a[g.width+k]
			restFirst, restSecond := g.all[k]-first, g.all[g.width+k]-second
			sum += float64(first*first)/(second+ridge) + float64(restFirst*restFirst)/(restSecond+ridge)
		}
		if sum > gain {
			cut, gain = j, sum
		}
	}
	return cut, gain
}

// score is what a leaf with the given sums takes off the loss, twice.
func score(sums []float64, width int) float64 {
	total := 0.0
	for k := range width {
		total += float64(sums[k]*sums[k]) / (sums[width+k] + ridge)
	}
	return total
}
