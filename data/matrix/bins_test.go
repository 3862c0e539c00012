package matrix

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func numericFrame(cols ...[]float32) *Frame {
	f := &Frame{Rows: len(cols[0]), Cols: cols}
	for range cols {
		f.Features = append(f.Features, Feature{})
	}
	return f
}

func TestNewBinsFewValues(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	tests := []struct {
		name    string
		col     []float32
		edges   []float32
		missing bool
		want    []uint8
	}{
		{"empty", nil, nil, false, []uint8{}},
		{"constant", []float32{7, 7, 7, 7}, nil, false, []uint8{0, 0, 0, 0}},
		{"all missing", []float32{nan, nan}, nil, true, []uint8{1, 1}},
		{"two values", []float32{1, 1, 1, 2, nan}, []float32{1.5}, true, []uint8{0, 0, 0, 1, 2}},
		{"too few rows to close a bin", []float32{1, 2, 3, 4}, []float32{3.5}, false, []uint8{0, 0, 0, 1}},
		{"both zeros are one", []float32{0, float32(math.Copysign(0, -1)), 0, 1}, []float32{.5}, false, []uint8{0, 0, 0, 1}},
		{"neighbours", []float32{1, 1, 1, math.Nextafter32(1, 2)}, []float32{1}, false, []uint8{0, 0, 0, 1}},
		{"infinite", []float32{-inf, -inf, -inf, 0, 0, 0, inf}, []float32{-inf, 0}, false, []uint8{0, 0, 0, 1, 1, 1, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := NewBins(numericFrame(tt.col), 1)
			s := b.Specs[0]
			if d := cmp.Diff(BinSpec{Edges: tt.edges, Bins: len(tt.edges) + 2, HasMissing: tt.missing}, s); d != "" {
				t.Errorf("spec (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.want, b.Cols[0]); d != "" {
				t.Errorf("bins (-want +got):\n%s", d)
			}
		})
	}
}

// slowBin is the definition of a bin.
func slowBin(s BinSpec, v float32) uint8 {
	if v != v {
		return uint8(s.Bins - 1)
	}
	for b, e := range s.Edges {
		if v <= e {
			return uint8(b)
		}
	}
	return uint8(len(s.Edges))
}

func TestNewBinsManyValues(t *testing.T) {
	t.Parallel()
	const rows = 5000
	r := rand.New(rand.NewPCG(1, 2))
	draw := []func(i int) float32{
		func(int) float32 { return float32(r.NormFloat64()) },
		func(int) float32 { return float32(math.Exp(8 * r.NormFloat64())) },
		func(int) float32 { return float32(max(0, r.NormFloat64())) },
		func(i int) float32 { return float32(i) },
		func(int) float32 { return float32(r.IntN(300)) },
		func(int) float32 { return float32(r.IntN(2)) },
		func(int) float32 {
			if r.IntN(3) == 0 {
				return float32(math.NaN())
			}
			return r.Float32() * 1e-40
		},
		func(int) float32 { return -math.MaxFloat32 + r.Float32()*math.MaxFloat32 },
		func(int) float32 { return float32(r.IntN(50)) - 25 },
	}
	cols := make([][]float32, len(draw))
	for j := range cols {
		for i := range rows {
			cols[j] = append(cols[j], draw[j](i))
		}
	}
	b := NewBins(numericFrame(cols...), 1)
	for j, col := range cols {
		s := b.Specs[j]
		if s.Bins > MaxBins || s.Bins != len(s.Edges)+2 || !slices.IsSorted(s.Edges) {
			t.Fatalf("column %d: %d bins, %d edges", j, s.Bins, len(s.Edges))
		}
		count := make([]int, s.Bins)
		for i, v := range col {
			want := slowBin(s, v)
			if got := b.Cols[j][i]; got != want {
				t.Fatalf("column %d: value %v in bin %d, want %d", j, v, got, want)
			}
			if got := uint8(b.Tiles[j/8][i] >> (8 * (j % 8))); got != want {
				t.Fatalf("column %d: value %v in tile bin %d, want %d", j, v, got, want)
			}
			count[want]++
		}
		for k, c := range count[:s.Bins-2] {
			if c < binMinRows {
				t.Errorf("column %d: bin %d holds %d rows", j, k, c)
			}
		}
	}
	if got := b.Specs[0].Bins; got < 250 {
		t.Errorf("continuous column has %d bins", got)
	}
	if got := b.Specs[8].Bins; got != 51 {
		t.Errorf("column of 50 values has %d bins", got)
	}
	if d := cmp.Diff(b, NewBins(numericFrame(cols...), 3)); d != "" {
		t.Errorf("three threads differ from one:\n%s", d)
	}
}

func TestNewBinsLevels(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	f := numericFrame([]float32{0, 2, 1, nan}, []float32{0, 254, 255, 299})
	f.Features[0].Levels, f.Features[1].Levels = 3, 300
	b := NewBins(f, 2)
	want := []BinSpec{{Categorical: true, Bins: 4, HasMissing: true}, {Categorical: true, Bins: 256, HasMissing: true}}
	if d := cmp.Diff(want, b.Specs); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([][]uint8{{0, 2, 1, 3}, {0, 254, 255, 255}}, b.Cols); d != "" {
		t.Error(d)
	}
}

func TestSampleIsSpread(t *testing.T) {
	t.Parallel()
	col := make([]float32, 3*binSample)
	for i := range col {
		col[i] = float32(i)
	}
	b := NewBins(numericFrame(col), 1)
	count := make([]int, b.Specs[0].Bins)
	for _, c := range b.Cols[0] {
		count[c]++
	}
	for k, c := range count[:len(count)-1] {
		if mean := len(col) / 255; c < mean*9/10 || c > mean*11/10 {
			t.Errorf("bin %d holds %d rows, the mean is %d", k, c, mean)
		}
	}
}

func BenchmarkNewBins(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	cols := make([][]float32, 32)
	for j := range cols {
		cols[j] = make([]float32, 200_000)
		for i := range cols[j] {
			cols[j][i] = float32(r.NormFloat64())
		}
	}
	f := numericFrame(cols...)
	for b.Loop() {
		NewBins(f, 1)
	}
}
