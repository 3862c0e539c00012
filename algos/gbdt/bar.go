package gbdt

import "slices"

// gains are those of the best splits of a tree's leaves, ascending. They tell what a
// further leaf's split has to beat: of m splits that are left to do, none will be of
// a leaf that m others are better than.
type gains []float64

// add notes a leaf's best split, if it has one.
func (g *gains) add(gain float64) {
	if gain > 0 {
		at, _ := slices.BinarySearch(*g, gain)
		*g = slices.Insert(*g, at, gain)
	}
}

// pop forgets the best, which is done.
func (g *gains) pop() { *g = (*g)[:len(*g)-1] }

// bar is what a split has to reach to be one of the next few; 0 if all are.
func (g gains) bar(few int) float64 {
	if few < 1 || few > len(g) {
		return 0
	}
	return g[len(g)-few]
}
