package gbdt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// kernelRows is the number of rows of the kernels' benchmarks.
const kernelRows = 200_000

// rate reports units of work a second: each call of the loop did n.
func rate(b *testing.B, n int, unit string) {
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "M"+unit+"/s")
}

// perRow reports nanoseconds a row.
func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}

func packedGradients(n int) []int64 {
	r := rand.New(rand.NewPCG(3, 4))
	gh := make([]int64, n)
	for i := range gh {
		gh[i] = int64(r.IntN(2000)-1000)<<32 + int64(r.IntN(1000))
	}
	return gh
}

// someRows draws a share of n rows, ascending.
func someRows(n int, share float64) []int32 {
	r := rand.New(rand.NewPCG(5, 6))
	var idx []int32
	for i := range n {
		if r.Float64() < share {
			idx = append(idx, int32(i))
		}
	}
	return idx
}

// BenchmarkHistogram counts tiles: whole columns of eight, four and two
// features, and the rows of smaller leaves.
func BenchmarkHistogram(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	tile, gh := make([]uint64, kernelRows), packedGradients(kernelRows)
	for i := range tile {
		tile[i] = r.Uint64()
	}
	for _, columns := range []int{8, 4, 2} {
		a, h := activeTile{columns: columns, shift: [4]uint8{0, 8, 16, 24}}, new(tileHistogram)
		b.Run(fmt.Sprintf("columns=%d/all", columns), func(b *testing.B) {
			for b.Loop() {
				a.add(tile, gh, h)
			}
			rate(b, kernelRows*columns, "cells")
		})
		for _, share := range []float64{0.5, 0.1, 0.01} {
			idx := someRows(kernelRows, share)
			b.Run(fmt.Sprintf("columns=%d/share=%v", columns, share), func(b *testing.B) {
				for b.Loop() {
					a.addRows(tile, idx, gh[:len(idx)], h)
				}
				rate(b, len(idx)*columns, "cells")
			})
		}
	}
}

// BenchmarkHistogramWide counts a category of 10,000 levels.
func BenchmarkHistogramWide(b *testing.B) {
	col, gh, h := wideColumn(), packedGradients(kernelRows), make([]int64, 1<<16)
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			countWide(col, gh, h)
		}
		rate(b, len(col), "cells")
	})
	idx := someRows(kernelRows, 0.1)
	b.Run("share=0.1", func(b *testing.B) {
		for b.Loop() {
			countWideRows(col, idx, gh, h)
		}
		rate(b, len(idx), "cells")
	})
}

// wideColumn has levels of uneven frequency.
func wideColumn() []uint16 {
	r := rand.New(rand.NewPCG(7, 8))
	col := make([]uint16, kernelRows)
	for i := range col {
		u := r.Float64()
		col[i] = uint16(10_000 * u * u * u)
	}
	return col
}

// BenchmarkHistogramSparse counts the entries of mostly-zero features.
func BenchmarkHistogramSparse(b *testing.B) {
	d := layoutData(20_000, 1)
	blocks := d.M.Packed().Sparse
	if len(blocks) == 0 {
		b.Fatal("no sparse block")
	}
	block, gh := blocks[0], packedGradients(20_000)
	h := new(sparseHistogram)
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			countSparse(block, 0, gh, h)
		}
		rate(b, block.Entries(), "entries")
	})
	idx, entries := someRows(20_000, 0.1), 0
	for _, r := range idx {
		entries += 4 * int(block.Start[r+1]-block.Start[r])
	}
	b.Run("share=0.1", func(b *testing.B) {
		for b.Loop() {
			countSparseRows(block, idx, gh, h)
		}
		rate(b, entries, "entries")
	})
}

// BenchmarkPartition parts all rows, and those of a small leaf, by a coin.
func BenchmarkPartition(b *testing.B) {
	r := rand.New(rand.NewPCG(9, 10))
	col, wide := make([]uint64, kernelRows), wideColumn()
	var table [256]uint8
	sides := make([]uint8, 1<<16)
	for i := range sides {
		sides[i] = uint8(r.IntN(2))
	}
	copy(table[:], sides)
	for i := range col {
		col[i] = r.Uint64()
	}
	for _, share := range []float64{1, 0.01} {
		rows := someRows(kernelRows, share)
		s := newSpread(columns{}, len(rows))
		b.Run(fmt.Sprintf("bytes/share=%v", share), func(b *testing.B) {
			for b.Loop() {
				copy(s.idx, rows)
				s.part(0, len(rows), alone, func(idx, tmp []int32) int { return partTile(idx, tmp, col, 16, &table) })
			}
			perRow(b, len(rows))
		})
		b.Run(fmt.Sprintf("wide/share=%v", share), func(b *testing.B) {
			for b.Loop() {
				copy(s.idx, rows)
				left := partWide(s.idx, s.tmp, wide, sides)
				copy(s.idx[left:], s.tmp[:len(rows)-left])
			}
			perRow(b, len(rows))
		})
	}
}

// kernelBooster is a fit of which all is there but the trees.
func kernelBooster(b *testing.B, d algos.Data, p algos.Problem) *booster {
	b.Helper()
	r := &algos.Request{Problem: p, Train: d, Threads: 1}
	s, err := newSettings(r)
	if err != nil {
		b.Fatal(err)
	}
	return newBooster(s, r, alone)
}

