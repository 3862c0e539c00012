package prepared

import (
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// grouping says which rows have the same levels of some features.
type grouping struct {
	features, levels []int32
	keys             []uint64 // of the groups with training rows, ascending
	of               []int32  // group of each row of the frame, -1 if it has no training row
}

// digit is the code of a value, levels for a missing or unknown one: as package
// predictor has it.
func digit(v float32, levels int32) uint64 {
	if v >= 0 && v < float32(levels) {
		return uint64(v)
	}
	return uint64(levels)
}

// newGrouping groups the rows of a frame by features, which are ascending.
func newGrouping(f *matrix.Frame, features, levels, train []int32) *grouping {
	g := &grouping{features: features, levels: levels, of: make([]int32, f.Rows)}
	keys := make([]uint64, f.Rows)
	size := uint64(1)
	for k, j := range features {
		base := uint64(levels[k]) + 1
		size *= base
		for i, v := range f.Cols[j] {
			keys[i] = keys[i]*base + digit(v, levels[k])
		}
	}
	if size <= uint64(4*f.Rows+1024) {
		g.index(keys, train, size)
	} else {
		g.search(keys, train)
	}
	return g
}

// index numbers few possible keys by a table.
func (g *grouping) index(keys []uint64, train []int32, size uint64) {
	number := make([]int32, size)
	for _, r := range train {
		number[keys[r]] = 1
	}
	for k, seen := range number {
		number[k] = -1
		if seen == 1 {
			number[k] = int32(len(g.keys))
			g.keys = append(g.keys, uint64(k))
		}
	}
	for i, k := range keys {
		g.of[i] = number[k]
	}
}

// search numbers keys by sorting.
func (g *grouping) search(keys []uint64, train []int32) {
	g.keys = make([]uint64, len(train))
	for i, r := range train {
		g.keys[i] = keys[r]
	}
	slices.Sort(g.keys)
	g.keys = slices.Compact(g.keys)
	number := make(map[uint64]int32, len(g.keys))
	for i, k := range g.keys {
		number[k] = int32(i)
	}
	for i, k := range keys {
		n, ok := number[k]
		if !ok {
			n = -1
		}
		g.of[i] = n
	}
}

// at lists the groups of training rows.
func (g *grouping) at(train []int32) []int32 {
	out := make([]int32, len(train))
	for i, r := range train {
		out[i] = g.of[r]
	}
	return out
}

// maxDiscrete bounds the values of numbers that may stand for levels.
const maxDiscrete = 64

// levelsOf is the number of levels of a feature as a part of groups, 0 if it is
// none: its categories, or one more than the largest of its training values where
// these are few whole numbers from 0 up.
func levelsOf(f *matrix.Frame, j int, train []int32) int32 {
	if n := f.Features[j].Levels; n > 0 {
		return int32(n)
	}
	if f.Features[j].TreeOnly {
		return 0
	}
	top := float32(0)
	for _, r := range train {
		v := f.Cols[j][r]
		if v != v {
			continue
		}
		if v < 0 || v >= maxDiscrete || v != float32(math.Trunc(float64(v))) {
			return 0
		}
		top = max(top, v)
	}
	return int32(top) + 1
}
