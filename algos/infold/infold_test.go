package infold

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/bayes"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/algos/linear"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/algos/prepared"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// request has a category of many levels that is encoded, one that is not, numbers and
// text. The target depends on the encoded category by effect, and on the first number.
func request(rows int, task metrics.Task, classes int, by matrix.By, effect float64, seed uint64) *algos.Request {
	rng := rand.New(rand.NewPCG(seed, 3))
	many := rows / 6
	f := &matrix.Frame{Rows: rows, Features: []matrix.Feature{
		{Name: "x", Sources: []string{"x"}},
		{Name: "c.target", Sources: []string{"c"}, Levels: many, Encoding: &matrix.Encoding{By: by, Smooth: 1}},
		{Name: "d", Sources: []string{"d"}, Levels: 5},
		{Name: "z", Sources: []string{"z"}},
	}, Sparse: &matrix.Sparse{Cols: 4, Start: []int64{0}}}
	of, y := make([]float64, many), make([]float32, rows)
	for k := range of {
		of[k] = rng.NormFloat64()
	}
	for range f.Features {
		f.Cols = append(f.Cols, make([]float32, rows))
	}
	for i := range rows {
		c := rng.IntN(many)
		x, noise := rng.NormFloat64(), rng.NormFloat64()
		for j, v := range []float64{x, float64(c), float64(rng.IntN(5)), rng.NormFloat64()} {
			if f.Cols[j][i] = float32(v); rng.IntN(20) == 0 {
				f.Cols[j][i] = float32(math.NaN())
			}
		}
		v := effect*(of[c]+x) + noise
		if y[i] = float32(v); task != metrics.Regression {
			y[i] = float32(min(classes-1, max(0, int(math.Floor(v+float64(classes)/2)))))
		}
		f.Sparse.Index, f.Sparse.Value = append(f.Sparse.Index, int32(i%4)), append(f.Sparse.Value, 1)
		f.Sparse.Start = append(f.Sparse.Start, int64(i+1))
	}
	m := matrix.New(f, matrix.FitEncoder(f, 0), 1)
	r := &algos.Request{Problem: algos.Problem{Task: task, Classes: classes, Metric: metrics.Default(task)}, Seed: seed, Threads: 1}
	r.Train, r.Valid = algos.Data{M: m, Y: y}, algos.Data{M: m, Y: y}
	for i := range int32(rows) {
		if i%4 == 0 {
			r.Valid.Rows = append(r.Valid.Rows, i)
		} else {
			r.Train.Rows = append(r.Train.Rows, i)
		}
	}
	return r
}

var short = search.Params{"rounds": 30., "learning_rate": 0.2, "num_leaves": 8.}

// loss is the root mean square on the validation rows.
func loss(t *testing.T, r *algos.Request, s *shaped) float64 {
	t.Helper()
	q := s.request
	q.Params, q.Valid = short, algos.Data{}
	f, err := gbdt.New().Fit(context.Background(), &q)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.predictor(f.Predictor)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, v := range algos.Predict(p, r.Train.M, r.Valid.Rows, 1) {
		d := float64(v - r.Train.Y[r.Valid.Rows[i]])
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(r.Valid.Rows)))
}

// TestShuffledTargetIsChance: where the target has nothing to do with any column, the
// score on validation rows is that of chance. If the encoding is fitted outside the fold,
// on all rows, the same check finds a score that is better than chance can be.
func TestShuffledTargetIsChance(t *testing.T) {
	t.Parallel()
	for _, by := range []matrix.By{matrix.ByFolds, matrix.ByOthers, matrix.ByEarlier} {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel()
			r := request(4000, metrics.Regression, 0, by, 0, 5)
			right, err := newShaped(r, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			chance := 0.0
			for _, i := range r.Valid.Rows {
				chance += float64(r.Train.Y[i] * r.Train.Y[i])
			}
			chance = math.Sqrt(chance / float64(len(r.Valid.Rows)))
			if got := loss(t, r, right); got < 0.97*chance || by != matrix.ByOthers && got > 1.06*chance {
				t.Errorf("the loss is %v, by chance %v", got, chance)
			}
			all := *r
			all.Train.Rows = append(slices.Clone(r.Train.Rows), r.Valid.Rows...)
			wrong, err := newShaped(&all, 0, nil)
			if err != nil {
				t.Fatal(err)
			}
			for j, s := range wrong.sources { // what no guard gives: each row the mean with its own target
				if s.Table >= 0 {
					col := wrong.request.Train.M.Frame.Cols[j]
					for i := range col {
						col[i] = wholeOf(wrong, r, i)
					}
				}
			}
			wrong.request.Train.Rows = r.Train.Rows
			if got := loss(t, r, wrong); got > 0.95*chance {
				t.Errorf("without the guard the loss is %v, by chance %v: the check cannot tell", got, chance)
			}
		})
	}
}

