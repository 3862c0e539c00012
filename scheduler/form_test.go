package scheduler

import (
	"slices"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl/ensemble"
	"github.com/seed-09a2cce4/automl/trials"
)

func TestKeep(t *testing.T) {
	us := func(n int64, bytes int64) ensemble.Cost {
		return ensemble.Cost{Bytes: bytes, PerRow: time.Duration(n) * time.Microsecond}
	}
	for _, c := range []struct {
		name    string
		weights []float64
		costs   []ensemble.Cost
		limits  ensemble.Cost
		want    []int
	}{
		{"no limit", []float64{0.5, 0.5}, []ensemble.Cost{us(9, 9), us(1, 1)}, ensemble.Cost{}, []int{5, 5}},
		{"room for all", []float64{0.5, 0.5}, []ensemble.Cost{us(9, 9), us(1, 1)}, us(50, 50), []int{5, 5}},
		{"one each whatever it costs", []float64{0.5, 0.5}, []ensemble.Cost{us(90, 9), us(80, 1)}, us(50, 50), []int{1, 1}},
		{"the heavy one first", []float64{0.8, 0.2}, []ensemble.Cost{us(10, 1), us(10, 1)}, us(50, 0), []int{4, 1}},
		{"the cheap one first", []float64{0.5, 0.5}, []ensemble.Cost{us(20, 1), us(1, 1)}, us(30, 0), []int{1, 5}},
		{"bytes count alike", []float64{0.5, 0.5}, []ensemble.Cost{us(1, 20), us(1, 1)}, us(0, 30), []int{1, 5}},
	} {
		members := make([]Member, len(c.weights))
		for k, w := range c.weights {
			members[k] = Member{Weight: w, Models: make([]trials.Model, 5)}
		}
		keep(members, c.costs, c.limits)
		for k, m := range members {
			if len(m.Kept) != c.want[k] {
				t.Errorf("%s: member %d keeps %v, want %d", c.name, k, m.Kept, c.want[k])
			}
		}
	}
}

func TestKeptFolds(t *testing.T) {
	for of := 1; of <= 10; of++ {
		for n := 1; n <= of; n++ {
			for k := range 12 {
				got := folds(n, of, k)
				if len(slices.Compact(slices.Clone(got))) != n || got[0] < 0 || got[n-1] >= of {
					t.Fatalf("%d of %d for member %d: %v", n, of, k, got)
				}
			}
		}
	}
	if a, b := folds(2, 5, 0), folds(2, 5, 1); slices.Equal(a, b) {
		t.Errorf("neighbours keep the same folds: %v", a)
	}
}
