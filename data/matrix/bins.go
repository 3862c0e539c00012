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
	// Categorical: bin = code for codes below Bins-1 (the most frequent levels)
	// that are not in Rare, all other levels and missing share the missing bin.
	Categorical bool
	// Rare is a set of codes below Bins-1, in words of 32 bits; nil if empty.
	Rare []uint32
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
func NewBins(f *Frame, threads int) *Bins { return NewPacked(f, threads).bins(f, threads) }

// bins unpacks the view of a frame.
// Of wide categories the most frequent levels (the lowest codes) have a bin each.
func (p *Packed) bins(f *Frame, threads int) *Bins {
	b := &Bins{Rows: p.Rows, Specs: slices.Clone(p.Specs), Cols: make([][]uint8, len(p.Specs))}
	shareOut(len(b.Cols), threads, func() func(int) {
		return func(j int) {
			if p.Places[j].Kind != InWide {
				b.Cols[j] = p.column(j)
				return
			}
			s := BinSpec{Categorical: true, Bins: MaxBins}
			b.Cols[j] = make([]uint8, p.Rows)
			s.HasMissing = assignLevels(f.Cols[j], MaxBins-1, b.Cols[j])
			b.Specs[j] = s
		}
	})
	if p.isPlain() {
		b.Tiles = p.Tiles
	} else {
		b.Tiles = tiles(b.Cols, p.Rows, threads)
	}
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

// binner holds the scratch memory of one goroutine.
type binner struct {
	keys, swap, values []uint32
	counts             []int32
	zeros              int // sampled values that are zero, not in keys
	rows               []int32
	found              []float32
}

// cut bins one feature; whether values are missing in a byte column is seen when
// it is made.
func (w *binner) cut(col []float32, levels int) column {
	if levels > MaxBins-1 {
		return cutWide(col, levels)
	}
	sparse := w.mostlyZero(col)
	spec := BinSpec{Categorical: true, Bins: levels + 1}
	if levels == 0 {
		if sparse && len(col) <= binSample {
			w.sample(w.found)
			w.zeros = len(col) - len(w.found)
		} else {
			w.sample(col)
		}
		w.sort()
		w.distinct()
		spec = BinSpec{Edges: w.edges()}
		spec.Bins = len(spec.Edges) + 2
	}
	if sparse {
		return w.cutList(spec)
	}
	return column{spec: spec}
}

// assignTo finds every value's bin and reports whether any is missing.
func assignTo(s *BinSpec, col []float32, out []uint8) bool {
	if s.Categorical {
		return assignLevels(col, s.Bins-1, out)
	}
	return assign(col, s.Edges, out)
}

// assignLevels makes bins of codes; all that is no code is missing.
func assignLevels(col []float32, levels int, out []uint8) bool {
	missing, limit, found := uint8(levels), float32(levels), false
	for i, v := range col {
		if v >= 0 && v < limit {
			out[i] = uint8(v)
			continue
		}
		out[i], found = missing, true
	}
	return found
}

// cutWide gives a bin to every level that has rows enough.
func cutWide(col []float32, levels int) column {
	bins := min(levels, MaxWide-1) + 1
	c := column{spec: BinSpec{Categorical: true, Bins: bins}, wide: make([]uint16, len(col))}
	count := make([]int32, bins)
	missing, limit := uint16(bins-1), float32(bins-1)
	for i, v := range col {
		c.wide[i] = missing
		if v >= 0 && v < limit {
			c.wide[i] = uint16(v)
		}
		count[c.wide[i]]++
	}
	c.spec.HasMissing = count[missing] > 0
	for b, n := range count[:missing] {
		if n < binMinRows {
			c.spec.HasMissing = c.spec.HasMissing || n > 0
			c.spec.addRare(b)
		}
	}
	if c.spec.Rare != nil {
		for i, b := range c.wide {
			if c.spec.IsRare(int(b)) {
				c.wide[i] = missing
			}
		}
	}
	return c
}

func (s *BinSpec) addRare(code int) {
	if s.Rare == nil {
		s.Rare = make([]uint32, (s.Bins-1+31)/32)
	}
	s.Rare[code>>5] |= 1 << (code & 31)
}

// IsRare says that a code of a categorical feature has no bin of its own.
func (s *BinSpec) IsRare(code int) bool {
	return code >= s.Bins-1 || code>>5 < len(s.Rare) && s.Rare[code>>5]>>(code&31)&1 == 1
}

// mostlyZero lists the rows and the values that are not zero, if they are few.
func (w *binner) mostlyZero(col []float32) bool {
	const looks = 256
	few := 0
	for i := range min(looks, len(col)) {
		if isZero(col[i*len(col)/min(looks, len(col))]) {
			few++
		}
	}
	if few < looks/2 && 2*few < len(col) {
		return false
	}
	w.rows = w.nonZeros(col)
	if len(w.rows) > int(sparseShare*float64(len(col))) {
		return false
	}
	w.found = w.found[:0]
	for _, r := range w.rows {
		w.found = append(w.found, col[r])
	}
	return true
}

// nonZeros lists the rows with values that are not zero. It passes over fours of
// zeros with one test.
func (w *binner) nonZeros(col []float32) []int32 {
	out := slices.Grow(w.rows[:0], len(col)+4)[:len(col)+4]
	n, i := 0, 0
	for ; i+4 <= len(col); i += 4 {
		v := col[i : i+4 : i+4]
		a, b, c, d := math.Float32bits(v[0]), math.Float32bits(v[1]), math.Float32bits(v[2]), math.Float32bits(v[3])
		if (a|b|c|d)<<1 == 0 {
			continue
		}
		for k, bits := range [4]uint32{a, b, c, d} {
			out[n] = int32(i + k)
			n += nonZero(bits)
		}
	}
	for ; i < len(col); i++ {
		out[n] = int32(i)
		n += nonZero(math.Float32bits(col[i]))
	}
	return out[:n]
}

func isZero(v float32) bool { return math.Float32bits(v)<<1 == 0 }

// nonZero is 1 for the bits of values that are not zero, without a branch.
func nonZero(bits uint32) int { return int((uint64(bits<<1) + 0xffff_ffff) >> 32) }

// cutList bins the values that mostlyZero has found.
func (w *binner) cutList(spec BinSpec) column {
	var zero [1]uint8
	assignTo(&spec, []float32{0}, zero[:])
	bins := make([]uint8, len(w.found))
	spec.HasMissing = assignTo(&spec, w.found, bins)
	n := 0
	for i, b := range bins {
		if b != zero[0] {
			w.rows[n], bins[n] = w.rows[i], b
			n++
		}
	}
	return column{spec: spec, implied: int(zero[0]), list: &List{Rows: slices.Clone(w.rows[:n]), Bins: bins[:n:n]}}
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

// sample collects the keys of at most binSample values that are not missing,
// and counts the zeros among them. Larger columns give one row out of each of binSample equal stretches, so
// that periods in the row order cannot hide values.
func (w *binner) sample(col []float32) {
	w.keys, w.zeros = slices.Grow(w.keys[:0], min(len(col), binSample)), 0
	if len(col) <= binSample {
		for _, v := range col {
			w.see(v)
		}
		return
	}
	for i := range binSample {
		lo := i * len(col) / binSample
		hi := (i + 1) * len(col) / binSample
		w.see(col[lo+int(scramble(uint64(i))%uint64(hi-lo))])
	}
}

func (w *binner) see(v float32) {
	if v == 0 {
		w.zeros++
	} else if v == v {
		w.keys = append(w.keys, floatKey(v))
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

// distinct lists the different values of the sorted keys, and zero, with their
// counts.
func (w *binner) distinct() {
	zeros := w.zeros
	zero := floatKey(0)
	w.values, w.counts = slices.Grow(w.values[:0], len(w.keys)+1), slices.Grow(w.counts[:0], len(w.keys)+1)
	for i := 0; i < len(w.keys); {
		j, k := i+1, w.keys[i]
		for j < len(w.keys) && w.keys[j] == k {
			j++
		}
		if zeros > 0 && k > zero {
			w.values, w.counts = append(w.values, zero), append(w.counts, int32(zeros))
			zeros = 0
		}
		w.values, w.counts = append(w.values, k), append(w.counts, int32(j-i))
		i = j
	}
	if zeros > 0 {
		w.values, w.counts = append(w.values, zero), append(w.counts, int32(zeros))
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
	rows := len(w.keys) + w.zeros
	limit := min(MaxBins-1, rows/binMinRows)
	mean := float64(rows) / float64(limit)
	bins := limit
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