// wholeOf is the table's number for a row.
func wholeOf(s *shaped, r *algos.Request, i int) float32 {
	l := &s.lookups[0]
	code := r.Train.M.Frame.Cols[l.Features[0]][i]
	if code != code {
		code = float32(l.Levels[0])
	}
	if at, ok := slices.BinarySearch(l.Keys, uint64(code)); ok {
		return l.Values[at]
	}
	return l.Default[0]
}

// TestEncodingHelps: where it says something, it is learned from.
func TestEncodingHelps(t *testing.T) {
	t.Parallel()
	r := request(4000, metrics.Regression, 0, matrix.ByFolds, 1, 6)
	with, err := newShaped(r, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := loss(t, r, with); got > 1.4 { // without it is about the root of 2, and more
		t.Errorf("loss %v", got)
	}
}

// TestPredictors: what learners make of what they see predicts the same from the frame,
// in one row, after its binary form, and whatever the number of threads.
func TestPredictors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		task    metrics.Task
		classes int
	}{{metrics.Regression, 0}, {metrics.Binary, 2}, {metrics.Multiclass, 3}} {
		for _, l := range []algos.Learner{gbdt.New(), linear.Learner{}, bayes.Learner{}, prepared.New()} {
			if !algos.Learns(l, c.task) {
				continue
			}
			for _, most := range []int{0, 2} {
				t.Run(fmt.Sprint(c.task, l.Name(), most), func(t *testing.T) {
					t.Parallel()
					r := request(400, c.task, c.classes, matrix.ByFolds, 1, 8)
					r.Params = search.Params{}
					if strings.HasPrefix(l.Name(), "gbdt") {
						r.Params = search.Params{"rounds": 8.}
					}
					checkPredictor(t, l, r, most)
				})
			}
		}
	}
}

func checkPredictor(t *testing.T, l algos.Learner, r *algos.Request, most int) {
	t.Helper()
	fitted, err := Fit(context.Background(), l, r, most, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]int32, r.Train.M.Frame.Rows)
	for i := range rows {
		rows[i] = int32(i)
	}
	want := algos.Predict(fitted.Predictor, r.Train.M, rows, 2)
	f, p := r.Train.M.Frame, fitted.Predictor
	bytes := p.Append(nil)
	again, err := predictor.Decode(p.Kind(), bytes, predictor.Inputs{Raw: len(f.Features), Dense: r.Train.M.Encoder.Cols()})
	if err != nil {
		t.Fatal(err)
	}
	if got := algos.Predict(again, r.Train.M, rows, 1); !slices.Equal(got, want) {
		t.Error("other predictions after a round trip")
	}
	out := make([]float32, p.Width())
	for i := range rows[:50] {
		row := &predictor.Row{Sparse: f.Sparse.Pick(rows[i : i+1])}
		for _, col := range f.Cols {
			row.Features = append(row.Features, float64(col[i]))
		}
		if again.(predictor.RowPredictor).PredictOne(row, out); !slices.Equal(out, want[i*len(out):(i+1)*len(out)]) {
			t.Fatalf("row %d alone is %v, else %v", i, out, want[i*len(out):(i+1)*len(out)])
		}
	}
	for n := 0; n < len(bytes); n += 1 + len(bytes)/50 {
		if _, err := predictor.Decode(p.Kind(), bytes[:n], predictor.Inputs{Raw: len(f.Features)}); err == nil {
			t.Errorf("cut after %d of %d bytes it is accepted", n, len(bytes))
		}
	}
	if _, err := predictor.Decode(p.Kind(), bytes, predictor.Inputs{Raw: 1}); err == nil {
		t.Error("it is accepted for a frame of one feature")
	}
	r.Threads = 3
	other, err := Fit(context.Background(), l, r, most, nil)
	if err != nil || !slices.Equal(other.Predictor.Append(nil), bytes) {
		t.Errorf("other bits with other threads (%v)", err)
	}
}

