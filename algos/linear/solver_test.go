package linear

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
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

// slowSums are the sums of a row, from the view.
func slowSums(f *fit, row int32, params []float64) (x, z []float64) {
	cols := f.columns()
	x, z = make([]float64, cols+1), make([]float64, f.width)
	for j, v := range f.dense.Row(int(row), make([]float32, f.dense.Cols)) {
		x[j] = float64(v)
	}
	s := f.dense.Sparse
	for e := s.Start[row]; e < s.Start[row+1]; e++ {
		x[f.dense.Cols+int(s.Index[e])] = float64(s.Value[e])
	}
	x[cols] = 1
	for k := range z {
		for j, v := range x {
			z[k] += v * params[j*f.width+k]
		}
	}
	return x, z
}

// slowLoss is the loss of a row and its derivatives, by the definition.
func slowLoss(f *fit, y float64, z []float64) (loss float64, d []float64) {
	d = make([]float64, len(z))
	total := 0.0
	for _, v := range z {
		total += math.Exp(v)
	}
	for k, v := range z {
		class := k
		if len(z) == 1 {
			class = 1
		}
		side := 1.0
		if int(y) != class {
			side = -1
		}
		switch {
		case f.loss == lossSquared:
			loss, d[k] = (v-y)*(v-y)/2, v-y
		case f.loss == lossPoisson:
			loss, d[k] = math.Exp(v)-y*v, math.Exp(v)-y
		case f.loss == lossQuantile:
			loss = max(f.quantile*(y-v), (f.quantile-1)*(y-v))
		case f.loss == lossHinge:
			m := max(0, 1-side*v)
			loss += m * m
			d[k] = -2 * side * m
		case len(z) == 1:
			loss, d[k] = math.Log1p(math.Exp(-side*v)), 1/(1+math.Exp(-v))-y
		default:
			d[k] = math.Exp(v) / total
			if side > 0 {
				loss = -math.Log(d[k])
				d[k]--
			}
		}
	}
	return loss, d
}

// slowGradient is the derivative of the losses at the fit's parameters.
func slowGradient(f *fit) []float64 {
	grad := make([]float64, len(f.params))
	for i, r := range f.rows {
		x, z := slowSums(f, r, f.params)
		_, d := slowLoss(f, f.y[i], z)
		for k := range z {
			for j, v := range x {
				grad[j*f.width+k] += f.w[i] * d[k] * v
			}
		}
	}
	return grad
}

func slowObjective(f *fit, params []float64) float64 {
	sum := 0.0
	for i, r := range f.rows {
		_, z := slowSums(f, r, params)
		loss, _ := slowLoss(f, f.y[i], z)
		sum += f.w[i] * loss
	}
	for _, b := range params[:len(params)-f.width] {
		sum += f.alpha * (f.l1*math.Abs(b) + (1-f.l1)*b*b/2)
	}
	return sum
}

func prepared(t *testing.T, r *algos.Request) *fit {
	t.Helper()
	f := &fit{ctx: context.Background(), request: r, threads: 1}
	if err := f.prepare(); err != nil {
		t.Fatal(err)
	}
	return f
}

// tasks are the losses and the classes that they are tried with.
var tasks = []struct {
	loss    string
	classes int
}{{lossSquared, 0}, {lossPoisson, 0}, {lossQuantile, 0}, {lossLogistic, 2}, {lossLogistic, 4}, {lossHinge, 2}, {lossHinge, 4}}

// At the solution the objective has no descent: its gradient is zero, or where
// a weight is zero at most as large as the absolute penalty.
func TestSolutionsAreOptimal(t *testing.T) {
	t.Parallel()
	for _, task := range tasks {
		if task.loss == lossQuantile {
			continue // has no gradient
		}
		for _, alpha := range []float64{0.1, 20} {
			for _, l1 := range []float64{0, 0.5, 1} {
				r := problem(task.classes, 300, alpha, l1)
				r.Params["loss"] = task.loss
				f := prepared(t, r)
				steps, _ := f.solve()
				name := fmt.Sprintf("%s, classes %d, alpha %v, l1 %v (%d steps)", task.loss, task.classes, alpha, l1, steps)
				limit := 0.02 * math.Sqrt(f.total)
				if f.width == 1 || task.loss == lossHinge { // by Newton's method
					limit = 1e-3 * math.Sqrt(f.total)
				}
				if task.loss == lossSquared && l1 == 0 { // in closed form
					limit = 1e-8
				}
				if zeros := checkGradient(t, name, f, limit); alpha == 20 && l1 == 1 && zeros == 0 {
					t.Errorf("%s: no weight is zero", name)
				}
			}
		}
	}
}

// checkGradient returns the number of weights that are zero.
func checkGradient(t *testing.T, name string, f *fit, limit float64) (zeros int) {
	t.Helper()
	for j, g := range slowGradient(f) {
		b := f.params[j]
		if j < len(f.params)-f.width {
			g += f.alpha * (1 - f.l1) * b
			switch {
			case b != 0:
				g += math.Copysign(f.alpha*f.l1, b)
			default:
				zeros++
				g = max(0, math.Abs(g)-f.alpha*f.l1)
			}
		}
		if math.Abs(g) > limit {
			t.Errorf("%s: the derivative of parameter %d (%v) is %v", name, j, b, g)
		}
	}
	return zeros
}

