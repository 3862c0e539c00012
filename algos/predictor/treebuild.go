package predictor

import (
	"encoding/binary"
	"math"
)

// maxSetSlots bounds the category sets that are computed for every row, rather
// than where a row meets them.
const maxSetSlots = 256

// builder lays out trees.
type builder struct {
	t      *Trees
	slotOf map[slot]uint32
	// plain[k] is slotOf for slots that are a feature as it is, k being twice
	// the feature, plus one for slotLow; 0 where there is none yet. Nearly all
	// tests are of this kind.
	plain    []uint32
	setOf    map[string]int32
	setSlots int
	queue    []int32
	level    []int32 // depth of each node of the current tree
	inner    int     // inner nodes of the current tree so far
	key      []byte
}

func newBuilder(width int, base []float64, out Output, vector bool) *builder {
	t := &Trees{width: width, base: make([]float64, width), out: out, vector: vector, slots: []slot{{}}}
	copy(t.base, base)
	return &builder{t: t, slotOf: map[slot]uint32{}, setOf: map[string]int32{}}
}

// add lays out one tree, whose nodes may be in any order.
func (b *builder) add(tree Tree) {
	b.begin()
	b.queue = append(b.queue[:0], 0)
	for i := 0; i < len(b.queue); i++ {
		n := &tree[b.queue[i]]
		b.node(n)
		if n.Feature >= 0 {
			b.queue = append(b.queue, n.Left, n.Right)
		}
	}
}

func (b *builder) begin() {
	b.t.trees = append(b.t.trees, flatTree{start: int32(len(b.t.cells))})
	b.level = append(b.level[:0], 0)
	b.inner = 0
}

// node appends the next node of the current tree in level order: the children
// of its k-th inner node are nodes 2k+1 and 2k+2, whatever n says.
func (b *builder) node(n *Node) {
	t := b.t
	f := &t.trees[len(t.trees)-1]
	i := f.nodes
	f.nodes++
	t.cover = append(t.cover, float32(n.Cover))
	if n.Feature < 0 {
		t.cells = append(t.cells, cell{th: float32(math.Inf(1)), left: uint32(i), val: b.leafValue(n)})
		return
	}
	c := cell{th: float32(n.Threshold), left: uint32(2*b.inner + 1)}
	b.inner++
	b.level = append(b.level, b.level[i]+1, b.level[i]+1)
	f.depth = max(f.depth, b.level[i]+1)
	switch {
	case n.Cats != nil:
		c.th = 0.5
		c.slot = b.setTest(n)
		f.mixed = f.mixed || c.slot&setFlag != 0
	default:
		c.slot = b.plainSlot(n.Feature, n.MissingLeft)
	}
	t.cells = append(t.cells, c)
}

func (b *builder) leafValue(n *Node) float32 {
	t := b.t
	if !t.vector {
		return float32(n.Value[0])
	}
	at := len(t.values)
	if len(n.Value) == t.width {
		for _, v := range n.Value {
			t.values = append(t.values, float32(v))
		}
	} else {
		t.values = append(t.values, make([]float32, t.width)...)
		t.values[at+(len(t.trees)-1)%t.width] = float32(n.Value[0])
	}
	return math.Float32frombits(uint32(at))
}

func (b *builder) plainSlot(feature int32, missingLeft bool) uint32 {
	k, kind := 2*int(feature), slotRaw
	if missingLeft {
		k, kind = k+1, slotLow
	}
	if k >= len(b.plain) {
		b.plain = append(b.plain, make([]uint32, k+1-len(b.plain))...)
	}
	if b.plain[k] == 0 {
		b.plain[k] = b.slot(slot{kind: kind, feature: feature})
	}
	return b.plain[k]
}

func (b *builder) slot(s slot) uint32 {
	i, ok := b.slotOf[s]
	if !ok {
		i = uint32(len(b.t.slots))
		b.t.slots = append(b.t.slots, s)
		b.slotOf[s] = i
	}
	return i
}

// setTest returns the slot of a category test or, if too many have one, the
// flagged number of its set.
func (b *builder) setTest(n *Node) uint32 {
	set := b.set(n)
	s := slot{kind: slotInSet, feature: n.Feature, set: set}
	if i, ok := b.slotOf[s]; ok {
		return i
	}
	if b.setSlots < maxSetSlots {
		b.setSlots++
		return b.slot(s)
	}
	b.t.sets[set].raw = b.slot(slot{kind: slotRaw, feature: n.Feature})
	return setFlag | uint32(set)
}

func (b *builder) set(n *Node) int32 {
	b.key = binary.LittleEndian.AppendUint32(b.key[:0], uint32(n.Feature)<<1)
	if n.MissingLeft {
		b.key[0] |= 1
	}
	for _, w := range n.Cats {
		b.key = binary.LittleEndian.AppendUint32(b.key, w)
	}
	i, ok := b.setOf[string(b.key)]
	if !ok {
		i = int32(len(b.t.sets))
		b.t.sets = append(b.t.sets, catSet{
			feature: n.Feature, missingLeft: n.MissingLeft, words: append([]uint32{}, n.Cats...),
		})
		b.setOf[string(b.key)] = i
	}
	return i
}
