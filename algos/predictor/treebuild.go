package predictor

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"
	"slices"
)

const (
	// maxSlots is the number of slots of packed trees.
	maxSlots = 256
	// maxMembers bounds the category sets that are computed for every row, rather
	// than where a row meets them.
	maxMembers = 32
)

// builder lays out trees: first as wide cells, whose slots are the numbers of
// tables (or, with set not 0, nothing) and whose ranks are the order in which
// thresholds came, then, when all thresholds are known, in their final form.
type builder struct {
	t       *Trees
	tableOf map[rankingKey]uint32
	cuts    []cutSet // of each table
	setOf   map[string]uint32
	far     bool // a child is too far from its parent for packed cells
	order   []place
	pending []int32 // places whose children are for later clusters
	open    []int32 // places whose children may be in the current cluster
	key     []byte
	recent  []uint32 // places of vectors of leaves plus one, by hash
	// placeOf, if not nil, has the places of vectors that leaves share, by their
	// first element.
	placeOf map[*float64]uint32
}

type rankingKey struct {
	feature int32
	missing Missing
	left    bool
}

// cutSeed keeps files from having thresholds of one hash; nothing else depends on it.
var cutSeed = maphash.MakeSeed()

// cutSet numbers different thresholds in the order in which they come. A map would
// take four times the memory, most of it while it grows.
type cutSet struct {
	cuts  []float64
	index []uint32 // numbers plus one, by open addressing; at least half of it is free
}

func (c *cutSet) add(v float64) uint32 {
	if v != v {
		v = math.Inf(-1)
	}
	v += 0 // no negative zero
	if 2*len(c.cuts) >= len(c.index) {
		c.widen()
	}
	at := c.find(v)
	if c.index[at] == 0 {
		c.cuts = append(c.cuts, v)
		c.index[at] = uint32(len(c.cuts))
	}
	return c.index[at] - 1
}

// find answers where a threshold's number is, or is to be.
func (c *cutSet) find(v float64) int {
	mask := len(c.index) - 1
	at := int(maphash.Comparable(cutSeed, v)) & mask
	for c.index[at] != 0 && c.cuts[c.index[at]-1] != v {
		at = (at + 1) & mask
	}
	return at
}

func (c *cutSet) widen() {
	c.index = make([]uint32, max(16, 2*len(c.index)))
	for i, v := range c.cuts {
		c.index[c.find(v)] = uint32(i + 1)
	}
}

// sort puts the thresholds in order and returns their new places.
func (c *cutSet) sort() []uint32 {
	sorted, to := slices.Clone(c.cuts), make([]uint32, len(c.cuts))
	slices.Sort(sorted)
	for i, v := range sorted {
		to[c.index[c.find(v)]-1] = uint32(i)
	}
	c.cuts, c.index = sorted, nil
	return to
}

func newBuilder(width int, base []float64, out Output, vector bool) *builder {
	t := &Trees{width: width, base: make([]float64, width), out: out, vector: vector, roots: []uint32{0}}
	copy(t.base, base)
	return &builder{t: t, tableOf: map[rankingKey]uint32{}, setOf: map[string]uint32{}}
}

// reserve makes room for nodes.
func (b *builder) reserve(nodes int) {
	t := b.t
	t.wide, t.cover.single = make([]cell, 0, nodes), make([]float32, 0, nodes)
	if t.vector {
		t.offset = make([]uint32, 0, nodes)
	} else {
		t.values.single = make([]float32, 0, nodes)
	}
}

// add lays out one tree, whose nodes may be in any order.
func (b *builder) add(tree Tree) {
	t := b.t
	root := uint32(len(t.wide))
	b.arrange(tree)
	deepest := int32(0)
	for i, p := range b.order {
		n := &tree[p.node]
		c := cell{rank: math.MaxUint32}
		if n.Feature >= 0 {
			c.next = uint32(p.left - int32(i))
			c.slot, c.rank, c.set = b.test(n)
			b.far = b.far || c.next > maxNext
		}
		t.wide = append(t.wide, c)
		b.facts(n, root+uint32(i))
		deepest = max(deepest, p.level)
	}
	t.levels = append(t.levels, deepest)
	t.roots = append(t.roots, uint32(len(t.wide)))
}

// place is a node and where its left child goes.
type place struct {
	node, left, level int32
}

// clusterPairs is the number of pairs of children that are laid out together:
// those of a cache line of packed cells.
const clusterPairs = 8

