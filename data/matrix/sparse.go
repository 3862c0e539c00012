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
// features, for partitions. A cell is a bin of a feature: bin b of feature
// Features[k] is cell Base[k]+b. Row r has its cells in Quads[Start[r]:Start[r+1]],
// ascending, four at a time, the last ones filled up with the pad, cell Width.
// Bins of value zero have no cells. A quad of pads ends Quads, so that there is
// one at every Start.
type SparseBlock struct {
	Features []int32 // of the frame, ascending
	Base     []int32 // one more than features: the last is the number of cells
	Start    []uint32
	Quads    [][4]uint16
	Lists    []List
}

// maxBlockCells bounds the cells of a block; the pad comes after them.
const maxBlockCells = 1<<16 - 1

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

// Entries is the number of cells of all rows, pads included.
func (b *SparseBlock) Entries() int { return 4 * (len(b.Quads) - 1) }

// byRows makes the rows from the lists.
func (b *SparseBlock) byRows(rows int) {
	count := make([]int32, rows)
	for k := range b.Lists {
		for _, r := range b.Lists[k].Rows {
			count[r]++
		}
	}
	b.Start = make([]uint32, rows+1)
	at := uint32(0)
	for r, n := range count {
		at += uint32(n+3) / 4
		b.Start[r+1] = at
	}
	b.pad(int(at))
	clear(count)
	for k := range b.Lists {
		base, l := uint16(b.Base[k]), &b.Lists[k]
		for i, r := range l.Rows {
			n := count[r]
			b.Quads[b.Start[r]+uint32(n/4)][n%4] = base + uint16(l.Bins[i])
			count[r] = n + 1
		}
	}
}

// pad makes empty quads.
func (b *SparseBlock) pad(n int) {
	pad := uint16(b.Width())
	b.Quads = make([][4]uint16, n+1)
	for i := range b.Quads {
		b.Quads[i] = [4]uint16{pad, pad, pad, pad}
	}
}

// Pick makes the block of some rows, in their order; a row may come several
// times. Features and Base are shared.
func (b *SparseBlock) Pick(rows []int32) *SparseBlock {
	out := &SparseBlock{Features: b.Features, Base: b.Base, Start: make([]uint32, len(rows)+1)}
	at := uint32(0)
	for i, r := range rows {
		at += b.Start[r+1] - b.Start[r]
		out.Start[i+1] = at
	}
	out.pad(int(at))
	for i, r := range rows {
		copy(out.Quads[out.Start[i]:], b.Quads[b.Start[r]:b.Start[r+1]])
	}
	out.byFeatures()
	return out
}

// byFeatures makes the lists from the rows.
func (b *SparseBlock) byFeatures() {
	of := make([]uint16, b.Width()+1) // the feature of a cell, pads of one more
	for k := range b.Features {
		for c := b.Base[k]; c < b.Base[k+1]; c++ {
			of[c] = uint16(k)
		}
	}
	of[b.Width()] = uint16(len(b.Features))
	size := make([]int, len(b.Features)+1)
	for _, q := range b.Quads {
		for _, c := range q {
			size[of[c]]++
		}
	}
	b.Lists = make([]List, len(b.Features))
	for k := range b.Lists {
		b.Lists[k] = List{Rows: make([]int32, 0, size[k]), Bins: make([]uint8, 0, size[k])}
	}
	for r := range len(b.Start) - 1 {
		for _, q := range b.Quads[b.Start[r]:b.Start[r+1]] {
			for _, c := range q {
				if k := int(of[c]); k < len(b.Lists) {
					l := &b.Lists[k]
					l.Rows = append(l.Rows, int32(r))
					l.Bins = append(l.Bins, uint8(int32(c)-b.Base[k]))
				}
			}
		}
	}
}
