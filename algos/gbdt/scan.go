package gbdt

import "math"

// split is a way to part a leaf's rows. The zero value is no split.
type split struct {
	// gain is the loss that it saves beyond the unsplit leaf, in quantised units.
	gain float64
	// left is the packed sum of the left rows.
	left    int64
	feature int32
	// Numeric splits send bins up to bin left; categorical ones the set cats.
	bin         uint8
	categorical bool
	// extraL2 says that the children's values are regularised by cat_l2 too.
	extraL2     bool
	missingLeft bool
	cats        binSet
}

// binSet is a set of bins.
type binSet [4]uint64

func (s *binSet) add(b int)      { s[b>>6&3] |= 1 << (b & 63) }
func (s *binSet) has(b int) bool { return s[b>>6&3]>>(b&63)&1 == 1 }

// table lists for every bin whether it goes left; bins counts those of the
// feature, the missing bin last.
func (s *split) table(bins int) (t [256]uint8) {
	for b := range bins - 1 {
		if s.categorical && s.cats.has(b) || !s.categorical && b <= int(s.bin) {
			t[b] = 1
		}
	}
	if s.missingLeft {
		t[bins-1] = 1
	}
	return t
}

// scales are the limits and regularisers of a tree, in quantised units.
type scales struct {
	shift            uint
	l1, l2           float64
	minHessian       float64
	minGain          float64
	minRows          int // of a side
	catL2            float64
	catSmoothHessian float64
	catSmooth        float64 // rows that a level needs
	minGroup         float64 // rows
	maxOneHot        int
	maxSet           int
}

// leafScan searches the splits of one leaf. It is made once a leaf and then
// shown one feature after the other.
type leafScan struct {
	*scales
	total       int64
	mask        int64
	g, h        float64 // sums
	parent      float64 // gain of the unsplit leaf
	floor       float64 // what a split must reach
	minH        int64   // Hessian that both sides need
	rowsPerUnit float64 // estimated rows in a unit of Hessian
	best        split
	random      uint64 // seed of extra trees; 0: all thresholds are tried
	feasible    bool   // some split of the feature at hand kept to the limits
}

// start prepares the search in a leaf of rows with packed sum total.
func (s *leafScan) start(sc *scales, total int64, rows int, random uint64) {
	*s = leafScan{scales: sc, total: total, mask: 1<<sc.shift - 1, random: random}
	s.g, s.h = s.unpack(total)
	s.rowsPerUnit = float64(rows) / max(s.h, 1)
	least := max(s.minHessian, (float64(sc.minRows)-0.5)/s.rowsPerUnit, 1)
	s.minH = int64(math.Ceil(min(least, 1<<62)))
	s.parent = s.score(s.g, s.h, s.l2)
	// Sums are exact, but the gains are rounded: equal halves must not look
	// like a gain.
	s.floor = s.parent + max(s.minGain, 1e-10*s.parent)
}

func (s *leafScan) unpack(v int64) (g, h float64) {
	return float64(v >> (s.shift & 63)), float64(v & s.mask)
}

// score is twice the loss that a leaf of these sums saves at its best value.
func (s *leafScan) score(g, h, l2 float64) float64 {
	a := max(math.Abs(g)-s.l1, 0)
	if h+l2 <= 0 {
		return 0
	}
	return float64(a*a) / (h + l2)
}

// hopeless says that no split can satisfy the limits.
func (s *leafScan) hopeless() bool { return s.total&s.mask < 2*s.minH }

// feature looks at one feature's histogram, the missing bin last. It answers
// whether any split kept to the limits: if none did, none will in the children.
func (s *leafScan) feature(i int32, f *feature, cells []int64, w *scanScratch) bool {
	if s.hopeless() {
		return false
	}
	s.feasible = false
	if f.categorical {
		s.levels(i, cells, w)
	} else {
		s.numeric(i, cells, w)
	}
	return s.feasible
}

// numeric tries every threshold with missing values to the right and, if the
// leaf has any, to the left.
func (s *leafScan) numeric(i int32, cells []int64, w *scanScratch) {
	missing := cells[len(cells)-1]
	n := w.compact(cells[:len(cells)-1])
	if n == 0 || n == 1 && missing == 0 {
		return
	}
	upTo := n - 1
	if missing != 0 {
		upTo++ // all values left, missing right
	}
	if s.random != 0 {
		s.numericAt(i, len(cells)-1, n, missing, w)
		return
	}
	if k, ok := s.thresholds(w.sums[:upTo], 0); ok {
		s.take(i, len(cells)-1, w.bins[:n], k, w.sums[k&255], false)
	}
	if missing == 0 || n == 1 {
		return
	}
	if k, ok := s.thresholds(w.sums[:n-1], missing); ok {
		s.take(i, len(cells)-1, w.bins[:n], k, w.sums[k&255]+missing, true)
	}
}

