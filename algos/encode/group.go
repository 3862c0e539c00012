package encode

import (
	"slices"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Grouping says which rows have the same levels of some features. Groups have the keys
// that predictor.Lookup and predictor.Table have.
type Grouping struct {
	Features, Levels []int32
	Keys             []uint64 // of the groups with training rows, ascending
	Of               []int32  // group of each row of the frame, -1 if it has no training row
}

// NewGrouping groups the rows of a frame by features, which are ascending; levels are
// their numbers of codes, all other values being one level more. train lists the rows
// that make groups.
func NewGrouping(f *matrix.Frame, features, levels, train []int32) *Grouping {
	g := &Grouping{Features: features, Levels: levels, Of: make([]int32, f.Rows)}
	keys := make([]uint64, f.Rows)
	size := uint64(1)
	for k, j := range features {
		base := uint64(levels[k]) + 1
		size *= base
		for i, v := range f.Cols[j] {
			keys[i] = keys[i]*base + predictor.Digit(v, levels[k])
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
func (g *Grouping) index(keys []uint64, train []int32, size uint64) {
	number := make([]int32, size)
	for _, r := range train {
		number[keys[r]] = 1
	}
	for k, seen := range number {
		number[k] = -1
		if seen == 1 {
			number[k] = int32(len(g.Keys))
			g.Keys = append(g.Keys, uint64(k))
		}
	}
	for i, k := range keys {
		g.Of[i] = number[k]
	}
}

// search numbers keys by sorting.
func (g *Grouping) search(keys []uint64, train []int32) {
	g.Keys = make([]uint64, len(train))
	for i, r := range train {
		g.Keys[i] = keys[r]
	}
	slices.Sort(g.Keys)
	g.Keys = slices.Compact(g.Keys)
	number := make(map[uint64]int32, len(g.Keys))
	for i, k := range g.Keys {
		number[k] = int32(i)
	}
	for i, k := range keys {
		n, ok := number[k]
		if !ok {
			n = -1
		}
		g.Of[i] = n
	}
}

// At lists the groups of training rows.
func (g *Grouping) At(train []int32) []int32 {
	out := make([]int32, len(train))
	for i, r := range train {
		out[i] = g.Of[r]
	}
	return out
}

// Column has the groups' values for each row of the frame, none for rows of no group;
// training rows have values of their own where own, in their order, is not nil.
func (g *Grouping) Column(values []float32, none float32, train []int32, own []float64) []float32 {
	out := make([]float32, len(g.Of))
	for i, k := range g.Of {
		if out[i] = none; k >= 0 {
			out[i] = values[k]
		}
	}
	if own != nil {
		for i, r := range train {
			out[r] = float32(own[i])
		}
	}
	return out
}
