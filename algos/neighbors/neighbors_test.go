package neighbors

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	algostest.Run(t, Learner{}, algostest.Options{})
}

// request has a target that grows with the first of some numbers; the last hundred
// rows validate.
func request(rows, columns int) *algos.Request {
	rng := rand.New(rand.NewPCG(7, 8))
	f := &matrix.Frame{Rows: rows}
	y := make([]float32, rows)
	for j := range columns {
		col := make([]float32, rows)
		for i := range col {
			col[i] = float32(rng.NormFloat64())
		}
		if j == 0 {
			for i, v := range col {
				y[i] = v + 0.1*float32(rng.NormFloat64())
			}
		}
		f.Features, f.Cols = append(f.Features, matrix.Feature{Name: string(rune('a' + j))}), append(f.Cols, col)
	}
	order := make([]int32, rows)
	for i := range order {
		order[i] = int32(i)
	}
	m := matrix.New(f, matrix.FitEncoder(f, 0), 1)
	cut := max(1, rows-100)
	return &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression, Metric: metrics.Default(metrics.Regression)},
		Train:   algos.Data{M: m, Y: y, Rows: order[:cut]}, Valid: algos.Data{M: m, Y: y, Rows: order[cut:]}, Seed: 1, Threads: 2,
	}
}

// TestClustersLoseLittle: of many rows, those of the nearest clusters predict about
// as all do, with any number of threads.
func TestClustersLoseLittle(t *testing.T) {
	t.Parallel()
	r := request(clustered+2100, 4)
	r.Params = search.Params{"weights": uniform}
	predict := func(threads int) []float32 {
		r.Threads = threads
		fitted, err := Learner{}.Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		return fitted.ValidPred
	}
	got, again := predict(2), predict(1)
	d := r.Train.M.Dense()
	wrong := 0
	for i, row := range r.Valid.Rows {
		if got[i] != again[i] {
			t.Fatalf("row %d: %v with two threads, %v with one", row, got[i], again[i])
		}
		if math.Abs(float64(got[i])-slowMean(d, r.Train.Y, r.Train.Rows, row)) > 1e-5 {
			wrong++
		}
	}
	if wrong > 2 {
		t.Errorf("%d of 100 rows have other neighbours than among all", wrong)
	}
}

// slowMean is the mean target of the nearest rows.
func slowMean(d *matrix.Dense, y []float32, rows []int32, of int32) float64 {
	taken := map[int32]bool{}
	sum := 0.0
	for range defaultK {
		best, at := math.Inf(1), int32(-1)
		for _, r := range rows {
			s := 0.0
			for j, v := range d.Row(int(r), make([]float32, d.Cols)) {
				e := float64(v) - float64(d.Row(int(of), make([]float32, d.Cols))[j])
				s += e * e
			}
			if s < best && !taken[r] {
				best, at = s, r
			}
		}
		taken[at] = true
		sum += float64(y[at]) / defaultK
	}
	return sum
}

// TestRemembersSome: what is remembered of a large table is bounded.
func TestRemembersSome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rows, columns, want int }{
		{1000, 10, 1000}, {1 << 20, 10, maxRows}, {1 << 20, 1 << 12, 1 << 11}, {5, 1 << 30, 1}, {5, 0, 5},
	} {
		if got := remembered(c.rows, c.columns); got != c.want {
			t.Errorf("%d rows of %d × %d", got, c.rows, c.columns)
		}
	}
	r := request(300, 2)
	f := &fit{ctx: context.Background(), request: r, threads: 1}
	if err := f.gather(); err != nil {
		t.Fatal(err)
	}
	f.sample(50)
	if k := f.known(); len(k.Y) != 50 || len(k.X) != 100 || k.Y[3] != r.Train.Y[f.rows[3]] {
		t.Errorf("%d targets and %d values for 50 rows", len(k.Y), len(k.X))
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*algos.Request){
		"k ":      func(r *algos.Request) { r.Params = search.Params{"k": 0.0} },
		"weights": func(r *algos.Request) { r.Params = search.Params{"weights": "gauss"} },
		"metric":  func(r *algos.Request) { r.Params = search.Params{"metric": "cosine"} },
		"target":  func(r *algos.Request) { r.Train.Y[0] = float32(math.NaN()) },
	} {
		r := request(110, 1)
		change(r)
		if _, err := (Learner{}).Fit(context.Background(), r); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
