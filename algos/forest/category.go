package forest

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// set is a set of bins.
type set [4]uint64

func (s *set) has(b uint8) bool { return s[b>>6]>>(b&63)&1 == 1 }
func (s *set) add(b uint8)      { s[b>>6] |= 1 << (b & 63) }

// without is the members of s that are not in t.
func (s *set) without(t *set) set {
	var out set
	for i := range s {
		out[i] = s[i] &^ t[i]
	}
	return out
}

func (v *view) present() set {
	var s set
	for _, b := range v.bin {
		s.add(b)
	}
	return s
}

// keepSet makes a division of the categories the best split if its gain is.
// Categories that the node has not seen go right, with missing values and rare
// categories, which share a bin; so that bin must be on the right or, if the
// node has no such rows, the larger part.
func (g *grower) keepSet(v *view, in, present set, left *side, best *split) {
	gain := g.gain(left)
	if !(gain > best.gain) {
		return
	}
	if v.lost > 0 && in.has(v.missing) || v.lost == 0 && left.w > g.node.w-left.w {
		in = present.without(&in)
	}
	*best = split{feature: v.feature, categorical: true, left: in, gain: gain}
}

// randomSet tries one cut of the order that orderedSet has. Sets drawn without
// regard to the targets were worse on public tables with categories.
func (g *grower) randomSet(v *view, best *split) {
	present := v.present()
	order, _ := g.rankBins(v, &present)
	var left side
	var in set
	for _, b := range order[:1+g.rng.IntN(len(order)-1)] {
		in.add(b)
		left.join(&g.sums[b]) // of numbers
	}
	if g.class != nil {
		left = side{}
		for i, b := range v.bin {
			if in.has(b) {
				g.put(&left, i)
			}
		}
		g.reset()
	}
	g.keepSet(v, in, present, &left, best)
}

// orderedSet sorts the categories by mean target, or by the share of a class
// drawn at random, and tries all cuts of that order.
func (g *grower) orderedSet(v *view, best *split) {
	present := v.present()
	order, rank := g.rankBins(v, &present)
	g.sortByRank(v, &rank, len(order))
	var left side
	var in set
	at := 0
	for r, b := range order[:len(order)-1] {
		for ; at < len(v.bin) && int(rank[v.bin[g.sorted[at]]]) == r; at++ {
			g.put(&left, int(g.sorted[at]))
		}
		in.add(b)
		g.keepSet(v, in, present, &left, best)
	}
	if g.class != nil {
		g.reset()
	}
}

// levelDoubt is by how many of its standard errors the mean target of a level
// is moved at random before levels are ordered.
const levelDoubt = 2

// rankBins lists the bins that are present by ascending key, equal ones by
// number, and each one's place in that list, which is good until the next call.
// sums then has what each holds. Keys are mean targets that are moved at random
// by the error they have: exact ones let categories of many levels, each of a
// few rows, look better than they are.
func (g *grower) rankBins(v *view, present *set) (order []uint8, rank [256]uint8) {
	order = g.levels[:0]
	class := int32(0)
	if g.class != nil {
		class = g.class[g.node.lo+g.rng.IntN(len(v.bin))]
	}
	for i, word := range present {
		for ; word != 0; word &= word - 1 {
			b := uint8(64*i + bits.TrailingZeros64(word))
			order = append(order, b)
			g.sums[b] = binSum{}
		}
	}
	doubt := g.f.doubt * g.sumBins(v, class)
	var keys [256]float64
	for _, b := range order {
		s := &g.sums[b]
		keys[b] = s.y / math.Max(s.w, math.SmallestNonzeroFloat64)
		keys[b] += float64(doubt * g.rng.NormFloat64() / math.Sqrt(float64(s.n)))
	}
	slices.SortFunc(order, func(a, b uint8) int { return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(a, b)) })
	for r, b := range order {
		rank[b] = uint8(r)
	}
	return order, rank
}

// sumBins adds the node's rows to the sums of their bins, y the scalar targets
// or the weight of a class, and returns the deviation of these among rows.
func (g *grower) sumBins(v *view, class int32) float64 {
	total, squares := 0.0, 0.0
	for i, b := range v.bin {
		at := g.node.lo + i
		w, sum := float64(g.w[at]), &g.sums[b]
		sum.n++
		sum.w += w
		y := 0.0
		if g.class == nil {
			y = float64(g.y[at])
		} else if g.class[at] == class {
			y = 1
		}
		wy := float64(w * y)
		sum.y += wy
		total += wy
		squares += float64(wy * y)
	}
	mean := total / g.node.w
	return math.Sqrt(math.Max(0, squares/g.node.w-float64(mean*mean)))
}

// sortByRank is a counting sort of the node's rows by the rank of their bins.
func (g *grower) sortByRank(v *view, rank *[256]uint8, ranks int) {
	start := &g.start
	clear(start[:ranks])
	for _, b := range v.bin {
		start[rank[b]]++
	}
	at := int32(0)
	for r := range ranks {
		start[r], at = at, at+start[r]
	}
	for i, b := range v.bin {
		r := rank[b]
		g.sorted[start[r]] = int32(i)
		start[r]++
	}
}
