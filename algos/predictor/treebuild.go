package predictor

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

const (
	// maxSlots is the number of slots of packed trees.
	maxSlots = 256
	// maxMembers bounds the category sets that are computed for every row, rather
	// than where a row meets them.
	maxMembers = 64
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
	order   []int32
	level   []int32
	key     []byte
}

type rankingKey struct {
	feature int32
	missing Missing
	left    bool
}

// cutSet numbers different thresholds.
type cutSet struct {
	rankOf map[float64]uint32
	cuts   []float64
}

func (c *cutSet) add(v float64) uint32 {
	if v != v {
		v = math.Inf(-1)
	}
	i, ok := c.rankOf[v]
	if !ok {
		i = uint32(len(c.cuts))
		c.rankOf[v] = i
		c.cuts = append(c.cuts, v+0) // no negative zero
	}
	return i
}

// sort puts the thresholds in order and returns their new places.
func (c *cutSet) sort() []uint32 {
	slices.Sort(c.cuts)
	to := make([]uint32, len(c.cuts))
	for i, v := range c.cuts {
		to[c.rankOf[v]] = uint32(i)
	}
	return to
}

func newBuilder(width int, base []float64, out Output, vector bool) *builder {
	t := &Trees{width: width, base: make([]float64, width), out: out, vector: vector, roots: []uint32{0}}
	copy(t.base, base)
	return &builder{t: t, tableOf: map[rankingKey]uint32{}, setOf: map[string]uint32{}}
}

// add lays out one tree, whose nodes may be in any order.
func (b *builder) add(tree Tree) {
	t := b.t
	root := uint32(len(t.wide))
	b.order, b.level = append(b.order[:0], 0), append(b.level[:0], 0)
	deepest := int32(0)
	for i := 0; i < len(b.order); i++ {
		n := &tree[b.order[i]]
		c := cell{rank: math.MaxUint32}
		if n.Feature >= 0 {
			c.next = uint32(len(b.order) - i)
			c.slot, c.rank, c.set = b.test(n)
			b.far = b.far || c.next > maxNext
			b.order = append(b.order, n.Left, n.Right)
			deepest = b.level[i] + 1
			b.level = append(b.level, deepest, deepest)
		}
		t.wide = append(t.wide, c)
		b.facts(n, root+uint32(i))
	}
	t.levels = append(t.levels, deepest)
	t.roots = append(t.roots, uint32(len(t.wide)))
}

// facts keeps what a node holds beside its test.
func (b *builder) facts(n *Node, c uint32) {
	t := b.t
	t.cover.add(n.Cover)
	keep(&t.weight, c, n.Weight)
	if n.Feature >= 0 {
		keep(&t.gain, c, n.Gain)
	} else {
		keep(&t.gain, c, 0)
	}
	if n.Linear != nil {
		m := n.Linear
		t.linear = append(t.linear, LeafModel{m.Const, slices.Clone(m.Features), slices.Clone(m.Coef)})
		keep(&t.linearOf, c, uint32(len(t.linear)))
	} else {
		keep(&t.linearOf, c, 0)
	}
	if t.vector {
		t.offset = append(t.offset, uint32(t.values.len()))
		if n.Feature < 0 {
			b.vectorLeaf(n)
		}
		return
	}
	if n.Feature < 0 {
		t.values.add(n.Value[0])
	} else {
		t.values.add(0)
	}
}

// keep sets v[i], the first element not yet set, in a slice that stays nil while
// all are zero.
func keep[T cmp.Ordered](v *[]T, i uint32, x T) {
	var zero T
	if *v == nil && x == zero {
		return
	}
	for len(*v) < int(i) {
		*v = append(*v, zero)
	}
	*v = append(*v, x)
}

func (b *builder) vectorLeaf(n *Node) {
	t := b.t
	for k := range t.width {
		switch {
		case len(n.Value) == t.width:
			t.values.add(n.Value[k])
		case k == len(t.levels)%t.width:
			t.values.add(n.Value[0])
		default:
			t.values.add(0)
		}
	}
}

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
		b.cuts = append(b.cuts, cutSet{rankOf: map[float64]uint32{}})
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
	if !b.far && windows+len(p.sets) <= maxSlots && len(p.sets) <= maxMembers {
		b.pack()
	} else {
		b.widen()
	}
	if len(p.slots) == 0 {
		p.slots = []slot{{set: -1}} // leaves look at it
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
	steps := 0
	for to, from := range order {
		tab := p.tables[from]
		ranks[from], place[from] = b.cuts[from].sort(), uint32(to)
		cuts := b.cuts[from].cuts
		if to%4 == 0 {
			for steps = 0; 1<<steps-1 < len(cuts); {
				steps++
			}
		}
		tab.at, tab.n, tab.steps = len(p.cuts), len(cuts), steps
		tab.windows = (len(cuts) + top - 1) / top
		for _, v := range cuts {
			p.cuts = append(p.cuts, keyOf(v))
		}
		for len(p.cuts) < tab.at+1<<steps-1 {
			p.cuts = append(p.cuts, math.MaxUint64)
		}
		tables[to] = tab
	}
	p.tables = tables
	return place, ranks
}

// pack makes packed cells.
func (b *builder) pack() {
	t := b.t
	p := &t.plan
	for i := range p.tables {
		tab := &p.tables[i]
		tab.slot = len(p.slots)
		for w := range tab.windows {
			p.slots = append(p.slots, slot{table: int32(i), base: uint32(w * top), set: -1})
		}
	}
	p.member = len(p.slots)
	for i := range p.sets {
		p.slots = append(p.slots, slot{set: int32(i)})
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
	t.wide = nil
}

// widen completes the wide cells.
func (b *builder) widen() {
	t := b.t
	p := &t.plan
	for i := range p.tables {
		p.tables[i].slot = i
		p.slots = append(p.slots, slot{table: int32(i), set: -1})
	}
	p.bits = []uint32{0, 0}
	slotOf := map[int32]int{}
	for i := range p.sets {
		s := &p.sets[i]
		k, ok := slotOf[s.feature]
		if !ok {
			k = len(p.codes)
			slotOf[s.feature] = k
			p.codes = append(p.codes, codeSlot{feature: s.feature, slot: len(p.slots)})
			p.slots = append(p.slots, slot{set: -1})
		}
		p.codes[k].limit = max(p.codes[k].limit, uint32(32*len(s.words)))
		p.putBits(s)
	}
	for i := range t.wide {
		if c := &t.wide[i]; c.set > 0 {
			s := &p.sets[c.set-1]
			c.slot, c.set = uint32(p.codes[slotOf[s.feature]].slot), s.at
		}
	}
}
