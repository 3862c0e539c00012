package gbdt

// parallelCells is the work in cells from which a split search is shared out.
const parallelCells = 1 << 15

// search counts the histograms of one or two sibling leaves tile by tile and
// looks for the best splits while they are in the cache. derived says that the
// larger leaf's histogram is still the parent's.
func (g *grower) search(scans *[2]leafScan, at [2]int, derived, whole bool) {
	j := &searchJob{grower: g, scans: scans, at: at, derived: derived, whole: whole}
	n := &g.nodes[g.leaves[at[0]].node]
	crew := g.crew
	if (n.hi-n.lo)*8*len(g.tiles)+2*g.cells < parallelCells {
		crew = 1
	}
	if crew > 1 && len(g.tiles) < 2*int(crew) && n.hi-n.lo >= parallelRows {
		j.pieces = int(crew)
		g.needScratch(j.pieces * len(g.tiles))
		crew.run(j.pieces*len(g.tiles), j.countPiece)
		crew.run(len(g.tiles), func(t, worker int) {
			if j.dead(t) {
				return
			}
			j.finish(t, g.scratch[t*j.pieces:(t+1)*j.pieces], worker)
		})
		return
	}
	crew.run(len(g.tiles), func(t, worker int) {
		if j.dead(t) {
			return
		}
		h := g.scratch[worker : worker+1]
		j.count(t, 0, 0, 1, &h[0])
		j.finish(t, h, worker)
	})
}

type searchJob struct {
	*grower
	scans          *[2]leafScan
	at             [2]int
	derived, whole bool
	pieces         int
}

func (g *grower) needScratch(n int) {
	if len(g.scratch) < n {
		g.scratch = append(g.scratch, make([]tileHistogram, n-len(g.scratch))...)
	}
}

// countPiece counts a piece of the smaller leaf's rows for a tile.
func (j *searchJob) countPiece(i, _ int) {
	if t := i / j.pieces; !j.dead(t) {
		j.count(t, 0, i%j.pieces, j.pieces, &j.scratch[i])
	}
}

// count adds piece p of pieces of a leaf's rows to the histograms of tile t.
func (j *searchJob) count(t, k, p, pieces int, h *tileHistogram) {
	a := &j.tiles[t]
	n := &j.nodes[j.leaves[j.at[k]].node]
	rows := n.hi - n.lo
	lo, hi := n.lo+p*rows/pieces, n.lo+(p+1)*rows/pieces
	tile := j.train.tiles[a.tile]
	if j.whole {
		a.add(tile[lo:hi], j.packed[lo:hi], h)
	} else {
		a.addRows(tile, j.spread.idx[lo:hi], j.gathered[lo:hi], h)
	}
}

// finish stores the counted histograms of tile t, makes the larger leaf's, and
// searches both. It leaves the scratch histograms empty.
func (j *searchJob) finish(t int, parts []tileHistogram, worker int) {
	a := &j.tiles[t]
	scans, w := *j.scans, &j.levels[worker]
	small := j.slots[j.leaves[j.at[0]].slot]
	var large *histogram
	if j.derived {
		large = j.slots[j.leaves[j.at[1]].slot]
	}
	for k, i := range a.features {
		f := &j.features[i]
		cells := f.of(small)
		flush(parts, a.rows[k], cells)
		if large == nil {
			small.alive[i] = scans[0].feature(i, f, cells, w)
			continue
		}
		if !large.alive[i] {
			small.alive[i] = false
			continue
		}
		rest := f.of(large)
		for b, c := range cells {
			rest[b] -= c
		}
		small.alive[i] = scans[0].feature(i, f, cells, w)
		large.alive[i] = scans[1].feature(i, f, rest, w)
	}
	a.clear(parts)
	if j.at[1] >= 0 && !j.derived {
		j.finishLarge(t, parts[:1], &scans[1], w)
	}
	j.found[t] = [2]split{scans[0].best, scans[1].best}
}

// finishLarge counts and searches the larger leaf where nothing can be
// subtracted from.
func (j *searchJob) finishLarge(t int, parts []tileHistogram, scan *leafScan, w *scanScratch) {
	a := &j.tiles[t]
	j.count(t, 1, 0, 1, &parts[0])
	large := j.slots[j.leaves[j.at[1]].slot]
	for k, i := range a.features {
		f := &j.features[i]
		flush(parts, a.rows[k], f.of(large))
		large.alive[i] = scan.feature(i, f, f.of(large), w)
	}
	a.clear(parts)
}

// dead says that no feature of tile t can be split any more below the parent.
func (j *searchJob) dead(t int) bool {
	if !j.derived {
		return false
	}
	small, large := j.slots[j.leaves[j.at[0]].slot], j.slots[j.leaves[j.at[1]].slot]
	for _, i := range j.tiles[t].features {
		if large.alive[i] {
			return false
		}
	}
	for _, i := range j.tiles[t].features {
		small.alive[i] = false
	}
	j.found[t] = [2]split{}
	return true
}

// flush moves a feature's histogram out of the scratch memory, summing up
// pieces, and leaves zeros.
func flush(parts []tileHistogram, row uint8, cells []int64) {
	h := parts[0][row&7][:len(cells)]
	copy(cells, h)
	clear(h)
	for p := 1; p < len(parts); p++ {
		h := parts[p][row&7][:len(cells)]
		for b, c := range h {
			cells[b] += c
		}
		clear(h)
	}
}

// clear zeroes what the kernels counted for features that are not active.
func (a *activeTile) clear(parts []tileHistogram) {
	for p := range parts {
		for _, s := range a.sweep {
			clear(parts[p][s.row][:s.bins])
		}
	}
}