// TestChoiceFindsWhatTells: of many columns, those stay that have to do with the target,
// along a line, in a curve, or as a category.
func TestChoiceFindsWhatTells(t *testing.T) {
	t.Parallel()
	for _, task := range []metrics.Task{metrics.Regression, metrics.Binary} {
		const rows, columns = 600, 400
		rng := rand.New(rand.NewPCG(2, 2))
		f := &matrix.Frame{Rows: rows}
		for j := range columns {
			ft, col := matrix.Feature{Name: fmt.Sprint(j)}, make([]float32, rows)
			if j%3 == 0 {
				ft.Levels = 8
			}
			for i := range col {
				if col[i] = float32(rng.NormFloat64()); ft.Levels > 0 {
					col[i] = float32(rng.IntN(9)) - 1
				}
			}
			f.Features, f.Cols = append(f.Features, ft), append(f.Cols, col)
		}
		y := make([]float32, rows)
		for i := range y {
			curve := float64(f.Cols[200][i])
			y[i] = 0.5*f.Cols[100][i] + float32(0.5*curve*curve-0.5) + float32(rng.NormFloat64())
			if f.Cols[300][i] == 3 {
				y[i] += 2
			}
			if task == metrics.Binary {
				y[i] = float32(min(1, max(0, math.Ceil(float64(y[i])))))
			}
		}
		m := matrix.New(f, matrix.FitEncoder(f, 0), 1)
		r := &algos.Request{Problem: algos.Problem{Task: task, Classes: 2, Metric: metrics.Default(task)}, Threads: 2}
		r.Train = algos.Data{M: m, Y: y}
		for i := range int32(rows) {
			r.Train.Rows = append(r.Train.Rows, i)
		}
		s, err := newShaped(r, 12, nil)
		if err != nil {
			t.Fatal(err)
		}
		var at []int
		for _, src := range s.sources {
			at = append(at, int(src.At))
		}
		if len(at) != 12 || !slices.Contains(at, 100) || !slices.Contains(at, 200) || !slices.Contains(at, 300) {
			t.Errorf("%s: chosen %v", task, at)
		}
	}
}

// TestSelectIsAParameter: a fit is given as many features as its parameters ask for, or
// fewer if the job has fewer; what was remembered of a fold changes nothing; and an
// estimate is that of the features there are.
func TestSelectIsAParameter(t *testing.T) {
	t.Parallel()
	var ranks Ranks
	fit := func(most, asked int, r *algos.Request, remembered *Ranks) []byte {
		t.Helper()
		r.Params = search.Params{"rounds": 5., Select: float64(asked)}
		f, err := Fit(context.Background(), gbdt.New(), r, most, remembered)
		if err != nil {
			t.Fatal(err)
		}
		return f.Predictor.Append(nil)
	}
	fresh := func() *algos.Request { return request(400, metrics.Binary, 2, matrix.ByFolds, 1, 8) }
	one := fit(1, 0, fresh(), nil)
	for name, got := range map[string][]byte{
		"asked": fit(0, 1, fresh(), &ranks), "remembered": fit(0, 1, fresh(), &ranks),
		"fewer in the job": fit(1, 2, fresh(), &ranks), "fewer asked": fit(2, 1, fresh(), &ranks),
	} {
		if !slices.Equal(got, one) {
			t.Errorf("%s: another model", name)
		}
	}
	if all := fit(0, 0, fresh(), &ranks); slices.Equal(all, one) || !slices.Equal(all, fit(0, 3, fresh(), &ranks)) {
		t.Error("all features are not those of the frame")
	}
	part := fresh()
	part.Train.Rows = part.Train.Rows[:100]
	if got := fit(0, 1, part, &ranks); slices.Equal(got, one) || len(ranks.of) != 2 {
		t.Errorf("other rows: the same model, %d sets of rows are remembered", len(ranks.of))
	}

	shape := algos.Shape{Rows: 1000, Features: 5000, DenseCols: 5000, Task: metrics.Binary, Classes: 2}
	few, all := Estimate(gbdt.New(), shape, search.Params{Select: 100.}), Estimate(gbdt.New(), shape, nil)
	if few.Seconds >= all.Seconds/3 || few.Bytes >= all.Bytes || all != gbdt.New().Estimate(shape, nil) {
		t.Errorf("100 of 5,000 features take %+v, all of them %+v", few, all)
	}
}

// TestRefusals: what cannot be done is an error that says why.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(r *algos.Request){
		"cannot go on from a model":  func(r *algos.Request) { r.Init = &predictor.Trees{} },
		"validation rows of another": func(r *algos.Request) { r.Valid.M = matrix.New(r.Train.M.Frame, nil, 1) },
		"smooth -1":                  func(r *algos.Request) { r.Train.M.Frame.Features[1].Encoding.Smooth = -1 },
		`"none": use folds`:          func(r *algos.Request) { r.Train.M.Frame.Features[1].Encoding.By = "none" },
		"no training row has weight": func(r *algos.Request) { r.Train.Rows = nil },
	} {
		r := request(200, metrics.Binary, 2, matrix.ByFolds, 1, 1)
		change(r)
		if _, err := Fit(context.Background(), gbdt.New(), r, 0, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