// Newton's method and the iterations of L-BFGS reach the same objective.
func TestEitherSolver(t *testing.T) {
	t.Parallel()
	for _, task := range tasks {
		for _, l1 := range []float64{0, 0.5} {
			r := problem(task.classes, 200, 3, l1)
			r.Params["loss"] = task.loss
			newton, iterated := prepared(t, r), prepared(t, r)
			if newton.width > 1 {
				continue
			}
			newton.solve()
			iterated.params = make([]float64, len(newton.params))
			iterated.design = newDesign(iterated.dense, iterated.rows, 1)
			iterated.smooth = leastSmooth
			s := newSolver(iterated)
			for range 2000 {
				s.idle = 0
				if !s.step() {
					break
				}
			}
			a, b := slowObjective(newton, newton.params), slowObjective(newton, iterated.params)
			limit := 1e-6
			if task.loss == lossQuantile { // which is rounded a little
				limit = 1e-5
			}
			if a > b*(1+limit) || b > a*(1+1e-3) {
				t.Errorf("%s, l1 %v: the objective is %v by Newton's method, %v by iterations", task.loss, l1, a, b)
			}
		}
	}
}

// The share of the rows below a quantile is its level: the intercept is free.
func TestQuantilesCutShares(t *testing.T) {
	t.Parallel()
	for _, q := range []float64{0.1, 0.5, 0.8} {
		r := problem(0, 1000, 1, 0)
		r.Params["loss"], r.Params["quantile"] = lossQuantile, q
		f := prepared(t, r)
		f.solve()
		below := 0.0
		for i, row := range f.rows {
			if _, z := slowSums(f, row, f.params); f.y[i] < z[0] {
				below += f.w[i] / f.total
			}
		}
		if math.Abs(below-q) > 0.02 {
			t.Errorf("%v of the rows are below the quantile %v", below, q)
		}
	}
}

func TestLossFollowsTheMetric(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"rmse": lossSquared, "r2": lossSquared, "mae": lossQuantile, "mape": lossQuantile} {
		r := problem(0, 50, 1, 0)
		m, err := metrics.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		r.Problem.Metric = m
		if f := prepared(t, r); f.loss != want || f.percent != (name == "mape") || math.Abs(total(f.w)-f.total) > 1e-9*f.total {
			t.Errorf("%s: loss %s, weights sum to %v of %v", name, f.loss, total(f.w), f.total)
		}
	}
}

func total(w []float64) (sum float64) {
	for _, v := range w {
		sum += v
	}
	return sum
}

// Probabilities of a support vector machine are those of its margins, of which a
// sigmoid makes the least log loss.
func TestHingeIsCalibrated(t *testing.T) {
	t.Parallel()
	for _, classes := range []int{2, 4} {
		r := problem(classes, 900, 1, 0)
		r.Params["loss"] = lossHinge
		fitted, err := Learner{}.Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		r.Params["loss"] = lossLogistic
		logistic, err := Learner{}.Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		m, err := metrics.Lookup("log_loss")
		if err != nil {
			t.Fatal(err)
		}
		score := func(f *algos.Fitted) float64 {
			v, err := m.Score(r.Problem.Task, classes, r.Train.Y, algos.Predict(f.Predictor, r.Train.M, r.Train.Rows, 1), r.Train.W)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if a, b := score(fitted), score(logistic); a > 1.1*b {
			t.Errorf("%d classes: log loss %v, logistic regression has %v", classes, a, b)
		}
	}
}

func TestPoissonPredictsMeans(t *testing.T) {
	t.Parallel()
	r := problem(0, 300, 1e-3, 0)
	r.Params["loss"] = lossPoisson
	fitted, err := Learner{}.Fit(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	// With a free intercept the weighted sums of predictions and targets agree.
	want, got := 0.0, 0.0
	for i, v := range algos.Predict(fitted.Predictor, r.Train.M, r.Train.Rows, 1) {
		want += float64(r.Train.W[i]) * float64(r.Train.Y[i])
		got += float64(r.Train.W[i]) * float64(v)
	}
	if math.Abs(got-want) > 1e-4*want {
		t.Errorf("predictions sum to %v, targets to %v", got, want)
	}
	r.Train.Y[3] = -1
	if _, err := (Learner{}).Fit(context.Background(), r); err == nil || !strings.Contains(err.Error(), "row 3") {
		t.Errorf("error %v for a negative target", err)
	}
}

// A path is followed to the point that validates best.
func TestPathIsValidated(t *testing.T) {
	t.Parallel()
	r := problem(0, 400, 1e-3, 1)
	all := r.Train.Rows
	r.Train.Rows, r.Valid = all[:60], r.Train
	r.Valid.Rows = all[60:]
	best, last := math.Inf(1), 0
	r.Report = func(step int, loss float64) bool {
		if step <= last {
			t.Errorf("step %d after %d", step, last)
		}
		best, last = min(best, loss), step
		return true
	}
	fitted, err := Learner{}.Fit(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	if fitted.Steps >= last {
		t.Errorf("the last step %d of %d is the best", fitted.Steps, last)
	}
	r.Report = nil
	f := prepared(t, r)
	f.solve()
	if loss, ok := f.validate(); !ok || loss != best {
		t.Errorf("loss %v, the best of the path is %v", loss, best)
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
		{"l1_ratio": -0.1}, {"l1_ratio": 1.1}, {"loss": "squared"}, {"loss": "other"}, {"quantile": 1.0},
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
