package automl

import (
	"runtime/debug"
	"slices"
	"sync"
)

// memoryLimits are those of the searches of this process; the lowest one holds.
var memoryLimits struct {
	sync.Mutex
	active []int64
	before int64 // the process's own
}

// limitMemory makes the garbage collector of this process keep to a limit in bytes,
// as far as what is in use lets it, until the returned function is called; 0 is no limit.
func limitMemory(most int64) (restore func()) {
	if most == 0 {
		return func() {}
	}
	l := &memoryLimits
	l.Lock()
	defer l.Unlock()
	if len(l.active) == 0 {
		l.before = debug.SetMemoryLimit(-1)
	}
	l.active = append(l.active, most)
	debug.SetMemoryLimit(min(l.before, slices.Min(l.active)))
	return func() {
		l.Lock()
		defer l.Unlock()
		i := slices.Index(l.active, most)
		l.active = slices.Delete(l.active, i, i+1)
		debug.SetMemoryLimit(slices.Min(append(slices.Clone(l.active), l.before)))
	}
}
