package predictor

import (
	"math"
	"sync"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindTrees tags Trees predictors.
const kindTrees = "trees"

const (
	// lanes is the number of rows that walk down a tree side by side, so that
	// the processor overlaps their loads.
	lanes = 8
	// blockFloats bounds the gathered values of a block of rows, which should
	// stay in the second cache level while all trees pass over them.
	blockFloats = 1 << 16
	// maxGroups bounds the groups of lanes in a block. The larger a block, the
	// less often the trees, which may be far larger, come from memory.
	maxGroups = 64
)

// Trees is a sum of decision trees with a link on top: boosted trees and
// forests. The nodes are laid out for scoring. A row is first expanded into
// slots, one for every way in which the trees look at a feature; then every
// step is one comparison without a branch: children lie side by side, a missing
// value is NaN (never below a threshold, so right) or -Inf (always left) in its
// slot, a set of categories is a slot of its own, and leaves lead to themselves.
type Trees struct {
	width  int
	base   []float64
	out    Output
	vector bool // leaves hold width values

	trees  []flatTree
	cells  []cell
	cover  []float32 // of each cell
	values []float32 // of vector leaves
	slots  []slot
	sets   []catSet

	scratch sync.Pool // *rowScratch
}

// flatTree is a stretch of cells, node 0 first, level by level.
type flatTree struct {
	start, nodes, depth int32
	// mixed trees have tests on sets that have no slot.
	mixed bool
}

// cell is a node. value goes left, to cell left, if slot value <= th, else to
// left+1. Cells are counted from the start of their tree. Leaves have th = +Inf,
// slot 0 (always zero) and themselves to the left; val is their output or, in
// vector forests, the bits of an offset into values.
type cell struct {
	th   float32
	slot uint32
	left uint32
	val  float32
}

// setFlag in cell.slot marks a test of set slot&^setFlag without a slot.
const setFlag = 1 << 31

type slotKind uint8

const (
	slotZero  slotKind = iota // 0
	slotRaw                   // the feature, NaN goes right
	slotLow                   // the feature, -Inf for NaN
	slotInSet                 // 0 for members of a set (left), 1 for others
)

type slot struct {
	kind    slotKind
	feature int32
	set     int32
}

// catSet is a test of a categorical feature.
type catSet struct {
	feature     int32
	raw         uint32 // slot of the feature
	missingLeft bool
	words       []uint32
}

func (s *catSet) left(v float32) bool {
	if v != v {
		return s.missingLeft
	}
	if !(v >= 0 && v < float32(32*len(s.words))) {
		return false
	}
	c := uint32(v)
	return s.words[c>>5]>>(c&31)&1 == 1
}

// NewTrees lays out trees for scoring. Outputs are link(base + sum of leaves);
// base has width values, nil means zeros. Leaves hold one value, for output
// tree index mod width, or width values. The trees are not kept. Child indices
// must lie within their tree, features within the frame.
func NewTrees(trees []Tree, width int, base []float64, link Link) *Trees {
	return NewTreesOutput(trees, width, base, Output{Link: link})
}

// NewTreesOutput is NewTrees for a link with parameters.
func NewTreesOutput(trees []Tree, width int, base []float64, out Output) *Trees {
	b := newBuilder(width, base, out, anyVector(trees, width))
	for _, t := range trees {
		b.add(t)
	}
	return b.t
}

func anyVector(trees []Tree, width int) bool {
	if width == 1 {
		return false
	}
	for _, t := range trees {
		for i := range t {
			if t[i].Feature < 0 && len(t[i].Value) == width {
				return true
			}
		}
	}
	return false
}

// Kind is "trees".
func (t *Trees) Kind() string { return kindTrees }

// View is matrix.Raw.
func (t *Trees) View() matrix.View { return matrix.Raw }

// Width is the number of values a row gets.
func (t *Trees) Width() int { return t.width }

// Len is the number of trees.
func (t *Trees) Len() int { return len(t.trees) }

// Base is the constant in front of the trees' sum, a copy.
func (t *Trees) Base() []float64 { return append([]float64(nil), t.base...) }

// Link is what turns the sums into predictions.
func (t *Trees) Link() Link { return t.out.Link }

// Output is the link with its parameters.
func (t *Trees) Output() Output { return t.out }

// leavesPerSum is the number of leaves that make up a sum.
func (t *Trees) leavesPerSum() int {
	if t.vector {
		return len(t.trees)
	}
	return len(t.trees) / t.width
}

// Trees gives the trees back, equivalent to those that NewTrees got: nodes come
// level by level. The slices are the caller's.
func (t *Trees) Trees() []Tree {
	out := make([]Tree, len(t.trees))
	for i := range t.trees {
		out[i] = t.tree(i)
	}
	return out
}

func (t *Trees) tree(i int) Tree {
	f := t.trees[i]
	tree := make(Tree, f.nodes)
	for k := range tree {
		c := t.cells[int(f.start)+k]
		n := Node{Feature: -1, Cover: float64(t.cover[int(f.start)+k])}
		if int(c.left) == k {
			for _, v := range t.leaf(c) {
				n.Value = append(n.Value, float64(v))
			}
			tree[k] = n
			continue
		}
		n.Left, n.Right = int32(c.left), int32(c.left+1)
		if s := t.setOf(c); s != nil {
			n.Feature, n.MissingLeft = s.feature, s.missingLeft
			n.Cats = append([]uint32{}, s.words...)
		} else {
			s := t.slots[c.slot]
			n.Feature, n.MissingLeft, n.Threshold = s.feature, s.kind == slotLow, float64(c.th)
		}
		tree[k] = n
	}
	return tree
}

// leaf returns the values of a leaf.
func (t *Trees) leaf(c cell) []float32 {
	if !t.vector {
		return []float32{c.val}
	}
	at := int(math.Float32bits(c.val))
	return t.values[at : at+t.width]
}

// setOf returns the set that an inner cell tests, nil for a numeric test.
func (t *Trees) setOf(c cell) *catSet {
	if c.slot&setFlag != 0 {
		return &t.sets[c.slot&^setFlag]
	}
	if s := t.slots[c.slot]; s.kind == slotInSet {
		return &t.sets[s.set]
	}
	return nil
}

// rowScratch is the memory of one scoring call.
type rowScratch struct {
	x   []float32        // slots of a single row
	xs  [][lanes]float32 // slots of a group of rows, group after group
	sum []float64        // width values a row
	at  [lanes]uint32    // leaves
}

func (t *Trees) get() *rowScratch {
	if s, ok := t.scratch.Get().(*rowScratch); ok {
		return s
	}
	return new(rowScratch)
}

// Predict implements Predictor. The frame must have the features of the trees.
func (t *Trees) Predict(m *matrix.Matrix, rows []int32, out []float32) {
	s := t.get()
	defer t.scratch.Put(s)
	groups := min(maxGroups, max(1, blockFloats/(lanes*len(t.slots))), (len(rows)+lanes-1)/lanes)
	s.xs = grow(s.xs, groups*len(t.slots))
	s.sum = grow(s.sum, groups*lanes*t.width)
	for len(rows) > 0 {
		n := min(len(rows), groups*lanes)
		t.predictBlock(m.Frame.Cols, rows[:n], s, out)
		rows, out = rows[n:], out[n*t.width:]
	}
}

// predictBlock scores a block of rows: all trees pass over each group of lanes
// while both are in the cache.
func (t *Trees) predictBlock(cols [][]float32, rows []int32, s *rowScratch, out []float32) {
	groups := (len(rows) + lanes - 1) / lanes
	for g := range groups {
		t.gather(cols, rows[g*lanes:min((g+1)*lanes, len(rows))], s.xs[g*len(t.slots):(g+1)*len(t.slots)])
	}
	for i := range groups * lanes {
		copy(s.sum[i*t.width:], t.base)
	}
	for i, f := range t.trees {
		cells := t.cells[f.start : f.start+f.nodes]
		for g := range groups {
			xs := s.xs[g*len(t.slots) : (g+1)*len(t.slots)]
			if f.mixed {
				t.walkMixed(cells, xs, &s.at)
			} else {
				walk(cells, int(f.depth), xs, &s.at)
			}
			t.addLeaves(i, cells, &s.at, s.sum[g*lanes*t.width:(g+1)*lanes*t.width])
		}
	}
	n := t.leavesPerSum()
	for i := range rows {
		t.out.Apply(s.sum[i*t.width:(i+1)*t.width], n, out[i*t.width:(i+1)*t.width])
	}
}

// gather expands up to eight rows into slots; lanes without a row get the
// first row's values.
func (t *Trees) gather(cols [][]float32, rows []int32, xs [][lanes]float32) {
	var row [lanes]int32
	for k := range row {
		row[k] = rows[0]
		if k < len(rows) {
			row[k] = rows[k]
		}
	}
	for i, s := range t.slots {
		if s.kind == slotZero {
			xs[i] = [lanes]float32{}
			continue
		}
		col := cols[s.feature]
		for k, r := range row {
			xs[i][k] = t.slotValue(s, col[r])
		}
	}
}

func (t *Trees) slotValue(s slot, v float32) float32 {
	switch s.kind {
	case slotLow:
		if v != v {
			return float32(math.Inf(-1))
		}
	case slotInSet:
		if t.sets[s.set].left(v) {
			return 0
		}
		return 1
	}
	return v
}

// walk takes eight rows to their leaves. The comparison is written so that it
// compiles to a set-on-condition instruction, not a branch. Trees of leaf-wise
// growth are uneven: every third level it looks whether all rows have arrived.
func walk(cells []cell, depth int, xs [][lanes]float32, at *[lanes]uint32) {
	var i0, i1, i2, i3, i4, i5, i6, i7 uint32
	for d := 0; d < depth; d++ {
		n0, n1, n2, n3 := &cells[i0], &cells[i1], &cells[i2], &cells[i3]
		var c0, c1, c2, c3 uint32
		if !(xs[n0.slot][0] <= n0.th) {
			c0 = 1
		}
		if !(xs[n1.slot][1] <= n1.th) {
			c1 = 1
		}
		if !(xs[n2.slot][2] <= n2.th) {
			c2 = 1
		}
		if !(xs[n3.slot][3] <= n3.th) {
			c3 = 1
		}
		i0, i1, i2, i3 = n0.left+c0, n1.left+c1, n2.left+c2, n3.left+c3
		n4, n5, n6, n7 := &cells[i4], &cells[i5], &cells[i6], &cells[i7]
		var c4, c5, c6, c7 uint32
		if !(xs[n4.slot][4] <= n4.th) {
			c4 = 1
		}
		if !(xs[n5.slot][5] <= n5.th) {
			c5 = 1
		}
		if !(xs[n6.slot][6] <= n6.th) {
			c6 = 1
		}
		if !(xs[n7.slot][7] <= n7.th) {
			c7 = 1
		}
		i4, i5, i6, i7 = n4.left+c4, n5.left+c5, n6.left+c6, n7.left+c7
		if d%3 == 2 && cells[i0].left == i0 && cells[i1].left == i1 && cells[i2].left == i2 && cells[i3].left == i3 &&
			cells[i4].left == i4 && cells[i5].left == i5 && cells[i6].left == i6 && cells[i7].left == i7 {
			break
		}
	}
	*at = [lanes]uint32{i0, i1, i2, i3, i4, i5, i6, i7}
}

// walkMixed is walk for trees that test sets without a slot.
func (t *Trees) walkMixed(cells []cell, xs [][lanes]float32, at *[lanes]uint32) {
	for k := range at {
		i := uint32(0)
		for n := &cells[0]; n.left != i; n = &cells[i] {
			right := false
			if n.slot&setFlag != 0 {
				s := &t.sets[n.slot&^setFlag]
				right = !s.left(xs[s.raw][k])
			} else {
				right = !(xs[n.slot][k] <= n.th)
			}
			i = n.left
			if right {
				i++
			}
		}
		at[k] = i
	}
}

// addLeaves adds what tree i says of eight rows.
func (t *Trees) addLeaves(i int, cells []cell, at *[lanes]uint32, sum []float64) {
	if t.vector {
		for k, c := range at {
			row := sum[k*t.width : (k+1)*t.width]
			for j, v := range t.leaf(cells[c]) {
				row[j] += float64(v)
			}
		}
		return
	}
	class := i % t.width
	for k, c := range at {
		sum[k*t.width+class] += float64(cells[c].val)
	}
}

// PredictRow scores one row, x being its values by frame feature, and writes
// Width values to out. It gives the bits that Predict gives and, after the first
// calls, allocates nothing.
func (t *Trees) PredictRow(x, out []float32) {
	s := t.get()
	defer t.scratch.Put(s)
	s.x = grow(s.x, len(t.slots))
	s.sum = append(s.sum[:0], t.base...)
	for i, sl := range t.slots {
		s.x[i] = 0
		if sl.kind != slotZero {
			s.x[i] = t.slotValue(sl, x[sl.feature])
		}
	}
	i := 0
	for i < len(t.trees) {
		if n := t.walkFour(i, s.x, &s.at); n > 0 {
			for k := range n {
				t.addLeaf(i+k, s.at[k], s.sum)
			}
			i += n
			continue
		}
		t.addLeaf(i, t.walkOne(t.trees[i], s.x), s.sum)
		i++
	}
	t.out.Apply(s.sum, t.leavesPerSum(), out[:t.width])
}

func (t *Trees) addLeaf(tree int, at uint32, sum []float64) {
	c := t.cells[t.trees[tree].start+int32(at)]
	if !t.vector {
		sum[tree%t.width] += float64(c.val)
		return
	}
	for j, v := range t.leaf(c) {
		sum[j] += float64(v)
	}
}

// walkFour takes a row down trees i to i+3 at once and answers 4, or 0 if there
// are fewer or one is mixed.
func (t *Trees) walkFour(i int, x []float32, at *[lanes]uint32) int {
	if i+4 > len(t.trees) {
		return 0
	}
	f := t.trees[i : i+4 : i+4]
	if f[0].mixed || f[1].mixed || f[2].mixed || f[3].mixed {
		return 0
	}
	t0 := t.cells[f[0].start : f[0].start+f[0].nodes]
	t1 := t.cells[f[1].start : f[1].start+f[1].nodes]
	t2 := t.cells[f[2].start : f[2].start+f[2].nodes]
	t3 := t.cells[f[3].start : f[3].start+f[3].nodes]
	var i0, i1, i2, i3 uint32
	for d := max(f[0].depth, f[1].depth, f[2].depth, f[3].depth); d > 0; d-- {
		n0, n1, n2, n3 := &t0[i0], &t1[i1], &t2[i2], &t3[i3]
		var c0, c1, c2, c3 uint32
		if !(x[n0.slot] <= n0.th) {
			c0 = 1
		}
		if !(x[n1.slot] <= n1.th) {
			c1 = 1
		}
		if !(x[n2.slot] <= n2.th) {
			c2 = 1
		}
		if !(x[n3.slot] <= n3.th) {
			c3 = 1
		}
		i0, i1, i2, i3 = n0.left+c0, n1.left+c1, n2.left+c2, n3.left+c3
		if d%3 == 0 && t0[i0].left == i0 && t1[i1].left == i1 && t2[i2].left == i2 && t3[i3].left == i3 {
			break
		}
	}
	at[0], at[1], at[2], at[3] = i0, i1, i2, i3
	return 4
}

func (t *Trees) walkOne(f flatTree, x []float32) uint32 {
	cells, i := t.cells[f.start:f.start+f.nodes], uint32(0)
	for n := &cells[0]; n.left != i; n = &cells[i] {
		right := false
		if n.slot&setFlag != 0 {
			s := &t.sets[n.slot&^setFlag]
			right = !s.left(x[s.raw])
		} else {
			right = !(x[n.slot] <= n.th)
		}
		i = n.left
		if right {
			i++
		}
	}
	return i
}

// grow returns a slice of n elements, s itself if it has the room.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
