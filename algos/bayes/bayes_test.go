package bayes

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
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
	for _, kind := range []string{gaussian, multinomial, complement} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			// Of numbers that are no counts, words tell next to nothing.
			algostest.Run(t, Learner{}, algostest.Options{Params: search.Params{"kind": kind}, Blind: kind != gaussian})
		})
	}
}

// request has a number, a category and words, and no validation rows.
func request(rows, classes int) *algos.Request {
	rng := rand.New(rand.NewPCG(5, 6))
	f := &matrix.Frame{Rows: rows, Features: []matrix.Feature{{Name: "a"}, {Name: "b", Levels: 3}}, Cols: [][]float32{make([]float32, rows), make([]float32, rows)}}
	f.Sparse = &matrix.Sparse{Cols: 4, Start: []int64{0}}
	y, order := make([]float32, rows), make([]int32, rows)
	for i := range rows {
		k := rng.IntN(classes)
		y[i], order[i] = float32(k), int32(i)
		f.Cols[0][i] = float32(rng.NormFloat64() + 0.7*float64(k))
		f.Cols[1][i] = float32(min(2, rng.IntN(2+k)))
		for j := range 4 {
			if rng.IntN(3) == 0 || j == k {
				f.Sparse.Index, f.Sparse.Value = append(f.Sparse.Index, int32(j)), append(f.Sparse.Value, float32(1+rng.IntN(3)))
			}
		}
		f.Sparse.Start = append(f.Sparse.Start, int64(len(f.Sparse.Index)))
	}
	task := metrics.Multiclass
	if classes == 2 {
		task = metrics.Binary
	}
	m := matrix.New(f, matrix.FitEncoder(f, 0), 1)
	return &algos.Request{
		Problem: algos.Problem{Task: task, Classes: classes, Metric: metrics.Default(task)},
		Train:   algos.Data{M: m, Y: y, Rows: order}, Valid: algos.Data{M: m, Y: y}, Seed: 1, Threads: 2,
	}
}

// TestEvidence: what is said of a row is what the formulas of each kind give, up to
// what all classes share.
func TestEvidence(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{gaussian, multinomial, complement} {
		r := request(60, 3)
		r.Params = search.Params{"kind": kind, "alpha": 0.5, "var_smoothing": 1e-6}
		f := &fit{ctx: context.Background(), request: r, threads: 1, classes: 3}
		if err := f.prepare(); err != nil {
			t.Fatal(err)
		}
		f.count()
		p, err := predictor.NewBayes(3, f.evidence(0, 1))
		if err != nil {
			t.Fatal(err)
		}
		centre, spread := f.columns[0].centre, f.columns[0].spread
		for row := range int32(20) {
			want, got := byHand(r, kind, row, centre, spread), make([]float64, 3)
			p.Sums(r.Train.M, []int32{row}, got)
			for k := 1; k < 3; k++ {
				if a, b := got[k]-got[0], want[k]-want[0]; math.Abs(a-b) > 1e-4*(1+math.Abs(b)) {
					t.Errorf("%s, row %d: class %d has %v more than the first, want %v", kind, row, k, a, b)
				}
			}
		}
	}
}

const alpha = 0.5 // of byHand

// byHand computes the sums of a row, class by class, from the training rows.
func byHand(r *algos.Request, kind string, row int32, centre, spread float32) []float64 {
	f := r.Train.M.Frame
	x := bagOf(f, kind, row, centre, spread)
	out := make([]float64, 3)
	for k := range out {
		var z, zz, n, all, allAll, level, levelOf float64
		mine, rest := make([]float64, len(x)), make([]float64, len(x))
		mineSum, restSum := alpha*float64(len(x)), alpha*2*float64(len(x))
		for i, y := range r.Train.Y {
			v := predictor.Squash(f.Cols[0][i], centre, spread)
			all, allAll = all+v/60, allAll+v*v/60
			same := f.Cols[1][i] == f.Cols[1][row]
			if same {
				level++
			}
			to, sum := rest, &restSum
			if int(y) == k {
				n, z, zz = n+1, z+v, zz+v*v
				if same {
					levelOf++
				}
				to, sum = mine, &mineSum
			}
			for j, v := range bagOf(f, kind, int32(i), centre, spread) {
				to[j] += v
				*sum += v
			}
		}
		prior := (n + 1.0/3) / 61
		out[k] = math.Log(prior)
		for j, v := range x {
			if kind == complement {
				out[k] -= v * math.Log((rest[j]+2*alpha)/restSum)
			} else {
				out[k] += v * math.Log((mine[j]+alpha)/mineSum)
			}
		}
		if kind != gaussian {
			continue
		}
		variance := allAll - all*all
		mean := (z + alpha*all) / (n + alpha)
		own := (zz+alpha*allAll)/(n+alpha) - mean*mean + 1e-6*variance
		d := predictor.Squash(f.Cols[0][row], centre, spread) - mean
		out[k] += math.Log((levelOf+alpha*prior)/(level+alpha)/prior) - 0.5*math.Log(own) - d*d/(2*own)
		out[k] += math.Log((n + alpha*prior) / (60 + alpha) / prior) // the number is there
	}
	return out
}

// bagOf are the words of a row: of the text, then unless the kind is gaussian the
// number's share and the levels with the one for others.
func bagOf(f *matrix.Frame, kind string, row int32, centre, spread float32) []float64 {
	x := make([]float64, 4)
	for e := f.Sparse.Start[row]; e < f.Sparse.Start[row+1]; e++ {
		x[f.Sparse.Index[e]] = float64(f.Sparse.Value[e])
	}
	if kind == gaussian {
		return x
	}
	levels := make([]float64, 4)
	levels[int(f.Cols[1][row])] = 1
	return append(append(x, predictor.Share(f.Cols[0][row], centre, spread)), levels...)
}

// TestTellsTheSameTwice: copies of a feature make nothing surer.
func TestTellsTheSameTwice(t *testing.T) {
	t.Parallel()
	loss := func(copies int) float64 {
		r := request(2000, 2)
		f := *r.Train.M.Frame
		f.Features, f.Cols, f.Sparse = nil, nil, nil
		for range copies {
			f.Features, f.Cols = append(f.Features, matrix.Feature{Name: "a"}), append(f.Cols, r.Train.M.Frame.Cols[0])
		}
		r.Train.M = matrix.New(&f, matrix.FitEncoder(&f, 0), 1)
		fitted, err := Learner{}.Fit(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, p := range algos.Predict(fitted.Predictor, r.Train.M, r.Train.Rows, 1) {
			if r.Train.Y[i] == 0 {
				p = 1 - p
			}
			sum -= math.Log(float64(p)) / 2000
		}
		return sum
	}
	if one, many := loss(1), loss(20); math.Abs(one-many) > 1e-3 {
		t.Errorf("log loss %v with a feature, %v with twenty copies", one, many)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*algos.Request){
		"kind":          func(r *algos.Request) { r.Params = search.Params{"kind": "bernoulli"} },
		"alpha":         func(r *algos.Request) { r.Params = search.Params{"alpha": 0.0} },
		"var_smoothing": func(r *algos.Request) { r.Params = search.Params{"var_smoothing": math.Inf(1)} },
		"class":         func(r *algos.Request) { r.Train.Y[3] = 2 },
		"weight":        func(r *algos.Request) { r.Train.W = []float32{1, -1, 1, 1, 1, 1, 1, 1, 1, 1} },
	} {
		r := request(10, 2)
		change(r)
		if _, err := (Learner{}).Fit(context.Background(), r); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
