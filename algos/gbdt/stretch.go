package gbdt

// stretch is the number of bins that are looked at together first.
const stretch = 16

// sums adds values to a packed sum one after the other and answers the last sum, and
// the highest and the lowest before that.
func sums(acc int64, v *[stretch]int64) (next, high, low int64) {
	next, high, low = acc, acc, acc
	for i := 0; i < stretch; i += 4 {
		a0 := next
		a1 := a0 + v[i]
		a2 := a1 + v[i+1]
		a3 := a2 + v[i+2]
		next = a3 + v[i+3]
		high = max(high, max(max(a0, a1), max(a2, a3)))
		low = min(low, min(min(a0, a1), min(a2, a3)))
	}
	return next, high, low
}

// ridge is what the gain of a leaf's cuts is computed from.
type ridge struct {
	l2, sum, slope float64
	slack          float64 // more than the rounding of dl·dr
	shift          uint
	mask           int64
}

func (s *leafScan) ridge() ridge {
	sum := s.h + 2*s.l2
	return ridge{l2: s.l2, sum: sum, slope: s.g / sum, slack: 1e-14 * sum * sum, shift: s.shift, mask: s.mask}
}

// below says that no cut scores above top of those whose packed left sums are
// between low and high and whose Hessians are between those of first and last:
// dl·dr is least at an end, and sums of gradients and their due dl·g/D are at most
// as far apart as their bounds. Rounding keeps order, so the bounds hold for what
// is computed cut by cut.
func (r *ridge) below(first, last, high, low int64, top float64) bool {
	d0, d1 := float64(first&r.mask)+r.l2, float64(last&r.mask)+r.l2
	m0, m1 := float64(r.slope*d0), float64(r.slope*d1)
	if m0 > m1 {
		m0, m1 = m1, m0
	}
	least, other := float64(d0*(r.sum-d0)), float64(d1*(r.sum-d1))
	if other < least {
		least = other
	}
	limit := float64(top * (least - r.slack))
	above, under := float64(high>>(r.shift&63))-m0, m1-float64(low>>(r.shift&63))
	return float64(above*above) < limit && float64(under*under) < limit
}
