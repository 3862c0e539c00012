package gbdt

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// checkInit refuses a model that a fit can't go on from.
func checkInit(r *algos.Request, s *settings) error {
	t := r.Init
	if t == nil {
		return nil
	}
	if t.Width() != width(r) {
		return fmt.Errorf("the model to go on from has %d outputs, not %d", t.Width(), width(r))
	}
	if out := (predictor.Output{Link: s.obj.link()}); t.Output() != out {
		return fmt.Errorf("the model to go on from has another link than the objective: %+v, not %+v", t.Output(), out)
	}
	if !s.multi && t.Len()%t.Width() != 0 {
		return fmt.Errorf("the model to go on from has %d trees for %d outputs", t.Len(), t.Width())
	}
	for i, tree := range t.Trees() {
		if j := lastFeature(tree); int(j) >= len(r.Train.M.Frame.Features) {
			return fmt.Errorf("tree %d of the model to go on from reads feature %d of %d", i, j, len(r.Train.M.Frame.Features))
		}
	}
	return nil
}

// lastFeature is the largest index of a feature that a tree reads.
func lastFeature(tree predictor.Tree) int32 {
	last := int32(-1)
	for i := range tree {
		last = max(last, tree[i].Feature)
		if m := tree[i].Linear; m != nil {
			for _, j := range m.Features {
				last = max(last, j)
			}
		}
	}
	return last
}

// margins adds up what trees give the rows of d, before the link: [output][row],
// in the order of the trees, as a predictor does.
func margins(trees []predictor.Tree, base []float64, d algos.Data, c crew) [][]float64 {
	score := make([][]float64, len(base))
	for k := range score {
		score[k] = constant(base[k], len(d.Rows))
	}
	cols := d.M.Frame.Cols
	c.blocks(len(d.Rows), func(lo, hi, _ int) {
		for t, tree := range trees {
			for i := lo; i < hi; i++ {
				leaf := &tree[leafOf(tree, cols, d.Rows[i])]
				if len(leaf.Value) == 1 {
					score[t%len(base)][i] += leafValue(leaf, cols, d.Rows[i])
					continue
				}
				for k, v := range leaf.Value {
					score[k][i] += v
				}
			}
		}
	})
	return score
}

// leafOf is the leaf that a row comes to.
func leafOf(tree predictor.Tree, cols [][]float32, row int32) int32 {
	i := int32(0)
	for tree[i].Feature >= 0 {
		if n := &tree[i]; goesLeft(n, cols[n.Feature][row]) {
			i = n.Left
		} else {
			i = n.Right
		}
	}
	return i
}

// zeroUpTo is what counts as zero where zeros are missing.
const zeroUpTo = 1e-35

func goesLeft(n *predictor.Node, value float32) bool {
	v := float64(value)
	switch {
	case n.Cats != nil && v != v:
		return n.MissingLeft
	case n.Cats != nil:
		return v >= 0 && v < float64(32*len(n.Cats)) && n.Cats[int(v)>>5]>>(int(v)&31)&1 == 1
	case n.Missing == predictor.MissingNone && v != v:
		v = 0
	case v != v, n.Missing == predictor.MissingZero && math.Abs(v) <= zeroUpTo:
		return n.MissingLeft
	}
	return v <= n.Threshold
}

func leafValue(n *predictor.Node, cols [][]float32, row int32) float64 {
	if n.Linear == nil {
		return n.Value[0]
	}
	out := n.Linear.Const
	for k, j := range n.Linear.Features {
		x := float64(cols[j][row])
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return n.Value[0]
		}
		out += float64(n.Linear.Coef[k] * x)
	}
	return out
}
