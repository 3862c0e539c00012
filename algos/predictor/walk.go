package predictor

// lanes is the number of rows (or trees) that walk down side by side, so that
// the processor overlaps their loads.
const lanes = 8

// A packed cell has, from the low bits, the slot (8 bits), 255 less the rank (8)
// and the distance to the left child (16); a leaf is zero. A slot's value x stands
// at the place of the rank, so that adding it carries a one into the distance if
// x is above the rank: the row goes right.
const (
	rankShift = 8
	nextShift = 16
	maxNext   = 1<<16 - 1
	// top is the largest value of a slot. Ranks are below.
	top = 255
)

func packCell(next, rank, slot uint32) uint32 { return next<<nextShift | (top-rank)<<rankShift | slot }

// hop is the way from a packed cell to the next one.
func hop(n, x uint32) uint { return uint((n + x) >> nextShift) }

// A mixedCell has a slot and, below it, a bit: the row goes right if that bit is
// one in the bits that the slot's value refers to. Ranks have bits of their own, a
// row of eight words with as many ones as the rank. The left child is next cells
// further; a leaf is zero.
type mixedCell struct {
	test, next uint32
}

const (
	slotShift = 22
	maxBit    = 1<<slotShift - 1
	// maxMixedSlots is the number of slots of mixed trees.
	maxMixedSlots = 1 << (32 - slotShift)
	// rankBits is what a rank is shifted by to give the place of its bits.
	rankBits = 3
)

// hop is the way to the next cell, x being the value of the cell's slot.
func (c *mixedCell) hop(x uint32, bits []uint32) uint {
	return uint(c.next + bits[x+c.test&maxBit>>5]>>(c.test&31)&1)
}

// cell is a wide cell. The left child is next cells further (a leaf has 0), the
// right one behind it. The row goes right if its slot is above rank, or if the
// set at a place of plan.bits has a one for it; 0 is a set that has none.
type cell struct {
	next, slot, rank, set uint32
}

func (c *cell) hop(x uint32, bits []uint32) uint32 {
	word := bits[c.set+1+min(x>>5, bits[c.set])]
	return c.next + (uint32((uint64(c.rank)-uint64(x))>>63) | word>>(x&31)&1)
}

// walkRows takes eight rows from the root of a packed tree to their leaves. Trees
// of leaf-wise growth are uneven: every third level it looks whether all rows
// have arrived.
func walkRows(cells []uint32, root uint32, levels int32, xs *[maxSlots][lanes]uint32, at *[lanes]uint32) {
	i0 := uint(root)
	i1, i2, i3, i4, i5, i6, i7 := i0, i0, i0, i0, i0, i0, i0
	for ; levels > 0; levels -= 3 {
		for range 3 {
			n0 := cells[i0]
			i0 += hop(n0, xs[uint8(n0)][0])
			n1 := cells[i1]
			i1 += hop(n1, xs[uint8(n1)][1])
			n2 := cells[i2]
			i2 += hop(n2, xs[uint8(n2)][2])
			n3 := cells[i3]
			i3 += hop(n3, xs[uint8(n3)][3])
			n4 := cells[i4]
			i4 += hop(n4, xs[uint8(n4)][4])
			n5 := cells[i5]
			i5 += hop(n5, xs[uint8(n5)][5])
			n6 := cells[i6]
			i6 += hop(n6, xs[uint8(n6)][6])
			n7 := cells[i7]
			i7 += hop(n7, xs[uint8(n7)][7])
		}
		if cells[i0]|cells[i1]|cells[i2]|cells[i3]|cells[i4]|cells[i5]|cells[i6]|cells[i7] == 0 {
			break
		}
	}
	*at = [lanes]uint32{uint32(i0), uint32(i1), uint32(i2), uint32(i3), uint32(i4), uint32(i5), uint32(i6), uint32(i7)}
}

// walkTrees takes one row down eight packed trees, whose roots at holds, to its
// leaves.
func walkTrees(cells []uint32, levels int32, x *[maxSlots]uint32, at *[lanes]uint32) {
	i0, i1, i2, i3 := uint(at[0]), uint(at[1]), uint(at[2]), uint(at[3])
	i4, i5, i6, i7 := uint(at[4]), uint(at[5]), uint(at[6]), uint(at[7])
	for ; levels > 0; levels -= 3 {
		for range 3 {
			n0 := cells[i0]
			i0 += hop(n0, x[uint8(n0)])
			n1 := cells[i1]
			i1 += hop(n1, x[uint8(n1)])
			n2 := cells[i2]
			i2 += hop(n2, x[uint8(n2)])
			n3 := cells[i3]
			i3 += hop(n3, x[uint8(n3)])
			n4 := cells[i4]
			i4 += hop(n4, x[uint8(n4)])
			n5 := cells[i5]
			i5 += hop(n5, x[uint8(n5)])
			n6 := cells[i6]
			i6 += hop(n6, x[uint8(n6)])
			n7 := cells[i7]
			i7 += hop(n7, x[uint8(n7)])
		}
		if cells[i0]|cells[i1]|cells[i2]|cells[i3]|cells[i4]|cells[i5]|cells[i6]|cells[i7] == 0 {
			break
		}
	}
	*at = [lanes]uint32{uint32(i0), uint32(i1), uint32(i2), uint32(i3), uint32(i4), uint32(i5), uint32(i6), uint32(i7)}
}

