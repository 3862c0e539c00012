package gbdt

import "math"

// scores are, for every cut of a column, the two sums that its score is made of.
type scores struct{ num, den [256]float64 }

// statScores are those of a statistic.
type statScores struct{ num, den [statLevels]float64 }

// found is a candidate: clean is its score, noisy what it is ranked by.
type found struct {
	test         levelTest
	clean, noisy float64
}

// levelSearch is the search for one level's test.
type levelSearch struct {
	*symmetricGrower
	level, leaves int
	l2, deviation float64
	mask          int64
	seed          uint64
	best          *found
}

// part is what a leaf of sums g and h adds to numerator and denominator.
func part(g, h, l2 float64) (num, den float64) {
	v := g / (h + l2)
	return float64(v * g), float64(float64(v*v) * h)
}

// cosine is the score of leaves: the cosine between the leaves' values and the
// negative gradients, but for a factor that all candidates share (CatBoost).
func cosine(num, den float64) float64 {
	if den <= 0 {
		return 0
	}
	return num / math.Sqrt(den)
}

// search looks at all candidates for the test of a level.
func (g *symmetricGrower) search(level, v, round int, l2, noise float64, used []*combination, seed uint64) *levelSearch {
	s := &levelSearch{symmetricGrower: g, level: level, leaves: 1 << level, l2: l2, deviation: noise,
		mask: 1<<g.shift - 1, seed: seed}
	g.crew.run(g.width, func(k, _ int) { s.sum(k) })
	tiles := make([]found, len(g.tiles))
	g.crew.run(len(g.tiles), func(t, w int) { tiles[t] = s.tile(t, &g.workers[w]) })
	s.offer(tiles)
	if len(g.stats.cats) == 0 {
		return s
	}
	list := g.stats.prepare(g.stats.candidates(used, g.allowed), v, round)
	most := 1
	for _, c := range list {
		most = max(most, c.count)
	}
	combined := make([]found, len(list))
	g.crew.run(len(list), func(i, w int) { combined[i] = s.combination(list[i], v, float64(most), &g.workers[w]) })
	s.offer(combined)
	return s
}

// offer takes the best of the candidates, the first of equals.
func (s *levelSearch) offer(list []found) {
	for i := range list {
		if f := &list[i]; f.clean > 0 && (s.best == nil || f.noisy > s.best.noisy) {
			s.best = f
		}
	}
}

// sum adds up the leaves of a class and puts the gradients of the rows that are
// to be counted in the order of idx.
func (s *levelSearch) sum(k int) {
	totals, packed := s.totals[k][:s.leaves], s.packed[k]
	clear(totals)
	if s.level == 0 {
		for _, p := range packed {
			totals[0] += p
		}
		return
	}
	for i, l := range s.leaf {
		totals[l] += packed[i]
	}
	for l := range s.leaves {
		if s.hist != nil && s.larger(l) {
			continue
		}
		lo, hi := s.bounds[l], s.ends[l]
		out := s.gathered[k][lo:hi]
		for i, r := range s.idx[lo:hi] {
			out[i] = packed[r]
		}
	}
}

// larger says that leaf l's histogram is its parent's less its sibling's.
func (s *levelSearch) larger(l int) bool {
	half := s.leaves / 2
	left, right := l&(half-1), l&(half-1)|half
	moreLeft := s.ends[left]-s.bounds[left] > s.ends[right]-s.bounds[right]
	return moreLeft == (l < half)
}

// of is the part of tile t in the histogram of a leaf and class.
func (s *levelSearch) of(t *columnTile, leaf, class int) []int64 {
	at := (leaf*s.width+class)*s.cells + t.offset
	return s.hist[at : at+t.cells]
}

