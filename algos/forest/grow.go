package forest

import (
	"math"
	"math/rand/v2"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
)

// smooth is the weight, in rows, that a leaf gives to the shares of the
// classes, so that none is impossible.
const smooth = 0.01

// grower holds the scratch memory of one goroutine and the tree it grows.
type grower struct {
	f       *fit
	rng     *rand.Rand
	order   []int32 // features; a node looks at a random prefix
	count   []uint16
	stop    int // nodes until the context is asked
	aborted bool

	// The rows of the tree, those of a node side by side, with their weights
	// and targets.
	rows  []int32
	w     []float32
	y     []float32
	class []int32
	flat  bool // all weights are one
	// packed holds the bins of those rows, eight features a word, so that a
	// node reads them in a stretch; nil where moving them would cost more.
	packed []uint64
	spare  spare

	nodes  predictor.Tree
	values []float64 // leaf values not yet handed out
	open   frontier

	node   nodeSums
	bin    []uint8    // of the node's rows for the feature at hand
	left   []float64  // weights by class of the left side, zero between scans
	sorted []int32    // places of the node's rows in the order of a scan
	start  [256]int32 // of each bin in sorted
	sums   [256]binSum
	levels [256]uint8 // present ones, in order
}

// spare takes the right part of a partition.
type spare struct {
	rows   []int32
	w, y   []float32
	class  []int32
	packed []uint64
}

// maxPacked bounds the words that a goroutine holds packed.
const maxPacked = 4 << 20

// split is a way to divide a node's rows.
type split struct {
	feature int32
	// Rows go left if their bin is at most cut or, for categories, in left.
	cut         int
	missingLeft bool
	categorical bool
	left        set
	gain        float64
}

// part is a node that waits to be split.
type part struct {
	id, lo, hi int
	split      split
}

func newGrower(f *fit) *grower {
	n, p := len(f.rows), len(f.features)
	g := &grower{f: f, order: make([]int32, p), bin: make([]uint8, n)}
	if !f.extra {
		g.count = make([]uint16, n)
	}
	g.rows, g.spare.rows = make([]int32, n), make([]int32, n)
	g.w, g.spare.w = make([]float32, n), make([]float32, n)
	if f.class != nil {
		g.class, g.spare.class = make([]int32, n), make([]int32, n)
		g.node.classes = make([]float64, f.width)
		g.left = make([]float64, f.width)
	} else {
		g.y, g.spare.y = make([]float32, n), make([]float32, n)
	}
	g.sorted = make([]int32, n)
	if words := len(f.bins.Tiles); words <= f.looks+8 && n*words <= maxPacked {
		g.packed, g.spare.packed = make([]uint64, n*words), make([]uint64, n*words)
	}
	return g
}

// tree grows tree t, nil if the context ends before it is complete.
func (g *grower) tree(t int) predictor.Tree {
	g.rng = rand.New(rand.NewPCG(g.f.request.Seed, uint64(t)+1))
	for j := range g.order {
		g.order[j] = int32(j)
	}
	n := g.sample()
	g.nodes = make(predictor.Tree, 0, len(g.nodes)+len(g.nodes)/8+1) // trees are alike
	g.values, g.aborted, g.stop = nil, false, 0
	g.open.reset(n > g.f.leaves)
	g.add(0, n)
	for leaves := 1; !g.aborted && !g.open.empty() && leaves < g.f.leaves; leaves++ {
		g.divide(g.open.pop())
	}
	if g.aborted {
		return nil
	}
	for !g.open.empty() {
		p := g.open.pop()
		g.leaf(p.id, p.lo, p.hi)
	}
	for id := len(g.nodes) - 1; id >= 0; id-- { // parents come before their children
		if n := &g.nodes[id]; n.Feature >= 0 {
			n.Cover = g.nodes[n.Left].Cover + g.nodes[n.Right].Cover
		}
	}
	return g.nodes
}

