package matrix

import "slices"

// MaxWide is the largest number of bins of a categorical feature in the packed
// view, the missing bin included.
const MaxWide = 1 << 16

// Kind is a way to store a feature in the packed view.
type Kind uint8

// Ways to store a feature: in a byte column, alone or bundled with others; in a
// column of uint16, for categories of more than 255 levels; in a sparse block.
const (
	InBytes Kind = iota
	InWide
	InSparse
)

// Place says where the packed view has a feature.
type Place struct {
	Kind Kind
	// Index is that of the byte column, wide column or sparse block.
	Index int
	// Base is the code of the feature's bin 0 in its byte column, or the cell
	// of its bin 0 in its sparse block: bin b is stored as Base+b.
	Base int
	// Implied is the bin of the rows that have no entry, that of value zero; -1
	// where every row's bin is stored.
	Implied int
	// List is the feature's place in its sparse block's Features and Lists.
	List int
}

// Packed is the binned view in the layout that suits each feature, for boosted
// trees. Bytes holds single features and bundles of features no two of which
// are ever non-zero in the same row (Ke et al. 2017, without conflicts); Tiles
// has the same bytes, one uint64 a row for each eight columns (column 8t+j in
// byte j). The other mostly-zero features are in sparse blocks.
type Packed struct {
	Rows   int
	Specs  []BinSpec // of each feature; Bins goes up to MaxWide for categories
	Places []Place   // of each feature
	Bytes  [][]uint8
	Tiles  [][]uint64
	Wide   [][]uint16
	Sparse []*SparseBlock
}

const (
	// byteCost is what a histogram takes for a row's byte, entryCost for an
	// entry of a sparse block and rowCost for a row of one, in nanoseconds.
	byteCost, entryCost, rowCost = 0.4, 0.8, 6
	// sparseShare is the largest share of rows that are not zero in a list.
	sparseShare = 0.3
)

// column is a feature on its own: bytes, wide or list is set.
type column struct {
	spec    BinSpec
	bytes   []uint8
	wide    []uint16
	list    *List
	implied int // of lists
}

// NewPacked cuts every feature of a frame into bins as [NewBins] does, but for
// categories of more than 255 levels: these keep up to 65,535, but for levels of
// fewer than three rows, which share the missing bin. The result does not depend
// on threads, the number of goroutines that share the features.
func NewPacked(f *Frame, threads int) *Packed {
	cols := make([]column, len(f.Features))
	shareOut(len(cols), threads, func() func(int) {
		var w binner
		return func(j int) { cols[j] = w.cut(f.Cols[j], f.Features[j].Levels) }
	})
	p := &Packed{Rows: f.Rows, Specs: make([]BinSpec, len(cols)), Places: make([]Place, len(cols))}
	for j := range cols {
		p.Specs[j] = cols[j].spec
	}
	bundles, loose := choose(bundle(cols, f.Rows))
	p.placeColumns(cols, bundles, threads)
	p.Sparse = p.placeSparse(cols, loose, threads)
	p.Tiles = tiles(p.Bytes, f.Rows, threads)
	return p
}

// tiles puts each eight byte columns side by side.
func tiles(cols [][]uint8, rows, threads int) [][]uint64 {
	out := make([][]uint64, (len(cols)+7)/8)
	shareOut(len(out), threads, func() func(int) {
		return func(t int) { out[t] = packTile(cols[8*t:min(8*t+8, len(cols))], rows) }
	})
	return out
}

// choose parts the groups of exclusive features into those that get a byte
// column each and the features that go to sparse blocks, by what counting them
// would take. Sparse blocks must save more than their own overhead.
func choose(groups [][]int, density []float64) (bundles [][]int, loose []int) {
	saved := 0.0
	for g, d := range density {
		if d*entryCost < byteCost {
			saved += byteCost - d*entryCost
			loose = append(loose, groups[g]...)
		} else {
			bundles = append(bundles, groups[g])
		}
	}
	if saved < 2*rowCost {
		return groups, nil
	}
	slices.Sort(loose)
	return bundles, loose
}

// placeColumns lays out byte and wide columns in the order of their first
// features.
func (p *Packed) placeColumns(cols []column, bundles [][]int, threads int) {
	members := make([][]int, len(cols)) // by first feature
	for _, b := range bundles {
		members[b[0]] = b
	}
	var bytes [][]int
	for j, c := range cols {
		switch {
		case c.wide != nil:
			p.Places[j] = Place{Kind: InWide, Index: len(p.Wide), Implied: -1}
			p.Wide = append(p.Wide, c.wide)
		case c.bytes != nil:
			members[j] = []int{j}
			fallthrough
		case len(members[j]) > 0:
			base := 0
			if len(members[j]) > 1 {
				base = 1
			}
			for _, k := range members[j] {
				p.Places[k] = Place{Kind: InBytes, Index: len(bytes), Base: base, Implied: -1}
				if len(members[j]) > 1 {
					p.Places[k].Implied = cols[k].implied
					base += stored(&cols[k].spec)
				}
			}
			bytes = append(bytes, members[j])
		}
	}
	p.Bytes = make([][]uint8, len(bytes))
	shareOut(len(bytes), threads, func() func(int) {
		return func(i int) { p.Bytes[i] = byteColumn(cols, bytes[i], p.Rows) }
	})
}

// stored is the number of codes that a bundled feature takes.
func stored(s *BinSpec) int {
	if s.HasMissing {
		return s.Bins
	}
	return s.Bins - 1
}

// byteColumn is the column of one feature or of a bundle, in which 0 stands for
// rows that are zero in all its features.
func byteColumn(cols []column, members []int, rows int) []uint8 {
	if first := &cols[members[0]]; len(members) == 1 {
		if first.bytes == nil {
			return first.list.dense(rows, first.implied)
		}
		return first.bytes
	}
	out := make([]uint8, rows)
	base := 1
	for _, k := range members {
		l := cols[k].list
		for i, r := range l.Rows {
			out[r] = uint8(base) + l.Bins[i]
		}
		base += stored(&cols[k].spec)
	}
	return out
}

// column expands a feature that is not wide into one byte column, which may be
// shared.
func (p *Packed) column(j int) []uint8 {
	at := p.Places[j]
	if at.Kind == InSparse {
		return p.Sparse[at.Index].Lists[at.List].dense(p.Rows, at.Implied)
	}
	col := p.Bytes[at.Index]
	if at.Implied < 0 {
		return col
	}
	out := make([]uint8, len(col))
	bins := stored(&p.Specs[j])
	for i, c := range col {
		b := int(c) - at.Base
		if b < 0 || b >= bins {
			b = at.Implied
		}
		out[i] = uint8(b)
	}
	return out
}
