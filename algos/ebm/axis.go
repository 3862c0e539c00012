package ebm

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// leastLevel is the number of rows that a level needs for a bin of its own, as in
// InterpretML.
const leastLevel = 10

// axis is a feature cut into bins, with the bin of every training row.
type axis struct {
	predictor.Axis
	bins   int
	column []uint8
	count  []int32 // rows of each bin
	from   []uint8 // of a coarse axis, the bin of each bin that it was made of
}

// newAxis cuts a feature of the binned view into at most most bins, the missing
// bin included.
func (f *fit) newAxis(feature, most int) *axis {
	view := f.request.Train.M.Bins()
	spec, col := &view.Specs[feature], view.Cols[feature]
	fine := &axis{Axis: predictor.Axis{Feature: int32(feature), Edges: spec.Edges}, bins: spec.Bins}
	if spec.Categorical {
		fine.Levels = spec.Bins - 1
	}
	fine.column, fine.count = make([]uint8, len(f.rows)), make([]int32, fine.bins)
	for i, row := range f.rows {
		fine.column[i] = col[row]
		fine.count[col[row]]++
	}
	if spec.Categorical {
		most = min(most, fine.known()+1)
	}
	return fine.coarsen(most)
}

// known is the number of levels up to the last that has rows enough for a bin of
// its own: levels come by frequency, and what is learned of rare ones is the
// targets of their rows.
func (a *axis) known() int {
	for n := a.bins - 1; n > 1; n-- {
		if a.count[n-1] >= leastLevel {
			return n
		}
	}
	return 1
}

// coarsen joins bins until there are at most most: neighbours of numbers, the
// rarest levels of a category.
func (a *axis) coarsen(most int) *axis {
	c := &axis{Axis: predictor.Axis{Feature: a.Feature}, from: make([]uint8, a.bins)}
	if a.Levels > 0 {
		c.Levels = min(a.bins, most) - 1
		for b := range c.from {
			c.from[b] = uint8(min(b, c.Levels))
		}
	} else {
		c.Edges = merge(a.Edges, a.count, most-1, c.from)
	}
	c.bins = c.Bins()
	c.from[a.bins-1] = uint8(c.bins - 1)
	c.column, c.count = make([]uint8, len(a.column)), make([]int32, c.bins)
	for i, b := range a.column {
		c.column[i] = c.from[b]
	}
	for b, n := range a.count {
		c.count[c.from[b]] += n
	}
	return c
}

// merge joins neighbouring bins into at most want of about equal numbers of
// rows, writes to what each becomes and answers the edges that are left. Bins
// without rows join their neighbours.
func merge(edges []float32, count []int32, want int, to []uint8) []float32 {
	left, filled := 0, 0
	for _, c := range count[:len(edges)+1] {
		left += int(c)
		if c > 0 {
			filled++
		}
	}
	var out []float32
	held := 0
	for b, c := range count[:len(edges)+1] {
		to[b] = uint8(len(out))
		held += int(c)
		if c > 0 {
			filled--
		}
		if b == len(edges) || held == 0 || filled == 0 {
			continue
		}
		// Close the bin at its share of the rows that are left, or where each
		// of the bins that are left can have one of its own.
		open := want - len(out)
		next := int(count[b+1])
		if open > 1 && (filled < open || 2*held+next >= 2*left/open) {
			out = append(out, finite(edges[b]))
			left -= held
			held = 0
		}
	}
	return out
}

// finite keeps edges at infinity, which separate nothing else, out of the model.
func finite(v float32) float32 { return max(-math.MaxFloat32, min(math.MaxFloat32, v)) }

// useful says that at least two bins have rows.
func (a *axis) useful() bool {
	filled := 0
	for _, c := range a.count {
		if c > 0 {
			filled++
		}
	}
	return filled > 1
}

// gridBins is the number of bins of each feature of a pair: fewer on small
// tables, and at most 32·32 cells are worth their time.
func gridBins(rows int) int {
	return max(5, min(32, int(math.Sqrt(float64(rows)))))
}

// usefulAxes cuts all features that can tell anything.
func (f *fit) usefulAxes() []*axis {
	all := make([]*axis, len(f.request.Train.M.Frame.Features))
	algos.Each(len(all), f.threads, func(j int) { all[j] = f.newAxis(j, f.bins) })
	var out []*axis
	for _, a := range all {
		if a.useful() {
			out = append(out, a)
		}
	}
	return out
}
