package matrix

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkPack cuts eight columns of a kind into bins and lays them out for
// histograms.
func BenchmarkPack(b *testing.B) {
	const rows, columns = 200_000, 8
	for _, c := range []struct {
		name   string
		levels int
		value  func(*rand.Rand) float32
	}{
		{"numbers", 0, func(r *rand.Rand) float32 { return float32(r.NormFloat64()) }},
		{"few values", 0, func(r *rand.Rand) float32 { return float32(r.IntN(100)) / 10 }},
		{"30 levels", 30, func(r *rand.Rand) float32 { return float32(r.IntN(30)) }},
		{"10000 levels", 10_000, func(r *rand.Rand) float32 { return float32(r.IntN(10_000)) }},
		{"mostly zero", 0, func(r *rand.Rand) float32 { return float32(max(0, r.IntN(40)-35)) }},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		f := &Frame{Rows: rows}
		for range columns {
			col := make([]float32, rows)
			for i := range col {
				col[i] = c.value(r)
			}
			f.Features, f.Cols = append(f.Features, Feature{Levels: c.levels}), append(f.Cols, col)
		}
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				NewPacked(f, 1)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows*columns), "ns/cell")
		})
	}
}
