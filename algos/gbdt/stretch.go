package gbdt

// ridge is what the gain of a leaf's cuts is computed from, and what they have to
// beat. The assembly reads it in this order.
type ridge struct {
	l2, sum, slope float64
	top            float64 // of the best cut so far
	slack          float64 // more than the rounding of dl·dr
	mask, maxH     int64   // the largest Hessian on the left
	shift          uint64
}

// newRidge is that of a leaf, without top and maxH.
func (s *leafScan) newRidge() ridge {
	sum := s.h + 2*s.l2
	return ridge{l2: s.l2, sum: sum, slope: s.g / sum, slack: 1e-14 * sum * sum,
		mask: s.mask, shift: uint64(s.shift)}
}

// passPlain passes over stretches of cells that hold no cut above top, nor one with
// a Hessian above maxH. acc is the sum before the cells; it answers the number of cells
// and the sum before the next.
func (r *ridge) passPlain(cells []int64, acc int64) (passed int, after int64) {
	for ; passed+plainStretch <= len(cells); passed += plainStretch {
		first := acc + cells[passed]
		last, high, low := sums(acc, (*[plainStretch]int64)(cells[passed:]))
		if last&r.mask > r.maxH || !r.below(first, last, high, low) {
			break
		}
		acc = last
	}
	return passed, acc
}

// plainStretch is the number of cells that passPlain looks at together.
const plainStretch = 16

// sums adds cells to a packed sum one after the other and answers the last sum, and
// the highest and the lowest.
func sums(acc int64, cells *[plainStretch]int64) (last, high, low int64) {
	last = acc
	high, low = acc+cells[0], acc+cells[0]
	for i := 0; i < plainStretch; i += 4 {
		a := last + cells[i]
		b := a + cells[i+1]
		c := b + cells[i+2]
		last = c + cells[i+3]
		high = max(high, max(max(a, b), max(c, last)))
		low = min(low, min(min(a, b), min(c, last)))
	}
	return last, high, low
}

// below says that no cut scores above top of those whose packed left sums are
// between low and high and whose Hessians are between those of first and last:
// dl·dr is least at an end, and sums of gradients and their due dl·g/D are at most
// as far apart as their bounds. Rounding keeps order, so the bounds hold for what
// is computed cut by cut.
func (r *ridge) below(first, last, high, low int64) bool {
	d0, d1 := float64(first&r.mask)+r.l2, float64(last&r.mask)+r.l2
	m0, m1 := float64(r.slope*d0), float64(r.slope*d1)
	if m0 > m1 {
		m0, m1 = m1, m0
	}
	least, other := float64(d0*(r.sum-d0)), float64(d1*(r.sum-d1))
	if other < least {
		least = other
	}
	limit := float64(r.top * (least - r.slack))
	above, under := float64(high>>(r.shift&63))-m0, m1-float64(low>>(r.shift&63))
	return float64(above*above) < limit && float64(under*under) < limit
}
