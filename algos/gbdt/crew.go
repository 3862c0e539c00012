package gbdt

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// crew shares work out to the goroutines of a fit. A tree of hundreds of leaves
// has a thousand stretches of work of some ten microseconds: starting goroutines for
// each, or waking them, would take as long. So the crew's goroutines stay, and look
// for the next stretch for a while before they sleep. The zero value works alone.
type crew struct{ *team }

// team is what the goroutines of a crew share.
type team struct {
	size int
	n    int
	work func(i, worker int)
	next atomic.Int64 // the call that is given out next

	// gate says whether work is open (openBit), to how many it was given so far
	// (from countOne on, to tell one stretch from the next) and how many beside the
	// caller are at it (the low bits).
	gate     atomic.Uint64
	sleepers atomic.Int64 // in sleep, less the tokens on their way to them
	wake     chan struct{}
	rest     chan struct{} // the last one out tells a caller that waits
	fired    atomic.Bool
	done     sync.WaitGroup
}

const (
	openBit  = 1 << 16
	waitBit  = 1 << 17
	countOne = 1 << 18
	atWork   = openBit - 1
)

// looks is how often an idle goroutine looks for work before it sleeps: some
// fifty microseconds. Between bursts of looksAtOnce it lets others run.
const (
	looks       = 60000
	looksAtOnce = 1000
)

// alone is the crew of the calling goroutine.
var alone = crew{}

// hire makes a crew of a number of goroutines, the caller being one of them. It
// has to be dismissed.
func hire(threads int) crew {
	if threads <= 1 {
		return alone
	}
	t := &team{size: min(threads, atWork), wake: make(chan struct{}, threads), rest: make(chan struct{}, 1)}
	for w := 1; w < t.size; w++ {
		t.done.Go(func() { t.serve(w) })
	}
	return crew{t}
}

// dismiss ends the goroutines and waits for them.
func (c crew) dismiss() {
	if c.team == nil {
		return
	}
	c.fired.Store(true)
	c.rouse()
	c.done.Wait()
}

// members is the number of goroutines, the caller included.
func (c crew) members() int {
	if c.team == nil {
		return 1
	}
	return c.size
}

// run calls work(i, worker) for all i below n; worker is below the number of
// members and no two calls at the same time have the same one. It returns when all is
// done. The order of the calls is open, so their results must not depend on it.
// work must not call run, and there is one caller at a time.
func (c crew) run(n int, work func(i, worker int)) {
	if c.team == nil || n <= 1 {
		for i := range n {
			work(i, 0)
		}
		return
	}
	t := c.team
	t.n, t.work = n, work
	t.next.Store(0)
	t.gate.Store((t.gate.Load()/countOne+1)*countOne | openBit)
	t.rouse()
	t.take(0)
	t.close()
}

// take works as long as there is some work left.
func (t *team) take(worker int) {
	for i := int(t.next.Add(1)) - 1; i < t.n; i = int(t.next.Add(1)) - 1 {
		t.work(i, worker)
	}
}

// close lets nobody begin any more and waits for those who have.
func (t *team) close() {
	t.gate.And(^uint64(openBit))
	for look := range looks {
		if t.gate.Load()&atWork == 0 {
			return
		}
		if look%looksAtOnce == looksAtOnce-1 {
			runtime.Gosched()
		}
	}
	if t.gate.Or(waitBit)&atWork > 0 {
		<-t.rest
	}
}

// serve is the life of a goroutine of the crew.
func (t *team) serve(worker int) {
	seen := uint64(0)
	for t.await(seen) {
		v := t.gate.Load()
		if v&openBit == 0 || v/countOne == seen || !t.gate.CompareAndSwap(v, v+1) {
			continue
		}
		seen = v / countOne
		t.take(worker)
		if v := t.gate.Add(^uint64(0)); v&waitBit != 0 && v&atWork == 0 {
			t.rest <- struct{}{}
		}
	}
}

// await returns when there may be work after the stretch seen, or with false
// when there will be none any more.
func (t *team) await(seen uint64) bool {
	for look := 0; ; look++ {
		switch {
		case t.fired.Load():
			return false
		case t.fresh(seen):
			return true
		case look >= looks:
			t.sleep(seen)
			look = 0
		case look%looksAtOnce == looksAtOnce-1:
			runtime.Gosched()
		}
	}
}

func (t *team) fresh(seen uint64) bool {
	v := t.gate.Load()
	return v&openBit != 0 && v/countOne != seen
}

// sleep waits for a token. Whoever opens the gate after sleepers was raised sees
// it, and whoever opened it before is seen here.
func (t *team) sleep(seen uint64) {
	t.sleepers.Add(1)
	for t.fired.Load() || t.fresh(seen) {
		n := t.sleepers.Load()
		if n <= 0 {
			break // a token is on its way
		}
		if t.sleepers.CompareAndSwap(n, n-1) {
			return
		}
	}
	<-t.wake
}

// rouse gives a token to each that sleeps.
func (t *team) rouse() {
	for n := t.sleepers.Load(); n > 0; n = t.sleepers.Load() {
		if t.sleepers.CompareAndSwap(n, n-1) {
			t.wake <- struct{}{}
		}
	}
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
