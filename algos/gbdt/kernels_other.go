//go:build !amd64 || purego

package gbdt

const stretch = plainStretch

func (r *ridge) pass(sums []int64, before int64) (passed int) { return r.passPlain(sums, before) }

func accumulate(to, from []int64) { accumulatePlain(to, from, 0) }

func subtract(rest, cells []int64) { subtractPlain(rest, cells) }

func partTile(idx, tmp []int32, tile []uint64, shift uint, table *[256]uint8) int {
	return partTilePlain(idx, tmp, 0, 0, tile, shift, table)
}
