package worker

import (
	"bufio"
	"bytes"
	"container/list"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
)

const (
	// fallbackLimit where the system does not say what there is.
	fallbackLimit = 4 << 30
	// leastLimit lets small trials run where hardly anything is free.
	leastLimit = 64 << 20
)

// Memory is a limit in bytes that several workers share: each trial holds its
// estimate against it while it runs, in the order of asking. It is safe for
// concurrent use.
type Memory struct {
	limit int64

	mu      sync.Mutex
	used    int64
	jobs    map[string]int64 // of jobs that have a limit of their own: what they hold
	waiting list.List        // of *claim
}

// claim is an amount that is asked for.
type claim struct {
	bytes int64
	// most, if above 0, is what the trials of job may hold together.
	most    int64
	job     string
	granted chan struct{}
}

// NewMemory makes a limit of that many bytes; 0 or less means nine tenths of
// what the control group (version 1 or 2) or the machine has free now.
func NewMemory(limit int64) *Memory {
	if limit <= 0 {
		limit = freeMemory(os.DirFS("/")) / 10 * 9
		if limit <= 0 {
			limit = fallbackLimit
		}
		limit = max(limit, leastLimit)
	}
	return &Memory{limit: limit, jobs: map[string]int64{}}
}

// Limit is the limit in bytes.
func (m *Memory) Limit() int64 { return m.limit }

// Used is what is held now, in bytes.
func (m *Memory) Used() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.used
}

// Acquire waits until n bytes are free and holds them until Release. It fails if
// ctx ends first or if n is above the limit.
func (m *Memory) Acquire(ctx context.Context, n int64) error {
	return m.acquire(ctx, &claim{bytes: n})
}

func (m *Memory) acquire(ctx context.Context, c *claim) error {
	c.bytes, c.granted = max(c.bytes, 0), make(chan struct{})
	if limit := c.within(m.limit); c.bytes > limit {
		return fmt.Errorf("needs %d MB of memory, the limit is %d MB", mb(c.bytes), mb(limit))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	e := m.waiting.PushBack(c)
	m.grant()
	m.mu.Unlock()
	select {
	case <-c.granted:
		return nil
	case <-ctx.Done():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	select {
	case <-c.granted: // in this moment
		m.letGo(c)
	default:
		m.waiting.Remove(e)
	}
	m.grant() // those behind may fit
	return ctx.Err()
}

// Release gives back n bytes that Acquire has given.
func (m *Memory) Release(n int64) { m.release(&claim{bytes: n}) }

func (m *Memory) release(c *claim) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.letGo(c)
	m.grant()
}

// within is the lower one of a limit and the claim's own.
func (c *claim) within(limit int64) int64 {
	if c.most > 0 {
		return min(limit, c.most)
	}
	return limit
}

func (m *Memory) hold(c *claim) {
	m.used += c.bytes
	if c.most > 0 {
		m.jobs[c.job] += c.bytes
	}
}

func (m *Memory) letGo(c *claim) {
	m.used -= max(c.bytes, 0)
	if c.most <= 0 {
		return
	}
	if m.jobs[c.job] -= c.bytes; m.jobs[c.job] <= 0 {
		delete(m.jobs, c.job)
	}
}

// grant serves those who wait, in order: a large claim is not overtaken for ever,
// except by other jobs where only its own job's limit keeps it waiting.
func (m *Memory) grant() {
	var next *list.Element
	for e := m.waiting.Front(); e != nil; e = next {
		next = e.Next()
		c := e.Value.(*claim)
		if m.used+c.bytes > m.limit {
			return
		}
		if c.most > 0 && m.jobs[c.job]+c.bytes > c.most {
			continue
		}
		m.hold(c)
		m.waiting.Remove(e)
		close(c.granted)
	}
}

// freeMemory is the least of what the machine and the control groups of this
// process have free, in bytes; 0 if nothing is known.
func freeMemory(root fs.FS) int64 {
	free := int64(0)
	note := func(n int64, ok bool) {
		if ok && (free == 0 || n < free) {
			free = max(1, n)
		}
	}
	note(machineFree(root))
	b, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return free
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		// hierarchy:controllers:path, with 0::path for version 2
		f := strings.SplitN(lines.Text(), ":", 3)
		if len(f) != 3 {
			continue
		}
		switch {
		case f[0] == "0" && f[1] == "":
			for dir := range parents("sys/fs/cgroup", f[2]) {
				note(groupFree(root, dir, "memory.max", "memory.current", "inactive_file"))
			}
		case strings.Contains(","+f[1]+",", ",memory,"):
			for dir := range parents("sys/fs/cgroup/memory", f[2]) {
				note(groupFree(root, dir, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"))
			}
		}
	}
	return free
}

// parents yields the group's directory and all above it: each may have a limit.
// Inside a container the path may be the host's, and only the top is there.
func parents(mount, group string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for p := path.Clean("/" + group); ; p = path.Dir(p) {
			if !yield(path.Join(mount, p)) || p == "/" {
				return
			}
		}
	}
}

// groupFree is limit less use; file pages that can go at once are not in use.
func groupFree(root fs.FS, dir, limit, use, reclaimable string) (int64, bool) {
	most, ok := number(root, path.Join(dir, limit))
	if !ok || most > 1<<60 { // "max", or version 1's number for no limit
		return 0, false
	}
	used, _ := number(root, path.Join(dir, use))
	cache, _ := field(root, path.Join(dir, "memory.stat"), reclaimable)
	return most - max(0, used-cache), true
}

func machineFree(root fs.FS) (int64, bool) {
	kb, ok := field(root, "proc/meminfo", "MemAvailable:")
	return kb << 10, ok
}

func number(root fs.FS, name string) (int64, bool) {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	return n, err == nil
}

// field finds a line's number by its first word.
func field(root fs.FS, name, key string) (int64, bool) {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) >= 2 && f[0] == key {
			n, err := strconv.ParseInt(f[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