// walkRowsMixed is walkRows for mixed cells.
func walkRowsMixed(cells []mixedCell, bits []uint32, root uint32, levels int32, xs *[maxMixedSlots][lanes]uint32, at *[lanes]uint32) {
	i0 := uint(root)
	i1, i2, i3, i4, i5, i6, i7 := i0, i0, i0, i0, i0, i0, i0
	for ; levels > 0; levels -= 3 {
		for range 3 {
			n0 := &cells[i0]
			i0 += n0.hop(xs[n0.test>>slotShift][0], bits)
			n1 := &cells[i1]
			i1 += n1.hop(xs[n1.test>>slotShift][1], bits)
			n2 := &cells[i2]
			i2 += n2.hop(xs[n2.test>>slotShift][2], bits)
			n3 := &cells[i3]
			i3 += n3.hop(xs[n3.test>>slotShift][3], bits)
			n4 := &cells[i4]
			i4 += n4.hop(xs[n4.test>>slotShift][4], bits)
			n5 := &cells[i5]
			i5 += n5.hop(xs[n5.test>>slotShift][5], bits)
			n6 := &cells[i6]
			i6 += n6.hop(xs[n6.test>>slotShift][6], bits)
			n7 := &cells[i7]
			i7 += n7.hop(xs[n7.test>>slotShift][7], bits)
		}
		if cells[i0].next|cells[i1].next|cells[i2].next|cells[i3].next|cells[i4].next|cells[i5].next|cells[i6].next|cells[i7].next == 0 {
			break
		}
	}
	*at = [lanes]uint32{uint32(i0), uint32(i1), uint32(i2), uint32(i3), uint32(i4), uint32(i5), uint32(i6), uint32(i7)}
}

// walkTreesMixed is walkTrees for mixed cells.
func walkTreesMixed(cells []mixedCell, bits []uint32, levels int32, x *[maxMixedSlots]uint32, at *[lanes]uint32) {
	i0, i1, i2, i3 := uint(at[0]), uint(at[1]), uint(at[2]), uint(at[3])
	i4, i5, i6, i7 := uint(at[4]), uint(at[5]), uint(at[6]), uint(at[7])
	for ; levels > 0; levels -= 3 {
		for range 3 {
			n0 := &cells[i0]
			i0 += n0.hop(x[n0.test>>slotShift], bits)
			n1 := &cells[i1]
			i1 += n1.hop(x[n1.test>>slotShift], bits)
			n2 := &cells[i2]
			i2 += n2.hop(x[n2.test>>slotShift], bits)
			n3 := &cells[i3]
			i3 += n3.hop(x[n3.test>>slotShift], bits)
			n4 := &cells[i4]
			i4 += n4.hop(x[n4.test>>slotShift], bits)
			n5 := &cells[i5]
			i5 += n5.hop(x[n5.test>>slotShift], bits)
			n6 := &cells[i6]
			i6 += n6.hop(x[n6.test>>slotShift], bits)
			n7 := &cells[i7]
			i7 += n7.hop(x[n7.test>>slotShift], bits)
		}
		if cells[i0].next|cells[i1].next|cells[i2].next|cells[i3].next|cells[i4].next|cells[i5].next|cells[i6].next|cells[i7].next == 0 {
			break
		}
	}
	*at = [lanes]uint32{uint32(i0), uint32(i1), uint32(i2), uint32(i3), uint32(i4), uint32(i5), uint32(i6), uint32(i7)}
}

// walkRowsWide is walkRows for wide cells.
func walkRowsWide(cells []cell, bits []uint32, root uint32, levels int32, xs [][lanes]uint32, at *[lanes]uint32) {
	var i [lanes]uint32
	for k := range i {
		i[k] = root
	}
	for range levels {
		moved := uint32(0)
		for k := range i {
			n := &cells[i[k]]
			i[k] += n.hop(xs[n.slot][k], bits)
			moved |= n.next
		}
		if moved == 0 {
			break
		}
	}
	*at = i
}

// walkTreesWide is walkTrees for wide cells.
func walkTreesWide(cells []cell, bits []uint32, levels int32, x []uint32, at *[lanes]uint32) {
	i := *at
	for range levels {
		moved := uint32(0)
		for k := range i {
			n := &cells[i[k]]
			i[k] += n.hop(x[n.slot], bits)
			moved |= n.next
		}
		if moved == 0 {
			break
		}
	}
	*at = i
}