// BenchmarkGradients computes the gradients of a round.
func BenchmarkGradients(b *testing.B) {
	d := denseProblem(kernelRows, 2)
	for _, p := range []algos.Problem{
		{Task: metrics.Binary, Classes: 2}, {Task: metrics.Regression}, {Task: metrics.Multiclass, Classes: 10},
	} {
		f := kernelBooster(b, d, p)
		b.Run(string(p.Task), func(b *testing.B) {
			for b.Loop() {
				f.obj.gradients(f.train, f.score, f.grad, 0, f.train.n)
			}
			perRow(b, kernelRows*f.width)
		})
	}
}

// BenchmarkQuantise packs the gradients of a tree.
func BenchmarkQuantise(b *testing.B) {
	f := kernelBooster(b, denseProblem(kernelRows, 2), algos.Problem{Task: metrics.Binary, Classes: 2})
	f.obj.gradients(f.train, f.score, f.grad, 0, f.train.n)
	for b.Loop() {
		f.quant.pack(f.grad[0], f.grower.packed, 1, alone)
	}
	perRow(b, kernelRows)
}

// BenchmarkScan searches one feature's histogram: numbers in 255 bins, a
// category of 30 levels and one of some thousands, the leaf having all rows.
func BenchmarkScan(b *testing.B) {
	for _, levels := range []int{0, 30, 10_000} {
		d := scanData(levels)
		f := kernelBooster(b, d, algos.Problem{Task: metrics.Binary, Classes: 2})
		f.obj.gradients(f.train, f.score, f.grad, 0, f.train.n)
		f.quant.pack(f.grad[0], f.grower.packed, 1, alone)
		f.grower.prepare(f.quant, 1)
		var total int64
		for _, v := range f.grower.packed {
			total += v
		}
		ft := &f.features[0]
		cells, w := slowCells(ft, d.M.Frame.Cols[0], d.Rows, f.grower.packed), new(scanScratch)
		b.Run(fmt.Sprintf("levels=%d/bins=%d", levels, len(cells)), func(b *testing.B) {
			for b.Loop() {
				var s leafScan
				s.start(&f.grower.scales, total, kernelRows, 0)
				s.feature(0, ft, cells, w)
				if s.best.gain <= 0 {
					b.Fatal("no split")
				}
			}
			rate(b, len(cells), "bins")
		})
	}
}

// BenchmarkScanLeaf searches leaves of a few hundred rows one feature after the
// other, as in a tree: most of them tell nothing.
func BenchmarkScanLeaf(b *testing.B) {
	d := denseProblem(kernelRows/10, 16)
	f := kernelBooster(b, d, algos.Problem{Task: metrics.Binary, Classes: 2})
	f.obj.gradients(f.train, f.score, f.grad, 0, f.train.n)
	f.quant.pack(f.grad[0], f.grower.packed, 1, alone)
	f.grower.prepare(f.quant, 1)
	for _, rows := range []int{100, 1000, 10_000} {
		idx := someRows(f.train.n, float64(rows)/float64(f.train.n))
		total, bins := int64(0), 0
		for _, r := range idx {
			total += f.grower.packed[r]
		}
		cells := make([][]int64, len(f.features))
		for k := range cells {
			cells[k] = slowCells(&f.features[k], d.M.Frame.Cols[k], idx, f.grower.packed)
			bins += len(cells[k])
		}
		w := new(scanScratch)
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			for b.Loop() {
				var s leafScan
				s.start(&f.grower.scales, total, len(idx), 0)
				for k := range cells {
					s.feature(int32(k), &f.features[k], cells[k], w)
				}
			}
			rate(b, bins, "bins")
		})
	}
}

// BenchmarkSubtract makes a sibling's histogram of one feature.
func BenchmarkSubtract(b *testing.B) {
	cells, rest := packedGradients(256), packedGradients(256)
	for b.Loop() {
		subtract(rest, cells)
	}
	rate(b, len(cells), "bins")
}

// scanData is one feature, numeric or of so many levels, that tells something
// of a class.
func scanData(levels int) algos.Data {
	r := rand.New(rand.NewPCG(11, 12))
	col, y := make([]float32, kernelRows), make([]float32, kernelRows)
	for i := range col {
		u := r.Float64()
		if col[i] = float32(u); levels > 0 {
			col[i] = float32(int(float64(levels) * u))
		}
		if r.Float64() < (u+0.5)/2 {
			y[i] = 1
		}
	}
	f := &matrix.Frame{Rows: kernelRows, Features: []matrix.Feature{{Levels: levels}}, Cols: [][]float32{col}}
	return algos.Data{M: matrix.New(f, nil, 1), Y: y, Rows: someRows(kernelRows, 1)}
}

// TestPartTile compares the kernel with a loop, rows in any number and order of sides.
func TestPartTile(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 1))
	tile := make([]uint64, 1000)
	for i := range tile {
		tile[i] = r.Uint64()
	}
	for n := range 400 {
		var table [256]uint8
		most := r.IntN(257) // bytes below go left
		for i := range table {
			if i < most != (r.IntN(8) == 0) {
				table[i] = 1
			}
		}
		rows := someRows(len(tile), r.Float64())
		rows = rows[:min(n, len(rows))]
		shift := uint(8 * r.IntN(8))
		var left, right []int32
		for _, row := range rows {
			if table[uint8(tile[row]>>shift)] == 1 {
				left = append(left, row)
			} else {
				right = append(right, row)
			}
		}
		idx, tmp := slices.Clone(rows), make([]int32, len(rows))
		k := partTile(idx, tmp, tile, shift, &table)
		if !slices.Equal(idx[:k], left) || !slices.Equal(tmp[:len(rows)-k], right) {
			t.Fatalf("%d rows, shift %d: %d to the left, want %d, or others", len(rows), shift, k, len(left))
		}
	}
}
