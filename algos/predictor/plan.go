package predictor

import (
	"math"
	"sort"
)

// plan says how a row is expanded into slots.
type plan struct {
	slots  []slot
	tables []ranking
	// cuts are the thresholds of all tables.
	cuts []float64
	// sets are the category tests. Packed trees have a slot for each (0 for
	// members, 1 for others), from slot member on; for wide trees codes makes the
	// slots, and bits has the sets in the form that cells refer to.
	sets   []catSet
	member int
	codes  []codeSlot
	bits   []uint32
}

// slot is what a test of the trees compares.
type slot struct {
	table int32
	base  uint32 // see ranking.windows
	set   int32  // of a packed tree, -1 for numeric tests
}

// ranking ranks the values of a feature. The rank of v is the number of cuts below
// v: v <= cut j if and only if rank(v) <= j. Missing values that go left have rank
// 0 and those that go right the largest rank.
type ranking struct {
	feature int32
	missing Missing
	left    bool
	// The cuts are at:at+n, in ascending order; up to at + 2^steps - 1 there are
	// more, all +Inf, so that a search takes equal steps. Four neighbours have the
	// same number of steps.
	at, n, steps int
	// slot is the first of the table's. Packed trees compare eight bits: slot
	// slot+i has the rank less 255·i within 0 and 255.
	slot, windows int
}

// window is the number of ranks that a slot of packed trees tells apart.
const window = 255

// catSet is a test of a categorical feature.
type catSet struct {
	feature     int32
	missingLeft bool
	words       []uint32
	at          uint32 // in plan.bits
}

func (s *catSet) goesLeft(v float64) bool {
	if v != v {
		return s.missingLeft
	}
	if !(v > -1 && v < 32*float64(len(s.words))) {
		return false
	}
	c := uint32(v)
	return s.words[c>>5]>>(c&31)&1 == 1
}

// codeSlot is the code of a category plus one, 0 for a missing value and limit+1
// for all others.
type codeSlot struct {
	feature int32
	slot    int
	limit   uint32
}

func (c *codeSlot) code(v float64) uint32 {
	switch {
	case v != v:
		return 0
	case v > -1 && v < float64(c.limit):
		return uint32(v) + 1
	}
	return c.limit + 1
}

// setAt is the number of the set whose bits are at a place.
func (p *plan) setAt(at uint32) int {
	return sort.Search(len(p.sets), func(i int) bool { return p.sets[i].at >= at })
}

// putBits appends a set as wide trees read it: the number of its last word, then
// a bit for each value of its code slot, 1 for those that go right. The last word
// is all ones.
func (p *plan) putBits(s *catSet) {
	s.at = uint32(len(p.bits))
	n := len(s.words)
	p.bits = append(p.bits, uint32(n+1))
	carry := uint32(1)
	if s.missingLeft {
		carry = 0
	}
	for _, w := range s.words {
		p.bits = append(p.bits, ^w<<1|carry)
		carry = ^w >> 31
	}
	p.bits = append(p.bits, ^uint32(1)|carry, ^uint32(0))
}

// prepare turns a value into one whose rank is right for the table: none of the
// comparisons !(cut >= v) holds for -Inf, all hold for NaN.
func (t *ranking) prepare(v float64) float64 {
	if t.missing == MissingNone {
		if v != v {
			return 0
		}
		return v
	}
	if !t.missing.isMissing(v) {
		return v
	}
	if t.left {
		return math.Inf(-1)
	}
	return math.NaN()
}

// above is 1 if v is above the cut or NaN. It compiles to a set-on-condition
// instruction, not a branch.
func above(cut, v float64) int {
	c := 0
	if !(cut >= v) {
		c = 1
	}
	return c
}

// rankLanes ranks eight values, which are overwritten, in one table.
func rankLanes(cuts []float64, steps int, v *[lanes]float64, out *[lanes]int) {
	v0, v1, v2, v3, v4, v5, v6, v7 := v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]
	var r0, r1, r2, r3, r4, r5, r6, r7 int
	for half := 1 << steps >> 1; half > 0; half >>= 1 {
		c := cuts[half-1:]
		r0 += half & -above(c[r0], v0)
		r1 += half & -above(c[r1], v1)
		r2 += half & -above(c[r2], v2)
		r3 += half & -above(c[r3], v3)
		r4 += half & -above(c[r4], v4)
		r5 += half & -above(c[r5], v5)
		r6 += half & -above(c[r6], v6)
		r7 += half & -above(c[r7], v7)
	}
	*out = [lanes]int{r0, r1, r2, r3, r4, r5, r6, r7}
}

