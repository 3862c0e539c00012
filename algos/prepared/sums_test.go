package prepared

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// scribble gives a frame a text of eight words a row, out of many.
func scribble(f *matrix.Frame, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 8))
	f.Sparse = &matrix.Sparse{Cols: 900, Start: []int64{0}}
	for range f.Rows {
		var words []int32
		for range 8 {
			words = append(words, int32(rng.IntN(f.Sparse.Cols)))
		}
		slices.Sort(words)
		for _, w := range slices.Compact(words) {
			f.Sparse.Index, f.Sparse.Value = append(f.Sparse.Index, w), append(f.Sparse.Value, 0.35)
		}
		f.Sparse.Start = append(f.Sparse.Start, int64(len(f.Sparse.Index)))
	}
}

// Where targets are shuffled, what sums say of training rows says nothing of their
// targets, while the model of all of them would.
func TestSumsDoNotKnowShuffledTargets(t *testing.T) {
	t.Parallel()
	for _, numbers := range []bool{false, true} {
		for _, task := range []metrics.Task{metrics.Regression, metrics.Binary} {
			r := noise(3000, task, 2, 4)
			if numbers {
				f := r.Train.M.Frame
				rng := rand.New(rand.NewPCG(4, 8))
				for range 600 {
					col := make([]float32, f.Rows)
					for i := range col {
						col[i] = float32(rng.NormFloat64())
					}
					f.Features, f.Cols = append(f.Features, matrix.Feature{Name: "noise"}), append(f.Cols, col)
				}
				r.Train.M.Encoder = matrix.FitEncoder(f, 0)
			} else {
				scribble(r.Train.M.Frame, 4)
			}
			checkSums(t, r, numbers)
		}
	}
}

func checkSums(t *testing.T, r *algos.Request, numbers bool) {
	t.Helper()
	sums, err := newSums(context.Background(), r, numbers)
	if err != nil {
		t.Fatal(err)
	}
	if leaks(sums.columns[0], r) {
		t.Errorf("%s, numbers %v: the sums know the targets of training rows", r.Problem.Task, numbers)
	}
	var x []float32
	dense := &matrix.Dense{}
	if numbers {
		dense = r.Train.M.Dense()
	}
	own, sum := make([]float32, r.Train.M.Frame.Rows), make([]float64, 1)
	at := func(row int32) float32 {
		if numbers {
			x = dense.Row(int(row), make([]float32, dense.Cols))
		}
		predictor.Sums(sums.model, x, r.Train.M.Frame.Sparse, int(row), sum)
		return float32(sum[0])
	}
	for _, row := range r.Train.Rows {
		own[row] = at(row)
	}
	if !leaks(own, r) {
		t.Errorf("%s, numbers %v: the check does not catch sums of a model that has seen the rows", r.Problem.Task, numbers)
	}
	for _, row := range r.Valid.Rows {
		if at(row) != sums.columns[0][row] {
			t.Fatalf("validation row %d has %v, the model gives %v", row, sums.columns[0][row], at(row))
		}
	}
}

// Trees make of a text and a number together what neither tells.
func TestTextsHelpTrees(t *testing.T) {
	t.Parallel()
	r := noise(3000, metrics.Regression, 2, 5)
	f := r.Train.M.Frame
	scribble(f, 5)
	for i := range f.Rows {
		s := float32(0)
		for _, w := range f.Sparse.Index[f.Sparse.Start[i]:f.Sparse.Start[i+1]] {
			s += float32(w%3) - 1
		}
		r.Train.Y[i] = s
		if f.Cols[2][i] > 0 {
			r.Train.Y[i] = 2*s + 5
		}
	}
	share := func(l algos.Learner) float64 {
		fitted, err := l.Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		col := make([]float32, f.Rows)
		for i, v := range algos.Predict(fitted.Predictor, r.Train.M, r.Valid.Rows, 1) {
			col[r.Valid.Rows[i]] = v
		}
		return explains(col, r.Train.Y, r.Valid.Rows, metrics.Regression)
	}
	if with, without := share(New()), share(gbdt.New()); with < without+0.2 {
		t.Errorf("%v of the variance is explained, %v without the text", with, without)
	}
}
