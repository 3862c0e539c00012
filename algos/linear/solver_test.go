package linear

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// problem has five numbers, of which one is mostly zero, and ten words.
func problem(classes, rows int, alpha, l1 float64) *algos.Request {
	rng := rand.New(rand.NewPCG(uint64(classes), 11))
	const words = 10
	f := &matrix.Frame{Rows: rows, Sparse: &matrix.Sparse{Cols: words, Start: []int64{0}}}
	for j := range 5 {
		col := make([]float32, rows)
		for i := range col {
			if j < 4 || rng.IntN(10) == 0 {
				col[i] = float32(rng.NormFloat64())
			}
		}
		f.Features = append(f.Features, matrix.Feature{Name: fmt.Sprint("f", j)})
		f.Cols = append(f.Cols, col)
	}
	y, w, all := make([]float32, rows), make([]float32, rows), make([]int32, rows)
	for i := range rows {
		v := float64(f.Cols[0][i]) - 0.5*float64(f.Cols[4][i]) + rng.NormFloat64()
		for k := range words {
			if rng.IntN(4) == 0 {
				f.Sparse.Index, f.Sparse.Value = append(f.Sparse.Index, int32(k)), append(f.Sparse.Value, 0.5)
				v += 0.1 * float64(k)
			}
		}
		f.Sparse.Start = append(f.Sparse.Start, int64(len(f.Sparse.Index)))
		if y[i] = float32(1000 + 50*v); classes > 0 {
			y[i] = float32(max(0, min(classes-1, int(v+float64(classes)/2))))
		}
		w[i], all[i] = 0.25+rng.Float32(), int32(i)
	}
	task := map[int]metrics.Task{0: metrics.Regression, 2: metrics.Binary}[classes]
	if task == "" {
		task = metrics.Multiclass
	}
	return &algos.Request{
		Problem: algos.Problem{Task: task, Classes: classes, Metric: metrics.Default(task)},
		Train:   algos.Data{M: matrix.New(f, matrix.FitEncoder(f, 0), 1), Y: y, W: w, Rows: all},
		Params:  search.Params{"alpha": alpha, "l1_ratio": l1}, Threads: 1,
	}
}

// slowGradient is the derivative of the losses at params, by the definition.
func slowGradient(f *fit) []float64 {
	cols := f.columns()
	grad := make([]float64, len(f.params))
	for i, r := range f.rows {
		x := make([]float64, cols+1)
		for j, v := range f.dense.Row(int(r)) {
			x[j] = float64(v)
		}
		s := f.dense.Sparse
		for e := s.Start[r]; e < s.Start[r+1]; e++ {
			x[f.dense.Cols+int(s.Index[e])] = float64(s.Value[e])
		}
		x[cols] = 1
		z, total := make([]float64, f.width), 0.0
		for k := range z {
			for j, v := range x {
				z[k] += v * f.params[j*f.width+k]
			}
			total += math.Exp(z[k])
		}
		for k := range z {
			d := z[k] - f.y[i]
			switch f.request.Problem.Task {
			case metrics.Binary:
				d = 1/(1+math.Exp(-z[k])) - f.y[i]
			case metrics.Multiclass:
				d = math.Exp(z[k]) / total
				if k == int(f.y[i]) {
					d--
				}
			}
			for j, v := range x {
				grad[j*f.width+k] += f.w[i] * d * v
			}
		}
	}
	return grad
}

// At the solution the objective has no descent: its gradient is zero, or where
// a weight is zero at most as large as the absolute penalty.
func TestSolutionsAreOptimal(t *testing.T) {
	t.Parallel()
	for _, classes := range []int{0, 2, 4} {
		for _, alpha := range []float64{0.1, 20} {
			for _, l1 := range []float64{0, 0.5, 1} {
				r := problem(classes, 300, alpha, l1)
				f := &fit{ctx: context.Background(), request: r, threads: 1}
				if err := f.prepare(); err != nil {
					t.Fatal(err)
				}
				steps, _ := f.solve()
				name := fmt.Sprintf("classes %d, alpha %v, l1 %v (%d steps)", classes, alpha, l1, steps)
				limit := 0.02 * math.Sqrt(f.total)
				if classes == 0 && l1 == 0 { // solved in closed form
					limit = 1e-8
				}
				zeros := 0
				for j, g := range slowGradient(f) {
					b := f.params[j]
					if j < len(f.params)-f.width {
						g += alpha * (1 - l1) * b
						switch {
						case b != 0:
							g += math.Copysign(alpha*l1, b)
						default:
							zeros++
							g = max(0, math.Abs(g)-alpha*l1)
						}
					}
					if math.Abs(g) > limit {
						t.Errorf("%s: the derivative of parameter %d (%v) is %v", name, j, b, g)
					}
				}
				if alpha == 20 && l1 == 1 && zeros == 0 {
					t.Errorf("%s: no weight is zero", name)
				}
			}
		}
	}
}

