package forest

import "math"

// fewRows is the number of rows up to which sorting them costs less than a
// pass over all bins.
const fewRows = 32

// binSum sums scalar targets over a bin.
type binSum struct {
	w, y float64
	n    int
}

// randomCut tries one cut between the lowest and the highest bin.
func (g *grower) randomCut(v *view, best *split) {
	s := split{feature: v.feature, cut: v.others()}
	if v.low < v.high {
		s.cut = g.f.drawCut(v, g.rng.Float64())
		s.missingLeft = v.lost > 0 && g.rng.IntN(2) == 0
	}
	var left side
	if g.class == nil {
		left = g.below(v, s.cut)
		if s.missingLeft {
			g.putMissing(v, &left)
		}
	} else {
		for i, b := range v.bin {
			if int(b) <= s.cut || s.missingLeft && b == v.missing {
				g.put(&left, i)
			}
		}
		g.reset()
	}
	g.keep(&s, &left, v, best)
}

// findPlaces notes the mean value of each bin of numbers.
func (f *fit) findPlaces() {
	f.places = make([][]float32, len(f.features))
	for j, spec := range f.bins.Specs {
		if spec.Categorical {
			continue
		}
		var sum, n [256]float64
		col := f.request.Train.M.Frame.Cols[j]
		for _, r := range f.rows {
			b := f.bins.Cols[j][r]
			sum[b] += max(-math.MaxFloat32, min(math.MaxFloat32, float64(col[r])))
			n[b]++
		}
		at := make([]float32, spec.Bins-1)
		last := float32(-math.MaxFloat32)
		for b := range at {
			if n[b] > 0 {
				last = max(last, float32(sum[b]/n[b]))
			}
			at[b] = last
		}
		f.places[j] = at
	}
}

// drawCut is a cut between the lowest and the highest bin. Where a number
// between the mean values of these two falls says it: bins hold about the same
// number of rows each, and cuts drawn among them without regard to their values
// were worse on public tables.
func (f *fit) drawCut(v *view, share float64) int {
	places := f.places[v.feature][v.low : int(v.high)+1]
	low, high := float64(places[0]), float64(places[len(places)-1])
	at := float32(low + float64(share*(high-low)))
	cut := 0 // the last place that is at most at, of all but the highest
	for n := len(places) - 1; n > 1; {
		half := n / 2
		cut += half & -one(places[cut+half] <= at)
		n -= half
	}
	return int(v.low) + cut
}

// one is 1 for true, without a branch.
func one(b bool) (n int) {
	if b {
		n = 1
	}
	return n
}

// below sums the scalar targets of the rows up to a cut. Which rows these are
// is as good as random, so numbers are masked rather than branched around.
func (g *grower) below(v *view, cut int) side {
	w, y := g.w[g.node.lo:g.node.hi], g.y[g.node.lo:g.node.hi]
	w, y = w[:len(v.bin)], y[:len(v.bin)]
	if g.flat {
		return belowFlat(v.bin, y, int32(cut)+1)
	}
	var left side
	for i, b := range v.bin {
		mask := (int32(b) - int32(cut) - 1) >> 31 // all ones for b <= cut
		wi := float64(math.Float32frombits(math.Float32bits(w[i]) & uint32(mask)))
		left.n -= int(mask)
		left.w += wi
		left.y += float64(wi * float64(y[i]))
	}
	return left
}

// belowFlat is below for weights of one, with two sums so that additions need
// not wait for each other.
func belowFlat(bin []uint8, y []float32, end int32) side {
	y = y[:len(bin)]
	var n0, n1 int32
	var s0, s1 float64
	i := 0
	for ; i+1 < len(bin); i += 2 {
		m0, m1 := (int32(bin[i])-end)>>31, (int32(bin[i+1])-end)>>31
		n0, n1 = n0-m0, n1-m1
		s0 += float64(math.Float32frombits(math.Float32bits(y[i]) & uint32(m0)))
		s1 += float64(math.Float32frombits(math.Float32bits(y[i+1]) & uint32(m1)))
	}
	if i < len(bin) {
		m0 := (int32(bin[i]) - end) >> 31
		n0 -= m0
		s0 += float64(math.Float32frombits(math.Float32bits(y[i]) & uint32(m0)))
	}
	n := int(n0 + n1)
	return side{n: n, w: float64(n), y: s0 + s1}
}

