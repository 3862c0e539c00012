package ebm

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	// Rows that come twice fill leaves and cells sooner than rows of weight two.
	algostest.Run(t, Learner{}, algostest.Options{Params: search.Params{"outer_bags": 2.0, "learning_rate": 0.1}, Repeats: 0.25})
}

// crossed has four numbers of which two decide the target together and another
// one alone.
func crossed(rows int) *algos.Request {
	rng := rand.New(rand.NewPCG(3, 4))
	f := &matrix.Frame{Rows: rows}
	for _, name := range []string{"a", "b", "c", "d"} {
		col := make([]float32, rows)
		for i := range col {
			col[i] = float32(rng.NormFloat64())
		}
		f.Features, f.Cols = append(f.Features, matrix.Feature{Name: name}), append(f.Cols, col)
	}
	y := make([]float32, rows)
	order := make([]int32, rows)
	for i := range y {
		y[i], order[i] = f.Cols[2][i]+0.1*float32(rng.NormFloat64()), int32(i)
		if (f.Cols[0][i] > 0) != (f.Cols[3][i] > 0) {
			y[i] += 2
		}
	}
	m := matrix.New(f, matrix.FitEncoder(f, 0), 1)
	return &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression, Metric: metrics.Default(metrics.Regression)},
		Train:   algos.Data{M: m, Y: y, Rows: order}, Valid: algos.Data{M: m, Y: y}, Seed: 1, Threads: 2,
	}
}

