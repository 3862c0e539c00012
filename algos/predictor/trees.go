package predictor

import (
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindTrees tags Trees predictors.
const kindTrees = "trees"

// Trees is a sum of decision trees with a link on top: boosted trees and
// forests. It scores in double precision: which way a value goes, the sums and
// the link.
//
// The nodes are laid out for scoring. A row is first expanded into slots, one for
// every way in which the trees look at a feature: the slot of a number is its
// rank among the thresholds of all trees, so that a test compares small integers
// whatever the precision of values and thresholds, and a missing value is a rank
// as well (see ranking). A step down is then one subtraction without a branch:
// children lie side by side and leaves lead to themselves.
type Trees struct {
	width  int
	base   []float64
	out    Output
	vector bool // leaves hold width values

	// roots are the first cells of the trees, and the number of all cells.
	roots []uint32
	// levels are the depths of the trees.
	levels []int32
	// The cells are packed, mixed if they do not fit, or else wide; the other two
	// are nil.
	packed []uint32
	mixed  []mixedCell
	wide   []cell
	plan   plan

	// By cell: a leaf's value or, in vector trees, its offset into values.
	values column
	offset []uint32
	// linear has the models of leaves; linearOf, nil without any, their numbers
	// by cell, plus one.
	linear   []LeafModel
	linearOf []uint32
	// By cell; weight and gain are nil if all are zero.
	cover        column
	weight, gain []float32

	makeMasks sync.Once
	masked    []maskTree
	setSlots  int // the most questions about categories of a maskTree

	scratch sync.Pool // *scratch
}

// NewTrees lays out trees for scoring. Outputs are link(base + sum of leaves);
// base has width values, nil means zeros. Leaves hold one value, for output
// tree index mod width, or width values. The trees are not kept. Child indices
// must lie within their tree, features within the frame; thresholds are numbers.
func NewTrees(trees []Tree, width int, base []float64, link Link) *Trees {
	return NewTreesOutput(trees, width, base, Output{Link: link})
}

// NewTreesOutput is NewTrees with a link that has parameters.
func NewTreesOutput(trees []Tree, width int, base []float64, out Output) *Trees {
	return collectTrees(slices.Values(trees), width, base, out)
}

// CollectTrees is NewTrees of trees that are made one at a time, each of which may be
// in the memory of the one before. It goes through trees twice.
func CollectTrees(trees iter.Seq[Tree], width int, base []float64, link Link) *Trees {
	return collectTrees(trees, width, base, Output{Link: link})
}

func collectTrees(trees iter.Seq[Tree], width int, base []float64, out Output) *Trees {
	nodes, vector := 0, false
	for t := range trees {
		nodes += len(t)
		vector = vector || anyVector(t, width)
	}
	b := newBuilder(width, base, out, vector)
	b.reserve(nodes)
	for t := range trees {
		b.add(t)
	}
	return b.finish()
}

// anyVector says that leaves of a tree have a value for every output.
func anyVector(t Tree, width int) bool {
	if width == 1 {
		return false
	}
	for i := range t {
		if t[i].Feature < 0 && len(t[i].Value) == width {
			return true
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
func (t *Trees) Len() int { return len(t.levels) }

// Base is the constant in front of the trees' sum, a copy.
func (t *Trees) Base() []float64 { return append([]float64(nil), t.base...) }

// Link is what turns the sums into predictions.
func (t *Trees) Link() Link { return t.out.Link }

// Output is the link with its parameters.
func (t *Trees) Output() Output { return t.out }

// leavesPerSum is the number of leaves that make up a sum.
func (t *Trees) leavesPerSum() int {
	if t.vector {
		return t.Len()
	}
	return t.Len() / t.width
}

// Trees gives the trees back, equivalent to those that NewTrees got: nodes come
// level by level. The slices are the caller's.
func (t *Trees) Trees() []Tree {
	out := make([]Tree, t.Len())
	for i := range out {
		cells := t.byLevel(i, nil)
		tree := make(Tree, len(cells))
		next := int32(1)
		for k, c := range cells {
			tree[k] = t.node(c)
			if tree[k].Feature >= 0 {
				tree[k].Left, tree[k].Right = next, next+1
				next += 2
			}
		}
		out[i] = tree
	}
	return out
}

// features lists the features that are read, in ascending order.
func (t *Trees) features() []int32 {
	var f []int32
	for i := range t.plan.tables {
		f = append(f, t.plan.tables[i].feature)
	}
	for i := range t.plan.sets {
		f = append(f, t.plan.sets[i].feature)
	}
	for i := range t.linear {
		f = append(f, t.linear[i].Features...)
	}
	slices.Sort(f)
	return slices.Compact(f)
}

// byLevel lists the cells of tree i level by level, in the memory of buf.
func (t *Trees) byLevel(i int, buf []uint32) []uint32 {
	buf = append(buf[:0], t.roots[i])
	for k := 0; k < len(buf); k++ {
		if left := t.left(buf[k]); left != buf[k] {
			buf = append(buf, left, left+1)
		}
	}
	return buf
}

// left is the left child of a cell, the cell itself for a leaf.
func (t *Trees) left(c uint32) uint32 {
	switch {
	case t.packed != nil:
		return c + t.packed[c]>>nextShift
	case t.mixed != nil:
		return c + t.mixed[c].next
	}
	return c + t.wide[c].next
}

// test says what an inner cell asks: the rank in a table, or a set, -1 if none.
func (t *Trees) test(c uint32) (table int, rank uint32, set int) {
	var s slot
	switch {
	case t.packed != nil:
		n := t.packed[c]
		s = t.plan.slots[uint8(n)]
		rank, set = top-n>>rankShift&top+s.base, int(s.set)
	case t.mixed != nil:
		n := t.mixed[c].test
		s = t.plan.slots[n>>slotShift]
		rank = n&maxBit + s.base
		if s.table < 0 {
			set = int(t.plan.codes[s.set].sets[n&maxBit])
		}
	default:
		n := &t.wide[c]
		s = t.plan.slots[n.slot]
		rank = n.rank
		if s.table < 0 {
			set = t.plan.setAt(n.set)
		}
	}
	if s.table < 0 {
		return -1, 0, set
	}
	return int(s.table), rank, -1
}

// node gives a cell back, without its children.
func (t *Trees) node(c uint32) Node {
	n := Node{Feature: -1, Cover: t.cover.at(int(c))}
	if t.weight != nil {
		n.Weight = t.weight[c]
	}
	if t.gain != nil {
		n.Gain = t.gain[c]
	}
	if t.left(c) == c {
		n.Value = t.leaf(c, nil)
		if t.linearOf != nil && t.linearOf[c] > 0 {
			m := t.linear[t.linearOf[c]-1]
			n.Linear = &LeafModel{m.Const, append([]int32(nil), m.Features...), append([]float64(nil), m.Coef...)}
		}
		return n
	}
	table, rank, set := t.test(c)
	if set >= 0 {
		s := &t.plan.sets[set]
		n.Feature, n.MissingLeft = s.feature, s.missingLeft
		n.Cats = append([]uint32{}, s.words...)
		return n
	}
	tab := &t.plan.tables[table]
	n.Feature, n.Missing, n.MissingLeft = tab.feature, tab.missing, tab.left
	n.Threshold = cutOf(t.plan.cuts[tab.at+int(rank)])
	return n
}

// leaf appends the values of a leaf.
func (t *Trees) leaf(c uint32, v []float64) []float64 {
	if !t.vector {
		return append(v, t.values.at(int(c)))
	}
	for k := range t.width {
		v = append(v, t.values.at(int(t.offset[c])+k))
	}
	return v
}

// column holds numbers, in single precision while all of them fit.
type column struct {
	single []float32
	double []float64
}

func (c *column) add(v float64) {
	if c.double == nil {
		if f := float32(v); float64(f) == v {
			c.single = append(c.single, f)
			return
		}
		c.double = make([]float64, len(c.single), cap(c.single)+1)
		for i, f := range c.single {
			c.double[i] = float64(f)
		}
		c.single = nil
	}
	c.double = append(c.double, v)
}

func (c *column) at(i int) float64 {
	if c.double != nil {
		return c.double[i]
	}
	return float64(c.single[i])
}

// same says whether the n numbers from i are those from j.
func (c *column) same(i, j, n int) bool {
	for k := range n {
		if c.at(i+k) != c.at(j+k) {
			return false
		}
	}
	return true
}

// cut drops the numbers from n on.
func (c *column) cut(n int) {
	if c.double != nil {
		c.double = c.double[:n]
	} else {
		c.single = c.single[:n]
	}
}

func (c *column) len() int { return max(len(c.single), len(c.double)) }

// isMissing says whether the rule counts v as missing.
func (m Missing) isMissing(v float64) bool {
	return m != MissingNone && v != v || m == MissingZero && math.Abs(v) <= zeroLimit
}

// zeroLimit bounds the values that MissingZero takes for zero, that of LightGBM.
const zeroLimit = float64(float32(1e-35))