// The closed form and the iterations find the same ridge solution.
func TestRidgeEitherWay(t *testing.T) {
	t.Parallel()
	r := problem(0, 200, 3, 0)
	closed := &fit{ctx: context.Background(), request: r, threads: 1}
	if err := closed.prepare(); err != nil {
		t.Fatal(err)
	}
	closed.solve()
	iterated := &fit{ctx: context.Background(), request: r, threads: 1}
	if err := iterated.prepare(); err != nil {
		t.Fatal(err)
	}
	iterated.params = make([]float64, len(closed.params))
	iterated.standardise()
	iterated.design = newDesign(iterated.dense, iterated.rows, 1)
	s := newSolver(iterated)
	for s.step() {
	}
	for j, b := range closed.params {
		if math.Abs(b-iterated.params[j]) > 1e-3 {
			t.Errorf("parameter %d: %v in closed form, %v by iterations", j, b, iterated.params[j])
		}
	}
}

func TestDesignMultiplies(t *testing.T) {
	t.Parallel()
	r := problem(4, 50, 1, 0)
	f := &fit{ctx: context.Background(), request: r, threads: 1}
	if err := f.prepare(); err != nil {
		t.Fatal(err)
	}
	d := newDesign(f.dense, f.rows, 1)
	if len(d.full) == 0 || len(d.full) == f.dense.Cols {
		t.Fatalf("%d of %d columns are full: neither kind may be absent here", len(d.full), f.dense.Cols)
	}
	d.byCol = d.byRow.transpose(d.columns)
	rng := rand.New(rand.NewPCG(1, 1))
	for _, width := range []int{1, 3} {
		b, z := make([]float64, (d.columns+1)*width), make([]float64, d.n*width)
		u, grad := make([]float64, d.n*width), make([]float64, (d.columns+1)*width)
		for i := range b {
			b[i] = rng.NormFloat64()
		}
		for i := range u {
			u[i] = rng.NormFloat64()
		}
		d.forward(b, width, z)
		d.backward(u, width, grad)
		// u·(X b) = (Xᵀ u)·b
		if l, r := product(u, z), product(grad, b); math.Abs(l-r) > 1e-9*math.Abs(l) {
			t.Errorf("width %d: %v and %v", width, l, r)
		}
		for _, threads := range []int{2, 3, 7} {
			d.threads = threads
			z2, grad2 := make([]float64, len(z)), make([]float64, len(grad))
			d.forward(b, width, z2)
			d.backward(u, width, grad2)
			for i := range z {
				if z[i] != z2[i] {
					t.Fatalf("%d threads: sum %d differs", threads, i)
				}
			}
			for i := range grad {
				if grad[i] != grad2[i] {
					t.Fatalf("%d threads: gradient %d differs", threads, i)
				}
			}
		}
		d.threads = 1
	}
}

func TestBadParameters(t *testing.T) {
	t.Parallel()
	for _, p := range []search.Params{
		{"alpha": 0.0}, {"alpha": -1.0}, {"alpha": math.NaN()}, {"alpha": math.Inf(1)},
		{"l1_ratio": -0.1}, {"l1_ratio": 1.1},
	} {
		r := problem(2, 20, 1, 0)
		r.Params = p
		if _, err := (Learner{}).Fit(context.Background(), r); err == nil {
			t.Errorf("%v was accepted", p)
		}
	}
}

// text makes rows of n words out of cols, as TF-IDF gives them.
func text(rows, cols, n int) *algos.Request {
	rng := rand.New(rand.NewPCG(1, 2))
	s := &matrix.Sparse{Cols: cols, Start: []int64{0}}
	y, all := make([]float32, rows), make([]int32, rows)
	for i := range rows {
		at, sum := 0, 0
		for range n {
			if at += 1 + rng.IntN(2*cols/n-1); at >= cols {
				break
			}
			s.Index, s.Value = append(s.Index, int32(at)), append(s.Value, 1/float32(math.Sqrt(float64(n))))
			sum += at%5 - 2
		}
		s.Start = append(s.Start, int64(len(s.Index)))
		if all[i] = int32(i); sum > 0 {
			y[i] = 1
		}
	}
	f := &matrix.Frame{Rows: rows, Sparse: s}
	return &algos.Request{
		Problem: algos.Problem{Task: metrics.Binary, Classes: 2, Metric: metrics.Default(metrics.Binary)},
		Train:   algos.Data{M: matrix.New(f, matrix.FitEncoder(f, 0), 1), Y: y, Rows: all},
		Params:  search.Params{"alpha": 0.2}, Threads: 1,
	}
}

func BenchmarkText(b *testing.B) {
	r := text(15000, 50000, 100)
	for b.Loop() {
		if _, err := (Learner{}).Fit(context.Background(), r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRidge(b *testing.B) {
	const rows, cols = 245_000, 60
	rng := rand.New(rand.NewPCG(1, 2))
	f := &matrix.Frame{Rows: rows}
	for j := range cols {
		col := make([]float32, rows)
		for i := range col {
			col[i] = rng.Float32()
		}
		f.Features = append(f.Features, matrix.Feature{Name: fmt.Sprint(j)})
		f.Cols = append(f.Cols, col)
	}
	all := make([]int32, rows)
	for i := range all {
		all[i] = int32(i)
	}
	r := &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression, Metric: metrics.Default(metrics.Regression)},
		Train:   algos.Data{M: matrix.New(f, matrix.FitEncoder(f, 0), 2), Y: f.Cols[0], Rows: all},
		Params:  search.Params{"alpha": 1.0}, Threads: 1,
	}
	r.Train.M.Dense()
	for b.Loop() {
		if _, err := (Learner{}).Fit(context.Background(), r); err != nil {
			b.Fatal(err)
		}
	}
}