func TestFindsPairs(t *testing.T) {
	t.Parallel()
	r := crossed(600)
	r.Params = search.Params{"interactions": 0.25, "outer_bags": 2.0} // one pair
	fitted, err := Learner{}.Fit(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	p := fitted.Predictor.(*predictor.Additive)
	terms := p.Terms()
	pair := terms[len(terms)-1]
	if len(terms) != 5 || len(pair.Axes) != 2 || p.Axes()[pair.Axes[0]].Feature != 0 || p.Axes()[pair.Axes[1]].Feature != 3 {
		t.Fatalf("%d terms, the last on axes %v", len(terms), pair.Axes)
	}
	loss := 0.0
	for i, v := range algos.Predict(p, r.Train.M, r.Train.Rows, 1) {
		loss += float64(v-r.Train.Y[i]) * float64(v-r.Train.Y[i]) / 600
	}
	if loss > 0.4 { // the variance is 2, of which 1 is the pair's
		t.Errorf("mean squared error %v", loss)
	}
}

// TestTermsAreCentred: over the training rows all terms have mean 0, and pairs
// for every bin of either feature.
func TestTermsAreCentred(t *testing.T) {
	t.Parallel()
	r := crossed(400)
	r.Params = search.Params{"outer_bags": 2.0}
	fitted, err := Learner{}.Fit(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	p := fitted.Predictor.(*predictor.Additive)
	n, terms := len(r.Train.Rows), p.Terms()
	values := make([]float64, n*len(terms))
	p.Contributions(r.Train.M, r.Train.Rows, values)
	for k, term := range terms {
		sums := map[[2]int]float64{}
		for i := range n {
			v := values[i*len(terms)+k]
			sums[[2]int{-1, 0}] += v
			if len(term.Axes) == 1 {
				continue
			}
			for side, a := range term.Axes {
				sums[[2]int{side, binOf(&p.Axes()[a], r.Train.M.Frame.Cols[p.Axes()[a].Feature][i])}] += v
			}
		}
		for key, sum := range sums {
			if math.Abs(sum) > 1e-3 {
				t.Errorf("term %d: bin %d of axis %d has the sum %v", k, key[1], key[0], sum)
			}
		}
	}
}

func binOf(a *predictor.Axis, v float32) int {
	b := 0
	for b < len(a.Edges) && v > a.Edges[b] {
		b++
	}
	return b
}

// TestCutIsTheBest compares cuts of one axis and of two with all there are.
func TestCutIsTheBest(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	f := &fit{settings: settings{rate: 1, leaves: 2, least: 2}, width: 1}
	a := &axis{bins: 6, Axis: predictor.Axis{Edges: make([]float32, 4)}}
	b := &axis{bins: 5, Axis: predictor.Axis{Edges: make([]float32, 3)}}
	for range 50 {
		pair := &term{cells: 30, first: a, second: b}
		cells, counts := make([]float64, 60), make([]int32, 30)
		for c := range counts {
			counts[c] = rng.Int32N(4)
			cells[2*c] = rng.NormFloat64() * float64(counts[c])
			cells[2*c+1] = float64(counts[c])
		}
		var c cutter
		_, got := c.findCross(f, pair, cells, counts)
		if want := slowCross(f, cells, counts, 6, 5); math.Abs(got.gain-want) > 1e-9 {
			t.Fatalf("the cross found gains %v, the best %v", got.gain, want)
		}
		shift := make([]float32, 6)
		one := &term{cells: 6, first: a}
		if c.cut(f, one, cells[:12], counts[:6], shift) {
			checkCut(t, f, cells[:12], counts[:6], shift)
		}
	}
}

// rectangle sums up rows [i0, i1) and columns [j0, j1).
func rectangle(cells []float64, counts []int32, cols, i0, i1, j0, j1 int) (gain, n float64) {
	g, h := 0.0, ridge
	for i := i0; i < i1; i++ {
		for j := j0; j < j1; j++ {
			g += cells[2*(i*cols+j)]
			h += cells[2*(i*cols+j)+1]
			n += float64(counts[i*cols+j])
		}
	}
	return g * g / h, n
}

func slowCross(f *fit, cells []float64, counts []int32, rows, cols int) float64 {
	whole, _ := rectangle(cells, counts, cols, 0, rows, 0, cols)
	least, best := float64(f.least), 0.0
	side := func(get func(from, to int) (float64, float64), length int) (float64, float64) {
		top, n := get(0, length)
		for j := 1; j < length; j++ {
			a, na := get(0, j)
			b, nb := get(j, length)
			if na >= least && nb >= least {
				top = max(top, a+b)
			}
		}
		return top, n
	}
	try := func(length, across int, get func(i0, i1, j0, j1 int) (float64, float64)) {
		for i := 1; i < length; i++ {
			low, n := side(func(a, b int) (float64, float64) { return get(0, i, a, b) }, across)
			high, m := side(func(a, b int) (float64, float64) { return get(i, length, a, b) }, across)
			if n >= least && m >= least {
				best = max(best, low+high-whole)
			}
		}
	}
	try(rows, cols, func(i0, i1, j0, j1 int) (float64, float64) { return rectangle(cells, counts, cols, i0, i1, j0, j1) })
	try(cols, rows, func(i0, i1, j0, j1 int) (float64, float64) { return rectangle(cells, counts, cols, j0, j1, i0, i1) })
	return best
}

// checkCut: no other cut of the bins before the missing one gains more.
func checkCut(t *testing.T, f *fit, cells []float64, counts []int32, shift []float32) {
	t.Helper()
	gain := func(at int) float64 {
		low, n := rectangle(cells, counts, 1, 0, at, 0, 1)
		high, m := rectangle(cells, counts, 1, at, 5, 0, 1)
		if n < float64(f.least) || m < float64(f.least) {
			return math.Inf(-1)
		}
		return low + high
	}
	best := math.Inf(-1)
	for at := 1; at < 5; at++ {
		best = max(best, gain(at))
	}
	for at := 1; at < 5; at++ {
		// Bins without rows may be on either side, and stay where they are.
		if counts[at] > 0 && counts[at-1] > 0 && shift[at] != shift[at-1] && math.Abs(gain(at)-best) > 1e-9 {
			t.Fatalf("cut at %d gains %v, the best %v", at, gain(at), best)
		}
	}
}