// compact lists the bins that have rows, with the sums up to and including
// them, and answers how many there are. There is no branch: every bin is
// written and the empty ones are written over.
func (w *scanScratch) compact(values []int64) int {
	n, acc := 0, int64(0)
	for b, c := range values {
		acc += c
		w.sums[n&255], w.bins[n&255] = acc, uint8(b)
		var full int
		if c != 0 {
			full = 1
		}
		n += full
	}
	return n
}

// thresholds finds the sum to cut behind, before being on the left in any case.
// Two gains are compared by their cross products, without division.
func (s *leafScan) thresholds(sums []int64, before int64) (at int, ok bool) {
	shift, mask := s.shift&63, s.mask
	minH, maxH := s.minH, s.total&mask-s.minH
	k := 0
	for k < len(sums) && (sums[k]+before)&mask < minH {
		k++
	}
	if k == len(sums) || (sums[k]+before)&mask > maxH {
		return 0, false
	}
	s.feasible = true
	g, h, l1, l2 := s.g, s.h, s.l1, s.l2
	top, topBelow := max(s.floor, s.best.gain+s.parent), 1.0
	for ; k < len(sums); k++ {
		acc := sums[k] + before
		hl := acc & mask
		if hl > maxH {
			break
		}
		gl, hlf := float64(acc>>shift), float64(hl)
		al, ar := math.Abs(gl)-l1, math.Abs(g-gl)-l1
		if al < 0 {
			al = 0
		}
		if ar < 0 {
			ar = 0
		}
		dl, dr := hlf+l2, h-hlf+l2
		over := float64(float64(al*al)*dr) + float64(float64(ar*ar)*dl)
		below := float64(dl * dr)
		if float64(over*topBelow) > float64(top*below) {
			top, topBelow, at, ok = over, below, k, true
		}
	}
	return at, ok
}

// take makes the numeric split behind entry k of the bins with rows the best.
// The cut moves to the middle of the empty bins that follow.
func (s *leafScan) take(i int32, values int, bins []uint8, k int, left int64, missingLeft bool) {
	bin := values - 1
	if k+1 < len(bins) {
		bin = (int(bins[k]) + int(bins[k+1]) - 1) / 2
	}
	s.best = split{gain: s.gain(left, s.l2), left: left, feature: i, bin: uint8(bin), missingLeft: missingLeft}
}

// settle sends missing values, if the leaf had none, with the heavier side.
func (s *split) settle(cells []int64, total, mask int64) {
	if !s.categorical && cells[len(cells)-1] == 0 {
		s.missingLeft = 2*(s.left&mask) > total&mask
	}
}

func (s *leafScan) gain(left int64, l2 float64) float64 {
	gl, hl := s.unpack(left)
	gr, hr := s.unpack(s.total - left)
	return s.score(gl, hl, l2) + s.score(gr, hr, l2) - s.parent
}

// offer compares one candidate by its gain.
func (s *leafScan) offer(left int64, l2 float64) (gain float64, better bool) {
	if hl := left & s.mask; hl < s.minH || s.total&s.mask-hl < s.minH {
		return 0, false
	}
	s.feasible = true
	gain = s.gain(left, l2)
	return gain, gain+s.parent > s.floor && gain > s.best.gain
}

// numericAt tries one random threshold, which may well have no row on one side.
func (s *leafScan) numericAt(i int32, values, n int, missing int64, w *scanScratch) {
	bin := values - 1
	if values > 1 {
		bin = below(mix(s.random^uint64(i)), values-1)
	}
	left := int64(0)
	for k := 0; k < n && int(w.bins[k]) <= bin; k++ {
		left = w.sums[k]
	}
	if gain, ok := s.offer(left, s.l2); ok {
		s.best = split{gain: gain, left: left, feature: i, bin: uint8(bin)}
	}
	if missing != 0 {
		if gain, ok := s.offer(left+missing, s.l2); ok {
			s.best = split{gain: gain, left: left + missing, feature: i, bin: uint8(bin), missingLeft: true}
		}
	}
	s.feasible = true // other thresholds may be
}
