package gbdt

import "math"

// limits are what bounds a leaf's output, in quantised units and before the
// learning rate, and the output itself.
type limits struct{ out, low, high float64 }

func unlimited() limits { return limits{low: math.Inf(-1), high: math.Inf(1)} }

// shaped says that outputs are not always the best for the gradients: they are
// cut, smoothed or held within bounds.
func (s *settings) shaped() bool {
	return s.maxDelta > 0 || s.pathSmooth > 0 || s.monotone != nil
}

// shape makes the scan of a leaf respect the limits. As in LightGBM, gains are over
// what the leaf would save without bounds, so that bound leaves are split less.
func (s *leafScan) shape(l limits) {
	s.limits, s.shaped = l, true
	s.parent = s.saved(s.g, s.h, s.l2, s.unbounded(s.g, s.h, s.l2))
	s.floor = s.parent + max(s.minGain, 1e-10*math.Abs(s.parent))
}

// output is what a side of a split puts out: the Newton step, cut at
// max_delta_step, drawn towards the parent's output the more the fewer rows
// there are (path_smooth), within the bounds that monotone splits above have
// set.
func (s *leafScan) output(g, h, l2 float64) float64 {
	return max(s.low, min(s.high, s.unbounded(g, h, l2)))
}

func (s *leafScan) unbounded(g, h, l2 float64) float64 {
	if h+l2 <= 0 {
		return 0
	}
	out := shrink(-g, s.l1) / (h + l2)
	if s.maxDelta > 0 {
		out = max(-s.maxDelta, min(s.maxDelta, out))
	}
	return smooth(out, s.out, h*s.rowsPerUnit, s.pathSmooth)
}

// smooth draws the output of a number of rows towards the parent's.
func smooth(out, parent, rows, strength float64) float64 {
	if strength == 0 {
		return out
	}
	share := rows / (rows + strength)
	return float64(out*share) + float64(parent*(1-share))
}

func shrink(g, by float64) float64 {
	if a := math.Abs(g) - by; a > 0 {
		return math.Copysign(a, g)
	}
	return 0
}

// saved is twice the loss that a leaf with this output saves.
func (s *leafScan) saved(g, h, l2, out float64) float64 {
	return -float64(2*shrink(g, s.l1)*out) - float64((h+l2)*out*out)
}

// shapedGain is gain where outputs are shaped. A split that goes against the
// feature's direction gains nothing.
func (s *leafScan) shapedGain(left int64, l2 float64) float64 {
	gl, hl := s.unpack(left)
	gr, hr := s.unpack(s.total - left)
	ol, or := s.output(gl, hl, l2), s.output(gr, hr, l2)
	if s.way > 0 && ol > or || s.way < 0 && ol < or {
		return math.Inf(-1)
	}
	return s.saved(gl, hl, l2, ol) + s.saved(gr, hr, l2, or) - s.parent
}

// thresholdsShaped is thresholds where outputs are shaped.
func (s *leafScan) thresholdsShaped(values []int64, from int, before int64) (at int) {
	at = -1
	top := max(s.floor-s.parent, s.best.gain)
	for k := from; k < len(values); k++ {
		if gain := s.shapedGain(before+values[k], s.l2); gain > top {
			top, at = gain, k
		}
	}
	return at
}

// limit gives the children of a leaf that b splits their outputs and bounds.
// Below a monotone split neither side crosses the middle of the two outputs
// (the basic method of LightGBM).
func (g *grower) limit(parent, left, right *leaf, rows int, b *split) {
	var s leafScan
	s.start(&g.scales, parent.total, rows, 0)
	s.shape(parent.limits)
	l2 := s.l2
	if b.extraL2 {
		l2 += s.catL2
	}
	left.limits, right.limits = parent.limits, parent.limits
	lg, lh := s.unpack(left.total)
	rg, rh := s.unpack(right.total)
	left.out, right.out = s.output(lg, lh, l2), s.output(rg, rh, l2)
	middle := (left.out + right.out) / 2
	switch way := g.wayOf(b.feature); {
	case way > 0:
		left.high, right.low = middle, middle
	case way < 0:
		left.low, right.high = middle, middle
	}
}

// limitRoot gives the root its output: its parent's is 0.
func (g *grower) limitRoot(rows int) {
	root := &g.leaves[0]
	var s leafScan
	s.start(&g.scales, root.total, rows, 0)
	s.shape(root.limits)
	root.out = s.output(s.g, s.h, s.l2)
}

// noteLimits keeps a leaf's bounds for its final value.
func (g *grower) noteLimits(l *leaf) {
	n := &g.nodes[l.node]
	n.low, n.high = l.low*g.outStep, l.high*g.outStep
}

// wayOf is the direction that the outputs must have along a feature: 1, -1, or
// 0 for any.
func (g *grower) wayOf(feature int32) int8 {
	if g.monotone == nil {
		return 0
	}
	return g.monotone[g.features[feature].frame]
}
