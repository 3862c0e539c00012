package prepared

import (
	"cmp"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
)

const (
	// innerFolds is the number of folds that encodings of training rows come from.
	innerFolds = 5
	// maxClasses bounds the classes that have encodings: the most frequent ones.
	maxClasses = 16
)

// target has what encodings are the means of: the values of the training rows,
// in their order, a column for each class or one in regression and for two
// classes (the second's).
type target struct {
	classes []int
	values  [][]float64
	weight  []float64
	fold    []int // of each training row
	folds   int
	// prior is the mean of each column, apart the mean without a fold
	// ([column][fold]).
	prior []float64
	apart [][]float64
}

// newTarget has columns for the given classes and cuts the training rows into
// folds by seed. A row that comes several times is in one fold, as are the rows of
// a group, so that they don't tell on each other.
func newTarget(r *algos.Request, classes []int) *target {
	d := &r.Train
	t := &target{classes: classes, weight: make([]float64, len(d.Rows)), folds: innerFolds}
	for i, row := range d.Rows {
		t.weight[i] = 1
		if d.W != nil {
			t.weight[i] = float64(d.W[row])
		}
	}
	t.fold = foldsOf(d.Rows, d.Groups, t.folds, r.Seed)
	for _, k := range t.classes {
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

// add puts a column behind the others.
func (t *target) add(col []float64) {
	sum, rows := make([]float64, t.folds), make([]float64, t.folds)
	var all, n float64
	for i, v := range col {
		w := t.weight[i]
		sum[t.fold[i]] += float64(w * v)
		rows[t.fold[i]] += w
		all += float64(w * v)
		n += w
	}
	prior := all / n
	apart := make([]float64, t.folds)
	for f := range apart {
		apart[f] = prior
		if rows[f] < n {
			apart[f] = (all - sum[f]) / (n - rows[f])
		}
	}
	t.values, t.prior, t.apart = append(t.values, col), append(t.prior, prior), append(t.apart, apart)
}

// classesOf lists the classes with encodings, ascending; -1 stands for the value
// itself.
func classesOf(r *algos.Request) []int {
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

// foldsOf deals rows to folds, by seed, those of one group together (groups nil or
// all the same: each row by itself).
func foldsOf(rows, groups []int32, folds int, seed uint64) []int {
	if groups != nil {
		of := make([]int32, len(rows))
		for i, row := range rows {
			of[i] = groups[row]
		}
		if slices.ContainsFunc(of, func(g int32) bool { return g != of[0] }) {
			rows = of
		}
	}
	order := slices.Clone(rows)
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(mix(seed, a), mix(seed, b)), cmp.Compare(a, b))
	})
	order = slices.Compact(order)
	of := make(map[int32]int, len(order))
	for i, row := range order {
		of[row] = i * folds / len(order)
	}
	out := make([]int, len(rows))
	for i, row := range rows {
		out[i] = of[row]
	}
	return out
}

// mix is a random number of a row (splitmix64, Steele et al. 2014).
func mix(seed uint64, row int32) uint64 {
	x := seed ^ uint64(row+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// encoding is the smoothed mean of a column of the target within groups.
type encoding struct {
	whole []float64 // of each group, from all training rows: what predictions use
	none  float64   // of groups never seen
	train []float64 // of each training row, without the rows of its fold
}

// encode computes the encoding of column c for the groups of the training rows:
// (sum + smooth·mean) / (rows + smooth), weights counting as rows. leaveOne takes
// every row for a fold of its own.
func (t *target) encode(c int, groups []int32, count int, smooth float64, leaveOne bool) *encoding {
	e := &encoding{whole: make([]float64, count), none: t.prior[c], train: make([]float64, len(groups))}
	sum, rows := make([]float64, count*t.folds), make([]float64, count*t.folds)
	values := t.values[c]
	for i, g := range groups {
		at := int(g)*t.folds + t.fold[i]
		sum[at] += float64(t.weight[i] * values[i])
		rows[at] += t.weight[i]
	}
	if leaveOne {
		for i, g := range groups {
			s, n := t.without(sum, rows, int(g), -1)
			e.train[i] = smoothed(s-float64(t.weight[i]*values[i]), n-t.weight[i], t.prior[c], smooth)
		}
	}
	apart := make([]float64, t.folds)
	for g := range e.whole {
		s, n := t.without(sum, rows, g, -1)
		e.whole[g] = smoothed(s, n, t.prior[c], smooth)
		if leaveOne {
			continue
		}
		for f := range apart {
			s, n := t.without(sum, rows, g, f)
			apart[f] = smoothed(s, n, t.apart[c][f], smooth)
		}
		copy(sum[g*t.folds:], apart)
	}
	if !leaveOne {
		for i, g := range groups {
			e.train[i] = sum[int(g)*t.folds+t.fold[i]]
		}
	}
	return e
}

// without adds up what all folds but one have of a group.
func (t *target) without(sum, rows []float64, group, fold int) (s, n float64) {
	for f := range t.folds {
		if f != fold {
			s += sum[group*t.folds+f]
			n += rows[group*t.folds+f]
		}
	}
	return s, n
}

// smoothed is the mean of rows with this sum, drawn towards prior.
func smoothed(sum, rows, prior, smooth float64) float64 {
	if rows+smooth <= 1e-9 {
		return prior
	}
	return (sum + float64(smooth*prior)) / (rows + smooth)
}
