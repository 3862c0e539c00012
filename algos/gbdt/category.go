package gbdt

import (
	"cmp"
	"slices"
)

// scanScratch is the memory of one goroutine's searches.
type scanScratch struct {
	levels []level
}

// level is a category in a leaf.
type level struct {
	bin   int
	sum   int64
	order float64
}

// levels tries to split the categories of a feature, the missing bin being one
// of them: each against the rest where the feature has few, else the beginnings
// of their order by G/(H+cat_smooth), from either end (Fisher 1958; LightGBM).
func (s *leafScan) levels(i int32, cells []int64, w *scanScratch) {
	w.levels = w.levels[:0]
	for b, c := range cells {
		if c != 0 {
			w.levels = append(w.levels, level{bin: b, sum: c})
		}
	}
	if len(w.levels) < 2 {
		return
	}
	missing := len(cells) - 1
	if missing <= s.maxOneHot {
		s.oneHot(i, missing, w.levels)
		return
	}
	kept := w.levels[:0]
	for _, l := range w.levels {
		g, h := s.unpack(l.sum)
		if h*s.rowsPerUnit < s.catSmooth {
			continue
		}
		l.order = g / (h + s.catSmoothHessian)
		kept = append(kept, l)
	}
	slices.SortFunc(kept, func(a, b level) int {
		return cmp.Or(cmp.Compare(a.order, b.order), a.bin-b.bin)
	})
	s.prefixes(i, missing, kept)
	slices.Reverse(kept)
	s.prefixes(i, missing, kept)
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
	most := min(s.maxSet, (len(levels)+1)/2)
	only := -1
	if s.random != 0 && most > 0 {
		only = below(mix(s.random^uint64(i)), most)
		s.feasible = true
	}
	left, group := int64(0), 0.0
	for k, l := range levels[:most] {
		left += l.sum
		_, h := s.unpack(l.sum)
		group += h * s.rowsPerUnit
		_, right := s.unpack(s.total - left)
		if right*s.rowsPerUnit < s.minGroup {
			return
		}
		if group < s.minGroup || only >= 0 && k != only {
			continue
		}
		if left&s.mask >= s.minH {
			group = 0
		}
		if gain, ok := s.offer(left, s.l2+s.catL2); ok {
			s.takeLevels(i, missing, levels[:k+1], gain, left)
		}
	}
}

func (s *leafScan) takeLevels(i int32, missing int, levels []level, gain float64, left int64) {
	s.best = split{gain: gain, left: left, feature: i, categorical: true, extraL2: true}
	for _, l := range levels {
		if l.bin == missing {
			s.best.missingLeft = true
		} else {
			s.best.cats.add(l.bin)
		}
	}
}