// tile makes the histograms of eight columns in all leaves and scores their cuts.
func (s *levelSearch) tile(t int, w *levelWorker) found {
	tile := &s.tiles[t]
	if !s.anyChosen(tile) {
		return found{} // at the next levels neither
	}
	for k := range tile.columns {
		w.acc[k][0], w.acc[k][1] = scores{}, scores{}
	}
	switch {
	case s.hist == nil:
		for l := range s.leaves {
			for k := range s.width {
				s.count(tile, l, k, &w.tile)
				s.scanTile(tile, l, k, w, nil)
			}
		}
	case s.level == 0:
		for k := range s.width {
			s.count(tile, 0, k, &w.tile)
			s.store(tile, &w.tile, s.of(tile, 0, k))
			s.scanTile(tile, 0, k, w, s.of(tile, 0, k))
		}
	default:
		for l := range s.leaves / 2 {
			for k := range s.width {
				s.siblings(tile, l, k, w)
			}
		}
	}
	return s.choose(tile, w)
}

func (s *levelSearch) anyChosen(t *columnTile) bool {
	for _, c := range t.columns {
		if s.chosen[c] {
			return true
		}
	}
	return false
}

// siblings makes the histograms of leaves l and l+half, the children of a leaf
// whose histogram stands in l's place.
func (s *levelSearch) siblings(tile *columnTile, l, k int, w *levelWorker) {
	half := s.leaves / 2
	left, right := s.of(tile, l, k), s.of(tile, l+half, k)
	if s.larger(l) {
		s.count(tile, l+half, k, &w.tile)
		s.store(tile, &w.tile, right)
		for b, c := range right {
			left[b] -= c
		}
	} else {
		copy(right, left)
		s.count(tile, l, k, &w.tile)
		s.store(tile, &w.tile, left)
		for b, c := range left {
			right[b] -= c
		}
	}
	s.scanTile(tile, l, k, w, left)
	s.scanTile(tile, l+half, k, w, right)
}

// count adds the rows of a leaf to h, which is empty before.
func (s *levelSearch) count(tile *columnTile, leaf, class int, h *tileHistogram) {
	if s.level == 0 {
		tile.kernel.add(tile.words, s.packed[class], h)
		return
	}
	lo, hi := s.bounds[leaf], s.ends[leaf]
	tile.kernel.addRows(tile.words, s.idx[lo:hi], s.gathered[class][lo:hi], h)
}

// store moves a tile's histograms to cells.
func (s *levelSearch) store(tile *columnTile, h *tileHistogram, cells []int64) {
	for k, c := range tile.columns {
		col := &s.columns[c]
		copy(cells[col.offset:col.offset+col.bins], h[k][:])
		clear(h[k][:col.bins])
	}
	clearRest(tile, h)
}

// clearRest zeroes what the kernels counted beyond the tile's columns.
func clearRest(tile *columnTile, h *tileHistogram) {
	for k := len(tile.columns); k < 8; k++ {
		h[k][0] = 0
	}
}

// scanTile adds a leaf to the scores of the chosen columns. Without cells it
// looks at the worker's histogram and empties it.
func (s *levelSearch) scanTile(tile *columnTile, leaf, class int, w *levelWorker, cells []int64) {
	total := s.totals[class][leaf]
	for k, c := range tile.columns {
		col := &s.columns[c]
		of := w.tile[k][:col.bins]
		if cells != nil {
			of = cells[col.offset : col.offset+col.bins]
		}
		if s.chosen[c] && total&s.mask != 0 {
			s.scan(col, of, total, &w.acc[k])
		}
		if cells == nil {
			clear(of)
		}
	}
	if cells == nil {
		clearRest(tile, &w.tile)
	}
}

func (s *levelSearch) scan(c *column, cells []int64, total int64, acc *[2]scores) {
	values, missing := cells[:c.bins-1], cells[c.bins-1]
	if c.levels > 0 {
		s.levelsApart(values, total, &acc[0])
		return
	}
	s.prefixes(values, missing, total, acc[0].num[:], acc[0].den[:])
	if c.missing {
		s.prefixes(values, 0, total, acc[1].num[:], acc[1].den[:])
	}
}

