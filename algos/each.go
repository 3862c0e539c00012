package algos

import (
	"sync"
	"sync/atomic"
)

// Each calls do(0…n-1) on up to threads goroutines, which end before it returns.
// The order of the calls is open, so their results must not depend on it.
func Each(n, threads int, do func(i int)) {
	threads = min(threads, n)
	if threads <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}
