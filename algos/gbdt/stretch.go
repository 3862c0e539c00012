package gbdt

// ridge is what the gain of a leaf's cuts is computed from, and what they have to
// beat. The assembly reads it in this order.
type ridge struct {
	l2, sum, slope float64
	top            float64 // of the best cut so far
	slack          float64 // more than the rounding of dl·dr
	mask           int64
	shift          uint64
}

// newRidge is that of a leaf, without top.
func (s *leafScan) newRidge() ridge {
	sum := s.h + 2*s.l2
	return ridge{l2: s.l2, sum: sum, slope: s.g / sum, slack: 1e-14 * sum * sum,
		mask: s.mask, shift: uint64(s.shift)}
}

// passPlain passes over stretches of running sums, to each of which before is added,
// that hold no cut above top, and answers their number.
func (r *ridge) passPlain(sums []int64, before int64) (passed int) {
	for ; passed+plainStretch <= len(sums); passed += plainStretch {
		some := (*[plainStretch]int64)(sums[passed:])
		high, low := bounds(some)
		if !r.below(before+some[0], before+some[plainStretch-1], before+high, before+low) {
			break
		}
	}
	return passed
}

// plainStretch is the number of cuts that passPlain looks at together.
const plainStretch = 16

// bounds are the highest and the lowest of some sums.
func bounds(sums *[plainStretch]int64) (high, low int64) {
	high, low = sums[0], sums[0]
	for i := 0; i < plainStretch; i += 4 {
		a, b, c, d := sums[i], sums[i+1], sums[i+2], sums[i+3]
		high = max(high, max(max(a, b), max(c, d)))
		low = min(low, min(min(a, b), min(c, d)))
	}
	return high, low
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
