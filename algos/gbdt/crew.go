package gbdt

import (
	"sync"
	"sync/atomic"
)

// crew shares work out to the goroutines of a fit.
type crew int

// run calls work(i, worker) for all i below n; worker is below the crew's size
// and no two calls at the same time have the same one. It returns when all is
// done. The order of the calls is open, so their results must not depend on it.
func (c crew) run(n int, work func(i, worker int)) {
	workers := min(int(c), n)
	if workers <= 1 {
		for i := range n {
			work(i, 0)
		}
		return
	}
	var next atomic.Int64
	loop := func(worker int) {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			work(i, worker)
		}
	}
	var wg sync.WaitGroup
	for w := 1; w < workers; w++ {
		wg.Go(func() { loop(w) })
	}
	loop(0)
	wg.Wait()
}

// block is the number of rows that floats are reduced over, and the smallest
// piece that is worth a goroutine.
const block = 8192

// blocks cuts n rows into stretches that do not depend on the crew's size.
func (c crew) blocks(n int, work func(lo, hi, block int)) {
	count := (n + block - 1) / block
	if count <= 1 {
		work(0, n, 0)
		return
	}
	c.run(count, func(i, _ int) { work(i*block, min((i+1)*block, n), i) })
}
