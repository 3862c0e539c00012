package matrix

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sparseFrame has 40 one-hot columns of eight blocks, 60 mostly-zero counts,
// some of them negative or missing, a dense column, a frequent level, a wide
// category and a column of zeros.
func sparseFrame(rows int, seed uint64) *Frame {
	r := rand.New(rand.NewPCG(seed, 1))
	f := &Frame{Rows: rows}
	add := func(levels int, value func() float32) {
		col := make([]float32, rows)
		for i := range col {
			col[i] = value()
		}
		f.Features, f.Cols = append(f.Features, Feature{Levels: levels}), append(f.Cols, col)
	}
	for range 40 {
		add(0, func() float32 { return 0 })
	}
	for i := range rows {
		for b := range 8 {
			f.Cols[5*b+r.IntN(5)][i] = 1
		}
	}
	for k := range 60 {
		add(0, func() float32 {
			switch u := r.IntN(100 + k); {
			case u > 8:
				return 0
			case u == 0:
				return float32(math.NaN())
			default:
				return float32(u - 3 + k%3)
			}
		})
	}
	add(0, func() float32 { return float32(r.NormFloat64()) })
	add(6, func() float32 { return float32(max(0, r.IntN(30)-24)) })
	add(2000, func() float32 { return float32(int(math.Pow(r.Float64(), 3) * 2100)) })
	add(0, func() float32 { return 0 })
	return f
}

// wantBin is the bin of a value by the definition.
func wantBin(s *BinSpec, v float32) int {
	if s.Categorical {
		if !(v >= 0) || s.IsRare(int(v)) {
			return s.Bins - 1
		}
		return int(v)
	}
	return int(slowBin(*s, v))
}

// bin reads a feature's bin from wherever the view has it.
func (p *Packed) bin(j, row int) int {
	at := p.Places[j]
	switch at.Kind {
	case InWide:
		return int(p.Wide[at.Index][row])
	case InSparse:
		b := p.Sparse[at.Index]
		for _, q := range b.Quads[b.Start[row]:b.Start[row+1]] {
			for _, c := range q {
				if k := int(c) - at.Base; k >= 0 && k < p.Specs[j].Bins && int(c) < b.Width() {
					return k
				}
			}
		}
		return at.Implied
	}
	b := int(uint8(p.Tiles[at.Index/8][row]>>(8*(at.Index%8)))) - at.Base
	if at.Implied >= 0 && (b < 0 || b >= stored(&p.Specs[j])) {
		return at.Implied
	}
	return b
}

func TestPackedHasEveryBin(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 1, 7, 300, 4000} {
		f := sparseFrame(rows, 3)
		p := NewPacked(f, 1)
		kinds := map[Kind]int{}
		for j, col := range f.Cols {
			kinds[p.Places[j].Kind]++
			for i, v := range col {
				if got, want := p.bin(j, i), wantBin(&p.Specs[j], v); got != want {
					t.Fatalf("%d rows, feature %d: value %v is in bin %d, want %d", rows, j, v, got, want)
				}
			}
		}
		if rows == 4000 && (kinds[InSparse] < 50 || kinds[InBytes] < 40 || kinds[InWide] != 1 || p.Bytes > 15) {
			t.Errorf("features by kind: %v, %d byte columns", kinds, p.Bytes)
		}
		if d := cmp.Diff(p, NewPacked(f, 3)); d != "" {
			t.Errorf("three threads differ from one:\n%s", d)
		}
		checkBytes(t, f, p)
	}
}

// checkBytes compares the unpacked view, in which wide categories keep the first
// 255 levels.
func checkBytes(t *testing.T, f *Frame, p *Packed) {
	t.Helper()
	b := p.bins(f, 2)
	for j, col := range f.Cols {
		s := &b.Specs[j]
		for i, v := range col {
			got, want := int(b.Cols[j][i]), wantBin(s, v)
			if tiled := int(b.Tiles[j/8][i] >> (8 * (j % 8)) & 255); got != want || tiled != want {
				t.Fatalf("feature %d: value %v is in bin %d of the column and %d of the tile, want %d", j, v, got, tiled, want)
			}
		}
	}
}

func TestPackedLeavesFewSparseColumnsDense(t *testing.T) {
	t.Parallel()
	f := sparseFrame(3000, 5)
	f.Features, f.Cols = f.Features[60:70], f.Cols[60:70]
	if p := NewPacked(f, 1); len(p.Sparse) > 0 || p.Bytes == 0 {
		t.Errorf("%d sparse blocks and %d byte columns for ten features", len(p.Sparse), p.Bytes)
	}
}

func TestRareLevelsAreMissing(t *testing.T) {
	t.Parallel()
	f := &Frame{Rows: 9, Features: []Feature{{Levels: 400}}, Cols: [][]float32{{300, 300, 300, 5, 5, 7, 399, 400, -1}}}
	p := NewPacked(f, 1)
	if d := cmp.Diff([][]uint16{{300, 300, 300, 400, 400, 400, 400, 400, 400}}, p.Wide); d != "" {
		t.Error(d)
	}
	if s := p.Specs[0]; s.Bins != 401 || !s.HasMissing || s.IsRare(300) || !s.IsRare(5) || !s.IsRare(400) || s.IsRare(0) != true {
		t.Errorf("spec %+v", s)
	}
}

func TestFilled(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	if got := numericFrame([]float32{0, 1, nan, 0}, []float32{0, 0, 0, 5}).Filled(); got != 3./8 {
		t.Errorf("filled %v, want 3/8", got)
	}
	if got := (&Frame{Rows: 3}).Filled(); got != 1 {
		t.Errorf("filled %v without columns, want 1", got)
	}
}

// TestPick: a picked block is the block of the picked rows.
func TestPick(t *testing.T) {
	t.Parallel()
	p := NewPacked(sparseFrame(500, 9), 1)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Int32Range(0, 499), 0, 40).Draw(t, "rows")
		for _, b := range p.Sparse {
			got := b.Pick(rows)
			for i, r := range rows {
				want := b.Quads[b.Start[r]:b.Start[r+1]]
				if d := cmp.Diff(want, got.Quads[got.Start[i]:got.Start[i+1]]); d != "" {
					t.Fatal(d)
				}
			}
			again := &SparseBlock{Features: got.Features, Base: got.Base, Lists: got.Lists}
			again.byRows(len(rows))
			if d := cmp.Diff(got, again); d != "" {
				t.Fatalf("lists and rows differ: %s", d)
			}
		}
	})
}

func BenchmarkNewPackedSparse(b *testing.B) {
	f := sparseFrame(100_000, 1)
	for b.Loop() {
		NewPacked(f, 1)
	}
}
