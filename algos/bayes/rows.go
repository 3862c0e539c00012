package bayes

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
)

// parts is the number of parts of the rows whose statistics are kept apart.
const parts = 2

// fit is the state of one Fit.
type fit struct {
	ctx     context.Context
	request *algos.Request
	threads int
	classes int
	settings

	rows    []int32 // training rows with weight
	w       []float64
	y       []int32
	part    []uint8
	total   [parts][]float64 // weight of each class
	columns []*column
	text    [parts][]float64 // [column·classes+k]
}

// prepare checks the request and gathers rows and columns.
func (f *fit) prepare() error {
	r := f.request
	if r.Problem.Task == metrics.Regression {
		return fmt.Errorf("the target is a number: naive Bayes tells classes apart")
	}
	shape := algos.Shape{}
	if s := r.Train.M.Frame.Sparse; s != nil {
		shape.SparseNNZ = len(s.Index)
	}
	var err error
	if f.settings, err = readSettings(r.Params, shape); err != nil {
		return err
	}
	if err := f.gather(); err != nil {
		return err
	}
	for j, ft := range r.Train.M.Frame.Features {
		if !ft.TreeOnly {
			f.columns = append(f.columns, &column{feature: j, levels: ft.Levels})
		}
	}
	return nil
}

// gather collects the rows with weight. What decides on a row's part is its place
// in the matrix, so that a row that comes twice is in one part.
func (f *fit) gather() error {
	r := f.request
	for p := range f.total {
		f.total[p] = make([]float64, f.classes)
	}
	return r.EachRow(func(row int32, y, w float32) error {
		part := uint8(mix(r.Seed^mix(uint64(row)+1)) % parts)
		f.rows, f.w, f.y, f.part = append(f.rows, row), append(f.w, float64(w)), append(f.y, int32(y)), append(f.part, part)
		f.total[part][int(y)] += float64(w)
		return nil
	})
}

// mix is the output function of splitmix64 (Steele et al. 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// quantileRows bounds the rows (evenly spread) that centres and spreads come from.
const quantileRows = 4096

// value is a number of a training row.
type value struct{ v, w float64 }

// spread finds the median of a column's numbers and their standard deviation, or
// the interquartile range / 1.349 where tails make that three times smaller.
func (f *fit) spread(col []float32) (centre, spread float32) {
	step := (len(f.rows) + quantileRows - 1) / quantileRows
	var list []value
	total, mean := 0.0, 0.0
	for i := 0; i < len(f.rows); i += step {
		if v := float64(col[f.rows[i]]); v == v {
			list = append(list, value{v, f.w[i]})
			total += f.w[i]
			mean += float64(f.w[i] * v)
		}
	}
	if len(list) == 0 {
		return 0, 1
	}
	mean /= total
	slices.SortFunc(list, func(a, b value) int { return cmp.Compare(a.v, b.v) })
	var quartiles [3]float64
	run, at, sum := 0.0, 0, 0.0
	for _, x := range list {
		sum += float64(x.w * float64((x.v-mean)*(x.v-mean)))
		run += x.w
		for at < 3 && run >= float64(float64(at+1)/4*total)-1e-9*total {
			quartiles[at] = x.v
			at++
		}
	}
	for ; at < 3; at++ {
		quartiles[at] = list[len(list)-1].v
	}
	s := math.Sqrt(sum / total)
	if iqr := (quartiles[2] - quartiles[0]) / 1.349; iqr > 0 && s > 3*iqr {
		s = iqr
	}
	return float32(quartiles[1]), positive(s)
}

// positive is v as a spread: 1 if it is none.
func positive(v float64) float32 {
	if !(v > 0) {
		return 1
	}
	return float32(max(math.SmallestNonzeroFloat32, min(math.MaxFloat32, v)))
}

// bounds finds the least and the greatest number of a column.
func (f *fit) bounds(col []float32) (low, spread float32) {
	least, most := math.Inf(1), math.Inf(-1)
	for _, r := range f.rows {
		if v := float64(col[r]); v == v {
			least, most = min(least, v), max(most, v)
		}
	}
	if least > most {
		return 0, 1
	}
	return float32(max(-math.MaxFloat32, least)), positive(most - max(-math.MaxFloat32, least))
}

// each calls do(0…n-1) on up to threads goroutines, until ctx ends.
func (f *fit) each(n int, do func(i int)) {
	algos.Each(n, f.threads, func(i int) {
		if f.ctx.Err() == nil {
			do(i)
		}
	})
}
