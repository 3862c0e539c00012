package gbdt

import "github.com/seed-09a2cce4/automl/data/matrix"

// wideShare: the histogram of a wide feature is kept for leaves of at least
// bins/wideShare rows; smaller leaves are counted on their own, so that they
// cost in proportion to their rows.
const wideShare = 4

func keepsWide(rows, bins int) bool { return wideShare*rows >= bins }

// wideCells is the number of cells of all wide features.
func wideCells(features []feature) int {
	n := 0
	for i := range features {
		if features[i].place.Kind == matrix.InWide {
			n += features[i].bins
		}
	}
	return n
}

// keep answers the cells of a wide feature in a histogram. Each feature has its
// own spare ones, so that features may be searched at the same time.
func (g *grower) keep(h *histogram, f *feature) []int64 {
	k := f.place.Index
	if h.wide[k] == nil {
		if n := len(g.spare[k]); n > 0 {
			h.wide[k], g.spare[k] = g.spare[k][n-1], g.spare[k][:n-1]
		} else {
			h.wide[k] = make([]int64, f.bins)
		}
	}
	return h.wide[k]
}

// drop gives the cells of a wide feature back.
func (g *grower) drop(h *histogram, f *feature) {
	g.dropColumn(h, f.place.Index)
}

func (g *grower) dropColumn(h *histogram, k int) {
	if h.wide[k] != nil {
		g.spare[k] = append(g.spare[k], h.wide[k])
		h.wide[k] = nil
	}
}

// dropAll gives the cells of all wide features in a slot back.
func (g *grower) dropAll(slot int) {
	if h := g.slots[slot]; h != nil {
		for k := range h.wide {
			g.dropColumn(h, k)
		}
	}
}

// countWide adds packed gradients to bins.
func countWide(col []uint16, gh, h []int64) {
	gh = gh[:len(col)]
	for i, b := range col {
		h[b] += gh[i]
	}
}

// countWideRows counts the rows idx; gh is in their order.
func countWideRows(col []uint16, idx []int32, gh, h []int64) {
	gh = gh[:len(idx)]
	for i, r := range idx {
		h[col[r]] += gh[i]
	}
}

// touch counts the rows idx, packed being of all rows, and lists their levels.
func (w *scanScratch) touch(col []uint16, idx []int32, packed []int64, bins int) {
	if len(w.counts) < bins {
		w.counts = make([]int64, matrix.MaxWide)
	}
	w.touched = w.touched[:0]
	for _, r := range idx {
		b := col[r]
		if w.counts[b] == 0 {
			w.touched = append(w.touched, b)
		}
		w.counts[b] += packed[r]
	}
}

// collectTouched is collect for what touch has counted.
func (w *scanScratch) collectTouched(s *leafScan, bins int) bool {
	w.levels = w.levels[:0]
	present := 0
	for k, b := range w.touched {
		if c := w.counts[b]; c != 0 {
			w.touched[present] = w.touched[k]
			present++
			w.add(s, int(b), c, bins-1)
		}
	}
	return present > 1
}

// forget empties the counts, taking them off those of cells, if not nil.
func (w *scanScratch) forget(cells []int64) {
	for _, b := range w.touched {
		if cells != nil {
			cells[b] -= w.counts[b]
		}
		w.counts[b] = 0
	}
}

// wide counts and searches a wide feature in one or two sibling leaves.
func (j *searchJob) wide(job, worker int) {
	i := j.wides[job]
	f, w := &j.features[i], &j.levels[worker]
	scans := j.begun(w)
	small := j.slots[j.leaves[j.at[0]].slot]
	var large *histogram
	if j.at[1] >= 0 {
		large = j.slots[j.leaves[j.at[1]].slot]
	}
	if j.derived && !large.alive[i] {
		small.alive[i] = false
		j.drop(small, f)
		j.drop(large, f)
	} else {
		var rest []int64
		if large != nil && j.derived && keepsWide(j.rowsOf(1), f.bins) {
			rest = large.wide[f.place.Index]
		}
		small.alive[i] = j.wideLeaf(0, i, f, small, rest, &scans[0], w)
		switch {
		case rest != nil:
			large.alive[i] = scans[1].feature(i, f, rest, w)
		case large != nil:
			large.alive[i] = j.wideLeaf(1, i, f, large, nil, &scans[1], w)
		}
	}
	j.done(len(j.tiles)+job, &scans, w)
}

// wideLeaf counts and searches leaf k on its own, and takes its counts off rest
// if that is not nil.
func (j *searchJob) wideLeaf(k int, i int32, f *feature, into *histogram, rest []int64, scan *leafScan, w *scanScratch) bool {
	col := j.train.wide[f.place.Index]
	n := &j.nodes[j.leaves[j.at[k]].node]
	idx := j.spread.idx[n.lo:n.hi]
	if !keepsWide(len(idx), f.bins) {
		j.drop(into, f)
		w.touch(col, idx, j.packed, f.bins)
		look, alive := scan.begin(i, f)
		if look {
			if w.collectTouched(scan, f.bins) {
				w.split(scan, i, f.bins-1)
			}
			alive = scan.feasible
		}
		w.forget(rest)
		return alive
	}
	cells := j.keep(into, f)
	clear(cells)
	if j.whole {
		countWide(col, j.packed, cells)
	} else {
		countWideRows(col, idx, j.gathered[k], cells)
	}
	if rest != nil {
		subtract(rest, cells)
	}
	return scan.feature(i, f, cells, w)
}

// divideWide is divide for a wide feature.
func (s *spread) divideWide(lo, hi int, by *split, f *feature, c crew) int {
	col, sides := s.wide[f.place.Index], s.sidesOf(by, f)
	return s.part(lo, hi, c, func(idx, tmp []int32) int { return partWide(idx, tmp, col, sides) })
}

// sidesOf lists for every bin whether it goes left, until the next call.
func (s *spread) sidesOf(by *split, f *feature) []uint8 {
	if len(s.sides) < f.bins {
		s.sides = make([]uint8, f.bins)
	}
	by.fill(s.sides[:f.bins])
	return s.sides[:f.bins]
}

// partWide is partTile for a wide column.
func partWide(idx, tmp []int32, col []uint16, sides []uint8) int {
	tmp = tmp[:len(idx)]
	left, right := 0, 0
	for _, r := range idx {
		idx[left] = r
		tmp[right] = r
		c := int(sides[col[r]])
		left += c
		right += 1 - c
	}
	return left
}
