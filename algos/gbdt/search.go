package gbdt

import (
	"slices"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// parallelCells is the work in cells from which a split search is shared out.
const parallelCells = 1 << 13

// tilesEach is the number of tiles for each member of the crew from which whole tiles
// keep all busy to the end; with fewer, many rows are counted in pieces.
const tilesEach = 4

// activate sorts the features that the current tree may use by their layouts.
// There is a job for each tile, each wide feature and each chunk of a sparse
// block.
func (g *grower) activate(chosen []int32) {
	g.tiles = activeTiles(g.features, chosen)
	g.wides = g.wides[:0]
	for _, i := range chosen {
		if g.features[i].place.Kind == matrix.InWide {
			g.wides = append(g.wides, i)
		}
	}
	g.blocks = activeBlocks(g.features, chosen, g.train.sparse)
	jobs := len(g.tiles) + len(g.wides)
	g.work = 8*len(g.tiles) + 4*len(g.wides)
	g.chunks = g.chunks[:0]
	for k := range g.blocks {
		b := &g.blocks[k]
		for some := range slices.Chunk(b.features, chunkSize) {
			g.chunks = append(g.chunks, chunk{block: k, features: some, job: jobs})
			jobs++
		}
		g.work += 2 * g.train.sparse[b.block].Entries() / max(1, g.train.n)
	}
	g.found = make([][2]split, jobs)
}

// search counts the histograms of one or two sibling leaves job by job and looks
// for the best splits while they are in the cache. derived says that the larger
// leaf's histogram is still the parent's.
func (g *grower) search(scans *[2]leafScan, at [2]int, derived, whole bool) {
	j := &g.job
	j.scans, j.at, j.derived, j.whole, j.tilePieces, j.sparsePieces = scans, at, derived, whole, 1, 1
	crew := g.crew
	if j.rowsOf(0)*g.work+2*g.cells < parallelCells {
		crew = alone
	}
	if crew.members() > 1 && j.rowsOf(0) >= parallelRows {
		j.sparsePieces = crew.members()
		if len(g.tiles) < tilesEach*crew.members() {
			j.tilePieces = crew.members()
		}
	}
	j.count(crew)
	j.finish(crew)
}

// searchJob is one search. Tiles and sparse blocks may be counted in pieces of
// the rows. A grower has one, whose functions for the crew are made once: a fit of
// hundreds of small leaves a tree would otherwise leave megabytes of them behind.
type searchJob struct {
	*grower
	counts, finishes func(i, worker int)
	scans            *[2]leafScan
	at               [2]int
	derived, whole   bool
	tilePieces       int
	sparsePieces     int
}

func (j *searchJob) rowsOf(k int) int {
	n := &j.nodes[j.leaves[j.at[k]].node]
	return n.hi - n.lo
}

// count does all that can be done at the same time: wide features and, unless
// they are in pieces, tiles are searched as well.
func (j *searchJob) count(crew crew) {
	j.lively()
	for w := range j.levels {
		j.levels[w].lead = [2]float64{}
	}
	j.needPieces()
	j.needScratch(crew.members())
	if j.tilePieces > 1 {
		j.needScratch(j.tilePieces * len(j.tiles))
	}
	crew.run(len(j.wides)+len(j.blocks)*j.sparsePieces+len(j.tiles)*j.tilePieces, j.counts)
}

// countPart is part i of count.
func (j *searchJob) countPart(i, worker int) {
	wides, sparse := len(j.wides), len(j.blocks)*j.sparsePieces
	switch {
	case i < wides:
		j.wide(i, worker)
	case i < wides+sparse:
		j.countBlock(i - wides)
	case j.tilePieces == 1:
		j.wholeTile(i-wides-sparse, worker)
	default:
		j.tilePiece(i - wides - sparse)
	}
}

// finish searches what was counted in pieces, and the sparse features.
func (j *searchJob) finish(crew crew) {
	if n := j.unfinished() + len(j.chunks); n > 0 {
		crew.run(n, j.finishes)
	}
}

// unfinished is the number of tiles that were counted in pieces.
func (j *searchJob) unfinished() int {
	if j.tilePieces == 1 {
		return 0
	}
	return len(j.tiles)
}

// finishPart is part i of finish.
func (j *searchJob) finishPart(i, worker int) {
	switch tiles := j.unfinished(); {
	case i >= tiles:
		j.finishChunk(j.chunks[i-tiles], worker)
	case j.dead(i):
		j.bury(i)
	default:
		j.finishTile(i, j.scratch[i*j.tilePieces:(i+1)*j.tilePieces], worker)
	}
}

func (g *grower) needScratch(n int) {
	if len(g.scratch) < n {
		g.scratch = append(g.scratch, make([]tileHistogram, n-len(g.scratch))...)
	}
}

// begun are the scans of both leaves for some more features.
func (j *searchJob) begun(w *scanScratch) [2]leafScan {
	scans := *j.scans
	for k := range scans {
		scans[k].raise(w.lead[k])
	}
	return scans
}

// done notes what scans have found.
func (j *searchJob) done(job int, scans *[2]leafScan, w *scanScratch) {
	for k := range scans {
		j.found[job][k] = scans[k].best
		w.lead[k] = max(w.lead[k], scans[k].best.gain)
	}
}

// wholeTile counts and searches tile t.
func (j *searchJob) wholeTile(t, worker int) {
	if j.dead(t) {
		j.bury(t)
		return
	}
	h := j.scratch[worker : worker+1]
	j.countTile(t, 0, 0, 1, &h[0])
	j.finishTile(t, h, worker)
}

// tilePiece counts a piece of the smaller leaf's rows for a tile.
func (j *searchJob) tilePiece(i int) {
	if t := i / j.tilePieces; !j.dead(t) {
		j.countTile(t, 0, i%j.tilePieces, j.tilePieces, &j.scratch[i])
	}
}

// countTile adds piece p of pieces of a leaf's rows to the histograms of tile t.
func (j *searchJob) countTile(t, k, p, pieces int, h *tileHistogram) {
	a := &j.tiles[t]
	n := &j.nodes[j.leaves[j.at[k]].node]
	rows := n.hi - n.lo
	lo, hi := piece(rows, p, pieces)
	tile := j.train.tiles[a.tile]
	if j.whole {
		a.add(tile[lo:hi], j.packed[lo:hi], h)
	} else {
		a.addRows(tile, j.spread.idx[n.lo+lo:n.lo+hi], j.gathered[k][lo:hi], h)
	}
}

// finishTile stores the counted histograms of tile t, makes the larger leaf's,
// and searches both. It leaves the scratch histograms empty.
func (j *searchJob) finishTile(t int, parts []tileHistogram, worker int) {
	a := &j.tiles[t]
	w := &j.levels[worker]
	scans := j.begun(w)
	small := j.slots[j.leaves[j.at[0]].slot]
	var large *histogram
	if j.derived {
		large = j.slots[j.leaves[j.at[1]].slot]
	}
	for k, i := range a.features {
		f := &j.features[i]
		cells := f.of(small)
		f.flush(parts, a.rows[k], cells, scans[0].total)
		if large == nil {
			small.alive[i] = scans[0].feature(i, f, cells, w)
			continue
		}
		if !large.alive[i] {
			small.alive[i] = false
			continue
		}
		rest := f.of(large)
		subtract(rest, cells)
		small.alive[i] = scans[0].feature(i, f, cells, w)
		large.alive[i] = scans[1].feature(i, f, rest, w)
	}
	a.clear(parts)
	if j.at[1] >= 0 && !j.derived {
		j.finishLarge(t, parts[:1], &scans[1], w)
	}
	j.done(t, &scans, w)
}

// finishLarge counts and searches the larger leaf where nothing can be
// subtracted from.
func (j *searchJob) finishLarge(t int, parts []tileHistogram, scan *leafScan, w *scanScratch) {
	a := &j.tiles[t]
	j.countTile(t, 1, 0, 1, &parts[0])
	large := j.slots[j.leaves[j.at[1]].slot]
	for k, i := range a.features {
		f := &j.features[i]
		f.flush(parts, a.rows[k], f.of(large), scan.total)
		large.alive[i] = scan.feature(i, f, f.of(large), w)
	}
	a.clear(parts)
}

// dead says that no feature of tile t can be split any more below the parent.
func (j *searchJob) dead(t int) bool {
	if !j.derived {
		return false
	}
	large := j.slots[j.leaves[j.at[1]].slot]
	for _, i := range j.tiles[t].features {
		if large.alive[i] {
			return false
		}
	}
	return true
}

// bury gives up a dead tile.
func (j *searchJob) bury(t int) {
	small := j.slots[j.leaves[j.at[0]].slot]
	for _, i := range j.tiles[t].features {
		small.alive[i] = false
	}
	j.found[t] = [2]split{}
}

// stored is the number of bins that a byte column has of the feature.
func (f *feature) stored() int {
	if f.place.Implied >= 0 && !f.spec.HasMissing {
		return f.bins - 1
	}
	return f.bins
}

// flush moves a feature's histogram out of the scratch memory, summing up
// pieces, and leaves zeros. The total gives the bin that is not stored.
func (f *feature) flush(parts []tileHistogram, row uint8, cells []int64, total int64) {
	at := f.place.Base
	first := parts[0][row&7][at : at+f.stored()]
	for p := 1; p < len(parts); p++ {
		h := parts[p][row&7][at : at+f.stored()]
		for b, c := range h {
			first[b] += c
		}
		clear(h)
	}
	if f.place.Implied < 0 && !f.categorical {
		last := len(cells) - 1
		accumulate(cells[:last], first)
		cells[last] = first[last]
		clear(first)
		return
	}
	copy(cells, first)
	clear(first)
	clear(cells[len(first):])
	if f.place.Implied >= 0 {
		imply(cells, f.place.Implied, total)
	}
	f.accumulate(cells)
}

// accumulate makes running sums of the cells of a numeric feature, the missing bin
// apart.
func (f *feature) accumulate(cells []int64) {
	if !f.categorical {
		sums := cells[:len(cells)-1]
		accumulate(sums, sums)
	}
}

// clear zeroes what the kernels counted beside the features' bins.
func (a *activeTile) clear(parts []tileHistogram) {
	for p := range parts {
		for _, s := range a.sweep {
			clear(parts[p][s.row][:s.bins])
		}
	}
}
