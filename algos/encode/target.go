package encode

import (
	"cmp"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
)

const (
	// InnerFolds is the number of folds that matrix.ByFolds takes.
	InnerFolds = 5
	// maxClasses bounds the classes that have encodings: the most frequent ones.
	maxClasses = 16
)

// Target has what encodings are the means of: the values of the training rows,
// in their order, a column for each class or one in regression and for two
// classes (the second's).
type Target struct {
	// Classes has the class of each column; -1 stands for the value itself.
	Classes []int
	// Values are the columns, Weight the rows' weights.
	Values [][]float64
	Weight []float64

	grouped bool  // rows belong together
	unit    []int // of each training row: rows of one unit don't tell on each other
	units   int
	fold    []int // of each training row
	// Of each column: the weighted sum of all rows, and that without a fold
	// ([column][fold]) with the weights that belong to it.
	sum    []float64
	total  float64
	apart  [][]float64
	weighs []float64
}

// NewTarget has columns for the given classes, which Classes lists, and cuts the training
// rows into folds by seed.
func NewTarget(r *algos.Request, classes []int) *Target {
	d := &r.Train
	t := &Target{Classes: classes, Weight: make([]float64, len(d.Rows)), weighs: make([]float64, InnerFolds)}
	for i, row := range d.Rows {
		t.Weight[i] = 1
		if d.W != nil {
			t.Weight[i] = float64(d.W[row])
		}
		t.total += t.Weight[i]
	}
	t.unit, t.units, t.grouped = unitsOf(d.Rows, d.Groups, r.Seed)
	t.fold = foldsOf(t.unit, t.units, InnerFolds)
	for i, f := range t.fold {
		t.weighs[f] += t.Weight[i]
	}
	for _, k := range t.Classes {
		col := make([]float64, len(d.Rows))
		for i, row := range d.Rows {
			switch y := d.Y[row]; {
			case k < 0:
				col[i] = float64(y)
			case int(y) == k:
				col[i] = 1
			}
		}
		t.add(col)
	}
	return t
}

// With is the same rows and folds with other values, a column for each class.
func (t *Target) With(values [][]float64) *Target {
	out := *t
	out.Values, out.sum, out.apart = nil, nil, nil
	for _, col := range values {
		out.add(col)
	}
	return &out
}

// add puts a column behind the others.
func (t *Target) add(col []float64) {
	sum := make([]float64, InnerFolds)
	var all float64
	for i, v := range col {
		wv := float64(t.Weight[i] * v)
		sum[t.fold[i]] += wv
		all += wv
	}
	for f := range sum {
		sum[f] = ratio(all-sum[f], t.total-t.weighs[f], all/t.total)
	}
	t.Values, t.sum, t.apart = append(t.Values, col), append(t.sum, all), append(t.apart, sum)
}

// ratio is sum/rows, otherwise where there are no rows.
func ratio(sum, rows, otherwise float64) float64 {
	if rows <= 1e-9 {
		return otherwise
	}
	return sum / rows
}

// Classes lists the classes of a request that have encodings, ascending: the most
// frequent of more than two; -1 stands for the value itself.
func Classes(r *algos.Request) []int {
	switch r.Problem.Task {
	case metrics.Regression:
		return []int{-1}
	case metrics.Binary:
		return []int{1}
	}
	count := make([]int, r.Problem.Classes)
	for _, row := range r.Train.Rows {
		count[int(r.Train.Y[row])]++
	}
	var list []int
	for k, n := range count {
		if n > 0 {
			list = append(list, k)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(count[b], count[a]) })
	list = list[:min(len(list), maxClasses)]
	slices.Sort(list)
	return list
}

// Folds deals rows to folds, by seed, those of one group together (groups nil or
// all the same: each row by itself).
func Folds(rows, groups []int32, folds int, seed uint64) []int {
	unit, units, _ := unitsOf(rows, groups, seed)
	return foldsOf(unit, units, folds)
}

func foldsOf(unit []int, units, folds int) []int {
	out := make([]int, len(unit))
	for i, u := range unit {
		out[i] = u * folds / units
	}
	return out
}

// unitsOf gives each row the place of its unit, a row or a group, in a random order.
func unitsOf(rows, groups []int32, seed uint64) (unit []int, units int, grouped bool) {
	if groups != nil {
		of := make([]int32, len(rows))
		for i, row := range rows {
			of[i] = groups[row]
		}
		if grouped = slices.ContainsFunc(of, func(g int32) bool { return g != of[0] }); grouped {
			rows = of
		}
	}
	order := slices.Clone(rows)
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(Mix(seed, a), Mix(seed, b)), cmp.Compare(a, b))
	})
	order = slices.Compact(order)
	at := make(map[int32]int, len(order))
	for i, row := range order {
		at[row] = i
	}
	unit = make([]int, len(rows))
	for i, row := range rows {
		unit[i] = at[row]
	}
	return unit, len(order), grouped
}

// Mix is a random number of a row (splitmix64, Steele et al. 2014).
func Mix(seed uint64, row int32) uint64 {
	x := seed ^ uint64(row+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
