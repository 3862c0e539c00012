package infold

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/encode"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

const (
	// parts of a number's values are compared, of about equally many rows each, missing
	// ones apart.
	parts = 10
	// edgeRows training rows, evenly spread, say where the parts end.
	edgeRows = 256
	// mostRows training rows, evenly spread, say what features tell.
	mostRows = 20_000
)

// Ranks remembers the order of a frame's features by what they tell of a target, for each
// set of training rows: a few folds. It is for fits on one frame, target and weights. The
// zero value is empty, and it is safe for concurrent use.
type Ranks struct {
	mu sync.Mutex
	of map[uint64][]int32
}

// chosen lists the features that stay as they are, ascending: all without an Encoding,
// or the most that tell most of the target by themselves.
func (ranks *Ranks) chosen(r *algos.Request, target *encode.Target, most int) []int32 {
	list := plain(r.Train.M.Frame)
	if most <= 0 || len(list) <= most || constrained(r) {
		return list
	}
	if ranks == nil {
		ranks = &Ranks{}
	}
	key := digest(r.Train.Rows)
	order := ranks.get(key)
	if order == nil {
		order = ranked(r, target, list)
		ranks.put(key, order)
	}
	list = slices.Clone(order[:most])
	slices.Sort(list)
	return list
}

func (ranks *Ranks) get(key uint64) []int32 {
	ranks.mu.Lock()
	defer ranks.mu.Unlock()
	return ranks.of[key]
}

func (ranks *Ranks) put(key uint64, order []int32) {
	ranks.mu.Lock()
	defer ranks.mu.Unlock()
	if ranks.of == nil {
		ranks.of = map[uint64][]int32{}
	}
	ranks.of[key] = order
}

// plain lists the features without an Encoding.
func plain(f *matrix.Frame) []int32 {
	var list []int32
	for j := range f.Features {
		if f.Features[j].Encoding == nil {
			list = append(list, int32(j))
		}
	}
	return list
}

// ranked are the features of a list, those that tell most first.
func ranked(r *algos.Request, target *encode.Target, list []int32) []int32 {
	if len(r.Train.Rows) > mostRows {
		part := *r
		part.Train.Rows = spread(r.Train.Rows, mostRows)
		r, target = &part, encode.NewTarget(&part, target.Classes)
	}
	frame := r.Train.M.Frame
	score := make([]float64, len(frame.Features))
	algos.Each(len(list), r.Threads, func(i int) { score[list[i]] = worth(frame, int(list[i]), r.Train.Rows, target) })
	slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(score[b], score[a]) })
	return list
}

// spread are n of the rows, evenly spread.
func spread(rows []int32, n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = rows[i*len(rows)/n]
	}
	return out
}

// digest tells sets of rows apart (FNV-1a, a row at a time).
func digest(rows []int32) uint64 {
	h := uint64(14695981039346656037)
	for _, row := range rows {
		h = (h ^ uint64(row)) * 1099511628211
	}
	return h
}

// worth is how sure it is that a feature has to do with the target, as a normal deviate:
// the larger of what the analysis of variance finds between parts of its values and
// along a straight line, so that few rows do for what is straight.
func worth(f *matrix.Frame, j int, rows []int32, target *encode.Target) float64 {
	part, n := partsOf(f, j, rows)
	best := math.Inf(-1)
	classes := max(1, len(target.Classes)-1) // of all classes one follows from the others
	within, between, all := squares(part, n, target)
	groups := 0
	for _, w := range within {
		if w > 0 {
			groups++
		}
	}
	if groups > 1 && all > 0 {
		best = deviate(between, all, float64(classes*(groups-1)), float64(classes*(len(rows)-groups)))
	}
	if f.Features[j].Levels == 0 {
		if between, all := straight(f.Cols[j], rows, target); all > 0 {
			best = max(best, deviate(between, all, float64(classes), float64(classes*(len(rows)-2))))
		}
	}
	return best
}

// partsOf gives each row the part of its value, its level or the place among edges, the
// last of n for missing values.
func partsOf(f *matrix.Frame, j int, rows []int32) (part []int32, n int) {
	col, levels := f.Cols[j], f.Features[j].Levels
	part = make([]int32, len(rows))
	if levels > 0 {
		for i, r := range rows {
			if part[i] = int32(levels); col[r] >= 0 && col[r] < float32(levels) {
				part[i] = int32(col[r])
			}
		}
		return part, levels + 1
	}
	edges := edgesOf(col, rows)
	for i, r := range rows {
		v := col[r]
		if v != v {
			part[i] = int32(len(edges) + 1)
			continue
		}
		for _, e := range edges {
			if v > e {
				part[i]++
			}
		}
	}
	return part, len(edges) + 2
}

// edgesOf are quantiles of a number, a value on an edge being below it.
func edgesOf(col []float32, rows []int32) []float32 {
	looks := spread(rows, min(len(rows), edgeRows))
	values := make([]float32, 0, len(looks))
	for _, r := range looks {
		if v := col[r]; v == v {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	var edges []float32
	for k := 1; k < parts && len(values) > 0; k++ {
		if e := values[k*(len(values)-1)/parts]; len(edges) == 0 || e > edges[len(edges)-1] {
			edges = append(edges, e)
		}
	}
	return edges
}

// squares adds up the squares of the target between n parts, and all of them, about
// its means. within is the weight of each part.
func squares(part []int32, n int, target *encode.Target) (within []float64, between, all float64) {
	within = make([]float64, n)
	total := 0.0
	for i, p := range part {
		within[p] += target.Weight[i]
		total += target.Weight[i]
	}
	sum := make([]float64, n)
	for _, y := range target.Values {
		clear(sum)
		s := 0.0
		for i, p := range part {
			wy := float64(target.Weight[i] * y[i])
			sum[p] += wy
			s += wy
			all += float64(wy * y[i])
		}
		all -= float64(s / total * s)
		between -= float64(s / total * s)
		for p, w := range within {
			if w > 0 {
				between += float64(sum[p] / w * sum[p])
			}
		}
	}
	return within, between, all
}

// straight is squares along a straight line through the values that are not missing.
func straight(col []float32, rows []int32, target *encode.Target) (between, all float64) {
	var n, mean, xx float64
	for i, r := range rows {
		if x := float64(col[r]); x-x == 0 {
			n += target.Weight[i]
			mean += float64(target.Weight[i] * x)
		}
	}
	mean /= max(n, 1e-300)
	for i, r := range rows {
		if x := float64(col[r]) - mean; x-x == 0 {
			xx += float64(float64(target.Weight[i]*x) * x)
		}
	}
	for _, y := range target.Values {
		var s, yy, xy float64
		for i, r := range rows {
			if x := float64(col[r]) - mean; x-x == 0 {
				wy := float64(target.Weight[i] * y[i])
				s += wy
				yy += float64(wy * y[i])
				xy += float64(wy * x)
			}
		}
		all += yy - float64(s/max(n, 1e-300)*s)
		if xx > 0 {
			between += float64(xy / xx * xy)
		}
	}
	return between, all
}

// deviate is the normal deviate as unlikely as a ratio of variances with so many
// degrees of freedom (Paulson 1942, by the cube root of Wilson and Hilferty).
func deviate(between, all, free, rest float64) float64 {
	if free < 1 || rest < 1 {
		return math.Inf(-1)
	}
	left := max(all-between, 1e-12*all)
	x := math.Cbrt(max(between, 0) / free / (left / rest))
	a, b := 2/(9*free), 2/(9*rest)
	return (float64((1-b)*x) - (1 - a)) / math.Sqrt(a+float64(b*float64(x*x)))
}
