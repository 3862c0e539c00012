package algostest

import (
	"math"
	"math/rand/v2"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

const (
	trainRows = 240
	validRows = 80
	words     = 20
	levels    = 6
)

var nan = float32(math.NaN())

// set is a made-up problem: all rows in one frame, training rows first.
type set struct {
	problem algos.Problem
	m       *matrix.Matrix
	y       []float32
	train   []int32
	valid   []int32
}

// makeSet draws numbers (some missing), a category and words, and a target that
// depends on them. classes is 0 for regression.
func makeSet(classes int, seed uint64) *set {
	rng := rand.New(rand.NewPCG(seed, 17))
	n := trainRows + validRows
	f := &matrix.Frame{Rows: n, Sparse: &matrix.Sparse{Cols: words, Start: []int64{0}}}
	for _, name := range []string{"a", "b", "c", "noise"} {
		f.Features = append(f.Features, matrix.Feature{Name: name, Sources: []string{name}})
		f.Cols = append(f.Cols, make([]float32, n))
	}
	f.Features = append(f.Features, matrix.Feature{Name: "level", Sources: []string{"level"}, Levels: levels})
	f.Cols = append(f.Cols, make([]float32, n))
	y := make([]float32, n)
	for i := range n {
		for j := range 4 {
			f.Cols[j][i] = float32(rng.NormFloat64())
		}
		level := rng.IntN(levels)
		f.Cols[4][i] = float32(level)
		value := 2*float64(f.Cols[0][i]) + float64(f.Cols[1][i]) + 0.5*float64(level) + 0.3*rng.NormFloat64()
		for word := range words {
			if rng.IntN(10) == 0 {
				f.Sparse.Index = append(f.Sparse.Index, int32(word))
				f.Sparse.Value = append(f.Sparse.Value, 0.5)
				value += 0.3 * float64(word%3)
			}
		}
		f.Sparse.Start = append(f.Sparse.Start, int64(len(f.Sparse.Index)))
		y[i] = target(value, classes, i)
		for j := range f.Cols {
			if j != 1 && rng.IntN(12) == 0 {
				f.Cols[j][i] = nan
			}
		}
	}
	return newSet(f, y, classes, trainRows)
}

// target cuts a value (mean about 1.7, deviation about 2.5) into classes; the
// first rows have one class each.
func target(value float64, classes, row int) float32 {
	if classes == 0 {
		return float32(100 + 10*value)
	}
	if row < classes {
		return float32(row)
	}
	share := 1 / (1 + math.Exp(-(value-1.7)/1.4))
	return float32(min(classes-1, int(share*float64(classes))))
}

func taskOf(classes int) metrics.Task {
	switch classes {
	case 0:
		return metrics.Regression
	case 2:
		return metrics.Binary
	}
	return metrics.Multiclass
}

func newSet(f *matrix.Frame, y []float32, classes, train int) *set {
	task := taskOf(classes)
	s := &set{y: y, m: matrix.New(f, matrix.FitEncoder(f, 0), 1)}
	s.problem = algos.Problem{Task: task, Classes: classes, Metric: metrics.Default(task)}
	for i := range f.Rows {
		if i < train {
			s.train = append(s.train, int32(i))
		} else {
			s.valid = append(s.valid, int32(i))
		}
	}
	return s
}

func (s *set) request(p search.Params) *algos.Request {
	return &algos.Request{
		Problem: s.problem,
		Train:   algos.Data{M: s.m, Y: s.y, Rows: s.train},
		Valid:   algos.Data{M: s.m, Y: s.y, Rows: s.valid},
		Params:  p, Seed: 7, Threads: 1,
	}
}

// columns makes a set of numeric columns without sparse block.
func columns(classes, train int, y []float32, cols ...[]float32) *set {
	f := &matrix.Frame{Rows: len(y), Cols: cols}
	for j := range cols {
		name := string(rune('a' + j))
		f.Features = append(f.Features, matrix.Feature{Name: name, Sources: []string{name}})
	}
	return newSet(f, y, classes, train)
}

// shape is the set's as a learner's space sees it.
func (s *set) shape() algos.Shape {
	sh := algos.Shape{
		Rows: len(s.train), Features: len(s.m.Frame.Features), DenseCols: s.m.Encoder.Cols(),
		Filled: s.m.Frame.Filled(), Task: s.problem.Task, Classes: s.problem.Classes,
	}
	if s.m.Frame.Sparse != nil {
		sh.SparseNNZ = len(s.m.Frame.Sparse.Index)
	}
	for _, f := range s.m.Frame.Features {
		if f.Levels > 0 {
			sh.Categorical++
		}
	}
	return sh
}
