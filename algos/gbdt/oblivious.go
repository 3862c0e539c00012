package gbdt

import (
	"context"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// column is a feature that symmetric trees split on by its bins.
type column struct {
	frame   int
	bins    int // the missing bin included
	missing bool
	levels  int // above 0: split off one level at a time
	edges   []float32
	tile    int
	offset  int // of its cells in a tile's part of a histogram
}

// columnTile has eight columns side by side, of all training rows.
type columnTile struct {
	words   []uint64
	columns []int // indices into the grower's columns; byte k is that of columns[k]
	kernel  activeTile
	offset  int // of its cells in a leaf's histogram
	cells   int
}

// levelTest is the test that all nodes of a level share: a column, or a
// statistic of a combination.
type levelTest struct {
	column      int // -1 for a statistic
	bin         uint8
	missingLeft bool

	combined *combination
	nibble   int // of the words
	place    int // among the statistics used of the combination
}

// symmetricTree has the same test in all nodes of a level. Leaf l is where bit k
// of l says that test k sent a row right.
type symmetricTree struct {
	tests  []levelTest
	values [][]float32 // [class][leaf]
	cover  []float64   // rows of each leaf
	hess   []float64
	gains  []float32
}

// symmetricGrower finds the tests of one tree after the other in the same memory.
type symmetricGrower struct {
	*symmetricSettings
	columns []column
	tiles   []columnTile
	stats   *statistics
	crew    crew
	n       int
	width   int
	shift   uint
	cells   int // of a leaf's histogram

	packed   [][]int64 // [class][row]
	gathered [][]int64 // the same in the order of idx, for leaves under study
	leaf     []uint16  // of each row
	side     []uint8   // of each row at the test at hand
	idx, tmp []int32   // rows, leaf by leaf
	bounds   []int     // leaf l has idx[bounds[l].lo:hi]
	ends     []int
	totals   [][]int64 // [class][leaf]
	hist     []int64   // [leaf][class] histograms; nil if that is too much
	workers  []levelWorker
	chosen   []bool // columns
	allowed  []bool // categories
	noise    []float64
}

// levelWorker is the memory of one goroutine.
type levelWorker struct {
	tile    tileHistogram
	acc     [8][2]scores
	stat    []int64 // [leaf][statistic][level], or pairs of these
	nibbles [statColumns * statLevels]int64
	one     [statColumns]statScores
}

func newSymmetricGrower(s *symmetricSettings, m *matrix.Matrix, rows []int32, stats *statistics, width int, c crew) *symmetricGrower {
	g := &symmetricGrower{symmetricSettings: s, stats: stats, crew: c, n: len(rows), width: width}
	g.makeTiles(m, rows)
	g.packed, g.gathered, g.totals = make([][]int64, width), make([][]int64, width), make([][]int64, width)
	leaves := 1 << s.depth
	for k := range width {
		g.packed[k], g.gathered[k], g.totals[k] = make([]int64, g.n), make([]int64, g.n), make([]int64, leaves)
	}
	g.leaf, g.side = make([]uint16, g.n), make([]uint8, g.n)
	g.idx, g.tmp = make([]int32, g.n), make([]int32, g.n)
	g.bounds, g.ends = make([]int, leaves), make([]int, leaves)
	if size := g.cells * width * leaves / 2; size <= maxHistogramBytes/8 {
		g.hist = make([]int64, size)
	}
	g.workers = make([]levelWorker, c.members())
	g.chosen, g.allowed = make([]bool, len(g.columns)), make([]bool, len(stats.cats))
	g.noise = normals(noiseSize)
	return g
}

// normals makes numbers of nearly normal distribution, sums of twelve uniform
// ones.
func normals(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		sum := -6.0
		for k := range uint64(12) {
			sum += unit(mix(uint64(i)*12 + k))
		}
		out[i] = sum
	}
	return out
}

// makeTiles lays out the columns that trees look at themselves.
func (g *symmetricGrower) makeTiles(m *matrix.Matrix, rows []int32) {
	b := m.Bins()
	for j, s := range b.Specs {
		if s.Bins < 2 || s.Bins == 2 && !s.HasMissing || s.Categorical && isCategory(m.Frame.Features[j].Levels, g.maxOneHot) {
			continue
		}
		c := column{frame: j, bins: s.Bins, missing: s.HasMissing, edges: s.Edges}
		if s.Categorical {
			c.levels = m.Frame.Features[j].Levels
		}
		if len(g.columns)%8 == 0 {
			g.tiles = append(g.tiles, columnTile{offset: g.cells})
		}
		c.tile = len(g.tiles) - 1
		t := &g.tiles[c.tile]
		c.offset = t.cells
		t.columns = append(t.columns, len(g.columns))
		t.cells += s.Bins
		g.cells += s.Bins
		g.columns = append(g.columns, c)
	}
	g.crew.run(len(g.tiles), func(t, _ int) {
		tile := &g.tiles[t]
		tile.words = make([]uint64, len(rows))
		tile.kernel = activeTile{columns: len(tile.columns), shift: [4]uint8{0, 8, 16, 24}}
		for k, c := range tile.columns {
			col, shift := b.Cols[g.columns[c].frame], 8*k
			for i, r := range rows {
				tile.words[i] |= uint64(col[r]) << shift
			}
		}
	})
}

