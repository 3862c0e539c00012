package predictor

import (
	"cmp"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/algos/predictor/gemm"
)

// neighborSearch finds the neighbours of a block of rows.
type neighborSearch struct {
	*Neighbors
	ld     int         // columns and one more
	asked  [][]float32 // the rows
	q      []float32   // the same as AskDistances has them
	some   []float32   // those of them that look at a cluster
	scores []float32
	lists  [][]int32     // of each cluster: the rows that look at it
	order  []candidate   // of the clusters
	short  int           // length of the short lists
	heaps  [][]candidate // of each row
	found  []neighbor
	shares []float64
}

// candidate is a row or a cluster and its squared distance up to a constant.
type candidate struct {
	score float32
	index int32
}

// less orders by distance, then by index, so that no two are equal.
func (a candidate) less(b candidate) bool {
	return a.score < b.score || a.score == b.score && a.index < b.index
}

// neighbor is a row and its distance.
type neighbor struct {
	distance float64
	row      int32
}

func (n *Neighbors) search(block int) *neighborSearch {
	s := &neighborSearch{Neighbors: n, ld: n.known.Columns + 1, shares: make([]float64, n.known.Classes)}
	s.asked, s.heaps = make([][]float32, block), make([][]candidate, block)
	s.q, s.some = make([]float32, block*s.ld), make([]float32, block*s.ld)
	s.scores = make([]float32, block*max(neighborChunk, gemm.Pad(len(n.known.Ends))))
	s.lists = make([][]int32, len(n.known.Ends))
	// Products are not exact, and weights below one need more rows.
	s.short = n.votes.K + 8
	if n.known.W != nil {
		s.short += n.votes.K
	}
	if n.votes.Absolute {
		s.short = 8*n.votes.K + 64
	}
	s.short = min(s.short, len(n.known.Y))
	return s
}

func (s *neighborSearch) ask(i int, x []float32) {
	s.asked[i] = x
	AskDistances(s.q[i*s.ld:(i+1)*s.ld], x)
	s.heaps[i] = s.heaps[i][:0]
}

// run finds the short lists of the first rows that were asked.
func (s *neighborSearch) run(rows int) {
	for c := range s.lists {
		s.lists[c] = s.lists[c][:0]
	}
	s.choose(rows)
	last, count := -1, 0
	for i := range s.chunks {
		chunk := &s.chunks[i]
		list := s.lists[chunk.cluster]
		if len(list) == 0 {
			continue
		}
		if chunk.cluster != last {
			last, count = chunk.cluster, len(list)
			for at, r := range list {
				copy(s.some[at*s.ld:(at+1)*s.ld], s.q[int(r)*s.ld:])
			}
		}
		ld := gemm.Pad(chunk.rows)
		gemm.Multiply(s.scores, ld, s.some, s.ld, count, &chunk.panels, false)
		for at, r := range list {
			s.scan(int(r), s.scores[at*ld:at*ld+chunk.rows], int32(chunk.first))
		}
	}
}

// choose lists the rows that look at each cluster: those to which it is near, until
// they have seen enough.
func (s *neighborSearch) choose(rows int) {
	k := &s.known
	if len(k.Centres) == 0 {
		for i := range rows {
			s.lists[0] = append(s.lists[0], int32(i))
		}
		return
	}
	clusters := len(k.Ends)
	ld := gemm.Pad(clusters)
	gemm.Multiply(s.scores, ld, s.q, s.ld, rows, &s.centre, false)
	for i := range rows {
		s.order = s.order[:0]
		for c, v := range s.scores[i*ld : i*ld+clusters] {
			s.order = append(s.order, candidate{v, int32(c)})
		}
		slices.SortFunc(s.order, func(a, b candidate) int {
			return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.index, b.index))
		})
		seen := int32(0)
		for _, c := range s.order {
			if seen >= visits {
				break
			}
			s.lists[c.index] = append(s.lists[c.index], int32(i))
			seen += k.Ends[c.index]
			if c.index > 0 {
				seen -= k.Ends[c.index-1]
			}
		}
	}
}

// scan keeps the nearest in a heap whose first is the farthest.
func (s *neighborSearch) scan(i int, scores []float32, first int32) {
	heap := s.heaps[i]
	at := 0
	for ; at < len(scores) && len(heap) < s.short; at++ {
		heap = append(heap, candidate{scores[at], first + int32(at)})
		for child := len(heap) - 1; child > 0; {
			parent := (child - 1) / 2
			if !heap[parent].less(heap[child]) {
				break
			}
			heap[parent], heap[child] = heap[child], heap[parent]
			child = parent
		}
	}
	s.heaps[i] = heap
	for ; at < len(scores); at++ {
		if v := scores[at]; v <= heap[0].score {
			if x := (candidate{v, first + int32(at)}); x.less(heap[0]) {
				heap[0] = x
				sink(heap)
			}
		}
	}
}

// sink puts the first of a heap into its place.
func sink(heap []candidate) {
	for at := 0; ; {
		child := 2*at + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && heap[child].less(heap[child+1]) {
			child++
		}
		if !heap[at].less(heap[child]) {
			return
		}
		heap[at], heap[child] = heap[child], heap[at]
		at = child
	}
}

// vote predicts for a row by its short list.
func (s *neighborSearch) vote(i int, out []float32) {
	k := &s.known
	s.found = s.found[:0]
	for _, x := range s.heaps[i] {
		row := k.X[int(x.index)*k.Columns : (int(x.index)+1)*k.Columns]
		s.found = append(s.found, neighbor{s.distance(s.asked[i], row), x.index})
	}
	slices.SortFunc(s.found, func(a, b neighbor) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.row, b.row))
	})
	const next = 1e-9 // to nothing: rows that are equal outvote all others
	left, total, mean := float64(s.votes.K), 0.0, 0.0
	clear(s.shares)
	for _, x := range s.found {
		w := 1.0
		if k.W != nil {
			w = float64(k.W[x.row])
		}
		w = min(w, left)
		left -= w
		if s.votes.Closer {
			w /= x.distance + next
		}
		total += w
		if k.Classes > 0 {
			s.shares[int(k.Y[x.row])] += w
		} else {
			mean += float64(w / total * (float64(k.Y[x.row]) - mean))
		}
		if left <= 0 {
			break
		}
	}
	if k.Classes == 0 {
		out[0] = float32(clip(mean, math.MaxFloat32))
		return
	}
	asked := float64(s.votes.K) - left
	for c := range out {
		of := c
		if s.width == 1 {
			of = 1
		}
		out[c] = float32((asked*s.shares[of]/total + float64(k.Prior[of])) / (asked + s.prior))
	}
}

func (s *neighborSearch) distance(a, b []float32) float64 {
	sum := 0.0
	if s.votes.Absolute {
		for j, v := range a {
			sum += math.Abs(float64(v) - float64(b[j]))
		}
		return sum
	}
	for j, v := range a {
		d := float64(v) - float64(b[j])
		sum += float64(d * d)
	}
	return math.Sqrt(sum)
}
