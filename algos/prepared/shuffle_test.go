package prepared

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// noise has two categories of many levels and a number, and a target that has
// nothing to do with them: what is left of any table when its target is shuffled.
func noise(rows int, task metrics.Task, classes int, seed uint64) *algos.Request {
	rng := rand.New(rand.NewPCG(seed, 3))
	f := &matrix.Frame{Rows: rows}
	for _, ft := range []matrix.Feature{{Name: "a", Levels: rows / 4}, {Name: "b", Levels: 40}, {Name: "x"}} {
		ft.Sources = []string{ft.Name}
		col := make([]float32, rows)
		for i := range col {
			if col[i] = float32(rng.NormFloat64()); ft.Levels > 0 {
				col[i] = float32(rng.IntN(ft.Levels))
			}
		}
		f.Features, f.Cols = append(f.Features, ft), append(f.Cols, col)
	}
	y := make([]float32, rows)
	for i := range y {
		if y[i] = float32(rng.NormFloat64()); task != metrics.Regression {
			y[i] = float32(i % classes)
		}
	}
	rng.Shuffle(rows, func(i, j int) { y[i], y[j] = y[j], y[i] })
	r := &algos.Request{Problem: algos.Problem{Task: task, Classes: classes, Metric: metrics.Default(task)}, Seed: seed, Threads: 2}
	r.Train = algos.Data{M: matrix.New(f, nil, 1), Y: y}
	r.Valid = algos.Data{M: r.Train.M, Y: y}
	for i := range int32(rows) {
		if i%4 == 0 {
			r.Valid.Rows = append(r.Valid.Rows, i)
		} else {
			r.Train.Rows = append(r.Train.Rows, i)
		}
	}
	return r
}

// explains is the share of the variance of each row's target (that of class 1 for
// classes) that a column explains, by a straight line.
func explains(col, y []float32, rows []int32, task metrics.Task) float64 {
	var n, sx, sy, sxx, sxy, syy float64
	for _, r := range rows {
		v := float64(y[r])
		if task != metrics.Regression {
			v = 0
			if y[r] == 1 {
				v = 1
			}
		}
		x := float64(col[r])
		n, sx, sy = n+1, sx+x, sy+v
		sxx, sxy, syy = sxx+x*x, sxy+x*v, syy+v*v
	}
	cov, vx, vy := sxy-sx*sy/n, sxx-sx*sx/n, syy-sy*sy/n
	if vx <= 0 || vy <= 0 {
		return 0
	}
	return cov * cov / (vx * vy)
}

// leaks says whether the encodings of training rows know more of their targets
// than chance allows: what a correct encoding explains of shuffled targets is
// about 1/rows, and more than 12/rows in one of some 2,000 draws.
func leaks(values []float32, r *algos.Request) bool {
	return explains(values, r.Train.Y, r.Train.Rows, r.Problem.Task) > 12/float64(len(r.Train.Rows))
}

// TestShuffledTargetsAreNotEncoded: where targets are shuffled, an encoding says
// nothing of them, neither on training rows nor on validation rows. The same check
// catches an encoding of training rows that was fitted on these rows themselves.
func TestShuffledTargetsAreNotEncoded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		task    metrics.Task
		classes int
	}{{metrics.Regression, 0}, {metrics.Binary, 2}, {metrics.Multiclass, 3}} {
		t.Run(string(c.task), func(t *testing.T) {
			t.Parallel()
			r := noise(4000, c.task, c.classes, 11)
			b := newBuilder(r, &settings{smooth: 1})
			class := max(0, slices.Index(b.target.Classes, 1))
			for _, of := range [][]int32{{0}, {1}, {0, 1}} {
				made := b.build([]*expr{{kind: encoded, of: of, class: class}})
				if leaks(made.values[0], r) {
					t.Errorf("the encoding of %s knows the targets of training rows", made.features[0].Name)
				}
				if e := explains(made.values[0], r.Train.Y, r.Valid.Rows, c.task); e > 12/float64(len(r.Valid.Rows)) {
					t.Errorf("the encoding of %s explains %v of the targets of validation rows", made.features[0].Name, e)
				}
				if wrong := inFold(b, of, class); !leaks(wrong, r) {
					t.Errorf("the check does not catch an encoding of %v that was fitted on its own rows", of)
				}
			}
		})
	}
}

// inFold is the wrong encoding: training rows get what predictions get.
func inFold(b *builder, of []int32, class int) []float32 {
	train := b.request.Train.Rows
	g := b.newGrouping(of)
	at := g.At(train)
	e := b.target.Encode(class, at, len(g.Keys), b.smooth, matrix.ByFolds)
	out := make([]float32, b.frame.Rows)
	for i, r := range train {
		out[r] = float32(e.Whole[at[i]])
	}
	return out
}

// TestShuffledTargetsScoreAtChance: trees on an encoding of shuffled targets are
// about as good on validation rows as the training mean; on one that was fitted on
// the rows themselves they are fooled.
func TestShuffledTargetsScoreAtChance(t *testing.T) {
	t.Parallel()
	r := noise(4000, metrics.Regression, 0, 5)
	b := newBuilder(r, &settings{smooth: 1})
	made := b.build([]*expr{{kind: encoded, of: []int32{0}}})
	wrong := slices.Clone(made.values[0])
	own := inFold(b, []int32{0}, 0)
	for _, row := range r.Train.Rows {
		wrong[row] = own[row]
	}
	loss := func(col []float32) float64 {
		q := *r
		q.Params = search.Params{"rounds": 40., "learning_rate": 0.2, "num_leaves": 8.}
		q.Train.M = matrix.New(&matrix.Frame{Rows: len(col), Features: made.features, Cols: [][]float32{col}}, nil, 1)
		q.Valid = algos.Data{}
		f, err := gbdt.New().Fit(context.Background(), &q)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, v := range algos.Predict(f.Predictor, q.Train.M, r.Valid.Rows, 1) {
			d := float64(v - r.Train.Y[r.Valid.Rows[i]])
			sum += d * d
		}
		return math.Sqrt(sum / float64(len(r.Valid.Rows)))
	}
	chance, right, fooled := loss(make([]float32, len(wrong))), loss(made.values[0]), loss(wrong)
	if right > 1.02*chance {
		t.Errorf("with the encoding the loss is %v, by chance %v", right, chance)
	}
	if fooled < 1.08*chance {
		t.Errorf("with an encoding of its own rows the loss is %v, by chance %v: this data cannot tell", fooled, chance)
	}
}
