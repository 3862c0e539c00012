package gbdt

import "math"

// split is a way to part a leaf's rows. The zero value is no split.
type split struct {
	// gain is the loss that it saves beyond the unsplit leaf, in quantised units.
	gain float64
	// left is the packed sum of the left rows.
	left    int64
	feature int32
	// Numeric splits send bins up to bin left; categorical ones those of cats.
	bin         uint8
	categorical bool
	// extraL2 says that the children's values are regularised by cat_l2 too.
	extraL2     bool
	missingLeft bool
	cats        []uint16
}

// fill lists for every bin of a feature, the missing bin last, whether it goes
// left, 1, or right.
func (s *split) fill(t []uint8) {
	clear(t)
	bins := len(t)
	if s.categorical {
		for _, b := range s.cats {
			t[b] = 1
		}
	} else {
		for b := range min(int(s.bin)+1, bins-1) {
			t[b] = 1
		}
	}
	if s.missingLeft {
		t[bins-1] = 1
	}
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
	maxDelta         float64
	pathSmooth       float64 // rows
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
	ridge       ridge   // without top
	best        split
	random      uint64 // seed of extra trees; 0: all thresholds are tried
	feasible    bool   // some split of the feature at hand kept to the limits
	limits             // of the leaf's output, if it is shaped
	shaped      bool
	way         int8    // of the feature at hand, see grower.wayOf
	monotone    []int8  // the ways of all features, nil for none
	access      []uint8 // of each feature: open, skipped or barred; nil: all open
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
	s.ridge = s.newRidge()
}

// raise lets go of splits that are clearly worse than one of a gain found elsewhere.
// Those that rounding could put on either side are still looked at, so that the best
// of all does not depend on who has found what.
func (s *leafScan) raise(gain float64) {
	s.floor = max(s.floor, s.parent+gain-1e-9*(math.Abs(s.parent)+gain))
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
	if look, alive := s.begin(i, f); !look {
		return alive
	}
	if f.categorical {
		if w.collect(s, cells) {
			w.split(s, i, len(cells)-1)
		}
	} else {
		s.numeric(i, cells)
	}
	return s.feasible
}

// begin says whether to look at a feature at all, and if not, whether it may be
// split in the children.
func (s *leafScan) begin(i int32, f *feature) (look, alive bool) {
	if s.hopeless() {
		return false, false
	}
	if s.access != nil && s.access[i] != open {
		return false, s.access[i] == skipped
	}
	if s.monotone != nil {
		s.way = s.monotone[f.frame]
	}
	s.feasible = false
	return true, false
}

// numeric tries every threshold with missing values to the right and, if the
// leaf has any, to the left. values are running sums, see accumulate.
func (s *leafScan) numeric(i int32, cells []int64) {
	values, missing := cells[:len(cells)-1], cells[len(cells)-1]
	if s.random != 0 {
		s.numericAt(i, values, missing)
		return
	}
	s.find(i, values, 0, false)
	if missing != 0 {
		s.find(i, values, missing, true)
	}
}

// find tries every threshold, before being on the left in any case.
func (s *leafScan) find(i int32, values []int64, before int64, missingLeft bool) {
	from, to := s.within(values, before)
	if from >= to {
		return
	}
	s.feasible = true
	at := -1
	switch {
	case s.shaped:
		at = s.thresholdsShaped(values[:to], from, before)
	case s.l1 != 0:
		at = s.thresholdsL1(values[:to], from, before)
	default:
		at = s.thresholds(values[:to], from, before)
	}
	if at >= 0 {
		s.take(i, values, at, before+values[at], missingLeft)
	}
}

// within are the bins behind which a cut leaves both sides the Hessian that they
// need: running sums of Hessians never fall.
func (s *leafScan) within(values []int64, before int64) (from, to int) {
	total := s.total & s.mask
	if total < 2*s.minH {
		return 0, 0
	}
	low, high := s.minH-before&s.mask, total-s.minH-before&s.mask
	if len(values) > fewBins {
		return lighter(values, s.mask, low), lighter(values, s.mask, high+1)
	}
	for from < len(values) && values[from]&s.mask < low {
		from++
	}
	for to = from; to < len(values) && values[to]&s.mask <= high; {
		to++
	}
	return from, to
}

// fewBins is the number of bins up to which one after the other is looked at.
const fewBins = 8

