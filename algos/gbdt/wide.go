package gbdt

import "github.com/seed-09a2cce4/automl/data/matrix"

// wideShare: the histogram of a wide feature is kept for leaves of at least
// bins/wideShare rows; smaller leaves are counted on their own, so that they
// cost in proportion to their rows.
const wideShare = 4

func keepsWide(rows, bins int) bool { return wideShare*rows >= bins }

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
	scans := *j.scans
	small := j.slots[j.leaves[j.at[0]].slot]
	var large *histogram
	if j.at[1] >= 0 {
		large = j.slots[j.leaves[j.at[1]].slot]
	}
	if j.derived && !large.alive[i] {
		small.alive[i] = false
	} else {
		var rest []int64
		if large != nil && j.derived && keepsWide(j.rowsOf(1), f.bins) {
			rest = f.of(large)
		}
		small.alive[i] = j.wideLeaf(0, i, f, small, rest, &scans[0], w)
		switch {
		case rest != nil:
			large.alive[i] = scans[1].feature(i, f, rest, w)
		case large != nil:
			large.alive[i] = j.wideLeaf(1, i, f, large, nil, &scans[1], w)
		}
	}
	j.found[len(j.tiles)+job] = [2]split{scans[0].best, scans[1].best}
}

// wideLeaf counts and searches leaf k on its own, and takes its counts off rest
// if that is not nil.
func (j *searchJob) wideLeaf(k int, i int32, f *feature, into *histogram, rest []int64, scan *leafScan, w *scanScratch) bool {
	col := j.train.wide[f.place.Index]
	n := &j.nodes[j.leaves[j.at[k]].node]
	idx := j.spread.idx[n.lo:n.hi]
	if !keepsWide(len(idx), f.bins) {
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
	cells := f.of(into)
	clear(cells)
	if j.whole {
		countWide(col, j.packed, cells)
	} else {
		countWideRows(col, idx, j.gathered[n.lo:n.hi], cells)
	}
	if rest != nil {
		for b, c := range cells {
			rest[b] -= c
		}
	}
	return scan.feature(i, f, cells, w)
}

// divideWide is divide for a wide feature.
func (s *spread) divideWide(lo, hi int, by *split, f *feature, c crew) int {
	col, sides := s.wide[f.place.Index], by.sides(f.bins)
	return s.part(lo, hi, c, func(idx, tmp []int32) int { return partWide(idx, tmp, col, sides) })
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
