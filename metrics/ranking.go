package metrics

import (
	"fmt"
	"math"
	"slices"
	"sync"
)

// rocAUC is the area under the ROC curve of class 1 or the mean over the
// classes against the rest.
func rocAUC(s *sample) (float64, error) { return s.perClass(auc) }

// averagePrecision is the step-wise area under the precision-recall curve of
// class 1 or the mean over the classes against the rest.
func averagePrecision(s *sample) (float64, error) { return s.perClass(stepPrecision) }

// perClass averages a ranking score over the classes that some rows have and
// some have not.
func (s *sample) perClass(curve func(groups []group, pos, neg float64) float64) (float64, error) {
	width := Width(s.task, s.classes)
	buf := sortPool.Get().(*sorter)
	defer sortPool.Put(buf)
	scores := make([]float32, len(s.y))
	sum, n := 0.0, 0
	for k := range width {
		class := float32(k)
		if s.task == Binary {
			class = 1
		}
		for i := range scores {
			scores[i] = s.pred[i*width+k]
		}
		groups, pos, neg := s.rank(buf, scores, class)
		if pos > 0 && neg > 0 {
			sum += curve(groups, pos, neg)
			n++
		}
	}
	if n == 0 {
		return 0, fmt.Errorf("not defined when all rows with weight are of one class")
	}
	return sum / float64(n), nil
}

// group is the weight, by side, of the rows that share a score.
type group struct{ pos, neg float64 }

// rank sorts the rows by descending score and sums the weights of equal ones.
// The groups are buf's.
func (s *sample) rank(buf *sorter, scores []float32, class float32) (groups []group, pos, neg float64) {
	order := buf.descending(scores)
	groups = buf.groups[:0]
	last := uint64(math.MaxUint64)
	for _, key := range order {
		i := int(uint32(key))
		if last != key>>32 {
			groups = append(groups, group{})
			last = key >> 32
		}
		g := &groups[len(groups)-1]
		if s.y[i] == class {
			g.pos += s.weight(i)
		} else {
			g.neg += s.weight(i)
		}
	}
	buf.groups = groups
	for _, g := range groups {
		pos, neg = pos+g.pos, neg+g.neg
	}
	return groups, pos, neg
}

// auc is the chance that a positive row is ranked above a negative one, ties
// counting one half.
func auc(groups []group, pos, neg float64) float64 {
	above, area := 0.0, 0.0
	for _, g := range groups {
		area += float64(g.neg * (above + g.pos/2))
		above += g.pos
	}
	return area / pos / neg
}

func stepPrecision(groups []group, pos, _ float64) float64 {
	var hits, seen, area float64
	for _, g := range groups {
		hits += g.pos
		seen += g.pos + g.neg
		if g.pos > 0 {
			area += float64(g.pos * (hits / seen))
		}
	}
	return area / pos
}

// sorter holds the buffers of a radix sort, which are reused: ensembles rank
// the same rows thousands of times.
type sorter struct {
	a, b   []uint64
	groups []group
}

var sortPool = sync.Pool{New: func() any { return new(sorter) }}

// descending gives (key, row) pairs of descending score: equal scores have
// equal upper halves, the row is the lower half.
func (s *sorter) descending(scores []float32) []uint64 {
	n := len(scores)
	s.a = slices.Grow(s.a[:0], n)[:n]
	for i, v := range scores {
		s.a[i] = uint64(descendingKey(v))<<32 | uint64(uint32(i))
	}
	if n < 1024 {
		slices.Sort(s.a)
		return s.a
	}
	s.b = slices.Grow(s.b[:0], n)[:n]
	for _, shift := range []uint{32, 43, 54} {
		radixPass(s.a, s.b, shift)
		s.a, s.b = s.b, s.a
	}
	return s.a
}

// radixPass sorts from into to by the 11 bits above shift, keeping the order
// of equal ones.
func radixPass(from, to []uint64, shift uint) {
	var start [1 << 11]int
	for _, v := range from {
		start[v>>shift&2047]++
	}
	sum := 0
	for d, c := range start {
		start[d], sum = sum, sum+c
	}
	for _, v := range from {
		d := v >> shift & 2047
		to[start[d]] = v
		start[d]++
	}
}

// descendingKey maps a number to an unsigned one of the opposite order; -0 and
// 0 are equal.
func descendingKey(v float32) uint32 {
	b := math.Float32bits(v + 0)
	if b>>31 == 0 {
		return ^(b | 1<<31)
	}
	return b
}
