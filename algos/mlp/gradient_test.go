package mlp

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// request is a problem with numbers, levels to be one-hot and embedded, missing
// values, text and weights; classes 0 is regression.
func request(classes, rows int, p search.Params) *algos.Request {
	rng := rand.New(rand.NewPCG(3, uint64(classes)))
	f := &matrix.Frame{Rows: rows, Sparse: &matrix.Sparse{Cols: 5, Start: []int64{0}}}
	levels := []int{0, 0, 2, 4, 30}
	for j, n := range levels {
		f.Features = append(f.Features, matrix.Feature{Name: string(rune('a' + j)), Levels: n})
		f.Cols = append(f.Cols, make([]float32, rows))
	}
	y, w, all := make([]float32, rows), make([]float32, rows), make([]int32, rows)
	for i := range rows {
		for j, n := range levels {
			v := float32(rng.NormFloat64())
			if n > 0 {
				v = float32(rng.IntN(n))
			}
			if rng.IntN(9) == 0 {
				v = float32(math.NaN())
			}
			f.Cols[j][i] = v
		}
		for j := range 5 {
			if rng.IntN(2) == 0 {
				f.Sparse.Index, f.Sparse.Value = append(f.Sparse.Index, int32(j)), append(f.Sparse.Value, rng.Float32())
			}
		}
		f.Sparse.Start = append(f.Sparse.Start, int64(len(f.Sparse.Index)))
		all[i], w[i] = int32(i), 0.5+rng.Float32()
		if y[i] = float32(rng.NormFloat64()); classes > 0 {
			y[i] = float32(i % classes)
		}
	}
	task := metrics.Regression
	switch {
	case classes == 2:
		task = metrics.Binary
	case classes > 2:
		task = metrics.Multiclass
	}
	m := matrix.New(f, matrix.FitEncoder(f, 0), 1)
	return &algos.Request{
		Problem: algos.Problem{Task: task, Classes: classes, Metric: metrics.Default(task)},
		Train:   algos.Data{M: m, Y: y, W: w, Rows: all}, Valid: algos.Data{M: m, Y: y},
		Params: p, Seed: 5, Threads: 1,
	}
}

// objective is the loss of all rows at some parameters, from the values of the
// net before the last step and the definitions of the losses.
func objective(t *trainer, list []int32) float64 {
	b := t.blocks[0]
	t.pack()
	t.net.Encode(t.request.Train.M.Frame, t.rowsOf(list, nil), t.params, b.x)
	b.forward(len(list))
	w, k, total := t.net.OutputWidth(), t.net.Outputs, 0.0
	for e := range t.net.Members {
		for r, i := range list {
			out, loss := b.out[(e*len(list)+r)*w:][:k], 0.0
			if t.target != nil {
				d := float64(out[0] - t.y[i])
				loss = d * d
			} else {
				sum := 0.0
				for _, v := range out {
					sum += math.Exp(float64(v))
				}
				for c, v := range out {
					share := t.set.smoothing / float64(k)
					if c == int(t.y[i]) {
						share += 1 - t.set.smoothing
					}
					loss -= share * (float64(v) - math.Log(sum))
				}
			}
			total += t.weight(int(i)) * loss
		}
	}
	return total / float64(t.net.Members*blocks*len(b.rows))
}

// Every kind of parameter has the slope that differences of the loss have.
func TestGradientIsThatOfTheLoss(t *testing.T) {
	t.Parallel()
	for _, classes := range []int{0, 2, 3} {
		p := search.Params{"members": 2.0, "width": 16.0, "layers": 2.0, "dropout": 0.0, "smoothing": 0.1, "batch": 48.0}
		if classes == 2 {
			p["activation"] = "mish"
		}
		f := &fit{request: request(classes, 48, p)}
		if err := f.prepare(); err != nil {
			t.Fatal(err)
		}
		tr := newTrainer(f)
		rng := rand.New(rand.NewPCG(1, 1))
		for e := range tr.net.Members { // heads start at zero and let nothing through
			weights, _ := tr.net.Head(tr.params, e)
			for i := range weights {
				if i%tr.net.OutputWidth() < tr.net.Outputs {
					weights[i] = float32(rng.NormFloat64() / 4)
				}
			}
		}
		list := tr.order[:len(tr.blocks[0].rows)]
		tr.pack()
		tr.blocks[0].run(list, 0)
		grad := slices.Clone(tr.grads[0])
		largest := float64(slices.Max(grad))
		for range 300 {
			i := rng.IntN(len(grad))
			const h = 1e-2
			at := tr.params[i]
			tr.params[i] = at + h
			up := objective(tr, list)
			tr.params[i] = at - h
			down := objective(tr, list)
			tr.params[i] = at
			if slope := (up - down) / (2 * h); math.Abs(slope-float64(grad[i])) > 0.02*largest {
				t.Errorf("%d classes: parameter %d of %d has the slope %v, the gradient says %v", classes, i, len(grad), slope, grad[i])
			}
		}
	}
}

// A row alone gets the bits that it gets among others.
func TestRowsAreScoredAlike(t *testing.T) {
	t.Parallel()
	for _, classes := range []int{0, 2, 3} {
		r := request(classes, 90, search.Params{"epochs": 3.0, "width": 16.0, "members": 2.0})
		f, err := Learner{}.Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		frame, width := r.Train.M.Frame, f.Predictor.Width()
		all := algos.Predict(f.Predictor, r.Train.M, r.Train.Rows, 2)
		for i := range frame.Rows {
			got := make([]float32, width)
			f.Predictor.(predictor.RowPredictor).PredictOne(rowOf(frame, i), got)
			if !slices.Equal(got, all[i*width:(i+1)*width]) {
				t.Fatalf("%d classes, row %d: %v alone, %v among others", classes, i, got, all[i*width:(i+1)*width])
			}
		}
	}
}

// rowOf is row i of a frame as callers of PredictOne have it.
func rowOf(f *matrix.Frame, i int) *predictor.Row {
	r := new(predictor.Row)
	for _, col := range f.Cols {
		r.Features = append(r.Features, float64(col[i]))
	}
	from, to := f.Sparse.Start[i], f.Sparse.Start[i+1]
	r.Sparse = &matrix.Sparse{Cols: f.Sparse.Cols, Start: []int64{0, to - from}, Index: f.Sparse.Index[from:to], Value: f.Sparse.Value[from:to]}
	return r
}

func TestParametersOutOfRange(t *testing.T) {
	t.Parallel()
	for _, p := range []search.Params{
		{"epochs": 0.0}, {"rate": -1.0}, {"width": math.NaN()}, {"batch": 0.0}, {"dropout": math.Inf(1)}, {"activation": "tanh"},
	} {
		if _, err := (Learner{}).Fit(context.Background(), request(2, 20, p)); err == nil {
			t.Errorf("%v: no error", p)
		}
	}
}
