package matrix

import (
	"syscall"
	"unsafe"
)

const (
	largePage   = 2 << 20
	advHugePage = 14 // MADV_HUGEPAGE
)

// useLargePages advises the system on the large pages that lie inside s as a whole.
// It is advice: an error means small pages.
func useLargePages[T any](s []T) {
	if len(s) == 0 {
		return
	}
	start := unsafe.Pointer(unsafe.SliceData(s))
	bytes := len(s) * int(unsafe.Sizeof(s[0]))
	skip := int(-uintptr(start) % largePage)
	if whole := (bytes - skip) / largePage * largePage; whole > 0 {
		_ = syscall.Madvise(unsafe.Slice((*byte)(unsafe.Add(start, skip)), whole), advHugePage)
	}
}
