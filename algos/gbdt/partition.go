package gbdt

import "github.com/seed-09a2cce4/automl/data/matrix"

// spread is a set of rows parted by the nodes of the tree at hand: the rows of a
// node are a stretch of idx, in ascending order.
type spread struct {
	columns
	idx, tmp []int32
	segments []segment
	mark     []uint8    // of each row, zero between partitions
	sides    []uint8    // of each bin, for wide and sparse features
	table    [256]uint8 // of the partition at hand
}

// parallelRows is the number of rows from which passes over all of them are shared
// out, partedRows the same for the rows of a leaf that is parted or gathered.
const (
	parallelRows = 4 * block
	partedRows   = 2048
)

type segment struct{ lo, left, right int }

func newSpread(cols columns, n int) *spread {
	return &spread{columns: cols, idx: make([]int32, n), tmp: make([]int32, n)}
}

// divide moves the rows idx[lo:hi] that a split sends left to the front, keeping
// their order on both sides, and answers where the right ones start.
func (s *spread) divide(lo, hi int, by *split, f *feature, c crew) int {
	switch f.place.Kind {
	case matrix.InWide:
		return s.divideWide(lo, hi, by, f, c)
	case matrix.InSparse:
		return s.divideSparse(lo, hi, by, f, c)
	}
	by.codes(f, &s.table)
	tile, shift := s.tiles[f.place.Index/8], uint(8*(f.place.Index%8))
	if c.members() <= 1 || hi-lo < partedRows { // without a closure, which costs small leaves
		idx, tmp := s.idx[lo:hi], s.tmp[lo:hi]
		left := partTile(idx, tmp, tile, shift, &s.table)
		copy(idx[left:], tmp[:len(idx)-left])
		return lo + left
	}
	return s.part(lo, hi, c, func(idx, tmp []int32) int { return partTile(idx, tmp, tile, shift, &s.table) })
}

// codes lists for every byte of a feature's column whether it goes left.
func (s *split) codes(f *feature, t *[256]uint8) {
	if f.place.Implied < 0 {
		s.fill(t[:f.bins])
		return
	}
	var sides [256]uint8
	s.fill(sides[:f.bins])
	for c := range t {
		t[c] = sides[f.place.Implied]
	}
	copy(t[f.place.Base:], sides[:f.stored()])
}

// part is divide by a function that leaves the left rows at the front of idx and
// puts the right ones at the front of tmp.
func (s *spread) part(lo, hi int, c crew, by func(idx, tmp []int32) int) int {
	idx, tmp := s.idx[lo:hi], s.tmp[lo:hi]
	if c.members() <= 1 || hi-lo < partedRows {
		left := by(idx, tmp)
		copy(idx[left:], tmp[:len(idx)-left])
		return lo + left
	}
	return lo + s.partPieces(idx, tmp, c, by)
}

// partTilePlain parts by the byte at shift of a tile and a table that has 1 for left; the
// rows before from have been parted, left of them to the left.
// The sides of some rows are looked up first, so that many loads are under way at
// once. Both sides are always written and one index moves: no branch.
func partTilePlain(idx, tmp []int32, from, left int, tile []uint64, shift uint, table *[256]uint8) int {
	var sides [gatherBlock]uint8
	tmp, shift = tmp[:len(idx)], shift&63
	right := from - left
	for lo := from; lo < len(idx); lo += gatherBlock {
		rows := idx[lo:min(lo+gatherBlock, len(idx))]
		of := sides[:len(rows)]
		for i, r := range rows {
			of[i] = table[uint8(tile[r]>>shift)]
		}
		for i, r := range rows {
			idx[left] = r
			tmp[right] = r
			c := int(of[i])
			left += c
			right += 1 - c
		}
	}
	return left
}

// partPieces parts a piece for each member of the crew and then moves the pieces
// together.
func (s *spread) partPieces(idx, tmp []int32, c crew, part func(idx, tmp []int32) int) int {
	n := c.members()
	s.segments = append(s.segments[:0], make([]segment, n)...)
	c.run(n, func(p, _ int) {
		lo, hi := piece(len(idx), p, n)
		left := part(idx[lo:hi], tmp[lo:hi])
		s.segments[p] = segment{lo: lo, left: left, right: hi - lo - left}
	})
	// Left pieces only move down over what has moved already, so one after the
	// other; the right ones then fill up from tmp in any order.
	total := 0
	for _, g := range s.segments {
		copy(idx[total:], idx[g.lo:g.lo+g.left])
		total += g.left
	}
	at := total
	for k := range s.segments {
		g := &s.segments[k]
		g.left, at = at, at+g.right // left now says where to
	}
	c.run(n, func(p, _ int) {
		g := s.segments[p]
		copy(idx[g.left:], tmp[g.lo:g.lo+g.right])
	})
	return total
}

// piece is the stretch p of n items that are cut into pieces.
func piece(n, p, pieces int) (lo, hi int) { return p * n / pieces, (p + 1) * n / pieces }
