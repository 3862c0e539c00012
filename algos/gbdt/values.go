package gbdt

import "math"

// setValues computes the leaves' outputs from the true gradients.
func (b *booster) setValues(nodes []node, grad []pair) {
	b.sumLeaves(nodes, grad)
	for i := len(nodes) - 1; i >= 0; i-- {
		n := &nodes[i]
		if n.leaf() {
			n.value = b.output(n.g, n.h, n.l2)
			continue
		}
		left, right := &nodes[n.left], &nodes[n.right]
		n.g, n.h = left.g+right.g, left.h+right.h
	}
	if b.shaped() {
		b.shapeValues(nodes)
	}
}

// shapeValues computes the leaves' outputs from the root down, as those of
// inner nodes bear on those of their children.
func (b *booster) shapeValues(nodes []node) {
	above := make([]float64, len(nodes))
	for i := range nodes {
		n := &nodes[i]
		out := b.step(n.g, n.h, n.l2)
		out = b.clip(out)
		out = smooth(out, above[i], float64(n.hi-n.lo), b.pathSmooth)
		out = max(n.low, min(n.high, out))
		if n.leaf() {
			n.value = b.shrunk(out)
			continue
		}
		above[n.left], above[n.right] = out, out
	}
}

// sumLeaves sums up the gradients leaf by leaf in the order of rows, so that
// threads change nothing.
func (b *booster) sumLeaves(nodes []node, grad []pair) {
	idx := b.grower.spread.idx
	one := func(i, _ int) {
		n := &nodes[i]
		if !n.leaf() {
			return
		}
		var sumG, sumH float64
		for _, r := range idx[n.lo:n.hi] {
			p := &grad[r]
			sumG += float64(p.g)
			sumH += float64(p.h)
		}
		n.g, n.h = sumG, sumH
	}
	if b.train.n < parallelRows {
		alone.run(len(nodes), one)
		return
	}
	b.crew.run(len(nodes), one)
}

// output is the value of a leaf: the Newton step, shrunk.
func (b *booster) output(g, h, l2 float64) float32 { return b.shrunk(b.step(g, h, l2)) }

// step is the Newton step.
func (s *settings) step(g, h, l2 float64) float64 {
	if h+l2 <= 0 {
		return 0
	}
	return shrink(-g, s.lambdaL1) / (h + l2)
}

// clip bounds an output by max_delta_step.
func (s *settings) clip(out float64) float64 {
	if s.maxDelta > 0 {
		return max(-s.maxDelta, min(s.maxDelta, out))
	}
	return out
}

// shrunk applies the learning rate. What is not a finite float32 becomes 0.
func (s *settings) shrunk(out float64) float32 {
	v := float32(out * s.learningRate)
	if f := float64(v); math.IsInf(f, 0) || math.IsNaN(f) {
		return 0
	}
	return v
}

// addScores adds the leaves' values to the scores of their rows.
func addScores(nodes []node, s *spread, score []float64, c crew) {
	one := func(i, _ int) {
		if n := &nodes[i]; n.leaf() {
			addTo(score, s.idx[n.lo:n.hi], n.value)
		}
	}
	if len(s.idx) < parallelRows {
		c = alone
	}
	c.run(len(nodes), one)
}

func addTo(score []float64, idx []int32, value float32) {
	v := float64(value)
	for _, r := range idx {
		score[r] += v
	}
}

// replay takes the first rows of a spread down a finished tree, and calls visit
// for each leaf that some come to.
func replay(nodes []node, features []feature, s *spread, rows int, c crew, visit func(*node, []int32)) {
	lo, hi := make([]int, len(nodes)), make([]int, len(nodes))
	hi[0] = rows
	for i := range nodes {
		n := &nodes[i]
		if lo[i] == hi[i] {
			continue
		}
		if n.leaf() {
			visit(n, s.idx[lo[i]:hi[i]])
			continue
		}
		mid := s.divide(lo[i], hi[i], &n.split, &features[n.split.feature], c)
		lo[n.left], hi[n.left] = lo[i], mid
		lo[n.right], hi[n.right] = mid, hi[i]
	}
}
