package matrix

import "slices"

// Extend makes a matrix with further features behind those of m, one column of
// Frame.Rows values each. The columns of m's frame and its binned view are
// shared, read-only: only the further columns are cut into bins, when a binned
// view is first asked for. The result has no dense view and no columns in double
// precision.
func (m *Matrix) Extend(features []Feature, cols [][]float32) *Matrix {
	f := &Frame{
		Rows:     m.Frame.Rows,
		Features: slices.Concat(m.Frame.Features, features),
		Cols:     slices.Concat(m.Frame.Cols, cols),
		Sparse:   m.Frame.Sparse,
	}
	return &Matrix{Frame: f, base: m, threads: m.threads}
}

// pack makes the packed view, that of an extended matrix from its base's.
func (m *Matrix) pack() *Packed {
	if m.base == nil {
		return NewPacked(m.Frame, m.threads)
	}
	n := len(m.base.Frame.Features)
	rest := &Frame{Rows: m.Frame.Rows, Features: m.Frame.Features[n:], Cols: m.Frame.Cols[n:]}
	return m.base.Packed().join(NewPacked(rest, m.threads))
}

// join puts the features of b, a view of the same rows, behind those of p. The
// byte columns of b begin with a tile of their own, so that no tile is copied.
func (p *Packed) join(b *Packed) *Packed {
	out := &Packed{
		Rows: p.Rows, Bytes: 8*len(p.Tiles) + b.Bytes,
		Specs:  slices.Concat(p.Specs, b.Specs),
		Places: slices.Concat(p.Places, b.Places),
		Tiles:  slices.Concat(p.Tiles, b.Tiles),
		Wide:   slices.Concat(p.Wide, b.Wide),
	}
	first := len(p.Places)
	for i := range out.Places[first:] {
		at := &out.Places[first+i]
		switch at.Kind {
		case InBytes:
			at.Index += 8 * len(p.Tiles)
		case InWide:
			at.Index += len(p.Wide)
		case InSparse:
			at.Index += len(p.Sparse)
		}
	}
	out.Sparse = slices.Clone(p.Sparse)
	for _, block := range b.Sparse {
		moved := *block
		moved.Features = slices.Clone(block.Features)
		for i := range moved.Features {
			moved.Features[i] += int32(first)
		}
		out.Sparse = append(out.Sparse, &moved)
	}
	return out
}

// isPlain says that byte column j is feature j and nothing else, for all features.
func (p *Packed) isPlain() bool {
	for j, at := range p.Places {
		if at.Kind != InBytes || at.Index != j || at.Base != 0 || at.Implied >= 0 {
			return false
		}
	}
	return true
}
