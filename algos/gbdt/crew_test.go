package gbdt

import (
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

// TestCrewDoesAllOnce: every call is made once, no worker is two at a time, and
// all is seen by the caller, in stretches that follow at once and in ones that find
// the crew asleep.
func TestCrewDoesAllOnce(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, threads := range []int{0, 1, 2, 3, 16} {
		c := hire(threads)
		busy := make([]atomic.Bool, c.members())
		for stretch := range 300 {
			n := stretch % 40
			calls := make([]int32, n) // not atomic: the race detector watches
			c.run(n, func(i, worker int) {
				if !busy[worker].CompareAndSwap(false, true) {
					t.Errorf("%d threads: worker %d is in two calls", threads, worker)
				}
				calls[i]++
				busy[worker].Store(false)
			})
			for i, k := range calls {
				if k != 1 {
					t.Fatalf("%d threads, stretch %d: call %d was made %d times", threads, stretch, i, k)
				}
			}
			if stretch%100 == 99 {
				c.awaitSleep()
			}
		}
		c.dismiss()
	}
}

// awaitSleep returns when all members but the caller are asleep.
func (c crew) awaitSleep() {
	for c.team != nil && c.sleepers.Load() < int64(c.size-1) {
	}
}

// TestCrewWaitsForTheSlow: run returns only after a member that takes its time.
func TestCrewWaitsForTheSlow(t *testing.T) {
	c := hire(2)
	defer c.dismiss()
	for range 20 {
		begun, done := make(chan int, 2), make(chan bool)
		var ended atomic.Int32
		go func() {
			// Both are at work before either may end; the caller ends first.
			first, second := <-begun, <-begun
			if first == second {
				t.Error("one worker began twice")
			}
			close(done)
		}()
		c.run(2, func(_, worker int) {
			begun <- worker
			<-done
			if worker == 1 {
				for range 200_000 {
					ended.Add(1)
				}
				ended.Store(1)
			}
		})
		if ended.Load() != 1 {
			t.Fatal("run came back before its work was done")
		}
	}
}

func BenchmarkCrewRun(b *testing.B) {
	c := hire(2)
	defer c.dismiss()
	for b.Loop() {
		c.run(2, func(int, int) {})
	}
}
