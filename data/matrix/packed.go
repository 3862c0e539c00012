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
// trees. Byte columns hold single features and bundles of features no two of
// which are ever non-zero in the same row (Ke et al. 2017, without conflicts);
// Tiles has them, one uint64 a row for each eight columns (column 8t+j in byte
// j). The other mostly-zero features are in sparse blocks.
type Packed struct {
	Rows   int
	Specs  []BinSpec // of each feature; Bins goes up to MaxWide for categories
	Places []Place   // of each feature
	Bytes  int       // number of byte columns
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

// column is a feature on its own: in a wide column, in a list or, as a byte a
// row, still to be made from its values.
type column struct {
	spec    BinSpec
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
	members := p.placeColumns(cols, bundles)
	p.Sparse = p.placeSparse(cols, loose, threads)
	p.fill(f, cols, members, threads)
	return p
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
// features, and answers the features of each byte column.
func (p *Packed) placeColumns(cols []column, bundles [][]int) (columns [][]int) {
	members := make([][]int, len(cols)) // by first feature
	for _, b := range bundles {
		members[b[0]] = b
	}
	for j, c := range cols {
		switch {
		case c.wide != nil:
			p.Places[j] = Place{Kind: InWide, Index: len(p.Wide), Implied: -1}
			p.Wide = append(p.Wide, c.wide)
		case c.list == nil:
			members[j] = []int{j}
			fallthrough
		case len(members[j]) > 0:
			base := 0
			if len(members[j]) > 1 {
				base = 1
			}
			for _, k := range members[j] {
				p.Places[k] = Place{Kind: InBytes, Index: len(columns), Base: base, Implied: -1}
				if len(members[j]) > 1 {
					p.Places[k].Implied = cols[k].implied
					base += stored(&cols[k].spec)
				}
			}
			columns = append(columns, members[j])
		}
	}
	p.Bytes = len(columns)
	return columns
}

// stored is the number of codes that a bundled feature takes.
func stored(s *BinSpec) int {
	if s.HasMissing {
		return s.Bins
	}
	return s.Bins - 1
}

// column expands a feature that is not wide into one byte column.
func (p *Packed) column(j int) []uint8 {
	at := p.Places[j]
	if at.Kind == InSparse {
		return p.Sparse[at.Index].Lists[at.List].dense(p.Rows, at.Implied)
	}
	out := make([]uint8, p.Rows)
	shift, tile := 8*(at.Index%8), p.Tiles[at.Index/8]
	if at.Implied < 0 {
		for i, word := range tile {
			out[i] = uint8(word >> (shift & 63))
		}
		return out
	}
	bins := stored(&p.Specs[j])
	for i, word := range tile {
		b := int(uint8(word>>(shift&63))) - at.Base
		if b < 0 || b >= bins {
			b = at.Implied
		}
		out[i] = uint8(b)
	}
	return out
}
