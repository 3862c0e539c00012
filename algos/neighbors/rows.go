package neighbors

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// fit is the state of one Fit.
type fit struct {
	ctx     context.Context
	request *algos.Request
	threads int

	dense   *matrix.Dense
	classes int // 0 for numbers
	rows    []int32
	w, y    []float32
	shares  []float32 // of the classes
}

// gather collects the rows with weight and the shares of the classes, then leaves
// those that are remembered.
func (f *fit) gather() error {
	r := f.request
	if r.Problem.Task != metrics.Regression {
		f.classes = max(2, r.Problem.Classes)
	}
	shares, total := make([]float64, f.classes), 0.0
	if err := r.EachRow(func(row int32, y, w float32) error {
		f.rows, f.w, f.y = append(f.rows, row), append(f.w, w), append(f.y, y)
		total += float64(w)
		if f.classes > 0 {
			shares[int(y)] += float64(w)
		}
		return nil
	}); err != nil {
		return err
	}
	// Every class has a little, so that none is impossible.
	const little = 1e-3
	for _, v := range shares {
		f.shares = append(f.shares, float32((v/total+little)/(1+little*float64(f.classes))))
	}
	f.dense = r.Train.M.Dense()
	f.weigh(total / float64(len(f.rows)))
	f.sample(remembered(len(f.rows), f.dense.Cols))
	return nil
}

// weigh keeps weights as they are, numbers of rows, unless their mean is below
// one: then it becomes one. Equal weights of one are none.
func (f *fit) weigh(mean float64) {
	if f.request.Train.W == nil {
		f.w = nil
		return
	}
	for i, w := range f.w {
		f.w[i] = max(math.SmallestNonzeroFloat32, float32(float64(w)/min(1, mean)))
	}
}

// sample keeps some of the rows, drawn by the seed.
func (f *fit) sample(keep int) {
	if keep >= len(f.rows) {
		return
	}
	drawn := rand.New(rand.NewPCG(f.request.Seed, 1)).Perm(len(f.rows))[:keep]
	slices.Sort(drawn)
	f.take(drawn)
}

// take keeps the given rows, in that order.
func (f *fit) take(order []int) {
	rows, y, w := make([]int32, len(order)), make([]float32, len(order)), []float32(nil)
	for i, at := range order {
		rows[i], y[i] = f.rows[at], f.y[at]
		if f.w != nil {
			w = append(w, f.w[at])
		}
	}
	f.rows, f.y, f.w = rows, y, w
}

// known is what the model remembers, in clusters if there are many rows.
func (f *fit) known() predictor.Known {
	k := predictor.Known{Classes: f.classes, Columns: f.dense.Cols, Ends: []int32{int32(len(f.rows))}}
	if len(f.rows) > clustered && f.dense.Cols > 0 {
		order, ends, centres := f.clusters()
		f.take(order)
		k.Ends = ends
		if len(ends) > 1 {
			k.Centres = centres
		}
	}
	k.X, k.Y, k.W = f.values(f.rows), f.y, f.w
	return k
}

// values copies the dense columns of rows.
func (f *fit) values(rows []int32) []float32 {
	columns := f.dense.Cols
	x := make([]float32, len(rows)*columns)
	for i, r := range rows {
		f.dense.Row(int(r), x[i*columns:(i+1)*columns])
	}
	return x
}
