package worker

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"weak"

	"github.com/seed-09a2cce4/automl/trials"
)

func TestMemoryIsBoundedAndFair(t *testing.T) {
	t.Parallel()
	m := NewMemory(100)
	ctx := testContext(t)
	if err := m.Acquire(ctx, 101); err == nil || !strings.Contains(err.Error(), "needs 1 MB of memory, the limit is 1 MB") {
		t.Errorf("got %v", err)
	}
	if err := m.Acquire(ctx, 60); err != nil {
		t.Fatal(err)
	}
	large := make(chan error, 1)
	go func() { large <- m.Acquire(ctx, 80) }()
	waiters(t, m, 1)
	short, cancel := context.WithCancel(ctx)
	small := make(chan error, 1)
	go func() { small <- m.Acquire(short, 30) }() // would fit, but must not overtake
	waiters(t, m, 2)
	if m.Used() != 60 {
		t.Errorf("%d used", m.Used())
	}
	cancel()
	if err := <-small; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	m.Release(60)
	if err := <-large; err != nil || m.Used() != 80 {
		t.Errorf("%v, %d used", err, m.Used())
	}
	m.Release(80)
	if err := m.Acquire(short, 1); !errors.Is(err, context.Canceled) || m.Used() != 0 {
		t.Errorf("%v, %d used", err, m.Used())
	}
}

func waiters(t *testing.T, m *Memory, n int) {
	t.Helper()
	for ctx := testContext(t); ; {
		m.mu.Lock()
		have := m.waiting.Len()
		m.mu.Unlock()
		if have == n {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("%d wait, want %d", have, n)
		}
	}
}

// A claim that leaves lets those behind it go on.
func TestMemoryAbandonedClaim(t *testing.T) {
	t.Parallel()
	m := NewMemory(100)
	ctx, cancel := context.WithCancel(testContext(t))
	if err := m.Acquire(ctx, 60); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = m.Acquire(ctx, 80) })
	waiters(t, m, 1)
	wg.Go(func() {
		if err := m.Acquire(testContext(t), 40); err != nil {
			t.Error(err)
		}
	})
	waiters(t, m, 2)
	cancel()
	wg.Wait()
	if m.Used() != 100 {
		t.Errorf("%d used", m.Used())
	}
}

func TestMemoryUnderLoad(t *testing.T) {
	t.Parallel()
	m := NewMemory(100)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for k := range 50 {
				n := int64((i*k)%100 + 1)
				if err := m.Acquire(testContext(t), n); err != nil {
					t.Error(err)
					return
				}
				if m.Used() > 100 {
					t.Error("above the limit")
				}
				m.Release(n)
			}
		})
	}
	wg.Wait()
	if m.Used() != 0 {
		t.Errorf("%d used", m.Used())
	}
}

func TestFreeMemory(t *testing.T) {
	t.Parallel()
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	meminfo := file("MemTotal:       16000 kB\nMemFree:  1 kB\nMemAvailable:    8000 kB\n")
	for _, c := range []struct {
		name string
		fs   fstest.MapFS
		want int64
	}{
		{"nothing known", fstest.MapFS{}, 0},
		{"machine", fstest.MapFS{"proc/meminfo": meminfo}, 8000 << 10},
		{"version 2", fstest.MapFS{
			"proc/meminfo": meminfo, "proc/self/cgroup": file("0::/a/b\n"),
			"sys/fs/cgroup/a/b/memory.max": file("max\n"), "sys/fs/cgroup/a/memory.max": file("1000000\n"),
			"sys/fs/cgroup/a/memory.current": file("700000\n"), "sys/fs/cgroup/a/memory.stat": file("anon 5\ninactive_file 100000\n"),
		}, 400000},
		{"version 2 in a container", fstest.MapFS{
			"proc/self/cgroup":         file("0::/\n"),
			"sys/fs/cgroup/memory.max": file("1000000\n"), "sys/fs/cgroup/memory.current": file("250000\n"),
		}, 750000},
		{"version 1, the path is the host's", fstest.MapFS{
			"proc/self/cgroup":                           file("5:cpu,cpuacct:/x\n4:memory:/docker/1\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("900000\n"), "sys/fs/cgroup/memory/memory.usage_in_bytes": file("800000\n"),
		}, 100000},
		{"version 1 without a limit", fstest.MapFS{
			"proc/meminfo": meminfo, "proc/self/cgroup": file("4:memory:/\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"),
		}, 8000 << 10},
		{"all used", fstest.MapFS{
			"proc/self/cgroup":         file("0::/\n"),
			"sys/fs/cgroup/memory.max": file("10\n"), "sys/fs/cgroup/memory.current": file("20\n"),
		}, 1},
		{"nonsense", fstest.MapFS{"proc/meminfo": file("MemAvailable: x kB"), "proc/self/cgroup": file("hello\n0::/\n"), "sys/fs/cgroup/memory.max": file("")}, 0},
	} {
		if got := freeMemory(c.fs); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if NewMemory(0).Limit() < leastLimit {
		t.Error("no memory at all")
	}
}

// A job's records are kept until it ends; with them only what they say may be.
func TestResultsDoNotKeepTheirTrials(t *testing.T) {
	held := &trial{models: []trials.Model{{Bytes: make([]byte, 1<<20)}}}
	held.result.Loss = 0.5
	ended, told := weak.Make(held), held.told()
	held = nil
	runtime.GC()
	if ended.Value() != nil {
		t.Error("a trial lives on with its result")
	}
	if told.Loss != 0.5 {
		t.Errorf("the result says a loss of %v, not 0.5", told.Loss)
	}
}
