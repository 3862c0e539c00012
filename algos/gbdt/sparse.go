package gbdt

import (
	"slices"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// chunkSize is the number of sparse features that are searched in one job.
const chunkSize = 64

// chunk is some active features of a sparse block.
type chunk struct {
	block    int
	features []int32
	job      int
}

// activeBlock is a sparse block with the features that the current tree may use.
type activeBlock struct {
	block    int
	width    int     // cells
	features []int32 // indices into the trainer's features
	live     bool    // some feature may be split in the leaves at hand
}

// activeBlocks groups those of the chosen features that are sparse by block.
func activeBlocks(features []feature, chosen []int32, blocks []*matrix.SparseBlock) []activeBlock {
	all := make([]activeBlock, len(blocks))
	for _, i := range chosen {
		if f := &features[i]; f.place.Kind == matrix.InSparse {
			a := &all[f.place.Index]
			a.block, a.width = f.place.Index, blocks[f.place.Index].Width()
			a.features = append(a.features, i)
		}
	}
	out := all[:0]
	for _, a := range all {
		if len(a.features) > 0 {
			out = append(out, a)
		}
	}
	return out
}

// sparseHistogram has a cell for every cell of a block and its pad.
type sparseHistogram [1 << 16]int64

// countSparse adds the packed gradients gh of the rows lo, lo+1, … to their cells.
func countSparse(b *matrix.SparseBlock, lo int, gh []int64, h *sparseHistogram) {
	start := b.Start[lo:][:len(gh)+1]
	at := start[0]
	for i, g := range gh {
		end := start[i+1]
		quads := b.Quads[at:end]
		for k := range quads {
			q := &quads[k]
			h[q[0]] += g
			h[q[1]] += g
			h[q[2]] += g
			h[q[3]] += g
		}
		at = end
	}
}

// quadBlock is the number of quads that are gathered before they are counted, as
// gatherBlock is that of words.
const quadBlock = 256

// countSparseRows counts the rows idx; gh is in their order. Gathering makes one list
// of the quads of many rows, which are of uneven lengths: a loop over those of each
// row would go on wrongly at the end of most.
func countSparseRows(b *matrix.SparseBlock, idx []int32, gh []int64, h *sparseHistogram) {
	var quads [quadBlock][4]uint16
	var of [quadBlock]int64
	gh = gh[:len(idx)]
	n := 0
	for i, r := range idx {
		g := gh[i]
		for _, q := range b.Quads[b.Start[r]:b.Start[r+1]] {
			if n == quadBlock {
				countQuads(&quads, &of, n, h)
				n = 0
			}
			quads[n], of[n] = q, g
			n++
		}
	}
	countQuads(&quads, &of, n, h)
}

func countQuads(quads *[quadBlock][4]uint16, of *[quadBlock]int64, n int, h *sparseHistogram) {
	for k, g := range of[:n] {
		q := &quads[k]
		h[q[0]] += g
		h[q[1]] += g
		h[q[2]] += g
		h[q[3]] += g
	}
}

// imply gives the bin that is not counted what the others leave of the total,
// and answers the sum of these.
func imply(cells []int64, implied int, total int64) (others int64) {
	for _, c := range cells {
		others += c
	}
	others -= cells[implied]
	cells[implied] = total - others
	return others
}

// piece answers the histogram that piece p of leaf k is counted into for block a.
func (j *searchJob) piece(a, k, p int) *sparseHistogram {
	return j.pieces[(a*2+k)*j.sparsePieces+p]
}

// needPieces makes room for the histograms of pieces, before they are counted at
// the same time. Memory that is never touched is never there.
func (j *searchJob) needPieces() {
	for len(j.pieces) < 2*len(j.blocks)*j.sparsePieces {
		j.pieces = append(j.pieces, new(sparseHistogram))
	}
}

// countBlock counts a piece of the rows of the leaves for a sparse block: those
// of the smaller one, and of the larger one where it can't be derived.
func (j *searchJob) countBlock(job int) {
	a, p := job/j.sparsePieces, job%j.sparsePieces
	if !j.blocks[a].live {
		return
	}
	b := j.train.sparse[j.blocks[a].block]
	for k, i := range j.at {
		if i < 0 || k == 1 && j.derived {
			continue
		}
		n := &j.nodes[j.leaves[i].node]
		rows := n.hi - n.lo
		lo, hi := piece(rows, p, j.sparsePieces)
		h := j.piece(a, k, p)
		clear(h[:j.blocks[a].width])
		if j.whole {
			countSparse(b, lo, j.packed[lo:hi], h)
		} else {
			countSparseRows(b, j.spread.idx[n.lo+lo:n.lo+hi], j.gathered[k][lo:hi], h)
		}
	}
}

// lively says which blocks have features that may still be split.
func (j *searchJob) lively() {
	for a := range j.blocks {
		b := &j.blocks[a]
		b.live = !j.derived
		if j.derived {
			large := j.slots[j.leaves[j.at[1]].slot]
			for _, i := range b.features {
				if large.alive[i] {
					b.live = true
					break
				}
			}
		}
	}
}

// finishChunk sums up the pieces of a chunk's features, makes the larger
// leaf's histograms, and searches both.
func (j *searchJob) finishChunk(c chunk, worker int) {
	w := &j.levels[worker]
	scans := j.begun(w)
	small := j.slots[j.leaves[j.at[0]].slot]
	var large *histogram
	if j.at[1] >= 0 {
		large = j.slots[j.leaves[j.at[1]].slot]
	}
	for _, i := range c.features {
		f := &j.features[i]
		if j.derived && !large.alive[i] {
			small.alive[i] = false
			continue
		}
		cells := j.sumPieces(c.block, 0, f, small)
		others := imply(cells, f.place.Implied, scans[0].total)
		f.accumulate(cells)
		switch {
		case j.derived:
			rest := f.of(large)
			for k, sum := range cells {
				rest[k] -= sum
			}
			large.alive[i] = scans[1].feature(i, f, rest, w)
		case large != nil:
			rest := j.sumPieces(c.block, 1, f, large)
			imply(rest, f.place.Implied, scans[1].total)
			f.accumulate(rest)
			large.alive[i] = scans[1].feature(i, f, rest, w)
		}
		// One side of any split has none but the other bins.
		small.alive[i] = others&scans[0].mask >= scans[0].minH && scans[0].feature(i, f, cells, w)
	}
	j.done(c.job, &scans, w)
}

// sumPieces moves what was counted for a feature to a leaf's histogram.
func (j *searchJob) sumPieces(a, k int, f *feature, h *histogram) []int64 {
	cells := f.of(h)
	copy(cells, j.piece(a, k, 0)[f.place.Base:])
	for p := 1; p < j.sparsePieces; p++ {
		for b, c := range j.piece(a, k, p)[f.place.Base:][:f.bins] {
			cells[b] += c
		}
	}
	return cells
}

// divideSparse is divide for a sparse feature: it marks the rows that do not go
// with value zero and parts by the marks.
func (s *spread) divideSparse(lo, hi int, by *split, f *feature, c crew) int {
	idx := s.idx[lo:hi]
	if len(idx) == 0 {
		return lo
	}
	if s.mark == nil {
		s.mark = make([]uint8, len(s.idx))
	}
	sides := s.sidesOf(by, f)
	zero := sides[f.place.Implied]
	l := between(&s.sparse[f.place.Index].Lists[f.place.List], idx[0], idx[len(idx)-1])
	if lookupCost*len(idx) < len(l.Rows) {
		return lo + s.lookUp(idx, s.tmp[lo:hi], l, sides, zero)
	}
	for k, r := range l.Rows {
		s.mark[r] = sides[l.Bins[k]] ^ zero
	}
	mid := s.part(lo, hi, c, func(idx, tmp []int32) int { return partMarked(idx, tmp, s.mark, zero) })
	for _, r := range l.Rows {
		s.mark[r] = 0
	}
	return mid
}

// lookupCost is the number of marks made and removed in the time of looking up
// one row in a list.
const lookupCost = 16

// between is the stretch of a list with the rows first to last.
func between(l *matrix.List, first, last int32) matrix.List {
	lo, _ := slices.BinarySearch(l.Rows, first)
	n, found := slices.BinarySearch(l.Rows[lo:], last)
	if found {
		n++
	}
	return matrix.List{Rows: l.Rows[lo : lo+n], Bins: l.Bins[lo : lo+n]}
}

// lookUp parts a few rows by looking each up.
func (s *spread) lookUp(idx, tmp []int32, l matrix.List, sides []uint8, zero uint8) int {
	left, right := 0, 0
	for _, r := range idx {
		side := zero
		k, found := slices.BinarySearch(l.Rows, r)
		if found {
			side = sides[l.Bins[k]]
		}
		l = matrix.List{Rows: l.Rows[k:], Bins: l.Bins[k:]}
		if side == 1 {
			idx[left] = r
			left++
		} else {
			tmp[right] = r
			right++
		}
	}
	copy(idx[left:], tmp[:right])
	return left
}

// partMarked is partTile by marks: rows without one go to the side zero.
func partMarked(idx, tmp []int32, mark []uint8, zero uint8) int {
	tmp = tmp[:len(idx)]
	left, right := 0, 0
	for _, r := range idx {
		idx[left] = r
		tmp[right] = r
		c := int(mark[r] ^ zero)
		left += c
		right += 1 - c
	}
	return left
}
