//go:build !amd64 || purego

package gbdt

const stretch = plainStretch

func (r *ridge) pass(cells []int64, acc int64) (passed int, after int64) {
	return r.passPlain(cells, acc)
}

func subtract(rest, cells []int64) { subtractPlain(rest, cells) }

func partTile(idx, tmp []int32, tile []uint64, shift uint, table *[256]uint8) int {
	return partTilePlain(idx, tmp, 0, 0, tile, shift, table)
}