// arrange finds an order of a tree's nodes in which a row meets few cache lines:
// the pairs of children near the root of a subtree that most training rows come
// to stand together, and what is below them follows likewise.
func (b *builder) arrange(tree Tree) {
	b.order = append(b.order[:0], place{})
	b.pending = append(b.pending[:0], 0)
	for len(b.pending) > 0 {
		last := len(b.pending) - 1
		b.open = append(b.open[:0], b.pending[last])
		b.pending = b.pending[:last]
		for pairs := 0; pairs < clusterPairs && len(b.open) > 0; pairs++ {
			b.placeChildren(tree, b.heaviest(tree))
		}
		for len(b.open) > 0 { // the first comes next
			b.pending = append(b.pending, b.open[len(b.open)-1])
			b.open = b.open[:len(b.open)-1]
		}
	}
}

// heaviest takes the place with the largest cover out of b.open; the first wins a
// tie.
func (b *builder) heaviest(tree Tree) int32 {
	best := 0
	for k, at := range b.open {
		if tree[b.order[at].node].Cover > tree[b.order[b.open[best]].node].Cover {
			best = k
		}
	}
	at := b.open[best]
	b.open = slices.Delete(b.open, best, best+1)
	return at
}

func (b *builder) placeChildren(tree Tree, at int32) {
	n := &tree[b.order[at].node]
	if n.Feature < 0 {
		return
	}
	left, level := int32(len(b.order)), b.order[at].level+1
	b.order[at].left = left
	b.order = append(b.order, place{node: n.Left, level: level}, place{node: n.Right, level: level})
	for k, child := range []int32{n.Left, n.Right} {
		if tree[child].Feature >= 0 {
			b.open = append(b.open, left+int32(k))
		}
	}
}

// facts keeps what a node holds beside its test.
func (b *builder) facts(n *Node, c uint32) {
	t := b.t
	room := cap(t.wide)
	t.cover.add(n.Cover)
	keep(&t.weight, c, n.Weight, room)
	if n.Feature >= 0 {
		keep(&t.gain, c, n.Gain, room)
	} else {
		keep(&t.gain, c, 0, room)
	}
	if n.Linear != nil {
		m := n.Linear
		t.linear = append(t.linear, LeafModel{m.Const, slices.Clone(m.Features), slices.Clone(m.Coef)})
		keep(&t.linearOf, c, uint32(len(t.linear)), room)
	} else {
		keep(&t.linearOf, c, 0, room)
	}
	if t.vector {
		at := uint32(0)
		if n.Feature < 0 {
			at = b.vectorLeaf(n)
		}
		t.offset = append(t.offset, at)
		return
	}
	if n.Feature < 0 {
		t.values.add(n.Value[0])
	} else {
		t.values.add(0)
	}
}

// keep sets v[i], the first element not yet set, in a slice that stays nil while
// all are zero, and then has room for so many.
func keep[T cmp.Ordered](v *[]T, i uint32, x T, room int) {
	var zero T
	if *v == nil {
		if x == zero {
			return
		}
		*v = make([]T, 0, room)
	}
	for len(*v) < int(i) {
		*v = append(*v, zero)
	}
	*v = append(*v, x)
}

// vectorLeaf keeps the values of a leaf and returns where. Leaves of deep trees are
// often alike: those that were last met with the same hash share their values.
func (b *builder) vectorLeaf(n *Node) uint32 {
	t := b.t
	if at, ok := b.placeOf[&n.Value[0]]; ok {
		return at
	}
	at := t.values.len()
	hash := uint64(0)
	for k := range t.width {
		v := 0.0
		switch {
		case len(n.Value) == t.width:
			v = n.Value[k]
		case k == len(t.levels)%t.width:
			v = n.Value[0]
		}
		t.values.add(v)
		hash = (hash ^ math.Float64bits(v)) * 0x9e3779b97f4a7c15
		hash ^= hash >> 29
	}
	if b.recent == nil {
		b.recent = make([]uint32, 1<<recentBits)
	}
	slot := &b.recent[hash>>(64-recentBits)]
	if old := int(*slot) - 1; old >= 0 && t.values.same(old, at, t.width) {
		t.values.cut(at)
		at = old
	}
	*slot = uint32(at) + 1
	if b.placeOf != nil {
		b.placeOf[&n.Value[0]] = uint32(at)
	}
	return uint32(at)
}

// recentBits is the logarithm of the number of leaves that are remembered.
const recentBits = 14

