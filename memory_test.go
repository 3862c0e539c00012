package automl

import (
	"runtime/debug"
	"testing"
)

// TestMemoryLimits starts and ends searches in an order that nests badly.
func TestMemoryLimits(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	const gb = 1 << 30
	check := func(want int64) {
		t.Helper()
		if got := debug.SetMemoryLimit(-1); got != want {
			t.Errorf("memory limit %d, want %d", got, want)
		}
	}
	limitMemory(0)()
	check(before)
	first := limitMemory(800 * gb)
	second := limitMemory(700 * gb)
	third := limitMemory(700 * gb)
	check(min(before, 700*gb))
	second()
	check(min(before, 700*gb))
	third()
	check(min(before, 800*gb))
	first()
	check(before)
}