// lighter is the number of running sums with a Hessian below a limit, by halving. How
// the comparisons end cannot be foreseen: a sign moves the index, not a branch.
func lighter(sums []int64, mask, limit int64) (n int) {
	for left := len(sums); left > 0; {
		half := (left + 1) / 2
		n += half & int((sums[n+half-1]&mask-limit)>>63)
		left -= half
	}
	return n
}

// ulpUp makes up for the rounding of a quotient, so that a repeated sum does not
// look better than itself.
const ulpUp = 1 + 1e-15

// thresholds finds the bin from from on that it is best to cut behind, before being on
// the left in any case; -1 if there is none. With D = dl+dr the gain of a cut is
//
//	gl²/dl + gr²/dr = g²/D + D·(gl - dl·g/D)²/(dl·dr),
//
// so that one product tells two cuts apart, without division. Empty bins repeat
// a sum, which is never better. Stretches of bins that hold no better cut are
// passed over.
func (s *leafScan) thresholds(values []int64, from int, before int64) (at int) {
	at = -1
	r := s.ridge
	r.top = (max(s.floor, s.best.gain+s.parent) - float64(s.g*r.slope)) / r.sum
	for k := from; k < len(values); {
		k += r.pass(values[k:], before)
		for end := min(k+stretch, len(values)); k < end; k++ {
			left := before + values[k]
			dl := float64(left&r.mask) + r.l2
			u := float64(left>>(r.shift&63)) - float64(r.slope*dl)
			over, below := float64(u*u), float64(dl*(r.sum-dl))
			if over > float64(r.top*below) {
				r.top, at = ulpUp*(over/below), k
			}
		}
	}
	return at
}

// thresholdsL1 is thresholds for sums that are shrunk by lambda_l1. Shrinking only
// lowers a gain: stretches that hold no better cut without are passed over.
func (s *leafScan) thresholdsL1(values []int64, from int, before int64) (at int) {
	at = -1
	r := s.ridge
	g, h, l1, l2 := s.g, s.h, s.l1, s.l2
	top, topBelow := max(s.floor, s.best.gain+s.parent), 1.0
	r.top = r.unshrunk(g, top)
	for k := from; k < len(values); {
		k += r.pass(values[k:], before)
		for end := min(k+stretch, len(values)); k < end; k++ {
			gl, hl := s.unpack(before + values[k])
			al, ar := max(math.Abs(gl)-l1, 0), max(math.Abs(g-gl)-l1, 0)
			dl, dr := hl+l2, h-hl+l2
			over := float64(float64(al*al)*dr) + float64(float64(ar*ar)*dl)
			below := float64(dl * dr)
			if float64(over*topBelow) > float64(top*below) {
				top, topBelow, at = over, below, k
				r.top = r.unshrunk(g, over/below)
			}
		}
	}
	return at
}

// unshrunk is the top of a ridge for a sum of scores to beat, less what rounding may
// make of it.
func (r *ridge) unshrunk(g, scores float64) float64 {
	whole := float64(g * r.slope)
	return (scores - whole - 1e-12*(math.Abs(scores)+whole)) / r.sum
}

// take makes the numeric split behind bin k the best. The cut moves to the
// middle of the empty bins that follow.
func (s *leafScan) take(i int32, values []int64, k int, left int64, missingLeft bool) {
	bin := len(values) - 1
	for next := k + 1; next < len(values); next++ {
		if values[next] != values[k] {
			bin = (k + next - 1) / 2
			break
		}
	}
	s.best = split{gain: s.gain(left, s.l2), left: left, feature: i, bin: uint8(bin), missingLeft: missingLeft}
}

// settle sends missing values of a numeric split, if the leaf had none, with the
// heavier side.
func (s *split) settle(cells []int64, total, mask int64) {
	if cells[len(cells)-1] == 0 {
		s.missingLeft = 2*(s.left&mask) > total&mask
	}
}

func (s *leafScan) gain(left int64, l2 float64) float64 {
	if s.shaped {
		return s.shapedGain(left, l2)
	}
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
func (s *leafScan) numericAt(i int32, values []int64, missing int64) {
	bin := len(values) - 1
	if bin > 0 {
		bin = below(mix(s.random^uint64(i)), bin)
	}
	left := values[bin]
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
