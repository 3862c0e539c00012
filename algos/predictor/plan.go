package predictor

import (
	"math"
	"math/bits"
	"sort"
)

// plan says how a row is expanded into slots.
type plan struct {
	// split plans have ranks of at most 255 in their slots, in the bits from shift
	// on; others have ranks as they are.
	split bool
	shift uint8

	slots  []slot
	tables []ranking
	// cuts are the thresholds of all tables, as keys.
	cuts []uint64
	// sets are the category tests. Packed trees have a slot for each (0 for
	// members, one rank more for others), members from slot member on. For other
	// trees codes makes the slots, and cells find the answers in bits.
	sets    []catSet
	members int
	member  int
	codes   []codeSlot
	bits    []uint32
}

// slot is what a test of the trees compares.
type slot struct {
	table int32  // -1 for tests of sets
	base  uint32 // see ranking.windows
	set   int32  // of packed trees; of mixed trees the place in plan.codes
}

// ranking ranks the values of a feature. The rank of v is the number of cuts below
// v: v <= cut j if and only if rank(v) <= j. Missing values that go left have rank
// 0 and those that go right the largest rank.
type ranking struct {
	feature int32
	missing Missing
	left    bool
	// absent is the key of a missing value.
	absent uint64
	// The cuts are at:at+n, in ascending order; up to at + 2^steps - 1 there are
	// more, above all keys, so that a search takes equal steps. Four neighbours have
	// the same number of steps.
	at, n, steps int
	// slot is the first of the table's. In split plans slot slot+i has the rank
	// less 255·i, within 0 and 255; there are windows of them.
	slot, windows int
}

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
	if v = math.Trunc(v); !(v >= 0 && v < 32*float64(len(s.words))) {
		return false
	}
	c := uint32(v)
	return s.words[c>>5]>>(c&31)&1 == 1
}

// codeSlot is a slot for the tests of a categorical feature. The code of a value
// is that of its category plus one, 0 for a missing value and limit+1 for all
// others; the slot is base + code·stride, which in mixed trees is where the bits
// of the code begin.
type codeSlot struct {
	feature      int32
	slot         int
	limit        uint32
	base, stride uint32
	sets         []int32 // those on the feature, by bit; mixed trees only
}

