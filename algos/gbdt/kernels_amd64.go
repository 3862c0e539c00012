//go:build !purego

package gbdt

import "golang.org/x/sys/cpu"

//go:generate go run -C ../../tools ./scanasm -out ../algos/gbdt/scan_amd64.s -stubs ../algos/gbdt/scan_amd64.go -pkg gbdt

// stretch is the number of cuts that are looked at one by one where one may be better.
const stretch = 8

var hasAVX512 = cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ

// pass is passPlain, and gives the same splits.
func (r *ridge) pass(cells []int64, acc int64) (passed int, after int64) {
	if !hasAVX512 {
		return r.passPlain(cells, acc)
	}
	if len(cells) < stretch {
		return 0, acc
	}
	n, after := passAVX512(&cells[0], len(cells)/stretch, acc, &r.l2)
	return n * stretch, after
}

// subtract is subtractPlain.
func subtract(rest, cells []int64) {
	rest = rest[:len(cells)]
	whole := 0
	if hasAVX512 && len(cells) >= 8 {
		subtractAVX512(&rest[0], &cells[0], len(cells)/8)
		whole = len(cells) / 8 * 8
	}
	subtractPlain(rest[whole:], cells[whole:])
}
