package matrix

import (
	"slices"
	"sync/atomic"
)

// chunk is the number of rows whose bytes are made before they are packed: eight
// columns of them stay in the second cache level.
const chunk = 1 << 14

// fill makes the tiles from the byte columns, whose features members lists,
// chunk by chunk: the columns never exist as a whole.
func (p *Packed) fill(f *Frame, cols []column, members [][]int, threads int) {
	p.Tiles = make([][]uint64, (len(members)+7)/8)
	for t := range p.Tiles {
		p.Tiles[t] = Large[uint64](p.Rows)
	}
	missing := make([]atomic.Bool, len(cols))
	chunks := (p.Rows + chunk - 1) / chunk
	shareOut(chunks*len(p.Tiles), threads, func() func(int) {
		var bytes [8][chunk]uint8
		return func(i int) {
			t, lo := i/chunks, i%chunks*chunk
			hi := min(lo+chunk, p.Rows)
			group := members[8*t : min(8*t+8, len(members))]
			var parts [8][]uint8
			for k := range parts {
				parts[k] = bytes[k][:hi-lo]
				if k >= len(group) {
					clear(parts[k])
				} else if fillColumn(f, cols, group[k], lo, parts[k]) {
					missing[group[k][0]].Store(true)
				}
			}
			packTile(&parts, p.Tiles[t][lo:hi])
		}
	})
	for j := range missing {
		p.Specs[j].HasMissing = p.Specs[j].HasMissing || missing[j].Load()
	}
}

// fillColumn makes the bytes of a column from row lo on. In a bundle 0 stands
// for rows that are zero in all its features. It answers whether a value of a
// single feature is missing.
func fillColumn(f *Frame, cols []column, members []int, lo int, out []uint8) bool {
	first := members[0]
	c := &cols[first]
	if c.list == nil {
		return assignTo(&c.spec, f.Cols[first][lo:lo+len(out)], out)
	}
	base := 1
	if len(members) == 1 {
		base = 0
	}
	for i := range out {
		out[i] = uint8((1 - base) * c.implied)
	}
	for _, k := range members {
		cols[k].list.add(lo, uint8(base), out)
		base += stored(&cols[k].spec)
	}
	return false
}

// add writes the bins of the rows from lo on, offset by base.
func (l *List) add(lo int, base uint8, out []uint8) {
	i, _ := slices.BinarySearch(l.Rows, int32(lo))
	for ; i < len(l.Rows) && int(l.Rows[i]) < lo+len(out); i++ {
		out[int(l.Rows[i])-lo] = base + l.Bins[i]
	}
}

// packTile puts eight byte columns side by side into one word a row.
func packTile(c *[8][]uint8, tile []uint64) {
	n := len(tile)
	c0, c1, c2, c3, c4, c5, c6, c7 := c[0][:n], c[1][:n], c[2][:n], c[3][:n], c[4][:n], c[5][:n], c[6][:n], c[7][:n]
	for i := range tile {
		tile[i] = uint64(c0[i]) | uint64(c1[i])<<8 | uint64(c2[i])<<16 | uint64(c3[i])<<24 |
			uint64(c4[i])<<32 | uint64(c5[i])<<40 | uint64(c6[i])<<48 | uint64(c7[i])<<56
	}
}

// tiles puts each eight byte columns side by side.
func tiles(cols [][]uint8, rows, threads int) [][]uint64 {
	out := make([][]uint64, (len(cols)+7)/8)
	shareOut(len(out), threads, func() func(int) {
		return func(t int) {
			var c [8][]uint8
			none := make([]uint8, rows)
			for k := range c {
				c[k] = none
				if 8*t+k < len(cols) {
					c[k] = cols[8*t+k]
				}
			}
			out[t] = make([]uint64, rows)
			packTile(&c, out[t])
		}
	})
	return out
}
