package gbdt

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// predictor turns the trees kept into their final form.
func (b *booster) predictor(trees [][]node) *predictor.Trees {
	out := b.init
	for _, nodes := range trees {
		out = append(out, finalTree(nodes, b.features))
	}
	return predictor.NewTrees(out, b.width, b.base, b.obj.link())
}

func finalTree(nodes []node, features []feature) predictor.Tree {
	t := make(predictor.Tree, len(nodes))
	values := make([]float64, len(nodes))
	for i := range nodes {
		n := &nodes[i]
		t[i].Cover, t[i].Weight = float64(n.hi-n.lo), float32(n.h)
		if n.leaf() {
			values[i] = float64(n.value)
			t[i].Feature, t[i].Value = -1, values[i:i+1:i+1]
			if n.values != nil {
				t[i].Value = doubles(n.values)
			}
			continue
		}
		f := &features[n.split.feature]
		t[i].Feature, t[i].MissingLeft = int32(f.frame), n.split.missingLeft
		t[i].Left, t[i].Right, t[i].Gain = n.left, n.right, n.gain
		if n.split.categorical {
			t[i].Cats = finalSet(&n.split, f)
		} else if int(n.split.bin) < len(f.edges) {
			t[i].Threshold = float64(f.edges[n.split.bin])
		} else {
			t[i].Threshold = math.Inf(1) // all values left, missing right
		}
	}
	return t
}

func doubles(v []float32) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		out[i] = float64(v[i])
	}
	return out
}

// finalSet lists the level codes that go left. The levels without a bin of their
// own go with the missing values.
func finalSet(s *split, f *feature) []uint32 {
	words := make([]uint32, (f.levels+31)/32)
	for _, c := range s.cats {
		words[c/32] |= 1 << (c % 32)
	}
	for c := 0; s.missingLeft && c < f.levels; c++ {
		if f.spec.IsRare(c) {
			words[c/32] |= 1 << (c % 32)
		}
	}
	return words
}