// rankFour ranks a value in each of four tables of equal steps.
func rankFour(cuts []float64, t []ranking, v *[4]float64, out *[4]int) {
	c0, c1, c2, c3 := cuts[t[0].at:], cuts[t[1].at:], cuts[t[2].at:], cuts[t[3].at:]
	v0, v1, v2, v3 := v[0], v[1], v[2], v[3]
	var r0, r1, r2, r3 int
	for half := 1 << t[0].steps >> 1; half > 0; half >>= 1 {
		r0 += half & -above(c0[r0+half-1], v0)
		r1 += half & -above(c1[r1+half-1], v1)
		r2 += half & -above(c2[r2+half-1], v2)
		r3 += half & -above(c3[r3+half-1], v3)
	}
	*out = [4]int{r0, r1, r2, r3}
}

// rank ranks a value in one table.
func (t *ranking) rank(cuts []float64, v float64) int {
	r := 0
	for half := 1 << t.steps >> 1; half > 0; half >>= 1 {
		r += half & -above(cuts[t.at+r+half-1], v)
	}
	return r
}

// part is the value of the i-th slot of a table, for packed trees in the bits
// that their cells compare.
func part(rank, i int) uint32 { return uint32(max(0, min(window, rank-i*window))) << 24 }

// expandRow fills in the slots of a row, x being its values by feature.
func (p *plan) expandRow(x []float64, packed bool, slots []uint32) {
	tables := p.tables
	for len(tables) >= 4 {
		var v [4]float64
		var r [4]int
		for k := range v {
			v[k] = tables[k].prepare(x[tables[k].feature])
		}
		rankFour(p.cuts, tables, &v, &r)
		for k := range r {
			tables[k].put(r[k], packed, slots)
		}
		tables = tables[4:]
	}
	for k := range tables {
		t := &tables[k]
		t.put(t.rank(p.cuts, t.prepare(x[t.feature])), packed, slots)
	}
	if packed {
		for i := range p.sets {
			slots[p.member+i] = member(&p.sets[i], x[p.sets[i].feature])
		}
	}
	for i := range p.codes {
		c := &p.codes[i]
		slots[c.slot] = c.code(x[c.feature])
	}
}

func (t *ranking) put(rank int, packed bool, slots []uint32) {
	if !packed {
		slots[t.slot] = uint32(rank)
		return
	}
	for i := range t.windows {
		slots[t.slot+i] = part(rank, i)
	}
}

func member(s *catSet, v float64) uint32 {
	if s.goesLeft(v) {
		return 0
	}
	return 1 << 24
}

// expandGroup is expandRow for up to eight rows side by side; lanes without a row
// get the first row's values.
func (p *plan) expandGroup(src source, rows []int32, packed bool, slots [][lanes]uint32) {
	var row [lanes]int32
	for k := range row {
		row[k] = rows[0]
		if k < len(rows) {
			row[k] = rows[k]
		}
	}
	var v [lanes]float64
	var r [lanes]int
	for i := range p.tables {
		t := &p.tables[i]
		src.gather(t.feature, &row, &v)
		for k := range v {
			v[k] = t.prepare(v[k])
		}
		rankLanes(p.cuts[t.at:], t.steps, &v, &r)
		for k := range r {
			if !packed {
				slots[t.slot][k] = uint32(r[k])
				continue
			}
			for w := range t.windows {
				slots[t.slot+w][k] = part(r[k], w)
			}
		}
	}
	if packed {
		for i := range p.sets {
			src.gather(p.sets[i].feature, &row, &v)
			for k := range v {
				slots[p.member+i][k] = member(&p.sets[i], v[k])
			}
		}
	}
	for i := range p.codes {
		c := &p.codes[i]
		src.gather(c.feature, &row, &v)
		for k := range v {
			slots[c.slot][k] = c.code(v[k])
		}
	}
}
