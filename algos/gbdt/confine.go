package gbdt

import (
	"math"
	"slices"
)

// Which features a leaf may be split by.
const (
	open    = iota
	skipped // not in this node
	barred  // nor below
)

// branch is what interaction constraints leave to the nodes below a path: the
// groups that hold all features of the path. nil means all.
type branch []int32

// admit marks, for the scan of leaf l, the features that it may not use: those
// that interaction constraints bar, and those that feature_fraction_bynode does
// not draw. access is memory for the marks.
func (g *grower) admit(s *leafScan, l *leaf, access *[]uint8, seed uint64) {
	if g.groups == nil && g.nodeFraction >= 1 {
		return
	}
	if *access == nil {
		*access = make([]uint8, len(g.features))
	}
	marks := *access
	clear(marks)
	if g.groups != nil {
		g.barOutside(l.branch, marks)
	}
	if g.nodeFraction < 1 {
		g.drawOpen(marks, derive(seed, forNodeFeatures, uint64(l.node)))
	}
	s.access = marks
}

// barOutside bars the features that share no group with the path.
func (g *grower) barOutside(b branch, marks []uint8) {
	for i := range marks {
		marks[i] = barred
	}
	for k, group := range g.groups {
		if b != nil && !slices.Contains(b, int32(k)) {
			continue
		}
		for i := range g.features {
			if slices.Contains(group, int32(g.features[i].frame)) {
				marks[i] = open
			}
		}
	}
}

// below is the branch under a split by a feature.
func (b branch) below(groups [][]int32, frame int32) branch {
	out := branch{}
	for k, group := range groups {
		if (b == nil || slices.Contains(b, int32(k))) && slices.Contains(group, frame) {
			out = append(out, int32(k))
		}
	}
	return out
}

// drawOpen leaves a fraction of the tree's open features open.
func (g *grower) drawOpen(marks []uint8, seed uint64) {
	left := 0
	for _, i := range g.chosen {
		if marks[i] == open {
			left++
		}
	}
	want := share(left, g.nodeFraction)
	for _, i := range g.chosen {
		if marks[i] != open {
			continue
		}
		if below(mix(seed+uint64(i)), left) < want {
			want--
		} else {
			marks[i] = skipped
		}
		left--
	}
}

// share is a fraction of n features: at least two, if there are.
func share(n int, fraction float64) int {
	return min(n, max(2, int(math.Round(fraction*float64(n)))))
}