// sample fills in the rows of the tree and returns their number.
func (g *grower) sample() int {
	f := g.f
	n := len(f.rows)
	for i := range g.count {
		g.count[i] = 0
	}
	if g.count != nil {
		for range n {
			if i := g.rng.IntN(n); g.count[i] < math.MaxUint16 {
				g.count[i]++
			}
		}
	}
	m, words := 0, len(f.bins.Tiles)
	g.flat = true
	for i, r := range f.rows {
		w := f.w[i]
		if g.count != nil {
			if g.count[i] == 0 {
				continue
			}
			w *= float32(g.count[i])
		}
		g.rows[m], g.w[m] = r, w
		g.flat = g.flat && w == 1
		if g.packed != nil {
			for t, tile := range f.bins.Tiles {
				g.packed[m*words+t] = tile[r]
			}
		}
		if g.class != nil {
			g.class[m] = f.class[i]
		} else {
			g.y[m] = f.y[i]
		}
		m++
	}
	return m
}

// drawn is the sample of the last tree, a bit a row, nil for all rows.
func (g *grower) drawn() []uint64 {
	if g.count == nil {
		return nil
	}
	bits := make([]uint64, (len(g.count)+63)/64)
	for i, n := range g.count {
		if n > 0 {
			bits[i>>6] |= 1 << (i & 63)
		}
	}
	return bits
}

// add makes a node of the rows lo..hi: a leaf, or one that waits to be split.
func (g *grower) add(lo, hi int) int {
	id := len(g.nodes)
	g.nodes = append(g.nodes, predictor.Node{Feature: -1, Left: -1, Right: -1})
	if g.stop--; g.stop <= 0 || hi-lo > 4096 {
		g.stop = 64
		g.aborted = g.aborted || g.f.ctx.Err() != nil
	}
	if !g.aborted {
		if s, ok := g.search(lo, hi); ok {
			g.open.push(part{id: id, lo: lo, hi: hi, split: s})
			return id
		}
	}
	g.leaf(id, lo, hi)
	return id
}

// divide splits a node.
func (g *grower) divide(p part) {
	mid := g.partition(&p)
	left := g.add(p.lo, mid)
	right := g.add(mid, p.hi)
	n := &g.nodes[p.id]
	n.Feature = p.split.feature
	n.Left, n.Right = int32(left), int32(right)
	if p.split.categorical {
		n.Cats = p.split.codes()
		return
	}
	n.MissingLeft = p.split.missingLeft
	n.Threshold = math.MaxFloat32
	if edges := g.f.bins.Specs[p.split.feature].Edges; p.split.cut < len(edges) {
		n.Threshold = float64(edges[p.split.cut])
	}
}

// codes is the set of levels that go left. Levels without a bin of their own
// and missing values go right: search takes care of that.
func (s *split) codes() []uint32 {
	words := make([]uint32, 0, 8)
	for i := range 8 {
		words = append(words, uint32(s.left[i/2]>>(i%2*32)))
	}
	last := len(words)
	for last > 1 && words[last-1] == 0 {
		last--
	}
	return words[:last:last]
}

// partition moves the rows that go left to the front, keeping the order on
// both sides, and returns where the right ones start.
func (g *grower) partition(p *part) int {
	s := &p.split
	var v view
	g.gather(&v, s.feature, p.lo, p.hi)
	missing := -1 // the bin beyond the cut that goes left
	if s.missingLeft {
		missing = g.f.bins.Specs[s.feature].Bins - 1
	}
	at, away := p.lo, 0
	for i, b := range v.bin {
		left := int(b) <= s.cut || int(b) == missing
		if s.categorical {
			left = s.left.has(b)
		}
		if left {
			g.move(at, p.lo+i)
			at++
		} else {
			g.setAside(away, p.lo+i)
			away++
		}
	}
	g.bringBack(at, away)
	return at
}

// move copies row from to place to.
func (g *grower) move(to, from int) {
	g.rows[to], g.w[to] = g.rows[from], g.w[from]
	if g.class != nil {
		g.class[to] = g.class[from]
	} else {
		g.y[to] = g.y[from]
	}
	if g.packed != nil {
		words := len(g.f.bins.Tiles)
		copy(g.packed[to*words:(to+1)*words], g.packed[from*words:(from+1)*words])
	}
}

