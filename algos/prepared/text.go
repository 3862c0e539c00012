package prepared

import (
	"context"
	"fmt"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/linear"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// maxSums bounds the classes up to which texts are read: each has a column.
const maxSums = 50

// textSums is a linear model of the texts of a frame, and its sums as columns: those of
// training rows come from models of the other inner folds, so that trees learn how far
// to believe them; all others, and predictions, come from the model of all training rows.
type textSums struct {
	model    *predictor.Linear
	features []matrix.Feature
	columns  [][]float32
}

// readTexts is nil where there is no text.
func readTexts(ctx context.Context, r *algos.Request) (*textSums, error) {
	frame := r.Train.M.Frame
	if frame.Sparse == nil || len(frame.Sparse.Index) == 0 || width(r.Problem) > maxSums {
		return nil, nil
	}
	shape := algos.Shape{Rows: frame.Rows, SparseNNZ: len(frame.Sparse.Index), Task: r.Problem.Task}
	only := &matrix.Frame{Rows: frame.Rows, Sparse: frame.Sparse}
	inner := *r
	inner.Train.M, inner.Valid, inner.Report = matrix.New(only, matrix.FitEncoder(&matrix.Frame{}, 0), 1), algos.Data{}, nil
	inner.Params, inner.MaxSteps = linear.Learner{}.Portfolio(shape)[0], textSteps
	fold := foldsOf(r.Train.Rows, r.Train.Groups, innerFolds, r.Seed)
	t := &textSums{columns: make([][]float32, width(r.Problem))}
	for k := range t.columns {
		name := "text"
		if len(t.columns) > 1 {
			name = fmt.Sprintf("text[%d]", k)
		}
		t.features = append(t.features, matrix.Feature{Name: name, TreeOnly: true})
		t.columns[k] = make([]float32, frame.Rows)
	}
	all := make([]int32, frame.Rows)
	for i := range all {
		all[i] = int32(i)
	}
	var err error
	if t.model, err = t.fit(ctx, inner, r.Train.Rows, all); err != nil {
		return nil, err
	}
	for f := range innerFolds {
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
		if _, err := t.fit(ctx, inner, in, out); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// textSteps is as many iterations as a model that is read, not used alone, needs.
const textSteps = 30

// fit fits a model to some rows and writes its sums of others.
func (t *textSums) fit(ctx context.Context, r algos.Request, rows, others []int32) (*predictor.Linear, error) {
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
	algos.Each((len(others)+block-1)/block, r.Threads, func(b int) {
		sum := make([]float64, len(t.columns))
		for _, row := range others[b*block : min((b+1)*block, len(others))] {
			predictor.TextSums(model, r.Train.M.Frame.Sparse, int(row), sum)
			for k, v := range sum {
				t.columns[k][row] = float32(v)
			}
		}
	})
	return model, nil
}
