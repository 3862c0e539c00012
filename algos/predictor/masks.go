package predictor

import (
	"cmp"
	"slices"
)

const (
	// span is the number of rows that a maskTree parts side by side.
	span = 64
	// maskRows is where a block has rows enough for it.
	maskRows = span / 2
	// maskLeaves bounds the leaves of a maskTree: their numbers are bytes.
	maskLeaves = 256
	// setWords is the number of words for a question about categories.
	setWords = 1 + maxCodes/64
	maxCodes = 256
)

// A maskTree parts 64 rows from the root of a tree of few leaves down, a word of 64
// bits at a node: far fewer instructions than to walk 64 times, though most nodes
// have few rows or none. It is after QuickScorer (Lucchese and others, SIGIR 2015),
// which asks all questions of a tree too.
type maskTree struct {
	// sets are the questions about categories, setWords each: in 16 bits each the slot
	// of the codes and that of the answers, then a bit for each code that goes right.
	sets []uint64
	// branches are the inner nodes from the root on: the slot in 16 bits, in 8 bits each the rank
	// above which a row goes right and the leaves on the left, in 16 bits each
	// the number of the node and that of its left child, before the right one's.
	branches []uint64
	// The leaves from left to right: their cells or, in plain trees, values.
	cells  []uint32
	values []float64
}

// maskScratch is the memory of a call that scores by maskTrees.
type maskScratch struct {
	slots  []byte // span after span, a slot's rows together
	leaves []byte // of a tree, by row
	reach  [2 * maskLeaves]uint64
}

// plain says that leaves are numbers.
func (t *Trees) plain() bool { return !t.vector && t.linearOf == nil }

// masks are the trees in the form for many rows; those that do not suit are empty. It
// is nil where hardly any do, and made when it is first asked for.
func (t *Trees) masks() []maskTree {
	t.makeMasks.Do(func() {
		if !hasMasks || t.packed == nil && t.mixed == nil {
			return
		}
		suit := 0
		for i := range t.levels {
			m := t.mask(t.roots[i], t.roots[i+1])
			t.masked = append(t.masked, m)
			t.setSlots = max(t.setSlots, len(m.sets)/setWords)
			if m.suits() {
				suit++
			}
		}
		if suit < len(t.levels)/4 {
			t.masked = nil
		}
	})
	return t.masked
}

func (m *maskTree) suits() bool { return m.cells != nil || m.values != nil }

// mask is the tree of cells from:to, empty if it does not suit.
func (t *Trees) mask(from, to uint32) maskTree {
	var m maskTree
	if (to-from+1)/2 > maskLeaves || !m.lay(t, from, from) {
		return maskTree{}
	}
	slices.SortFunc(m.branches, func(a, b uint64) int { return cmp.Compare(uint16(a>>32), uint16(b>>32)) })
	return m
}

// lay appends a cell and all below it; false if a question does not suit.
func (m *maskTree) lay(t *Trees, root, c uint32) bool {
	left := t.left(c)
	if left == c {
		if t.plain() {
			m.values = append(m.values, t.values.at(int(c)))
		} else {
			m.cells = append(m.cells, c)
		}
		return true
	}
	slot, rank, ok := t.question(c)
	if !ok {
		if slot, ok = m.laySet(t, slot, c); !ok {
			return false
		}
	}
	before, at := m.leaves(), len(m.branches)
	m.branches = append(m.branches, uint64(slot|rank<<16)|uint64(c-root)<<32|uint64(left-root)<<48)
	if !m.lay(t, root, left) {
		return false
	}
	m.branches[at] |= uint64(m.leaves()-before) << 24
	return m.lay(t, root, left+1)
}

func (m *maskTree) leaves() int { return len(m.values) + len(m.cells) }

// laySet appends a question about a code slot and returns the slot of the answers, which
// are above rank 0; not ok if there are too many codes.
func (m *maskTree) laySet(t *Trees, slot, c uint32) (answers uint32, ok bool) {
	k := &t.plan.codes[t.plan.slots[slot].set]
	if k.limit+2 > maxCodes {
		return 0, false
	}
	answers = uint32(len(t.plan.slots) + len(m.sets)/setWords)
	set := [setWords]uint64{uint64(slot | answers<<16)}
	bit := t.mixed[c].test & maxBit
	for code := range k.limit + 2 {
		word := t.plan.bits[k.base+code*k.stride+bit/32]
		set[1+code/64] |= uint64(word>>(bit%32)&1) << (code % 64)
	}
	m.sets = append(m.sets, set[:]...)
	return answers, true
}

// question is what a cell asks: whether a slot's value is above a rank. It is not ok
// where the cell asks for a code.
func (t *Trees) question(c uint32) (slot, rank uint32, ok bool) {
	if t.packed != nil {
		n := t.packed[c]
		return n & (maxSlots - 1), top - n>>rankShift&top, true
	}
	n := t.mixed[c].test
	slot = n >> slotShift
	if slot > 0 && t.plan.slots[slot].table < 0 {
		return slot, 0, false
	}
	return slot, n & maxBit, true
}

// spread lays the slots of the groups of a block out for maskTrees: span after span,
// stride bytes long, in each slot after slot, a byte a row.
func (p *plan) spread(xs [][lanes]uint32, groups, stride int, out []byte) {
	slots := len(p.slots)
	for g := range groups {
		to := out[g*lanes/span*stride+g*lanes%span:]
		for s, values := range xs[g*slots : (g+1)*slots] {
			to := to[s*span:][:lanes]
			if k := p.slots[s]; k.table < 0 && p.codes != nil && s > 0 {
				c := &p.codes[k.set]
				for lane, v := range values {
					to[lane] = byte((v - c.base) / c.stride)
				}
				continue
			}
			for lane, v := range values {
				to[lane] = byte(v >> p.shift)
			}
		}
	}
}
