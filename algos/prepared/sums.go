package prepared

import (
	"context"
	"fmt"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/encode"
	"github.com/seed-09a2cce4/automl/algos/linear"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

const (
	// maxSums bounds the classes up to which there are sums: each has a column.
	maxSums = 50
	// maxSumCells and maxSumColumns bound the dense view that sums are made of.
	maxSumCells   = 50_000_000
	maxSumColumns = 2000
)

// linearSums is a linear model of a frame, and its sums as columns: those of training
// rows come from models of the other inner folds, so that trees learn how far to believe
// them; all others, and predictions, come from the model of all training rows.
type linearSums struct {
	model    *predictor.Linear
	features []matrix.Feature
	columns  [][]float32
}

func hasText(f *matrix.Frame) bool { return f.Sparse != nil && len(f.Sparse.Index) > 0 }

// fits says whether a linear model of that many dense columns is not too much.
func fits(rows, columns int) bool {
	return columns > 0 && columns <= maxSumColumns && columns*rows <= maxSumCells
}

// newSums fits a linear model of the text and, if asked, all else that a frame has where
// that is not too much. It is nil where there is nothing to read.
func newSums(ctx context.Context, r *algos.Request, numbers bool) (*linearSums, error) {
	frame := r.Train.M.Frame
	text := hasText(frame)
	e := r.Train.M.Encoder
	numbers = numbers && e != nil && fits(frame.Rows, e.Cols())
	if !text && !numbers || width(r.Problem) > maxSums {
		return nil, nil
	}
	shape := algos.Shape{Rows: frame.Rows, Task: r.Problem.Task}
	inner := *r
	inner.Valid, inner.Report, inner.MaxSteps = algos.Data{}, nil, 0
	if text {
		shape.SparseNNZ, inner.MaxSteps = len(frame.Sparse.Index), textSteps
	}
	inner.Params = linear.Learner{}.Portfolio(shape)[0]
	name := "linear"
	if !numbers {
		name = "text"
		only := &matrix.Frame{Rows: frame.Rows, Sparse: frame.Sparse}
		inner.Train.M = matrix.New(only, matrix.FitEncoder(&matrix.Frame{}, 0), 1)
	}
	t := &linearSums{columns: make([][]float32, width(r.Problem))}
	for k := range t.columns {
		of := name
		if len(t.columns) > 1 {
			of = fmt.Sprintf("%s[%d]", name, k)
		}
		t.features = append(t.features, matrix.Feature{Name: of, TreeOnly: true})
		t.columns[k] = make([]float32, frame.Rows)
	}
	return t, t.fitAll(ctx, inner)
}

// fitAll fits the models and fills the columns.
func (t *linearSums) fitAll(ctx context.Context, r algos.Request) error {
	all := make([]int32, r.Train.M.Frame.Rows)
	for i := range all {
		all[i] = int32(i)
	}
	var err error
	if t.model, err = t.fit(ctx, r, r.Train.Rows, all); err != nil {
		return err
	}
	fold := encode.Folds(r.Train.Rows, r.Train.Groups, encode.InnerFolds, r.Seed)
	for f := range encode.InnerFolds {
		var in, out []int32
		for i, row := range r.Train.Rows {
			if fold[i] == f {
				out = append(out, row)
			} else {
				in = append(in, row)
			}
		}
		if len(in) == 0 || len(out) == 0 {
			continue
		}
		if _, err := t.fit(ctx, r, in, out); err != nil {
			return err
		}
	}
	return nil
}

// textSteps is as many iterations as a model that is read, not used alone, needs.
const textSteps = 30

// fit fits a model to some rows and writes its sums of others.
func (t *linearSums) fit(ctx context.Context, r algos.Request, rows, others []int32) (*predictor.Linear, error) {
	r.Train.Rows = rows
	fitted, err := linear.Learner{}.Fit(ctx, &r)
	if err == nil && fitted.Truncated {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	model := fitted.Predictor.(*predictor.Linear)
	const block = 1024
	dense := r.Train.M.Dense()
	algos.Each((len(others)+block-1)/block, r.Threads, func(b int) {
		x, sum := make([]float32, dense.Cols), make([]float64, len(t.columns))
		for _, row := range others[b*block : min((b+1)*block, len(others))] {
			predictor.Sums(model, dense.Row(int(row), x), r.Train.M.Frame.Sparse, int(row), sum)
			for k, v := range sum {
				t.columns[k][row] = float32(v)
			}
		}
	})
	return model, nil
}
