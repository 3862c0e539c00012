package gbdt

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// keptTree is a finished tree in little memory: many are kept until the fit ends.
type keptTree struct {
	nodes []keptNode
	cats  [][]uint16  // the bins that go left, of categorical tests
	more  [][]float32 // the values of leaves that have one for every output
}

type keptNode struct {
	feature             int32 // of the trainer's, -1 for leaves
	left                int32 // its sibling comes next
	rows                int32
	extra               int32 // place in cats or more, -1 without
	value, weight, gain float32
	bin                 uint8
	missingLeft         bool
}

// keep makes the kept form of a tree.
func keep(nodes []node) keptTree {
	t := keptTree{nodes: make([]keptNode, len(nodes))}
	for i := range nodes {
		n, k := &nodes[i], &t.nodes[i]
		*k = keptNode{feature: -1, rows: int32(n.hi - n.lo), extra: -1, weight: float32(n.h), gain: n.gain}
		switch {
		case n.leaf() && n.values != nil:
			k.extra = int32(len(t.more))
			t.more = append(t.more, n.values)
		case n.leaf():
			k.value = n.value
		default:
			k.feature, k.left, k.bin, k.missingLeft = n.split.feature, n.left, n.split.bin, n.split.missingLeft
			if n.split.categorical {
				k.extra = int32(len(t.cats))
				t.cats = append(t.cats, n.split.cats)
			}
		}
	}
	return t
}

// predictor turns trees kept into their final form, one at a time.
func (b *booster) predictor(trees []keptTree) *predictor.Trees {
	f := treeMaker{features: b.features}
	return predictor.CollectTrees(func(yield func(predictor.Tree) bool) {
		for _, t := range b.init {
			if !yield(t) {
				return
			}
		}
		for i := range trees {
			if !yield(f.tree(&trees[i])) {
				return
			}
		}
	}, b.width, b.base, b.obj.link())
}

// treeMaker makes the final form of one tree after the other in the same memory.
type treeMaker struct {
	features []feature
	nodes    predictor.Tree
	values   []float64
	words    []uint32
}

// tree is valid until the next call.
func (f *treeMaker) tree(from *keptTree) predictor.Tree {
	f.nodes, f.values, f.words = f.nodes[:0], f.values[:0], f.words[:0]
	for i := range from.nodes {
		k := &from.nodes[i]
		n := predictor.Node{Feature: -1, Cover: float64(k.rows), Weight: k.weight, Gain: k.gain}
		if k.feature < 0 {
			n.Value = f.leaf(from, k)
		} else {
			f.test(from, k, &n)
		}
		f.nodes = append(f.nodes, n)
	}
	return f.nodes
}

// leaf is the value, or the values, of a leaf.
func (f *treeMaker) leaf(from *keptTree, k *keptNode) []float64 {
	start := len(f.values)
	if k.extra < 0 {
		f.values = append(f.values, float64(k.value))
	} else {
		for _, v := range from.more[k.extra] {
			f.values = append(f.values, float64(v))
		}
	}
	return f.values[start:len(f.values):len(f.values)]
}

func (f *treeMaker) test(from *keptTree, k *keptNode, n *predictor.Node) {
	of := &f.features[k.feature]
	n.Feature, n.MissingLeft = int32(of.frame), k.missingLeft
	n.Left, n.Right = k.left, k.left+1
	switch {
	case k.extra >= 0:
		n.Cats = f.set(from.cats[k.extra], k.missingLeft, of)
	case int(k.bin) < len(of.edges):
		n.Threshold = float64(of.edges[k.bin])
	default:
		n.Threshold = math.Inf(1) // all values left, missing right
	}
}

// set lists the level codes that go left. The levels without a bin of their own
// go with the missing values.
func (f *treeMaker) set(cats []uint16, missingLeft bool, of *feature) []uint32 {
	start := len(f.words)
	f.words = append(f.words, make([]uint32, (of.levels+31)/32)...)
	words := f.words[start:len(f.words):len(f.words)]
	for _, c := range cats {
		words[c/32] |= 1 << (c % 32)
	}
	for c := 0; missingLeft && c < of.levels; c++ {
		if of.spec.IsRare(c) {
			words[c/32] |= 1 << (c % 32)
		}
	}
	return words
}
