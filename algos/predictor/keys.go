package predictor

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// checkKeys refuses what is no list of groups (see Table) and returns the number
// of possible ones.
func checkKeys(features int, of, levels []int32, keys []uint64) (uint64, error) {
	if n := len(of); n == 0 || n > maxTableFeatures || len(levels) != n {
		return 0, fmt.Errorf("%d features with %d numbers of levels", n, len(levels))
	}
	size := uint64(1)
	for i, j := range of {
		if j < 0 || int(j) >= features || i > 0 && j <= of[i-1] {
			return 0, fmt.Errorf("feature %d of %d, or not in ascending order", j, features)
		}
		if levels[i] < 1 || levels[i] > maxLevels {
			return 0, fmt.Errorf("feature %d with %d levels", j, levels[i])
		}
		high, low := bits.Mul64(size, uint64(levels[i])+1)
		if high != 0 || low >= 1<<63 {
			return 0, errors.New("too many combinations of levels")
		}
		size = low
	}
	if len(keys) >= math.MaxInt32 {
		return 0, fmt.Errorf("%d groups", len(keys))
	}
	for i, k := range keys {
		if k >= size || i > 0 && k <= keys[i-1] {
			return 0, fmt.Errorf("key %d is out of range or order", i)
		}
	}
	return size, nil
}

// keyIndex finds groups: that of key k is index[k]-1 where the possible keys are
// few, else it is found by open addressing. 0 is no group.
type keyIndex struct {
	keys  []uint64
	index []int32
	shift uint // 64 - log2(len(index)) when hashed, 0 when not
}

// newKeyIndex indexes keys below size, which differ. It keeps them.
func newKeyIndex(keys []uint64, size uint64) keyIndex {
	n := uint64(len(keys))
	if size <= 4*n+16 {
		x := keyIndex{keys: keys, index: make([]int32, size)}
		for i, k := range keys {
			x.index[k] = int32(i + 1)
		}
		return x
	}
	width := bits.Len64(2*n + 1)
	x := keyIndex{keys: keys, index: make([]int32, 1<<width), shift: uint(64 - width)}
	for i, k := range keys {
		at := x.slot(k)
		for x.index[at] != 0 {
			at = (at + 1) & (1<<width - 1)
		}
		x.index[at] = int32(i + 1)
	}
	return x
}

// slot is where the search for a key begins (Fibonacci hashing).
func (x *keyIndex) slot(key uint64) uint64 { return key * 0x9e3779b97f4a7c15 >> x.shift }

// find answers the group of a key, -1 if there is none.
func (x *keyIndex) find(key uint64) int32 {
	if x.shift == 0 {
		return x.index[key] - 1
	}
	for at := x.slot(key); ; at = (at + 1) & uint64(len(x.index)-1) {
		if i := x.index[at]; i == 0 || x.keys[i-1] == key {
			return i - 1
		}
	}
}

// groups finds the groups of the given rows of a frame's columns.
func (x *keyIndex) groups(of, levels []int32, cols [][]float32, rows, out []int32) {
	for i, r := range rows {
		key := uint64(0)
		for k, j := range of {
			key = key*(uint64(levels[k])+1) + Digit(cols[j][r], levels[k])
		}
		out[i] = x.find(key)
	}
}

// group finds the group of a row with these values by feature.
func (x *keyIndex) group(of, levels []int32, values []float64) int32 {
	key := uint64(0)
	for k, j := range of {
		key = key*(uint64(levels[k])+1) + Digit(float32(values[j]), levels[k])
	}
	return x.find(key)
}

// Digit is the code of a value of a feature in the keys of groups (see Table), levels
// for a missing or unknown one.
func Digit(v float32, levels int32) uint64 {
	if v >= 0 && v < float32(levels) {
		return uint64(v)
	}
	return uint64(levels)
}
