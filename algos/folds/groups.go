package folds

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/seed-09a2cce4/automl/metrics"
)

// Groups returns the validation rows of each fold, ascending, whole groups, so that no
// group is on both sides; keys has each row's group, from 0 without gaps. The groups go, larger ones first (by powers of two, else in random order), each to
// the fold in which it adds least to Σ_c n_cf²/N_c: n_cf is the number of rows of
// class c in fold f, N_c that of all, and the rows themselves count as one more
// class. That evens out sizes and classes (or fifths of a regression target) as
// far as the groups let it, and gives every fold a group if there are enough.
//
// A hold-out is that one of as many folds as its share asks for which comes
// nearest to the share.
func (s Split) Groups(t metrics.Task, y []float32, keys []int32) [][]int32 {
	groups := members(keys)
	folds := max(1, s.Count)
	if folds == 1 {
		if folds = min(int(math.Round(1/s.share())), len(groups)); folds < 2 {
			return make([][]int32, 1)
		}
	}
	classes, kinds := classesOf(t, y, len(keys))
	d := dealer{classes: classes, total: make([]float64, kinds), held: make([][]float64, folds)}
	for f := range d.held {
		d.held[f] = make([]float64, kinds)
	}
	for _, c := range classes {
		d.total[c]++
	}
	d.total = append(d.total, float64(len(keys)))
	d.sizes = make([]float64, folds)
	order := upTo(len(groups))
	r := rng(s.Seed)
	r.shuffle(order)
	slices.SortStableFunc(order, func(a, b int32) int {
		return cmp.Compare(bits.Len(uint(len(groups[b]))), bits.Len(uint(len(groups[a]))))
	})
	of := make([]int32, len(keys))
	for _, g := range order {
		f := d.place(groups[g])
		for _, i := range groups[g] {
			of[i] = f
		}
	}
	lists := Lists(of, folds)
	if s.Count > 1 {
		return lists
	}
	want := s.share() * float64(len(keys))
	return [][]int32{slices.MinFunc(lists, func(a, b []int32) int {
		return cmp.Compare(math.Abs(float64(len(a))-want), math.Abs(float64(len(b))-want))
	})}
}

// dealer keeps count while groups are dealt out.
type dealer struct {
	classes []int32     // of each row
	total   []float64   // rows of each class, and then all of them
	held    [][]float64 // by fold: rows of each class
	sizes   []float64   // by fold: rows
}

// place finds the fold for a group's rows and counts them there.
func (d *dealer) place(rows []int32) int32 {
	counts := map[int32]float64{}
	var present []int32
	for _, i := range rows {
		c := d.classes[i]
		if counts[c] == 0 {
			present = append(present, c)
		}
		counts[c]++
	}
	size, all := float64(len(rows)), d.total[len(d.total)-1]
	best, least := 0, math.Inf(1)
	for f, held := range d.held {
		added := size * (2*d.sizes[f] + size) / all
		for _, c := range present {
			added += float64(counts[c] * (2*held[c] + counts[c]) / d.total[c])
		}
		if added < least {
			best, least = f, added
		}
	}
	d.sizes[best] += size
	for _, c := range present {
		d.held[best][c] += counts[c]
	}
	return int32(best)
}

// classesOf are what folds are balanced by, row by row, and their number: the
// classes, or fifths of a regression target; rows without a target are a class.
func classesOf(t metrics.Task, y []float32, n int) ([]int32, int) {
	const parts = 5
	out := make([]int32, n)
	if t == metrics.Regression {
		rows := upTo(n)
		slices.SortStableFunc(rows, func(a, b int32) int { return cmp.Compare(y[a], y[b]) })
		for rank, i := range rows {
			out[i] = int32(rank * parts / n)
		}
		return out, parts
	}
	kinds := int32(1)
	for i, v := range y {
		if v >= 0 && v < math.MaxInt32-1 {
			out[i] = int32(v) + 1
			kinds = max(kinds, out[i]+1)
		}
	}
	return out, int(kinds)
}

// members lists the rows of each key, which are from 0 without gaps, ascending.
func members(keys []int32) [][]int32 {
	kinds := int32(0)
	for _, k := range keys {
		kinds = max(kinds, k+1)
	}
	lists := make([][]int32, kinds)
	for i, k := range keys {
		lists[k] = append(lists[k], int32(i))
	}
	return lists
}

// upTo lists the numbers below n.
func upTo(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}
