package gbdt

import "github.com/seed-09a2cce4/automl/data/matrix"

// tileHistogram has a histogram for each of a tile's features.
type tileHistogram [8][256]int64

// gatherBlock is the number of words that are gathered before they are counted.
// A loop that only gathers has many loads under way at once; one that counts
// too waits for each.
const gatherBlock = 128

// The kernels add the packed gradients gh of rows to the bins in the words of
// a tile. There is one integer addition a cell, and the eight (four, two)
// histograms are independent, so that rows of one bin in succession do not wait
// for each other. Indexing [256] by a byte needs no bounds check.

func addEight(words []uint64, gh []int64, h *tileHistogram) {
	gh = gh[:len(words)]
	for i, w := range words {
		g := gh[i]
		h[0][uint8(w)] += g
		h[1][uint8(w>>8)] += g
		h[2][uint8(w>>16)] += g
		h[3][uint8(w>>24)] += g
		h[4][uint8(w>>32)] += g
		h[5][uint8(w>>40)] += g
		h[6][uint8(w>>48)] += g
		h[7][uint8(w>>56)] += g
	}
}

// addFour serves up to four features of a tile, whose bytes start at the shifts.
func addFour(words []uint64, gh []int64, h *tileHistogram, shift [4]uint8) {
	gh = gh[:len(words)]
	s0, s1, s2, s3 := shift[0]&63, shift[1]&63, shift[2]&63, shift[3]&63
	for i, w := range words {
		g := gh[i]
		h[0][uint8(w>>s0)] += g
		h[1][uint8(w>>s1)] += g
		h[2][uint8(w>>s2)] += g
		h[3][uint8(w>>s3)] += g
	}
}

// addTwo serves up to two features of a tile.
func addTwo(words []uint64, gh []int64, h *tileHistogram, shift [4]uint8) {
	gh = gh[:len(words)]
	s0, s1 := shift[0]&63, shift[1]&63
	for i, w := range words {
		g := gh[i]
		h[0][uint8(w>>s0)] += g
		h[1][uint8(w>>s1)] += g
	}
}

// gather copies the words of the rows idx.
func gather(tile []uint64, idx []int32, words []uint64) {
	words = words[:len(idx)]
	for i, r := range idx {
		words[i] = tile[r]
	}
}

// activeTile is a tile with the features that the current tree may use.
type activeTile struct {
	tile     int
	columns  int     // bytes that are counted
	features []int32 // indices into the trainer's features
	rows     []uint8 // where each has its histogram
	shift    [4]uint8
	sweep    []cleared // histograms that hold more than the features' bins
}

type cleared struct{ row, bins int }

// add counts consecutive rows.
func (a *activeTile) add(words []uint64, gh []int64, h *tileHistogram) {
	switch n := a.columns; {
	case n > 4:
		addEight(words, gh, h)
	case n > 2:
		addFour(words, gh, h, a.shift)
	default:
		addTwo(words, gh, h, a.shift)
	}
}

// addRows counts the rows idx; gh is in their order.
func (a *activeTile) addRows(tile []uint64, idx []int32, gh []int64, h *tileHistogram) {
	var words [gatherBlock]uint64
	for len(idx) > 0 {
		n := min(len(idx), gatherBlock)
		gather(tile, idx[:n], words[:])
		a.add(words[:n], gh[:n], h)
		idx, gh = idx[n:], gh[n:]
	}
}

// activeTiles groups those of the chosen features that are in bytes by tile.
// Where few columns of a tile are chosen a narrower kernel serves them.
func activeTiles(features []feature, chosen []int32) []activeTile {
	var members [][]int32
	for _, i := range chosen {
		if at := features[i].place; at.Kind == matrix.InBytes {
			for len(members) <= at.Index/8 {
				members = append(members, nil)
			}
			members[at.Index/8] = append(members[at.Index/8], i)
		}
	}
	var out []activeTile
	for t, list := range members {
		if len(list) > 0 {
			a := activeTile{tile: t, features: list}
			a.place(features)
			out = append(out, a)
		}
	}
	return out
}

// place says which byte is counted in which row.
func (a *activeTile) place(features []feature) {
	var chosen, shared [8]bool
	for _, i := range a.features {
		at := features[i].place
		chosen[at.Index%8] = true
		shared[at.Index%8] = at.Implied >= 0
	}
	var used []int // the bytes chosen
	for b, is := range chosen {
		if is {
			used = append(used, b)
		}
	}
	a.columns = len(used)
	row := [8]int{0, 1, 2, 3, 4, 5, 6, 7}
	if a.columns <= 4 {
		// The narrow kernels fill rows from 0; those without a byte of their own
		// repeat the last one.
		for k := range a.shift {
			b := used[min(k, len(used)-1)]
			a.shift[k] = uint8(8 * b)
			if k < len(used) {
				row[b] = k
			} else {
				a.sweep = append(a.sweep, cleared{k, 256})
			}
		}
	}
	for b := range row {
		if shared[b] || a.columns > 4 && !chosen[b] {
			a.sweep = append(a.sweep, cleared{row[b], 256})
		}
	}
	for _, i := range a.features {
		a.rows = append(a.rows, uint8(row[features[i].place.Index%8]))
	}
}

// subtractPlain takes cells off those of rest, which are as many.
func subtractPlain(rest, cells []int64) {
	rest = rest[:len(cells)]
	for i, c := range cells {
		rest[i] -= c
	}
}

// accumulatePlain makes running sums of cells, after a sum before them; to and from may
// be the same. As such the cells of numeric features are kept: a cut's left side is one
// of them, and the larger leaf's are the parent's less the smaller's as with cells themselves.
func accumulatePlain(to, from []int64, sum int64) {
	from = from[:len(to)]
	for i, c := range from {
		sum += c
		to[i] = sum
	}
}
