package algos_test

import (
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
)

func TestEachCallsAllOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 7, 1000} {
		for _, threads := range []int{-1, 0, 1, 2, 64} {
			calls := make([]int, n) // not atomic: the race detector watches
			algos.Each(n, threads, func(i int) { calls[i]++ })
			for i, k := range calls {
				if k != 1 {
					t.Errorf("%d calls on %d threads: %d was made %d times", n, threads, i, k)
				}
			}
		}
	}
}
