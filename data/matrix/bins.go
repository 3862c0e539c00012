package matrix

import (
	"math"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// MaxBins is the largest number of bins of a feature, the missing bin included.
const MaxBins = 256

const (
	// binSample bounds the rows that edges are computed from.
	binSample = 200_000
	// binMinRows is the least number of sampled rows that closes a bin.
	binMinRows = 3
	// radixMin is the length from which the radix sort beats the comparison sort.
	radixMin = 1500
)

// BinSpec says how one feature is cut.
type BinSpec struct {
	// Edges are the ascending upper bounds, representable in float32: value v
	// falls into the first bin b with v <= Edges[b]; values above the last edge
	// into bin len(Edges). Empty for categorical features.
	Edges []float32
	// Categorical: bin = code for codes below Bins-1 (the most frequent levels),
	// all rarer levels and missing share the missing bin.
	Categorical bool
	// Bins counts all bins including the missing bin, which is always the last
	// (index Bins-1) and exists even where nothing is missing.
	Bins int
	// HasMissing says whether any training row is in the missing bin.
	HasMissing bool
}

// Bins is the binned view of a frame, in two layouts: Cols, one byte column a
// feature, for partitions and prediction; Tiles, one uint64 a row for each
// eight features (feature 8t+j in byte j), for histograms.
type Bins struct {
	Rows  int
	Specs []BinSpec
	Cols  [][]uint8
	Tiles [][]uint64
}

// NewBins cuts every feature of a frame into at most 255 value bins of about
// equal frequency and a missing bin (the greedy scheme of LightGBM: frequent
// values get a bin of their own). Edges are midpoints between neighbouring
// values, rounded to float32 so that no value of the sample changes side; they
// come from at most 200,000 rows, drawn evenly and always the same. The result
// does not depend on threads, the number of goroutines that share the features.
func NewBins(f *Frame, threads int) *Bins {
	b := &Bins{
		Rows:  f.Rows,
		Specs: make([]BinSpec, len(f.Features)),
		Cols:  make([][]uint8, len(f.Features)),
		Tiles: make([][]uint64, (len(f.Features)+7)/8),
	}
	shareOut(len(f.Features), threads, func() func(int) {
		var w binner
		return func(j int) { b.Specs[j], b.Cols[j] = w.cut(f.Cols[j], f.Features[j].Levels) }
	})
	shareOut(len(b.Tiles), threads, func() func(int) {
		return func(t int) { b.Tiles[t] = packTile(b.Cols[8*t:min(8*t+8, len(b.Cols))], f.Rows) }
	})
	return b
}

// shareOut calls work(0..n-1) from up to threads goroutines and waits for them.
// Each goroutine makes its own worker, and with it its own scratch memory.
func shareOut(n, threads int, worker func() func(int)) {
	threads = min(threads, n)
	if threads <= 1 {
		work := worker()
		for i := range n {
			work(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			work := worker()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	wg.Wait()
}

// packTile puts up to eight byte columns side by side into one word a row.
func packTile(cols [][]uint8, rows int) []uint64 {
	zero := make([]uint8, 0)
	if len(cols) < 8 {
		zero = make([]uint8, rows)
	}
	var c [8][]uint8
	for k := range c {
		c[k] = zero
		if k < len(cols) {
			c[k] = cols[k]
		}
		c[k] = c[k][:rows]
	}
	tile := make([]uint64, rows)
	c0, c1, c2, c3, c4, c5, c6, c7 := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
	for i := range tile {
		tile[i] = uint64(c0[i]) | uint64(c1[i])<<8 | uint64(c2[i])<<16 | uint64(c3[i])<<24 |
			uint64(c4[i])<<32 | uint64(c5[i])<<40 | uint64(c6[i])<<48 | uint64(c7[i])<<56
	}
	return tile
}

// binner holds the scratch memory of one goroutine.
type binner struct {
	keys, swap, values []uint32
	counts             []int32
}

func (w *binner) cut(col []float32, levels int) (BinSpec, []uint8) {
	if levels > 0 {
		return cutLevels(col, levels)
	}
	w.sample(col)
	w.sort()
	w.distinct()
	s := BinSpec{Edges: w.edges()}
	s.Bins = len(s.Edges) + 2
	out := make([]uint8, len(col))
	s.HasMissing = assign(col, s.Edges, out)
	return s, out
}

// cutLevels gives the most frequent levels (the lowest codes) a bin each.
func cutLevels(col []float32, levels int) (BinSpec, []uint8) {
	s := BinSpec{Categorical: true, Bins: min(levels, MaxBins-1) + 1}
	missing, limit := uint8(s.Bins-1), float32(s.Bins-1)
	out := make([]uint8, len(col))
	for i, v := range col {
		if v >= 0 && v < limit {
			out[i] = uint8(v)
			continue
		}
		out[i] = missing
		s.HasMissing = true
	}
	return s, out
}

// floatKey maps floats to integers of the same order; both zeros are one.
func floatKey(v float32) uint32 {
	b := math.Float32bits(v + 0) // -0 + 0 = +0
	return b ^ (uint32(int32(b)>>31) | 1<<31)
}

func keyFloat(k uint32) float32 {
	if k>>31 == 1 {
		return math.Float32frombits(k ^ 1<<31)
	}
	return math.Float32frombits(^k)
}

// sample collects the keys of at most binSample values that are not missing.
// Larger columns give one row out of each of binSample equal stretches, so
// that periods in the row order cannot hide values.
func (w *binner) sample(col []float32) {
	w.keys = w.keys[:0]
	if len(col) <= binSample {
		for _, v := range col {
			if v == v {
				w.keys = append(w.keys, floatKey(v))
			}
		}
		return
	}
	for i := range binSample {
		lo := i * len(col) / binSample
		hi := (i + 1) * len(col) / binSample
		if v := col[lo+int(scramble(uint64(i))%uint64(hi-lo))]; v == v {
			w.keys = append(w.keys, floatKey(v))
		}
	}
}

// scramble is the output function of splitmix64 (Steele et al. 2014).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// sort orders keys: three passes of eleven bits, passes without effect skipped.
func (w *binner) sort() {
	n := len(w.keys)
	if n < radixMin {
		slices.Sort(w.keys)
		return
	}
	w.swap = slices.Grow(w.swap[:0], n)[:n]
	var hist [3][2048]int32
	for _, k := range w.keys {
		hist[0][k&2047]++
		hist[1][k>>11&2047]++
		hist[2][k>>22]++
	}
	a, b := w.keys, w.swap
	for pass := range hist {
		h, shift := &hist[pass], 11*pass
		if int(h[a[0]>>shift&2047]) == n {
			continue
		}
		at := int32(0)
		for i, c := range h {
			h[i] = at
			at += c
		}
		for _, k := range a {
			d := k >> shift & 2047
			b[h[d]] = k
			h[d]++
		}
		a, b = b, a
	}
	w.keys, w.swap = a, b
}

// distinct lists the different values of the sorted keys with their counts.
func (w *binner) distinct() {
	w.values, w.counts = w.values[:0], w.counts[:0]
	for i := 0; i < len(w.keys); {
		j, k := i+1, w.keys[i]
		for j < len(w.keys) && w.keys[j] == k {
			j++
		}
		w.values, w.counts = append(w.values, k), append(w.counts, int32(j-i))
		i = j
	}
}

func (w *binner) edges() []float32 {
	if len(w.values) <= MaxBins-1 {
		return w.edgesFew()
	}
	return w.edgesMany()
}

// edgesFew separates neighbouring values wherever the bin has rows enough.
func (w *binner) edgesFew() []float32 {
	var edges []float32
	rows := int32(0)
	for i := 0; i+1 < len(w.values); i++ {
		if rows += w.counts[i]; rows >= binMinRows {
			edges = append(edges, w.midpoint(i))
			rows = 0
		}
	}
	return edges
}

// edgesMany closes a bin when it holds its share of the rows not yet placed.
// Values with at least the mean share get a bin of their own, and the mean of
// the others is taken without them.
func (w *binner) edgesMany() []float32 {
	limit := min(MaxBins-1, len(w.keys)/binMinRows)
	mean := float64(len(w.keys)) / float64(limit)
	bins, rows := limit, len(w.keys)
	for _, c := range w.counts {
		if float64(c) >= mean {
			bins--
			rows -= int(c)
		}
	}
	share := float64(rows) / float64(max(bins, 1))
	edges := make([]float32, 0, limit-1)
	held := int32(0)
	for i := 0; i+1 < len(w.values) && len(edges) < limit-1; i++ {
		big, nextBig := float64(w.counts[i]) >= mean, float64(w.counts[i+1]) >= mean
		if !big {
			rows -= int(w.counts[i])
		}
		held += w.counts[i]
		if !big && float64(held) < share && !(nextBig && float64(held) >= max(1, share/2)) {
			continue
		}
		edges = append(edges, w.midpoint(i))
		held = 0
		if !big {
			bins--
			share = float64(rows) / float64(max(bins, 1))
		}
	}
	return edges
}

// midpoint is a float32 between value i and the next: not below the one, below
// the other.
func (w *binner) midpoint(i int) float32 {
	a, b := keyFloat(w.values[i]), keyFloat(w.values[i+1])
	if m := float32((float64(a) + float64(b)) / 2); m >= a && m < b {
		return m
	}
	return a
}

// assign finds every value's bin and reports whether any is missing. The search
// has no branches: pos counts the edges below the value, and slots after the
// last edge are never below.
func assign(col []float32, edges []float32, out []uint8) bool {
	var pad [256]uint32
	for i := range pad {
		pad[i] = math.MaxUint32
		if i < len(edges) {
			pad[i] = floatKey(edges[i])
		}
	}
	top := bits.Len(uint(len(edges))) - 1
	missing, found := uint8(len(edges)+1), false
	out = out[:len(col)]
	for i, v := range col {
		if v != v {
			out[i], found = missing, true
			continue
		}
		key, pos := floatKey(v), uint(0)
		for k := top; k >= 0; k-- {
			var below uint
			if pad[uint8(pos+1<<k-1)] < key {
				below = 1
			}
			pos += below << k
		}
		out[i] = uint8(pos)
	}
	return found
}
