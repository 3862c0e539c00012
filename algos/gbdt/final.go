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

// keptNode is a node in 24 bytes.
type keptNode struct {
	feature int32 // of the trainer's, -1 for leaves
	left    int32 // its sibling comes next; negative where missing values go left
	rows    int32
	at      int32 // the bin of a numeric test; -1-i for element i of cats or more
	amount  float32
	weight  float32
}

// keep makes the kept form of a tree. The amount of a leaf is its value, that of a test
// its gain.
func keep(nodes []node) keptTree {
	t := keptTree{nodes: make([]keptNode, len(nodes))}
	for i := range nodes {
		n, k := &nodes[i], &t.nodes[i]
		*k = keptNode{feature: -1, rows: int32(n.hi - n.lo), amount: n.value, weight: float32(n.h)}
		switch {
		case n.leaf() && n.values != nil:
			t.more = append(t.more, n.values)
			k.at = -int32(len(t.more))
		case !n.leaf():
			k.feature, k.left, k.at, k.amount = n.split.feature, n.left, int32(n.split.bin), n.gain
			if n.split.missingLeft {
				k.left = -n.left
			}
			if n.split.categorical {
				t.cats = append(t.cats, n.split.cats)
				k.at = -int32(len(t.cats))
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
		n := predictor.Node{Feature: -1, Cover: float64(k.rows), Weight: k.weight}
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
	if k.at == 0 {
		f.values = append(f.values, float64(k.amount))
	} else {
		for _, v := range from.more[-1-k.at] {
			f.values = append(f.values, float64(v))
		}
	}
	return f.values[start:len(f.values):len(f.values)]
}

func (f *treeMaker) test(from *keptTree, k *keptNode, n *predictor.Node) {
	of := &f.features[k.feature]
	n.Feature, n.MissingLeft, n.Gain = int32(of.frame), k.left < 0, k.amount
	n.Left = max(k.left, -k.left)
	n.Right = n.Left + 1
	switch {
	case k.at < 0:
		n.Cats = f.set(from.cats[-1-k.at], n.MissingLeft, of)
	case int(k.at) < len(of.edges):
		n.Threshold = float64(of.edges[k.at])
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