// prefixes adds, for every cut behind a bin, what the two sides score, before
// being on the left in any case. Empty bins repeat the cut before them.
func (s *levelSearch) prefixes(cells []int64, before, total int64, num, den []float64) {
	shift, mask, l2 := s.shift&63, s.mask, s.l2
	g, h := float64(total>>shift), float64(total&mask)
	num, den = num[:len(cells)], den[:len(cells)]
	acc, n, d := before, 0.0, 0.0
	for b, c := range cells {
		if c != 0 || b == 0 {
			acc += c
			gl, hl := float64(acc>>shift), float64(acc&mask)
			gr, hr := g-gl, h-hl
			vl, vr := gl/(hl+l2), gr/(hr+l2)
			n = float64(vl*gl) + float64(vr*gr)
			d = float64(float64(vl*vl)*hl) + float64(float64(vr*vr)*hr)
		}
		num[b] += n
		den[b] += d
	}
}

// levelsApart adds, for every level, what it and the rest score.
func (s *levelSearch) levelsApart(cells []int64, total int64, acc *scores) {
	g, h := float64(total>>s.shift), float64(total&s.mask)
	for b, c := range cells {
		gl, hl := float64(c>>s.shift), float64(c&s.mask)
		nl, dl := part(gl, hl, s.l2)
		nr, dr := part(g-gl, h-hl, s.l2)
		acc.num[b] += nl + nr
		acc.den[b] += dl + dr
	}
}

// choose finds the best cut of each chosen column, and of these the best.
func (s *levelSearch) choose(tile *columnTile, w *levelWorker) found {
	var best found
	for k, c := range tile.columns {
		if !s.chosen[c] {
			continue
		}
		col := &s.columns[c]
		f := found{test: levelTest{column: c}}
		cuts := col.bins - 2 // without missing values nothing is behind the last
		if col.levels > 0 {
			cuts = col.bins - 1
		}
		s.bestCut(w.acc[k][0].num[:], w.acc[k][0].den[:], cuts, uint64(c)*2, &f)
		f.test.missingLeft = col.levels == 0
		if col.missing && col.levels == 0 {
			before := f.noisy
			if s.bestCut(w.acc[k][1].num[:], w.acc[k][1].den[:], col.bins-1, uint64(c)*2+1, &f); f.noisy > before {
				f.test.missingLeft = false
			}
		}
		if f.clean > 0 {
			f.noisy = f.clean + s.deviation*s.normal(1, uint64(c))
			if best.clean == 0 || f.noisy > best.noisy {
				best = f
			}
		}
	}
	return best
}

// bestCut replaces f by a better one of the first cuts, in noisy score.
func (s *levelSearch) bestCut(num, den []float64, cuts int, salt uint64, f *found) {
	at := mix(s.seed ^ salt<<8)
	for b := range cuts {
		clean := cosine(num[b], den[b])
		noisy := clean + float64(s.deviation*s.noise[(at+uint64(b))&(noiseSize-1)])
		if clean > 0 && (f.clean == 0 || noisy > f.noisy) {
			f.clean, f.noisy, f.test.bin = clean, noisy, uint8(b)
		}
	}
}

func (s *levelSearch) normal(kind, salt uint64) float64 {
	return s.noise[mix(s.seed^kind<<56^salt)&(noiseSize-1)]
}

// combination scores the statistics of a combination. Tables that the model
// lacks yet score lower, the larger the lower.
func (s *levelSearch) combination(c *combination, v int, most float64, w *levelWorker) found {
	columns := statColumns
	if c.narrow {
		columns = 2
	}
	w.one = [statColumns]statScores{}
	for k := range s.width {
		s.scanWords(c, v, k, columns, w)
	}
	salt := uint64(1) << 40
	for _, k := range c.cats {
		salt = mix(salt ^ uint64(k))
	}
	weight := 1.0
	if c.table == nil {
		weight = math.Pow(1+float64(c.count)/most, -s.sizePenalty)
	}
	var best found
	for col := range columns {
		f := found{test: levelTest{column: -1, combined: c, nibble: col}}
		s.bestCut(w.one[col].num[:], w.one[col].den[:], statLevels-1, salt+uint64(col), &f)
		if f.clean > 0 {
			f.noisy = (f.clean + s.deviation*s.normal(2, salt+uint64(col))) * weight
			if best.clean == 0 || f.noisy > best.noisy {
				best = f
			}
		}
	}
	return best
}