// test numbers the test of a node: a table and a threshold, or a set plus one.
func (b *builder) test(n *Node) (tab, cut, set uint32) {
	if n.Cats != nil {
		return 0, math.MaxUint32, b.set(n) + 1
	}
	k := rankingKey{n.Feature, n.Missing, n.MissingLeft && n.Missing != MissingNone}
	i, ok := b.tableOf[k]
	if !ok {
		i = uint32(len(b.cuts))
		b.tableOf[k] = i
		b.cuts = append(b.cuts, cutSet{})
		b.t.plan.tables = append(b.t.plan.tables, newRanking(k))
	}
	return i, b.cuts[i].add(n.Threshold), 0
}

func (b *builder) set(n *Node) uint32 {
	b.key = binary.LittleEndian.AppendUint32(b.key[:0], uint32(n.Feature)<<1)
	if n.MissingLeft {
		b.key[0] |= 1
	}
	for _, w := range n.Cats {
		b.key = binary.LittleEndian.AppendUint32(b.key, w)
	}
	i, ok := b.setOf[string(b.key)]
	if !ok {
		i = uint32(len(b.t.plan.sets))
		b.t.plan.sets = append(b.t.plan.sets, catSet{
			feature: n.Feature, missingLeft: n.MissingLeft, words: append([]uint32{}, n.Cats...),
		})
		b.setOf[string(b.key)] = i
	}
	return i
}

// finish brings the cells into their final form.
func (b *builder) finish() *Trees {
	t := b.t
	p := &t.plan
	fill(&t.weight, len(t.wide))
	fill(&t.gain, len(t.wide))
	fill(&t.linearOf, len(t.wide))
	place, ranks := b.layTables()
	windows := 0
	for _, tab := range p.tables {
		windows += tab.windows
	}
	for i := range t.wide {
		if c := &t.wide[i]; c.next > 0 && c.set == 0 {
			c.rank = ranks[c.slot][c.rank]
			c.slot = place[c.slot]
		}
	}
	switch {
	case !b.far && windows+len(p.sets) <= maxSlots && len(p.sets) <= maxMembers:
		b.pack()
	case b.mixes(windows):
		b.mix()
	default:
		b.widen()
	}
	return t
}

func fill[T any](v *[]T, n int) {
	if *v != nil {
		*v = append(*v, make([]T, n-len(*v))...)
	}
}

// layTables sorts the tables by size and their thresholds by value. It returns
// the new numbers of the tables and, by old number, those of the thresholds.
func (b *builder) layTables() (place []uint32, ranks [][]uint32) {
	p := &b.t.plan
	order := make([]int, len(p.tables))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(len(b.cuts[j].cuts), len(b.cuts[i].cuts)) })
	place, ranks = make([]uint32, len(order)), make([][]uint32, len(order))
	tables := make([]ranking, len(order))
	steps := make([]int, len(order)) // four tables that follow each other have as many
	room := 0
	for to, from := range order {
		steps[to] = bits.Len(uint(len(b.cuts[from].cuts)))
		if to%4 > 0 {
			steps[to] = steps[to-1]
		}
		room += 1<<steps[to] - 1
	}
	p.cuts = make([]uint64, 0, room)
	for to, from := range order {
		tab := p.tables[from]
		ranks[from], place[from] = b.cuts[from].sort(), uint32(to)
		cuts := b.cuts[from].cuts
		tab.at, tab.n, tab.steps = len(p.cuts), len(cuts), steps[to]
		tab.windows = (len(cuts) + top - 1) / top
		for _, v := range cuts {
			p.cuts = append(p.cuts, keyOf(v))
		}
		for len(p.cuts) < tab.at+1<<tab.steps-1 {
			p.cuts = append(p.cuts, math.MaxUint64)
		}
		tables[to] = tab
	}
	p.tables = tables
	return place, ranks
}

// splitSlots gives the tables their slots of at most 255 ranks.
func (p *plan) splitSlots(shift uint8) {
	p.split, p.shift = true, shift
	for i := range p.tables {
		tab := &p.tables[i]
		tab.slot = len(p.slots)
		for w := range tab.windows {
			p.slots = append(p.slots, slot{table: int32(i), base: uint32(w * top)})
		}
	}
}

// pack makes packed cells.
func (b *builder) pack() {
	t := b.t
	p := &t.plan
	p.splitSlots(rankShift)
	p.member, p.members = len(p.slots), len(p.sets)
	for i := range p.sets {
		p.slots = append(p.slots, slot{table: -1, set: int32(i)})
	}
	t.packed = make([]uint32, len(t.wide))
	for i, c := range t.wide {
		switch {
		case c.next == 0:
		case c.set > 0:
			t.packed[i] = packCell(c.next, 0, uint32(p.member)+c.set-1)
		default:
			s := uint32(p.tables[c.slot].slot) + c.rank/top
			t.packed[i] = packCell(c.next, c.rank%top, s)
		}
	}
	if len(p.slots) == 0 {
		p.slots = []slot{{}} // leaves look at it
	}
	t.wide = nil
}