func (c *codeSlot) value(v float64) uint32 {
	code := c.limit + 1
	switch {
	case v != v:
		code = 0
	case v > -1 && v < float64(c.limit):
		code = uint32(v) + 1
	}
	return c.base + code*c.stride
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

// keyOf maps numbers to integers of the same order; both zeros are one.
func keyOf(v float64) uint64 {
	b := math.Float64bits(v + 0)
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// cutOf is the number that has a key.
func cutOf(key uint64) float64 {
	return math.Float64frombits(key ^ (^uint64(int64(key)>>63) | 1<<63))
}

func newRanking(k rankingKey) ranking {
	t := ranking{feature: k.feature, missing: k.missing, left: k.left}
	switch {
	case k.missing == MissingNone:
		t.absent = keyOf(0)
	case !k.left:
		t.absent = math.MaxUint64
	}
	return t
}

// key is the number whose place among the cuts is the rank of v.
func (t *ranking) key(v float64) uint64 {
	if v != v || t.missing == MissingZero && math.Abs(v) <= zeroLimit {
		return t.absent
	}
	return keyOf(v)
}

// above is half if v is above the cut, else 0, without a branch.
func above(cut, v uint64, half int) int {
	_, borrow := bits.Sub64(cut, v, 0)
	return half & -int(borrow)
}

// rankFour ranks a key in each of four tables of equal steps, which may be the
// same; they begin at the places at of cuts.
func rankFour(cuts []uint64, at *[4]int, steps int, v *[4]uint64, out *[4]int) {
	v0, v1, v2, v3 := v[0], v[1], v[2], v[3]
	r0, r1, r2, r3 := at[0]-1, at[1]-1, at[2]-1, at[3]-1
	for half := 1 << steps >> 1; half > 0; half >>= 1 {
		r0 += above(cuts[r0+half], v0, half)
		r1 += above(cuts[r1+half], v1, half)
		r2 += above(cuts[r2+half], v2, half)
		r3 += above(cuts[r3+half], v3, half)
	}
	*out = [4]int{r0 - at[0] + 1, r1 - at[1] + 1, r2 - at[2] + 1, r3 - at[3] + 1}
}

// rank ranks a key in one table.
func (t *ranking) rank(cuts []uint64, v uint64) int {
	r := 0
	for half := 1 << t.steps >> 1; half > 0; half >>= 1 {
		r += above(cuts[t.at+r+half-1], v, half)
	}
	return r
}

// part is the value of the i-th slot of a table in a split plan.
func (p *plan) part(rank, i int) uint32 { return uint32(max(0, min(top, rank-i*top))) << p.shift }

// expandRow fills in the slots of a row, x being its values by feature.
func (p *plan) expandRow(x []float64, slots []uint32) {
	tables := p.tables
	for len(tables) >= 4 {
		var v [4]uint64
		var at, r [4]int
		for k := range v {
			t := &tables[k]
			v[k], at[k] = t.key(x[t.feature]), t.at
		}
		rankFour(p.cuts, &at, tables[0].steps, &v, &r)
		for k := range r {
			p.put(&tables[k], r[k], slots)
		}
		tables = tables[4:]
	}
	for k := range tables {
		t := &tables[k]
		p.put(t, t.rank(p.cuts, t.key(x[t.feature])), slots)
	}
	for i := range p.members {
		slots[p.member+i] = p.sets[i].member(x[p.sets[i].feature])
	}
	for i := range p.codes {
		c := &p.codes[i]
		slots[c.slot] = c.value(x[c.feature])
	}
}

func (p *plan) put(t *ranking, rank int, slots []uint32) {
	if !p.split || t.windows == 1 {
		slots[t.slot] = uint32(rank) << p.shift
		return
	}
	for i := range t.windows {
		slots[t.slot+i] = p.part(rank, i)
	}
}

// putLanes is put for eight rows.
func (p *plan) putLanes(t *ranking, rank *[lanes]int, slots [][lanes]uint32) {
	if !p.split || t.windows == 1 {
		s := &slots[t.slot]
		for k, r := range rank {
			s[k] = uint32(r) << p.shift
		}
		return
	}
	for i := range t.windows {
		for k, r := range rank {
			slots[t.slot+i][k] = p.part(r, i)
		}
	}
}

// member is the slot of a set of packed trees.
func (s *catSet) member(v float64) uint32 {
	if s.goesLeft(v) {
		return 0
	}
	return 1 << rankShift
}

// expandGroup is expandRow for up to eight rows side by side; lanes without a row
// get the first row's values.
func (p *plan) expandGroup(src source, rows []int32, slots [][lanes]uint32) {
	var row [lanes]int32
	for k := range row {
		row[k] = rows[0]
		if k < len(rows) {
			row[k] = rows[k]
		}
	}
	var v [lanes]float64
	var key [lanes]uint64
	var r [lanes]int
	for i := range p.tables {
		t := &p.tables[i]
		src.gather(t.feature, &row, &v)
		for k := range v {
			key[k] = t.key(v[k])
		}
		at := [4]int{t.at, t.at, t.at, t.at}
		rankFour(p.cuts, &at, t.steps, (*[4]uint64)(key[:4]), (*[4]int)(r[:4]))
		rankFour(p.cuts, &at, t.steps, (*[4]uint64)(key[4:]), (*[4]int)(r[4:]))
		p.putLanes(t, &r, slots)
	}
	for i := range p.members {
		src.gather(p.sets[i].feature, &row, &v)
		for k := range v {
			slots[p.member+i][k] = p.sets[i].member(v[k])
		}
	}
	for i := range p.codes {
		c := &p.codes[i]
		src.gather(c.feature, &row, &v)
		for k := range v {
			slots[c.slot][k] = c.value(v[k])
		}
	}
}
