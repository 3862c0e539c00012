package gbdt

import "slices"

// scanScratch is the memory of one goroutine's searches.
type scanScratch struct {
	levels  []level // of the leaf and feature at hand
	extreme []level
	counts  []int64    // of a wide feature's bins, zero between searches
	touched []uint16   // bins that have been counted
	lead    [2]float64 // the best gains that the worker has found in the leaves at hand
}

// level is a category in a leaf.
type level struct {
	bin   int
	sum   int64
	order float64
}

// collect makes the list of the levels in a leaf that a split may look at, the
// missing bin being one of them, and says whether there are two at all.
func (w *scanScratch) collect(s *leafScan, cells []int64) bool {
	w.levels = w.levels[:0]
	present := 0
	for b, c := range cells {
		if c != 0 {
			present++
			w.add(s, b, c, len(cells)-1)
		}
	}
	return present > 1
}

// add puts a level on the list, unless it has too few rows to be ordered.
func (w *scanScratch) add(s *leafScan, bin int, sum int64, missing int) {
	h := float64(sum & s.mask)
	if missing > s.maxOneHot && h*s.rowsPerUnit < s.catSmooth {
		return
	}
	order := float64(sum>>(s.shift&63)) / (h + s.catSmoothHessian)
	w.levels = append(w.levels, level{bin: bin, sum: sum, order: order})
}

// split tries to part the collected levels: each against the rest where the
// feature has few, else the beginnings of their order by G/(H+cat_smooth), from
// either end (Fisher 1958; LightGBM).
func (w *scanScratch) split(s *leafScan, i int32, missing int) {
	if missing <= s.maxOneHot {
		s.oneHot(i, missing, w.levels)
		return
	}
	if len(w.levels) == 0 {
		return
	}
	most := min(s.maxSet, (len(w.levels)+1)/2)
	if most > maxFirst || len(w.levels) <= 4*most {
		slices.SortFunc(w.levels, compareLevels)
		s.prefixes(i, missing, w.levels[:most])
		slices.Reverse(w.levels)
		s.prefixes(i, missing, w.levels[:most])
		return
	}
	s.prefixes(i, missing, w.first(most))
	s.prefixes(i, missing, w.last(most))
}

// maxFirst is the largest part of an order that first is made for.
const maxFirst = 64

// compareLevels orders levels by G/(H+cat_smooth), equal ones by their bins.
func compareLevels(a, b level) int {
	switch {
	case a.order < b.order:
		return -1
	case a.order > b.order:
		return 1
	}
	return a.bin - b.bin
}

// first lists the n first levels in their order, last the n last ones from the
// end. They keep the best so far in order, which most levels do not get into.
func (w *scanScratch) first(n int) []level {
	best := append(w.extreme[:0], w.levels[:n]...)
	slices.SortFunc(best, compareLevels)
	bar := best[n-1].order
	for i := n; i < len(w.levels); i++ {
		if l := &w.levels[i]; l.order <= bar {
			k, _ := slices.BinarySearchFunc(best, *l, compareLevels)
			if k < n {
				copy(best[k+1:], best[k:])
				best[k] = *l
			}
			bar = best[n-1].order
		}
	}
	w.extreme = best
	return best
}

func (w *scanScratch) last(n int) []level {
	best := append(w.extreme[:0], w.levels[:n]...)
	reversed := func(a, b level) int { return compareLevels(b, a) }
	slices.SortFunc(best, reversed)
	bar := best[n-1].order
	for i := n; i < len(w.levels); i++ {
		if l := &w.levels[i]; l.order >= bar {
			k, _ := slices.BinarySearchFunc(best, *l, reversed)
			if k < n {
				copy(best[k+1:], best[k:])
				best[k] = *l
			}
			bar = best[n-1].order
		}
	}
	w.extreme = best
	return best
}

func (s *leafScan) oneHot(i int32, missing int, levels []level) {
	if s.random != 0 {
		k := below(mix(s.random^uint64(i)), len(levels))
		levels = levels[k : k+1]
		s.feasible = true
	}
	for k, l := range levels {
		if gain, ok := s.offer(l.sum, s.l2); ok {
			s.takeLevels(i, missing, levels[k:k+1], gain, l.sum)
			s.best.extraL2 = false
		}
	}
}

// prefixes tries to send the first levels left. A candidate is looked at when
// another min_data_per_group rows have come to the left side.
func (s *leafScan) prefixes(i int32, missing int, levels []level) {
	only := -1
	if s.random != 0 && len(levels) > 0 {
		only = below(mix(s.random^uint64(i)), len(levels))
		s.feasible = true
	}
	left, group, take := int64(0), 0.0, 0
	for k, l := range levels {
		left += l.sum
		_, h := s.unpack(l.sum)
		group += h * s.rowsPerUnit
		_, right := s.unpack(s.total - left)
		if right*s.rowsPerUnit < s.minGroup {
			break
		}
		if group < s.minGroup || only >= 0 && k != only {
			continue
		}
		if left&s.mask >= s.minH {
			group = 0
		}
		if gain, ok := s.offer(left, s.l2+s.catL2); ok {
			s.best.gain, s.best.left, take = gain, left, k+1
		}
	}
	if take > 0 {
		s.takeLevels(i, missing, levels[:take], s.best.gain, s.best.left)
	}
}

func (s *leafScan) takeLevels(i int32, missing int, levels []level, gain float64, left int64) {
	s.best = split{gain: gain, left: left, feature: i, categorical: true, extraL2: true}
	s.best.cats = make([]uint16, 0, len(levels))
	for _, l := range levels {
		if l.bin == missing {
			s.best.missingLeft = true
		} else {
			s.best.cats = append(s.best.cats, uint16(l.bin))
		}
	}
}
