package predictor

// lanes is the number of rows (or trees) that walk down side by side, so that
// the processor overlaps their loads.
const lanes = 8

// A packed cell has, from the low bits, the slot (8 bits), the distance to the
// left child (16, 0 for a leaf) and the rank (8, 255 for a leaf). A slot's value
// stands in the bits of the rank, all others zero: the row goes right if it is
// above the cell as a number.
const (
	maxNext  = 1<<16 - 1
	nextBits = maxNext << 8
)

// leafCell is a packed leaf: no value is above it, so that rows stay there.
const leafCell = 255 << 24

// hop is the way from a packed cell to the next one.
func hop(n, x uint32) uint32 {
	return n>>8&maxNext + uint32((uint64(n)-uint64(x))>>63)
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
func walkRows(cells []uint32, root uint32, levels int32, xs *[256][lanes]uint32, at *[lanes]uint32) {
	i0, i1, i2, i3, i4, i5, i6, i7 := root, root, root, root, root, root, root, root
	for d := int32(0); d < levels; d++ {
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
		if d%3 == 2 && (cells[i0]|cells[i1]|cells[i2]|cells[i3]|cells[i4]|cells[i5]|cells[i6]|cells[i7])&nextBits == 0 {
			break
		}
	}
	*at = [lanes]uint32{i0, i1, i2, i3, i4, i5, i6, i7}
}

// walkTrees takes one row down eight packed trees, whose roots at holds, to its
// leaves.
func walkTrees(cells []uint32, levels int32, x *[256]uint32, at *[lanes]uint32) {
	i0, i1, i2, i3, i4, i5, i6, i7 := at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]
	for d := int32(0); d < levels; d++ {
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
		if d%3 == 2 && (cells[i0]|cells[i1]|cells[i2]|cells[i3]|cells[i4]|cells[i5]|cells[i6]|cells[i7])&nextBits == 0 {
			break
		}
	}
	*at = [lanes]uint32{i0, i1, i2, i3, i4, i5, i6, i7}
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
