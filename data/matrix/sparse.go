package matrix

// List has a mostly-zero feature: the rows, ascending, whose bin is not that of
// value zero, and their bins.
type List struct {
	Rows []int32
	Bins []uint8
}

func (l *List) dense(rows, implied int) []uint8 {
	out := make([]uint8, rows)
	if implied != 0 {
		for i := range out {
			out[i] = uint8(implied)
		}
	}
	for i, r := range l.Rows {
		out[r] = l.Bins[i]
	}
	return out
}

// SparseBlock has mostly-zero features twice: by rows, for histograms, and by
// features, for partitions. Row r has the entries Cells[Start[r]:Start[r+1]],
// ascending. A cell is a bin of a feature: bin b of feature Features[k] is cell
// Base[k]+b. Bins of value zero have no entries.
type SparseBlock struct {
	Features []int32 // of the frame, ascending
	Base     []int32 // one more than features: the last is the number of cells
	Start    []int64
	Cells    []uint16
	Lists    []List
}

// maxBlockCells bounds the cells of a block.
const maxBlockCells = 1 << 16

// placeSparse lays out the features loose in sparse blocks.
func (p *Packed) placeSparse(cols []column, loose []int, threads int) []*SparseBlock {
	var blocks []*SparseBlock
	var b *SparseBlock
	for _, j := range loose {
		bins := int32(cols[j].spec.Bins)
		if b == nil || b.Width()+int(bins) > maxBlockCells {
			b = &SparseBlock{Base: []int32{0}}
			blocks = append(blocks, b)
		}
		p.Places[j] = Place{Kind: InSparse, Index: len(blocks) - 1, Base: b.Width(), Implied: cols[j].implied, List: len(b.Lists)}
		b.Features = append(b.Features, int32(j))
		b.Base = append(b.Base, int32(b.Width())+bins)
		b.Lists = append(b.Lists, *cols[j].list)
	}
	shareOut(len(blocks), threads, func() func(int) {
		return func(i int) { blocks[i].byRows(p.Rows) }
	})
	return blocks
}

// Width is the number of cells of a row's histogram.
func (b *SparseBlock) Width() int { return int(b.Base[len(b.Base)-1]) }

// byRows makes the rows from the lists.
func (b *SparseBlock) byRows(rows int) {
	next := make([]int64, rows+1) // Start once filled: next[r+1] is where row r goes on
	for k := range b.Lists {
		for _, r := range b.Lists[k].Rows {
			next[r+1]++
		}
	}
	at := int64(0)
	for r, n := range next[1:] {
		next[r+1] = at
		at += n
	}
	b.Start, b.Cells = next, make([]uint16, at)
	for k := range b.Lists {
		base, l := uint16(b.Base[k]), &b.Lists[k]
		for i, r := range l.Rows {
			b.Cells[next[r+1]] = base + uint16(l.Bins[i])
			next[r+1]++
		}
	}
}

// Pick makes the block of some rows, in their order; a row may come several
// times. Features and Base are shared.
func (b *SparseBlock) Pick(rows []int32) *SparseBlock {
	out := &SparseBlock{Features: b.Features, Base: b.Base, Start: make([]int64, len(rows)+1)}
	at := int64(0)
	for i, r := range rows {
		at += b.Start[r+1] - b.Start[r]
		out.Start[i+1] = at
	}
	out.Cells = make([]uint16, at)
	for i, r := range rows {
		copy(out.Cells[out.Start[i]:], b.Cells[b.Start[r]:b.Start[r+1]])
	}
	out.byFeatures()
	return out
}

// byFeatures makes the lists from the rows.
func (b *SparseBlock) byFeatures() {
	of := make([]uint16, b.Width()) // the feature of a cell
	for k := range b.Features {
		for c := b.Base[k]; c < b.Base[k+1]; c++ {
			of[c] = uint16(k)
		}
	}
	size := make([]int, len(b.Features))
	for _, c := range b.Cells {
		size[of[c]]++
	}
	b.Lists = make([]List, len(b.Features))
	for k, n := range size {
		b.Lists[k] = List{Rows: make([]int32, 0, n), Bins: make([]uint8, 0, n)}
	}
	for r := range len(b.Start) - 1 {
		for _, c := range b.Cells[b.Start[r]:b.Start[r+1]] {
			k := of[c]
			l := &b.Lists[k]
			l.Rows = append(l.Rows, int32(r))
			l.Bins = append(l.Bins, uint8(int32(c)-b.Base[k]))
		}
	}
}
