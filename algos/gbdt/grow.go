package gbdt

import (
	"context"
	"errors"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// errStopped says that the context ended within a tree.
var errStopped = errors.New("stopped within a tree")

// node of a tree under training, over bins.
type node struct {
	split       split
	left, right int32 // 0 for leaves
	lo, hi      int   // training rows of the tree's spread
	l2          float64
	g, h        float64 // sums of the true gradients and Hessians
	gain        float32 // of the split, real units
	low, high   float64 // bounds of the output before the learning rate, real units
	value       float32
	values      []float32 // of all outputs, in a tree that has them
	number      int32     // of the leaf, in such a tree
}

func (n *node) leaf() bool { return n.left == 0 }

// leaf is a node that may still be split.
type leaf struct {
	node  int32
	depth int
	total int64
	slot  int // of its histogram, -1 without
	best  split
	limits
	branch branch
}

// histogram is that of a leaf: the cells of all features, and which of these
// some split within the limits was found for. Cells of numeric features are running
// sums, but for the missing bin's. Wide features have cells of their own, where they keep them.
type histogram struct {
	cells []int64
	alive []bool
	wide  [][]int64
}

func (f *feature) of(h *histogram) []int64 { return h.cells[f.offset : f.offset+f.bins] }

// grower grows one tree after the other in the same memory.
type grower struct {
	*settings
	features []feature
	cells    int // of a leaf's histogram
	train    *rowset
	crew     crew

	scans    [2]leafScan // of the leaves under study
	job      searchJob   // the search in them
	spread   *spread
	packed   []int64    // of each row
	gathered [2][]int64 // the same in the order of the rows of the leaves under study
	scales   scales
	gainStep float64 // real value of a unit of gain
	outStep  float64 // real value of a unit of output

	chosen  []int32 // the tree's features
	access  [2][]uint8
	tiles   []activeTile
	wides   []int32 // features
	blocks  []activeBlock
	chunks  []chunk
	work    int                // cells counted for a row
	scratch []tileHistogram    // of each worker, or of each block of rows of each tile
	pieces  []*sparseHistogram // of blocks of rows of each sparse block
	levels  []scanScratch      // of each worker
	found   [][2]split         // of each job: for the smaller and the larger child
	slots   []*histogram
	spare   [][][]int64 // cells of each wide feature that no histogram has
	free    []int
	leaves  []leaf
	gains   gains // of the leaves, unless growing by depth
	nodes   []node
}

// maxHistogramBytes bounds the histograms kept for subtraction.
const maxHistogramBytes = 256 << 20

func newGrower(s *settings, features []feature, cells int, train *rowset, c crew) *grower {
	g := &grower{settings: s, features: features, cells: cells, train: train, crew: c}
	g.spread = newSpread(train.columns, train.n)
	g.packed = matrix.Large[int64](train.n)
	g.scratch = make([]tileHistogram, c.members())
	g.levels = make([]scanScratch, c.members())
	g.spare = make([][][]int64, len(train.wide))
	slots := max(2, min(s.leafLimit, maxHistogramBytes/(8*max(cells+wideCells(features), 1))))
	g.slots = make([]*histogram, slots)
	g.job = searchJob{grower: g}
	g.job.counts, g.job.finishes = g.job.countPart, g.job.finishPart
	g.leaves = make([]leaf, 0, s.leafLimit)
	g.gains = make(gains, 0, s.leafLimit)
	g.nodes = make([]node, 0, 2*s.leafLimit)
	return g
}

// grow makes a tree from the packed gradients of the first rows of the spread.
// The nodes are valid until the next call. whole says that these are all rows in
// order.
func (g *grower) grow(ctx context.Context, rows int, whole bool, seed uint64) ([]node, error) {
	g.free = g.free[:0]
	for i := range g.slots {
		g.free = append(g.free, i)
		g.dropAll(i)
	}
	g.gains = g.gains[:0]
	g.leaves = append(g.leaves[:0], leaf{slot: -1, limits: unlimited()})
	g.nodes = append(g.nodes[:0], node{hi: rows, l2: g.lambdaL2, low: math.Inf(-1), high: math.Inf(1)})
	root := &g.leaves[0]
	root.total = g.totalOf(g.spread.idx[:rows])
	if g.shaped() {
		g.limitRoot(rows)
	}
	g.study(0, -1, whole, seed)
	for len(g.leaves) < g.leafLimit {
		if ctx.Err() != nil {
			return nil, errStopped
		}
		i := g.next()
		if i < 0 {
			break
		}
		g.divide(i, seed)
	}
	return g.nodes, nil
}

// totalOf sums up the packed gradients of rows. Sums of integers are exact in any order.
func (g *grower) totalOf(idx []int32) int64 {
	parts := make([]int64, len(idx)/block+1)
	g.crew.blocks(len(idx), func(lo, hi, b int) {
		sum := int64(0)
		for _, r := range idx[lo:hi] {
			sum += g.packed[r]
		}
		parts[b] = sum
	})
	total := int64(0)
	for _, p := range parts {
		total += p
	}
	return total
}

// next is the leaf with the best split, when growing by depth among those of
// the least depth; -1 if there is none.
func (g *grower) next() int {
	at, top, depth := -1, 0.0, math.MaxInt
	for i := range g.leaves {
		l := &g.leaves[i]
		if l.best.gain <= 0 || g.byDepth && l.depth > depth {
			continue
		}
		if l.best.gain > top || g.byDepth && l.depth < depth {
			at, top, depth = i, l.best.gain, l.depth
		}
	}
	return at
}

// prepare sets up the next tree: the limits in the units of its quantised
// gradients, and the features it may use.
func (g *grower) prepare(q *quantiser, seed uint64) {
	g.gainStep = q.gStep * q.gStep / q.hStep
	g.outStep = q.gStep / q.hStep
	g.scales = scales{
		shift: q.shift, l1: g.lambdaL1 / q.gStep, l2: g.lambdaL2 / q.hStep,
		minHessian: g.minHessian / q.hStep, minGain: g.minGain / g.gainStep, minRows: g.minRows,
		catL2: g.catL2 / q.hStep, catSmoothHessian: g.catSmooth / q.hStep, catSmooth: g.catSmooth,
		minGroup: g.minGroup, maxOneHot: g.maxOneHot, maxSet: g.maxSet,
		maxDelta: g.maxDelta / g.outStep, pathSmooth: g.pathSmooth,
	}
	if g.found == nil || g.featureFraction < 1 {
		g.chosen = g.chooseFeatures(seed)
		g.activate(g.chosen)
	}
}

// chooseFeatures draws the fraction of features that a tree may use, ascending.
func (g *grower) chooseFeatures(seed uint64) []int32 {
	n := len(g.features)
	want := share(n, g.featureFraction)
	var chosen []int32
	for i := range n {
		// Feature i is taken with probability missing/left (Knuth's algorithm S).
		if below(mix(seed+uint64(i)), n-i) < want-len(chosen) {
			chosen = append(chosen, int32(i))
		}
	}
	return chosen
}

// divide splits leaf i and studies the children.
func (g *grower) divide(i int, seed uint64) {
	parent := g.leaves[i]
	if !g.byDepth {
		g.gains.pop()
	}
	b, f := &parent.best, &g.features[parent.best.feature]
	lo, hi := g.nodes[parent.node].lo, g.nodes[parent.node].hi
	mid := g.spread.divide(lo, hi, b, f, g.crew)

	left := leaf{node: int32(len(g.nodes)), depth: parent.depth + 1, total: b.left, slot: -1}
	right := leaf{node: left.node + 1, depth: left.depth, total: parent.total - b.left, slot: -1}
	l2 := g.lambdaL2
	if b.extraL2 {
		l2 += g.catL2
	}
	g.nodes[parent.node].split, g.nodes[parent.node].gain = *b, float32(b.gain*g.gainStep)
	g.nodes[parent.node].left, g.nodes[parent.node].right = left.node, right.node
	g.nodes = append(g.nodes,
		node{lo: lo, hi: mid, l2: l2}, node{lo: mid, hi: hi, l2: l2})
	if g.shaped() {
		g.limit(&parent, &left, &right, hi-lo, b)
		g.noteLimits(&left)
		g.noteLimits(&right)
	}
	if g.groups != nil {
		left.branch = parent.branch.below(g.groups, int32(f.frame))
		right.branch = left.branch
	}

	small, large := i, len(g.leaves)
	if mid-lo > hi-mid {
		left.slot = parent.slot
		small, large = large, small
	} else {
		right.slot = parent.slot
	}
	g.leaves[i] = left
	g.leaves = append(g.leaves, right)
	if len(g.leaves) < g.leafLimit {
		g.study(small, large, false, seed)
	}
}

// study finds the best splits of the leaves small and large (-1: none), the
// children of one split. large has the slot of the parent's histogram, or none
// if that was given up.
func (g *grower) study(small, large int, whole bool, seed uint64) {
	scans := &g.scans
	*scans = [2]leafScan{}
	at := [2]int{small, large}
	hope, bar := false, g.gains.bar(g.leafLimit-len(g.leaves))
	for k, i := range at {
		if i < 0 {
			continue
		}
		l := &g.leaves[i]
		random := uint64(0)
		if g.extraTrees {
			random = derive(seed, uint64(l.node)) | 1
		}
		n := &g.nodes[l.node]
		scans[k].start(&g.scales, l.total, n.hi-n.lo, random)
		scans[k].raise(bar)
		if g.shaped() {
			scans[k].shape(l.limits)
			scans[k].monotone = g.monotone
		}
		g.admit(&scans[k], l, &g.access[k], seed)
		if g.depthLimit > 0 && l.depth >= g.depthLimit {
			scans[k].minH = l.total&scans[k].mask + 1
		}
		hope = hope || !scans[k].hopeless()
	}
	if !hope || g.leafLimit < 2 {
		g.release(small)
		g.release(large)
		return
	}
	derived := large >= 0 && g.leaves[large].slot >= 0
	g.reserve(small, large)
	g.reserve(large, small)
	if !whole {
		g.collect(0, small)
	}
	if large >= 0 && !derived {
		g.collect(1, large)
	}
	g.search(scans, at, derived, whole)
	for k, i := range at {
		if i >= 0 {
			g.choose(i, k, scans[k].mask)
		}
	}
}

// choose takes the best of what was found; of equals, that of the first feature.
func (g *grower) choose(i, k int, mask int64) {
	l := &g.leaves[i]
	for t := range g.found {
		b := &g.found[t][k]
		if b.gain > l.best.gain || b.gain == l.best.gain && b.gain > 0 && b.feature < l.best.feature {
			l.best = *b
		}
	}
	if l.best.gain <= 0 {
		g.release(i)
		return
	}
	if !g.byDepth {
		g.gains.add(l.best.gain)
	}
	f := &g.features[l.best.feature]
	if !f.categorical {
		l.best.settle(f.of(g.slots[l.slot]), l.total, mask)
	}
}

func (g *grower) release(i int) {
	if i >= 0 && g.leaves[i].slot >= 0 {
		g.dropAll(g.leaves[i].slot)
		g.free = append(g.free, g.leaves[i].slot)
		g.leaves[i].slot = -1
	}
}

// reserve gives leaf i room for its histogram, if need be that of the leaf which
// is least likely to be split soon (other excepted): its children will then both
// be counted.
func (g *grower) reserve(i, other int) {
	if i < 0 || g.leaves[i].slot >= 0 {
		return
	}
	if len(g.free) == 0 {
		least := -1
		for k := range g.leaves {
			if k == other || g.leaves[k].slot < 0 {
				continue
			}
			if least < 0 || g.leaves[k].best.gain < g.leaves[least].best.gain {
				least = k
			}
		}
		g.release(least)
	}
	last := len(g.free) - 1
	slot := g.free[last]
	g.free = g.free[:last]
	if g.slots[slot] == nil {
		g.slots[slot] = &histogram{make([]int64, g.cells), make([]bool, len(g.features)), make([][]int64, len(g.spare))}
	}
	g.leaves[i].slot = slot
}

// collect puts the packed gradients of leaf i, the one k of those under study, in the
// order of its rows. The smaller leaf has at most half the rows, and the larger one is
// seldom counted.
func (g *grower) collect(k, i int) {
	n := &g.nodes[g.leaves[i].node]
	idx := g.spread.idx[n.lo:n.hi]
	if cap(g.gathered[k]) < len(idx) {
		g.gathered[k] = make([]int64, max(len(idx), g.train.n/2))
	}
	out := g.gathered[k][:len(idx)]
	g.gathered[k] = out
	if pieces := g.crew.members(); pieces > 1 && len(idx) >= partedRows {
		g.crew.run(pieces, func(p, _ int) {
			lo, hi := piece(len(idx), p, pieces)
			pickPacked(out[lo:hi], g.packed, idx[lo:hi])
		})
		return
	}
	pickPacked(out, g.packed, idx)
}

func pickPacked(out, packed []int64, idx []int32) {
	for k, r := range idx {
		out[k] = packed[r]
	}
}
