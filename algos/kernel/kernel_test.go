package kernel

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	algostest.Run(t, Learner{}, algostest.Options{})
}

// request has rows with a target that is a function of two of three columns.
func request(rows int, task metrics.Task, classes int) *algos.Request {
	rng := rand.New(rand.NewPCG(7, 8))
	f := &matrix.Frame{Rows: rows}
	y := make([]float32, rows)
	for j := range 3 {
		col := make([]float32, rows)
		for i := range col {
			col[i] = float32(rng.NormFloat64())
			if j < 2 {
				y[i] += float32(math.Sin(float64(2 * col[i])))
			}
		}
		f.Features, f.Cols = append(f.Features, matrix.Feature{Name: string(rune('a' + j))}), append(f.Cols, col)
	}
	for i, v := range y {
		if classes > 0 {
			y[i] = float32(min(classes-1, int(float32(classes)*(v+2)/4)))
		}
	}
	order := make([]int32, rows)
	for i := range order {
		order[i] = int32(i)
	}
	m := matrix.New(f, matrix.FitEncoder(f, 0), 1)
	cut := rows * 3 / 4
	return &algos.Request{
		Problem: algos.Problem{Task: task, Classes: classes, Metric: metrics.Default(task)},
		Train:   algos.Data{M: m, Y: y, Rows: order[:cut]}, Valid: algos.Data{M: m, Y: y, Rows: order[cut:]}, Seed: 1, Threads: 1,
	}
}

func TestFollowsSmoothFunctions(t *testing.T) {
	t.Parallel()
	for _, kernel := range []string{rbf, matern, exponential} {
		r := request(400, metrics.Regression, 0)
		r.Params = search.Params{"kernel": kernel, "length_scale": 1.0, "alpha": 0.001}
		fitted, err := Learner{}.Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		sum, spread := 0.0, 0.0
		for i, row := range r.Valid.Rows {
			d, v := float64(fitted.ValidPred[i]-r.Train.Y[row]), float64(r.Train.Y[row])
			sum, spread = sum+d*d, spread+v*v
		}
		if sum > 0.15*spread {
			t.Errorf("%s: %.3f of the variance is left", kernel, sum/spread)
		}
	}
}

// The sums for rows left out, in closed form, are those of fits without them.
func TestLeavesOut(t *testing.T) {
	t.Parallel()
	r := request(60, metrics.Regression, 0)
	whole := gathered(t, r)
	l := whole.likeness(2)
	if err := l.factor(context.Background()); err != nil {
		t.Fatal(err)
	}
	weights := append([]float64(nil), whole.target...)
	l.solve(weights, 1)
	inverse, err := l.inverseDiagonal(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for out := range 5 {
		rest := gathered(t, r)
		rest.w = append(rest.w[:out], rest.w[out+1:]...)
		rest.x = append(append([]float32(nil), whole.x[:out*3]...), whole.x[(out+1)*3:]...)
		rest.target = append(rest.target[:out], rest.target[out+1:]...)
		k := rest.likeness(2)
		if err := k.factor(context.Background()); err != nil {
			t.Fatal(err)
		}
		k.solve(rest.target, 1)
		want, full := 0.0, whole.likeness(2)
		for i, v := range rest.target {
			at := i
			if i >= out {
				at++
			}
			want += v * full.row(max(at, out))[min(at, out)]
		}
		if got := whole.target[out] - weights[out]/inverse[out]; math.Abs(got-want) > 1e-9 {
			t.Errorf("row %d: %v in closed form, %v without it", out, got, want)
		}
	}
}

func gathered(t *testing.T, r *algos.Request) *fit {
	t.Helper()
	f := &fit{ctx: context.Background(), request: r}
	var err error
	if f.settings, err = readSettings(r.Params); err != nil {
		t.Fatal(err)
	}
	if err := f.gather(); err != nil {
		t.Fatal(err)
	}
	return f
}

// Probabilities are neither too sure nor too timid: those of the true class are as large
// as they say.
func TestProbabilitiesHold(t *testing.T) {
	t.Parallel()
	for _, classes := range []int{2, 3} {
		task := metrics.Binary
		if classes > 2 {
			task = metrics.Multiclass
		}
		r := request(800, task, classes)
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range r.Train.Y { // a third of the targets say nothing
			if rng.IntN(3) == 0 {
				r.Train.Y[i] = float32(rng.IntN(classes))
			}
		}
		fitted, err := Learner{}.Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		width := metrics.Width(task, classes)
		expected, seen := 0.0, 0.0
		for i, row := range r.Valid.Rows {
			p := fitted.ValidPred[i*width : (i+1)*width]
			if width == 1 {
				p = []float32{1 - p[0], p[0]}
			}
			best := 0
			for k, v := range p {
				if v > p[best] {
					best = k
				}
			}
			expected += float64(p[best])
			if int(r.Train.Y[row]) == best {
				seen++
			}
		}
		if n := float64(len(r.Valid.Rows)); math.Abs(expected-seen)/n > 0.1 {
			t.Errorf("%d classes: %.2f are expected to be right, %.2f are", classes, expected/n, seen/n)
		}
	}
}

func TestMergesRows(t *testing.T) {
	t.Parallel()
	r := request(8, metrics.Regression, 0)
	r.Train.Rows = make([]int32, 50)
	for i := range r.Train.Rows {
		r.Train.Rows[i] = int32(i % 6)
	}
	f := gathered(t, r)
	total := 0.0
	for _, w := range f.w {
		total += w
	}
	if len(f.w) != 6 || len(f.x) != 6*3 || len(f.target) != 6 || total != 50 {
		t.Errorf("%d rows of weight %v, %d values and %d targets are left of 6 different rows", len(f.w), total, len(f.x), len(f.target))
	}
}

func TestThinsRows(t *testing.T) {
	t.Parallel()
	r := request((maxRows+500)*4/3, metrics.Multiclass, 3)
	for i := range r.Train.Y { // a rare class, which stays whole
		r.Train.Y[i] = float32(i % 2)
		if i%50 == 0 {
			r.Train.Y[i] = 2
		}
	}
	f := gathered(t, r)
	if len(f.w) != maxRows || len(f.x) != 3*maxRows || len(f.target) != 3*maxRows {
		t.Fatalf("%d rows, %d values and %d targets are left", len(f.w), len(f.x), len(f.target))
	}
	rows, weight := make([]int, 3), make([]float64, 3)
	for i, w := range f.w {
		for k := range rows {
			if f.target[3*i+k]+f.base[k] > 0.5 {
				rows[k]++
				weight[k] += w
			}
		}
	}
	seen := make([]int, 3)
	for _, row := range r.Train.Rows {
		seen[int(r.Train.Y[row])]++
	}
	for k, n := range seen {
		if math.Abs(weight[k]-float64(n)) > 1e-6 {
			t.Errorf("class %d has the weight %v of %d rows", k, weight[k], n)
		}
	}
	if rows[2] != seen[2] || rows[0] >= seen[0] {
		t.Errorf("%v of %v rows are left of the classes", rows, seen)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]search.Params{
		"kernel":       {"kernel": "cosine"},
		"length_scale": {"length_scale": 0.0},
		"alpha":        {"alpha": math.NaN()},
	} {
		r := request(40, metrics.Regression, 0)
		r.Params = p
		if _, err := (Learner{}).Fit(context.Background(), r); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
