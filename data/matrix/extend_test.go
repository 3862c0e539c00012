package matrix

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestExtendedBinsAreThoseOfAll: a matrix that extends another has the bins of one
// that was made of all columns at once, and shares what the other has.
func TestExtendedBinsAreThoseOfAll(t *testing.T) {
	t.Parallel()
	for _, cut := range []int{1, 8, 50, 103} {
		all := sparseFrame(4000, 7)
		base := &Frame{Rows: all.Rows, Features: all.Features[:cut], Cols: all.Cols[:cut]}
		m := New(base, nil, 2)
		x := m.Extend(all.Features[cut:], all.Cols[cut:])
		p, want := x.Packed(), NewPacked(all, 1)
		if diff := cmp.Diff(want.Specs, p.Specs); diff != "" {
			t.Fatalf("%d and more: specs (-want +got):\n%s", cut, diff)
		}
		for j := range all.Cols {
			for i := 0; i < all.Rows; i += 7 {
				if got := p.bin(j, i); got != want.bin(j, i) {
					t.Fatalf("%d and more: feature %d, row %d: bin %d, want %d", cut, j, i, got, want.bin(j, i))
				}
			}
		}
		for k, b := range p.Sparse {
			for i, j := range b.Features {
				if at := p.Places[j]; at.Kind != InSparse || at.Index != k || at.List != i {
					t.Errorf("%d and more: feature %d of sparse block %d is at %+v", cut, j, k, at)
				}
			}
		}
		if tiles := m.Packed().Tiles; len(tiles) > 0 && &tiles[0][0] != &p.Tiles[0][0] {
			t.Errorf("%d and more: tiles are copied", cut)
		}
		bytes := x.Bins()
		for j, col := range NewBins(all, 1).Cols {
			if !slices.Equal(col, bytes.Cols[j]) {
				t.Errorf("%d and more: the bytes of feature %d differ", cut, j)
			}
		}
	}
}

// TestExtendedTwice: extensions can be extended.
func TestExtendedTwice(t *testing.T) {
	t.Parallel()
	col := func(step float32) []float32 {
		out := make([]float32, 50)
		for i := range out {
			out[i] = float32(math.Mod(float64(step)*float64(i), 7))
		}
		return out
	}
	f := &Frame{Rows: 50, Features: []Feature{{Name: "a"}}, Cols: [][]float32{col(1)}}
	x := New(f, nil, 1).Extend([]Feature{{Name: "b"}}, [][]float32{col(2)}).Extend([]Feature{{Name: "c"}}, [][]float32{col(3)})
	if len(x.Frame.Features) != 3 || x.Frame.Features[2].Name != "c" || len(f.Features) != 1 {
		t.Fatalf("features %v, of the base %v", x.Frame.Features, f.Features)
	}
	whole := NewBins(x.Frame, 1)
	if diff := cmp.Diff(whole, x.Bins()); diff != "" {
		t.Errorf("bins (-want +got):\n%s", diff)
	}
}
