package forest

import "math"

// nodeSums are the sums over the node at hand.
type nodeSums struct {
	lo, hi  int
	w       float64
	y       float64   // weighted sum of scalar targets
	classes []float64 // weights of the classes, zero between nodes
	squares float64   // sum of their squares
	score   float64   // what splits have to beat: their gain is beyond it
}

// side is the sums over one side of a split; the zero value is empty.
type side struct {
	n       int // rows
	w       float64
	y       float64 // scalar
	squares float64 // many classes: Σ left²
	cross   float64 // many classes: Σ left·node
}

// search looks for the best split of the rows lo..hi. It reports false for
// rows that cannot or need not be divided.
func (g *grower) search(lo, hi int) (split, bool) {
	best := split{gain: math.Inf(-1)}
	if hi-lo < 2*g.f.least || hi-lo < 2 || g.pure(lo, hi) {
		return best, false
	}
	g.sumUp(lo, hi)
	p, varied := len(g.order), false
	for i := range p {
		if i >= g.f.looks && varied {
			break
		}
		j := i + g.rng.IntN(p-i)
		g.order[i], g.order[j] = g.order[j], g.order[i]
		if g.consider(g.order[i], &best) {
			varied = true
			if hi-lo == 2 { // all features divide two rows alike
				break
			}
		}
	}
	clear(g.node.classes)
	return best, !math.IsInf(best.gain, -1)
}

// pure reports whether all rows have one target.
func (g *grower) pure(lo, hi int) bool {
	if g.class != nil {
		for _, k := range g.class[lo+1 : hi] {
			if k != g.class[lo] {
				return false
			}
		}
		return true
	}
	for _, v := range g.y[lo+1 : hi] {
		if v != g.y[lo] {
			return false
		}
	}
	return true
}

// sumUp sets the sums over the rows lo..hi.
func (g *grower) sumUp(lo, hi int) {
	n := &g.node
	*n = nodeSums{lo: lo, hi: hi, classes: n.classes}
	for i := lo; i < hi; i++ {
		w := float64(g.w[i])
		n.w += w
		if g.class != nil {
			n.classes[g.class[i]] += w
		} else {
			n.y += float64(w * float64(g.y[i]))
		}
	}
	if g.class == nil {
		n.score = float64(n.y*n.y) / n.w
		return
	}
	for _, c := range n.classes {
		n.squares += float64(c * c)
	}
	n.score = n.squares / n.w
}

// consider tries a feature and reports whether its bins differ in the node.
func (g *grower) consider(feature int32, best *split) bool {
	spec := &g.f.bins.Specs[feature]
	v := view{feature: feature, missing: uint8(spec.Bins - 1)}
	rare := &g.f.rare[feature]
	if *rare != (set{}) {
		g.gather(&v, feature, g.node.lo, g.node.hi)
		for i, b := range v.bin {
			if rare.has(b) {
				v.bin[i] = v.missing
			}
		}
		v.bounds(true)
	} else if g.packed != nil && !spec.HasMissing {
		g.gatherBounded(&v, feature, g.node.lo, g.node.hi)
	} else {
		g.gather(&v, feature, g.node.lo, g.node.hi)
		v.bounds(spec.HasMissing)
	}
	if v.low > v.high || v.low == v.high && v.lost == 0 {
		return false // all missing, or all in one bin
	}
	switch {
	case spec.Categorical && g.f.extra:
		g.randomSet(&v, best)
	case spec.Categorical:
		g.orderedSet(&v, best)
	case g.f.extra:
		g.randomCut(&v, best)
	case g.class == nil && len(v.bin) > fewRows:
		g.bestCutOfSums(&v, best)
	default:
		g.bestCutOfRows(&v, best)
	}
	return true
}

// view is one feature of the node's rows.
type view struct {
	feature   int32
	bin       []uint8 // of each row
	missing   uint8   // the bin of missing values, above all others
	lost      int     // rows in that bin
	low, high uint8   // of the other rows' bins; low > high if there are none
}

// gather reads the bins of the rows lo..hi.
func (g *grower) gather(v *view, feature int32, lo, hi int) {
	v.bin = g.bin[:hi-lo]
	if g.packed == nil {
		col := g.f.bins.Cols[feature]
		for i, r := range g.rows[lo:hi] {
			v.bin[i] = col[r]
		}
		return
	}
	words, shift := len(g.f.bins.Tiles), uint(feature&7)*8
	at := lo*words + int(feature>>3)
	for i := range v.bin {
		v.bin[i] = uint8(g.packed[at] >> shift)
		at += words
	}
}

// gatherBounded is gather and bounds in one pass, where no value is missing.
func (g *grower) gatherBounded(v *view, feature int32, lo, hi int) {
	v.bin = g.bin[:hi-lo]
	words, shift := len(g.f.bins.Tiles), uint(feature&7)*8
	packed := g.packed[lo*words+int(feature>>3):]
	low, high := uint8(255), uint8(0)
	at := 0
	for i := range v.bin {
		b := uint8(packed[at] >> (shift & 63))
		v.bin[i] = b
		low, high = min(low, b), max(high, b)
		at += words
	}
	v.low, v.high = low, high
}

// bounds finds the lowest and the highest bin of rows that are not missing;
// some says whether there may be others.
func (v *view) bounds(some bool) {
	low, high := uint8(255), uint8(0)
	if !some {
		for _, b := range v.bin {
			low, high = min(low, b), max(high, b)
		}
		v.low, v.high = low, high
		return
	}
	lost := 0
	for _, b := range v.bin {
		value := (int32(b) - int32(v.missing)) >> 31 // all ones unless missing
		lost += 1 + int(value)
		low, high = min(low, b), max(high, b&uint8(value))
	}
	v.low, v.high, v.lost = low, high, lost
}

// put moves row i of the node to a side that holds the rows put there before.
func (g *grower) put(s *side, i int) {
	at := g.node.lo + i
	w := float64(g.w[at])
	s.n++
	s.w += w
	if g.class == nil {
		s.y += float64(w * float64(g.y[at]))
		return
	}
	k := g.class[at]
	s.squares += float64(w * (2*g.left[k] + w))
	s.cross += float64(w * g.node.classes[k])
	g.left[k] += w
}

// reset forgets what put has counted by class.
func (g *grower) reset() {
	if len(g.left) <= g.node.hi-g.node.lo {
		clear(g.left)
		return
	}
	for _, k := range g.class[g.node.lo:g.node.hi] {
		g.left[k] = 0
	}
}

// gain of a split with the given left side, -Inf where a side is too small.
func (g *grower) gain(left *side) float64 {
	n := &g.node
	right := n.w - left.w
	if left.n < g.f.least || n.hi-n.lo-left.n < g.f.least || !(left.w > 0) || !(right > 0) {
		return math.Inf(-1)
	}
	if g.class == nil {
		r := n.y - left.y
		return float64(left.y*left.y)/left.w + float64(r*r)/right - n.score
	}
	return left.squares/left.w + (n.squares-2*left.cross+left.squares)/right - n.score
}