// jointRows is the number of rows a leaf from which two nibbles are counted
// together: one addition a row, and 256 cells a leaf to be summed up.
const jointRows = 32

// scanWords adds the leaves of a class to the scores of a combination's columns.
func (s *levelSearch) scanWords(c *combination, v, class, columns int, w *levelWorker) {
	joint := s.n >= jointRows*s.leaves
	cells := columns * statLevels
	if joint {
		cells = columns / 2 * 256
	}
	if len(w.stat) < cells*s.leaves {
		w.stat = make([]int64, cells*s.leaves)
	}
	h := w.stat[:cells*s.leaves]
	clear(h)
	words, packed := c.words[v], s.packed[class]
	switch {
	case joint && columns == 2:
		addPairs(words, s.leaf, packed, h)
	case joint:
		addTwoPairs(words, s.leaf, packed, h)
	case columns == 2:
		addTwoNibbles(words, s.leaf, packed, h)
	default:
		addFourNibbles(words, s.leaf, packed, h)
	}
	for l, total := range s.totals[class][:s.leaves] {
		if total&s.mask == 0 {
			continue
		}
		of := h[l*cells : (l+1)*cells]
		if joint {
			sumPairs(of, &w.nibbles)
			of = w.nibbles[:]
		}
		for col := range columns {
			s.prefixes(of[col*statLevels:(col+1)*statLevels], 0, total, w.one[col].num[:], w.one[col].den[:])
		}
	}
}

// sumPairs splits the counts of pairs of nibbles into those of nibbles.
func sumPairs(pairs []int64, out *[statColumns * statLevels]int64) {
	*out = [statColumns * statLevels]int64{}
	for p := 0; len(pairs) >= 256; p++ {
		low, high := out[2*p*statLevels:][:statLevels], out[(2*p+1)*statLevels:][:statLevels]
		for b := range statLevels {
			sum := int64(0)
			for i, c := range pairs[b*statLevels : (b+1)*statLevels] {
				low[i] += c
				sum += c
			}
			high[b] = sum
		}
		pairs = pairs[256:]
	}
}

// addPairs counts the low bytes of words; leaf l has 256 cells.
func addPairs(words []uint16, leaf []uint16, packed []int64, h []int64) {
	leaf, packed = leaf[:len(words)], packed[:len(words)]
	for i, w := range words {
		h[int(leaf[i])<<8|int(w&255)] += packed[i]
	}
}

// addTwoPairs counts both bytes; leaf l has 512 cells.
func addTwoPairs(words []uint16, leaf []uint16, packed []int64, h []int64) {
	leaf, packed = leaf[:len(words)], packed[:len(words)]
	for i, w := range words {
		at, g := int(leaf[i])<<9, packed[i]
		h[at|int(w&255)] += g
		h[at|256|int(w>>8)] += g
	}
}

// addTwoNibbles counts the two low nibbles; leaf l has 32 cells.
func addTwoNibbles(words []uint16, leaf []uint16, packed []int64, h []int64) {
	leaf, packed = leaf[:len(words)], packed[:len(words)]
	for i, w := range words {
		at, g := int(leaf[i])<<5, packed[i]
		h[at|int(w&15)] += g
		h[at|16|int(w>>4&15)] += g
	}
}

// addFourNibbles counts all nibbles; leaf l has 64 cells.
func addFourNibbles(words []uint16, leaf []uint16, packed []int64, h []int64) {
	leaf, packed = leaf[:len(words)], packed[:len(words)]
	for i, w := range words {
		at, g := int(leaf[i])<<6, packed[i]
		h[at|int(w&15)] += g
		h[at|16|int(w>>4&15)] += g
		h[at|32|int(w>>8&15)] += g
		h[at|48|int(w>>12)] += g
	}
}