// setAside copies row from to a place of the spare.
func (g *grower) setAside(to, from int) {
	s := &g.spare
	s.rows[to], s.w[to] = g.rows[from], g.w[from]
	if g.class != nil {
		s.class[to] = g.class[from]
	} else {
		s.y[to] = g.y[from]
	}
	if g.packed != nil {
		words := len(g.f.bins.Tiles)
		copy(s.packed[to*words:(to+1)*words], g.packed[from*words:(from+1)*words])
	}
}

// bringBack copies n rows of the spare to the places from at.
func (g *grower) bringBack(at, n int) {
	s := &g.spare
	copy(g.rows[at:], s.rows[:n])
	copy(g.w[at:], s.w[:n])
	if g.class != nil {
		copy(g.class[at:], s.class[:n])
	} else {
		copy(g.y[at:], s.y[:n])
	}
	if g.packed != nil {
		words := len(g.f.bins.Tiles)
		copy(g.packed[at*words:], s.packed[:n*words])
	}
}

// leaf sets the output of a node.
func (g *grower) leaf(id, lo, hi int) {
	f := g.f
	if len(g.values) < f.width {
		g.values = make([]float64, 256*f.width)
	}
	value := g.values[:f.width:f.width]
	g.values = g.values[f.width:]
	total := 0.0
	for _, w := range g.w[lo:hi] {
		total += float64(w)
	}
	if g.class != nil {
		sums := g.left
		for i := lo; i < hi; i++ {
			sums[g.class[i]] += float64(g.w[i])
		}
		for k, s := range sums {
			value[k] = float64(float32((s + float64(smooth*f.prior[k])) / (total + smooth)))
		}
		clear(sums)
	} else {
		sum := 0.0
		for i := lo; i < hi; i++ {
			sum += float64(float64(g.w[i]) * float64(g.y[i]))
		}
		value[0] = float64(g.scalar(sum, total))
	}
	n := &g.nodes[id]
	n.Value, n.Cover = value, total
}

// scalar is the value of a leaf from its sum of centred targets.
func (g *grower) scalar(sum, total float64) float32 {
	if g.f.request.Problem.Task == metrics.Binary {
		v := g.f.mean + sum/(total+smooth) // the centred prior is 0
		return float32(max(0, min(1, v)))
	}
	return float32(max(-math.MaxFloat32, min(math.MaxFloat32, g.f.mean+sum/total)))
}

// frontier holds the nodes to split: the last one first or, where the leaves
// are limited, that of the largest gain.
type frontier struct {
	best  bool
	parts []part // by place
	free  []int  // places to use again
	heap  []rank // if best
}

// rank is what orders parts of a heap.
type rank struct {
	gain float64
	id   int
	at   int // place of the part
}

func (q *frontier) reset(best bool) {
	q.parts, q.free, q.heap, q.best = q.parts[:0], q.free[:0], q.heap[:0], best
}

func (q *frontier) empty() bool { return len(q.parts) == len(q.free) }

// before puts the larger gain first; the earlier node wins a tie.
func (a *rank) before(b *rank) bool { return a.gain > b.gain || a.gain == b.gain && a.id < b.id }

func (q *frontier) push(p part) {
	if !q.best {
		q.parts = append(q.parts, p)
		return
	}
	at := len(q.parts)
	if n := len(q.free); n > 0 {
		at, q.free = q.free[n-1], q.free[:n-1]
		q.parts[at] = p
	} else {
		q.parts = append(q.parts, p)
	}
	q.heap = append(q.heap, rank{p.split.gain, p.id, at})
	for i := len(q.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.heap[i].before(&q.heap[up]) {
			return
		}
		q.heap[i], q.heap[up] = q.heap[up], q.heap[i]
		i = up
	}
}

func (q *frontier) pop() part {
	if !q.best {
		p := q.parts[len(q.parts)-1]
		q.parts = q.parts[:len(q.parts)-1]
		return p
	}
	first, last := q.heap[0], len(q.heap)-1
	q.heap[0] = q.heap[last]
	q.heap = q.heap[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child+1 < last && q.heap[child+1].before(&q.heap[child]) {
			child++
		}
		if child >= last || !q.heap[child].before(&q.heap[i]) {
			q.free = append(q.free, first.at)
			return q.parts[first.at]
		}
		q.heap[i], q.heap[child] = q.heap[child], q.heap[i]
		i = child
	}
}