// prepare sets up the next tree: all rows in one leaf, and the features it may
// use.
func (g *symmetricGrower) prepare(seed uint64) {
	for i := range g.idx {
		g.idx[i] = int32(i)
	}
	clear(g.leaf)
	g.bounds[0], g.ends[0] = 0, g.n
	chooseSome(g.chosen, g.featureFraction, derive(seed, 0))
	chooseSome(g.allowed, g.featureFraction, derive(seed, 1))
}

// chooseSome draws a fraction, two at least (Knuth's algorithm S).
func chooseSome(chosen []bool, fraction float64, seed uint64) {
	n, taken := len(chosen), 0
	want := min(n, max(2, int(math.Round(fraction*float64(n)))))
	for i := range n {
		chosen[i] = below(mix(seed+uint64(i)), n-i) < want-taken
		if chosen[i] {
			taken++
		}
	}
}

// grow finds the tests of a tree, looking at the statistics in order v. noise
// is the deviation of the scores, in quantised units; l2 is in them too.
func (g *symmetricGrower) grow(ctx context.Context, v, round int, shift uint, l2, noise float64, seed uint64) (*symmetricTree, error) {
	g.shift = shift
	g.prepare(seed)
	t := &symmetricTree{}
	var used []*combination
	before := -1.0
	for level := range g.depth {
		if ctx.Err() != nil {
			return nil, errStopped
		}
		s := g.search(level, v, round, l2, noise, used, derive(seed, uint64(level)+2))
		best := s.best
		if before < 0 {
			before = g.unsplit(l2)
		}
		if best == nil || !(best.clean > before*(1+1e-9)) {
			break
		}
		t.gains = append(t.gains, float32(best.clean-before))
		before = best.clean
		g.apply(&best.test, level, v)
		g.settle(&best.test, 1<<level)
		if c := best.test.combined; c != nil {
			best.test.place = g.stats.column(c, g.stats.orderings[v].columns[best.test.nibble])
			used = append(used, c)
		}
		t.tests = append(t.tests, best.test)
	}
	return t, nil
}

// unsplit is the score of the tree without any test.
func (g *symmetricGrower) unsplit(l2 float64) float64 {
	num, den := 0.0, 0.0
	mask := int64(1)<<g.shift - 1
	for k := range g.width {
		n, d := part(float64(g.totals[k][0]>>g.shift), float64(g.totals[k][0]&mask), l2)
		num, den = num+n, den+d
	}
	return cosine(num, den)
}

// apply sends every row to its side and parts the leaves.
func (g *symmetricGrower) apply(t *levelTest, level, v int) {
	leaves := 1 << level
	g.crew.blocks(g.n, func(lo, hi, _ int) {
		g.sides(t, v, lo, hi)
		for i, s := range g.side[lo:hi] {
			g.leaf[lo+i] |= uint16(s) << level
		}
	})
	one := func(l, _ int) {
		lo, hi := g.bounds[l], g.ends[l]
		mid := lo + partSides(g.idx[lo:hi], g.tmp[lo:hi], g.side)
		g.ends[l] = mid
		g.bounds[l+leaves], g.ends[l+leaves] = mid, hi
	}
	if g.n < parallelRows {
		alone.run(leaves, one)
		return
	}
	g.crew.run(leaves, one)
}

// settle sends missing values, if training has none, with the heavier side.
func (g *symmetricGrower) settle(t *levelTest, leaves int) {
	if t.combined != nil || g.columns[t.column].missing || g.columns[t.column].levels > 0 {
		return
	}
	left := 0
	for l := range leaves {
		left += g.ends[l] - g.bounds[l]
	}
	t.missingLeft = 2*left > g.n
}

// partSides moves the rows of side 0 to the front, in order.
func partSides(idx, tmp []int32, side []uint8) int {
	tmp = tmp[:len(idx)]
	left, right := 0, 0
	for _, r := range idx {
		idx[left] = r
		tmp[right] = r
		c := int(side[r])
		left += 1 - c
		right += c
	}
	copy(idx[left:], tmp[:right])
	return left
}

// sides writes where a test sends the training rows from lo to hi-1.
func (g *symmetricGrower) sides(t *levelTest, v, lo, hi int) {
	side := g.side[lo:hi]
	if t.combined != nil {
		shift, bin := uint(4*t.nibble), uint16(t.bin)
		for i, w := range t.combined.words[v][lo:hi] {
			var c uint8
			if w>>shift&15 > bin {
				c = 1
			}
			side[i] = c
		}
		return
	}
	c := &g.columns[t.column]
	table := t.table(c)
	shift := uint(8*(t.column%8)) & 63
	for i, w := range g.tiles[c.tile].words[lo:hi] {
		side[i] = table[uint8(w>>shift)]
	}
}

// table says for each bin of a column whether it goes right.
func (t *levelTest) table(c *column) (out [256]uint8) {
	for b := range c.bins - 1 {
		if c.levels > 0 && b != int(t.bin) || c.levels == 0 && b > int(t.bin) {
			out[b] = 1
		}
	}
	if !t.missingLeft {
		out[c.bins-1] = 1
	}
	return out
}