// codeSlots makes a code slot for each feature that sets test, and returns the
// places of these slots by set.
func (p *plan) codeSlots() []int {
	slotOf := map[int32]int{}
	place := make([]int, len(p.sets))
	for i := range p.sets {
		s := &p.sets[i]
		k, ok := slotOf[s.feature]
		if !ok {
			k = len(p.codes)
			slotOf[s.feature] = k
			p.codes = append(p.codes, codeSlot{feature: s.feature, stride: 1})
		}
		place[i] = k
		c := &p.codes[k]
		c.limit = max(c.limit, uint32(32*len(s.words)))
		c.sets = append(c.sets, int32(i))
	}
	return place
}

// mixes says whether mixed cells have room for the tests, and their bits do not
// take much more memory than the sets.
func (b *builder) mixes(windows int) bool {
	p := &b.t.plan
	words, size := 0, 0
	for i := range p.sets {
		words += len(p.sets[i].words)
	}
	p.codeSlots()
	defer func() { p.codes = nil }()
	for i := range p.codes {
		c := &p.codes[i]
		if len(c.sets) > maxBit {
			return false
		}
		size += (int(c.limit) + 2) * (len(c.sets)/32 + 1)
	}
	return 1+windows+len(p.codes) <= maxMixedSlots && size <= 1<<18+8*words
}

// mix makes mixed cells. Slot 0 is always zero: the bits of rank 0.
func (b *builder) mix() {
	t := b.t
	p := &t.plan
	p.slots = []slot{{}}
	p.splitSlots(rankBits)
	for rank := range top + 1 {
		for bit := range uint32(top + 1) {
			if bit%32 == 0 {
				p.bits = append(p.bits, 0)
			}
			if bit < uint32(rank) {
				p.bits[len(p.bits)-1] |= 1 << (bit % 32)
			}
		}
	}
	place := p.codeSlots()
	bitOf := make([]uint32, len(p.sets))
	for i := range p.codes {
		c := &p.codes[i]
		c.slot = len(p.slots)
		p.slots = append(p.slots, slot{table: -1, set: int32(i)})
		p.putCodes(c, bitOf)
	}
	t.mixed = make([]mixedCell, len(t.wide))
	for i, c := range t.wide {
		switch {
		case c.next == 0:
		case c.set > 0:
			s := uint32(p.codes[place[c.set-1]].slot)
			t.mixed[i] = mixedCell{s<<slotShift | bitOf[c.set-1], c.next}
		default:
			s := uint32(p.tables[c.slot].slot) + c.rank/top
			t.mixed[i] = mixedCell{s<<slotShift | c.rank%top, c.next}
		}
	}
	t.wide = nil
}

// putCodes appends a row of bits for each code of a feature, with a bit for each
// set on it: 1 if the code goes right. It notes the bits of the sets.
func (p *plan) putCodes(c *codeSlot, bitOf []uint32) {
	c.base, c.stride = uint32(len(p.bits)), uint32(len(c.sets)/32+1)
	for range (c.limit + 2) * c.stride {
		p.bits = append(p.bits, math.MaxUint32)
	}
	for j, i := range c.sets {
		bitOf[i] = uint32(j)
		s := &p.sets[i]
		clear := func(code uint32) { p.bits[c.base+code*c.stride+uint32(j/32)] &^= 1 << (j % 32) }
		if s.missingLeft {
			clear(0)
		}
		for k, w := range s.words {
			for ; w != 0; w &= w - 1 {
				clear(uint32(32*k+bits.TrailingZeros32(w)) + 1)
			}
		}
	}
}

// widen completes the wide cells.
func (b *builder) widen() {
	t := b.t
	p := &t.plan
	for i := range p.tables {
		p.tables[i].slot = i
		p.slots = append(p.slots, slot{table: int32(i)})
	}
	p.bits = []uint32{0, 0}
	place := p.codeSlots()
	for i := range p.codes {
		p.codes[i].slot = len(p.slots)
		p.slots = append(p.slots, slot{table: -1})
	}
	for i := range p.sets {
		p.putBits(&p.sets[i])
	}
	for i := range t.wide {
		if c := &t.wide[i]; c.set > 0 {
			c.slot, c.set = uint32(p.codes[place[c.set-1]].slot), p.sets[c.set-1].at
		}
	}
}