func (g *grower) putMissing(v *view, s *side) {
	for i, b := range v.bin {
		if b == v.missing {
			g.put(s, i)
		}
	}
}

// keep makes s the best split if its gain is. Where the node has no missing
// values, they go with the larger part.
func (g *grower) keep(s *split, left *side, v *view, best *split) {
	if s.gain = g.gain(left); !(s.gain > best.gain) {
		return
	}
	if v.lost == 0 {
		s.missingLeft = left.w > g.node.w-left.w
	}
	*best = *s
}

// bestCutOfSums tries all cuts of many rows with scalar targets.
func (g *grower) bestCutOfSums(v *view, best *split) {
	clear(g.sums[v.low : int(v.high)+1])
	g.sums[v.missing] = binSum{}
	w, y := g.w[g.node.lo:g.node.hi], g.y[g.node.lo:g.node.hi]
	w, y = w[:len(v.bin)], y[:len(v.bin)]
	for i, b := range v.bin {
		s, wi := &g.sums[b], float64(w[i])
		s.n++
		s.w += wi
		s.y += float64(wi * float64(y[i]))
	}
	g.scanSums(v, false, best)
	if v.lost > 0 {
		g.scanSums(v, true, best)
	}
}

// scanSums tries the cuts with the missing values on one side.
func (g *grower) scanSums(v *view, missingLeft bool, best *split) {
	var left side
	if missingLeft {
		left.join(&g.sums[v.missing])
	}
	s := split{feature: v.feature, missingLeft: missingLeft}
	at := -1 // the last bin with rows
	for b := int(v.low); b <= int(v.high); b++ {
		sum := &g.sums[b]
		if sum.n == 0 {
			continue
		}
		if at >= 0 {
			s.cut = (at + b - 1) / 2
			g.keep(&s, &left, v, best)
		}
		left.join(sum)
		at = b
	}
	if v.lost > 0 && !missingLeft {
		s.cut = v.others()
		g.keep(&s, &left, v, best)
	}
}

// others is the cut of missing values against all others, also those beyond the
// values of the node.
func (v *view) others() int { return int(v.missing) - 1 }

func (s *side) join(b *binSum) {
	s.n += b.n
	s.w += b.w
	s.y += b.y
}

// bestCutOfRows tries all cuts by moving the sorted rows to the left one by
// one: for few rows, and for many classes, which have no sums by bin.
func (g *grower) bestCutOfRows(v *view, best *split) {
	g.sortRows(v)
	g.scanRows(v, false, best)
	if v.lost > 0 {
		g.scanRows(v, true, best)
	}
}

func (g *grower) scanRows(v *view, missingLeft bool, best *split) {
	var left side
	present := g.sorted[:len(v.bin)-v.lost]
	if missingLeft {
		for _, i := range g.sorted[len(present):len(v.bin)] {
			g.put(&left, int(i))
		}
	}
	s := split{feature: v.feature, missingLeft: missingLeft}
	for a, i := range present {
		g.put(&left, int(i))
		at := int(v.bin[i])
		if a+1 < len(present) {
			if next := int(v.bin[present[a+1]]); next != at {
				s.cut = (at + next - 1) / 2
				g.keep(&s, &left, v, best)
			}
		} else if v.lost > 0 && !missingLeft {
			s.cut = v.others()
			g.keep(&s, &left, v, best)
		}
	}
	if g.class != nil {
		g.reset()
	}
}

// sortRows puts the node's rows into sorted by bin, those of a bin in order.
func (g *grower) sortRows(v *view) {
	if len(v.bin) <= fewRows {
		var keys [fewRows]uint16
		for i, b := range v.bin {
			key, j := uint16(b)<<8|uint16(i), i
			for ; j > 0 && keys[j-1] > key; j-- {
				keys[j] = keys[j-1]
			}
			keys[j] = key
		}
		for i, key := range keys[:len(v.bin)] {
			g.sorted[i] = int32(key & 255)
		}
		return
	}
	g.sortByBin(v)
}

// sortByBin is a counting sort of the bins low to high and the missing one.
func (g *grower) sortByBin(v *view) {
	start := &g.start
	clear(start[v.low : int(v.high)+1])
	for _, b := range v.bin {
		start[b]++
	}
	at := int32(0)
	for b := int(v.low); b <= int(v.high); b++ {
		start[b], at = at, at+start[b]
	}
	start[v.missing] = at
	for i, b := range v.bin {
		g.sorted[start[b]] = int32(i)
		start[b]++
	}
}
