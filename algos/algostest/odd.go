package algostest

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// odd: small, empty and extreme data give valid models.
func (s *suite) odd(t *testing.T) {
	sets := map[string]*set{
		"one column": columns(2, 4, []float32{0, 1, 0, 1, 0, 1}, []float32{1, 5, 2, 6, 1, 7}),
		"no valid rows": columns(0, 4, []float32{1, 2, 3, 4},
			[]float32{1, 2, 3, 4}),
		"all missing": columns(2, 4, []float32{0, 1, 0, 1, 0}, []float32{nan, nan, nan, nan, nan}),
		"missing only when predicting": columns(0, 5, []float32{1, 2, 3, 4, 5, 6},
			[]float32{1, 2, 3, 4, 5, nan}, []float32{2, 1, 2, 1, 2, nan}),
		"constant column": columns(3, 6, []float32{0, 1, 2, 0, 1, 2, 0}, []float32{4, 4, 4, 4, 4, 4, 4}),
		"large numbers": columns(0, 5, []float32{1e6, -1e6, 1e5, 3, 4, 5},
			[]float32{1e35, -1e35, 1e38, 0, 1e-38, 7}, []float32{math.MaxFloat32, -math.MaxFloat32, 0, 1, 2, 3}),
		"no columns":   columns(2, 4, []float32{0, 1, 0, 1, 0}),
		"many levels":  manyLevels(2),
		"many levels3": manyLevels(3),
	}
	for _, classes := range []int{0, 2, 3} {
		sets[fmt.Sprintf("one row of %d", classes)] = columns(classes, 1, []float32{1, 0}, []float32{3, 4})
		sets[fmt.Sprintf("constant target of %d", classes)] = columns(classes, 40, ones(50), count(50))
	}
	t.Run("large targets", func(t *testing.T) {
		t.Parallel()
		if !s.learnable(0) {
			s.refusesNumbers(t)
			return
		}
		d := columns(0, 5, []float32{1e30, -1e30, math.MaxFloat32, 3, 4, 5}, []float32{1, 2, 3, 4, 5, 6})
		if f, err := s.l.Fit(context.Background(), d.request(s.params(nil))); err == nil { // or it says that it cannot
			s.check(t, f, d, d.valid)
		}
	})
	for name, d := range sets {
		if !s.learnable(d.problem.Classes) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := s.fit(t, d.request(s.params(nil)))
			pred := s.check(t, f, d, append(append([]int32(nil), d.train...), d.valid...))
			if d.problem.Task == metrics.Regression && allOnes(d.y) {
				for _, v := range pred {
					if math.Abs(float64(v)-1) > 1e-4 {
						t.Fatalf("a constant target of 1 is predicted as %v", v)
					}
				}
			}
		})
	}
}

// refusesNumbers: a learner that is not for numbers says so.
func (s *suite) refusesNumbers(t *testing.T) {
	d := columns(0, 4, []float32{1, 2, 3, 4}, []float32{1, 2, 3, 4})
	if f, err := s.l.Fit(context.Background(), d.request(s.params(nil))); err == nil {
		t.Errorf("numbers were fitted in %d steps", f.Steps)
	}
}

func ones(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = 1
	}
	return v
}

func count(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(i)
	}
	return v
}

func allOnes(y []float32) bool {
	for _, v := range y {
		if v != 1 {
			return false
		}
	}
	return true
}

// manyLevels has a category of more levels than there are bins, most of them
// rare, that decides the class.
func manyLevels(classes int) *set {
	const n, levels = 900, 700
	f := &matrix.Frame{Rows: n, Features: []matrix.Feature{{Name: "id", Sources: []string{"id"}, Levels: levels}}}
	col, y := make([]float32, n), make([]float32, n)
	for i := range n {
		level := i % levels
		if i >= levels {
			level = i % 20
		}
		col[i], y[i] = float32(level), float32(level%classes)
		if i%50 == 7 {
			col[i] = nan
		}
	}
	f.Cols = [][]float32{col}
	return newSet(f, y, classes, 800)
}
