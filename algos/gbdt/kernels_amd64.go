//go:build !purego

package gbdt

import "golang.org/x/sys/cpu"

//go:generate go run -C ../../tools ./scanasm -out ../algos/gbdt/scan_amd64.s -stubs ../algos/gbdt/scan_amd64.go -pkg gbdt

// stretch is the number of cuts that are looked at one by one where one may be better.
const stretch = 8

var hasAVX512 = cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ

// pass is passPlain, and gives the same splits.
func (r *ridge) pass(sums []int64, before int64) (passed int) {
	if !hasAVX512 || len(sums) == 0 {
		return r.passPlain(sums, before)
	}
	return passAVX512(&sums[0], len(sums), before, &r.l2)
}

// accumulate is accumulatePlain, from no sum.
func accumulate(to, from []int64) {
	whole, sum := 0, int64(0)
	if hasAVX512 && len(to) >= 8 {
		whole = len(to) / 8 * 8
		accumulateAVX512(&to[0], &from[:len(to)][0], whole/8)
		sum = to[whole-1]
	}
	accumulatePlain(to[whole:], from[whole:], sum)
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

// hasBytes says that there are instructions for the bytes of AVX-512 registers.
var hasBytes = hasAVX512 && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VBMI && cpu.X86.HasPOPCNT

// partTile is partTilePlain.
func partTile(idx, tmp []int32, tile []uint64, shift uint, table *[256]uint8) int {
	const rows = 64
	blocks, left := len(idx)/rows, 0
	if hasBytes && blocks > 0 {
		left = partAVX512(&idx[0], &tmp[0], blocks, &tile[0], int(shift/32), int(shift%32), table)
	}
	return partTilePlain(idx, tmp, blocks*rows, left, tile, shift, table)
}
