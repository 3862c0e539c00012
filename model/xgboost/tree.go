package xgboost

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// rawTree is a tree as it is stored: an array for each property of its nodes.
type rawTree struct {
	left, right, feature []int32
	condition            []float32 // of a leaf: its value
	gain, hessian        []float32
	defaultLeft, kind    []int32
	leafWeights          []float32 // of vector leaves
	vector               int32

	// The categories of node catNodes[i] are cats[catStart[i]:][:catSize[i]].
	cats, catNodes, catStart, catSize []int32
}

func readTree(s *scanner) rawTree {
	t := rawTree{vector: 1}
	s.object(func(key string) {
		switch key {
		case "left_children":
			t.left = s.integers()
		case "right_children":
			t.right = s.integers()
		case "split_indices":
			t.feature = s.integers()
		case "split_conditions":
			t.condition = s.floats()
		case "loss_changes":
			t.gain = s.floats()
		case "sum_hessian":
			t.hessian = s.floats()
		case "default_left":
			t.defaultLeft = s.integers()
		case "split_type":
			t.kind = s.integers()
		case "leaf_weights":
			t.leafWeights = s.floats()
		case "categories":
			t.cats = s.integers()
		case "categories_nodes":
			t.catNodes = s.integers()
		case "categories_segments":
			t.catStart = s.integers()
		case "categories_sizes":
			t.catSize = s.integers()
		case "tree_param":
			s.object(func(key string) {
				if key == "size_leaf_vector" {
					t.vector = s.integer()
				} else {
					s.skip()
				}
			})
		default:
			s.skip()
		}
	})
	return t
}

// treeReader turns stored trees into those of package predictor.
type treeReader struct {
	features    int
	categorical []bool // features with a categorical test
	words       int    // 32 categories each, that may still be made
}

func (r *treeReader) tree(t *rawTree) (predictor.Tree, error) {
	n := len(t.left)
	if n == 0 {
		return nil, fmt.Errorf("no nodes")
	}
	for _, a := range []struct {
		name     string
		have     int
		optional bool
	}{
		{"right_children", len(t.right), false}, {"split_indices", len(t.feature), false},
		{"split_conditions", len(t.condition), false}, {"default_left", len(t.defaultLeft), false},
		{"loss_changes", len(t.gain), true}, {"sum_hessian", len(t.hessian), true}, {"split_type", len(t.kind), true},
	} {
		if a.have != n && !(a.optional && a.have == 0) {
			return nil, fmt.Errorf("%s has %d entries for %d nodes", a.name, a.have, n)
		}
	}
	cats, err := r.categories(t)
	if err != nil {
		return nil, err
	}
	return r.nodes(t, cats)
}

// categories are the bit sets of the categorical nodes.
func (r *treeReader) categories(t *rawTree) (map[int32][]uint32, error) {
	if len(t.catStart) != len(t.catNodes) || len(t.catSize) != len(t.catNodes) {
		return nil, fmt.Errorf("%d categorical nodes have %d segments and %d sizes", len(t.catNodes), len(t.catStart), len(t.catSize))
	}
	sets := make(map[int32][]uint32, len(t.catNodes))
	for i, node := range t.catNodes {
		lo, size := int(t.catStart[i]), int(t.catSize[i])
		if lo < 0 || size < 0 || lo+size > len(t.cats) {
			return nil, fmt.Errorf("node %d: its categories lie outside of the list", node)
		}
		if _, twice := sets[node]; twice {
			return nil, fmt.Errorf("node %d has categories twice", node)
		}
		set, err := r.set(t.cats[lo : lo+size])
		if err != nil {
			return nil, fmt.Errorf("node %d: %w", node, err)
		}
		sets[node] = set
	}
	return sets, nil
}

func (r *treeReader) set(cats []int32) ([]uint32, error) {
	top := int32(-1)
	for _, c := range cats {
		if c < 0 || c >= maxCategory {
			return nil, fmt.Errorf("category %d is not in 0 to %d", c, maxCategory-1)
		}
		top = max(top, c)
	}
	words := int(top/32) + 1
	if r.words -= words; r.words < 0 {
		return nil, fmt.Errorf("the sets of categories are far larger than the file")
	}
	set := make([]uint32, words)
	for _, c := range cats {
		set[c/32] |= 1 << (c % 32)
	}
	return set, nil
}

// maxCategory is the first code that XGBoost, whose input is float32, takes for
// no category.
const maxCategory = 1 << 24

// nodes renumbers the nodes in level order, the only ones that can be reached.
func (r *treeReader) nodes(t *rawTree, cats map[int32][]uint32) (predictor.Tree, error) {
	n := int32(len(t.left))
	queue := []int32{0}
	seen := make([]bool, n)
	seen[0] = true
	tree := make(predictor.Tree, 0, n)
	for at := 0; at < len(queue); at++ {
		i := queue[at]
		if t.left[i] == -1 {
			leaf, err := r.leaf(t, i)
			if err != nil {
				return nil, fmt.Errorf("node %d: %w", i, err)
			}
			tree = append(tree, leaf)
			continue
		}
		for _, child := range [2]int32{t.left[i], t.right[i]} {
			if child < 0 || child >= n {
				return nil, fmt.Errorf("node %d: child %d of a tree of %d nodes", i, child, n)
			}
			if seen[child] {
				return nil, fmt.Errorf("node %d: child %d has another parent", i, child)
			}
			seen[child] = true
		}
		node, err := r.test(t, i, cats)
		if err != nil {
			return nil, fmt.Errorf("node %d: %w", i, err)
		}
		first, second := t.left[i], t.right[i]
		if node.Cats != nil || swaps(&node) {
			first, second = second, first
		}
		node.Left, node.Right = int32(len(queue)), int32(len(queue)+1)
		queue = append(queue, first, second)
		tree = append(tree, node)
	}
	return tree, nil
}

func (r *treeReader) leaf(t *rawTree, i int32) (predictor.Node, error) {
	node := predictor.Node{Feature: -1, Cover: at(t.hessian, i), Weight: float32(at(t.hessian, i))}
	values := t.condition[i : i+1]
	if t.vector > 1 {
		k := int64(t.right[i]) * int64(t.vector)
		if k < 0 || k+int64(t.vector) > int64(len(t.leafWeights)) {
			return node, fmt.Errorf("leaf %d of %d leaf weights", t.right[i], len(t.leafWeights))
		}
		values = t.leafWeights[k : k+int64(t.vector)]
	}
	for _, v := range values {
		if v != v || math.IsInf(float64(v), 0) {
			return node, fmt.Errorf("leaf value %v is not a finite number", v)
		}
		node.Value = append(node.Value, float64(v))
	}
	return node, nil
}

func (r *treeReader) test(t *rawTree, i int32, cats map[int32][]uint32) (predictor.Node, error) {
	node := predictor.Node{
		Feature: t.feature[i], MissingLeft: t.defaultLeft[i] != 0,
		Cover: at(t.hessian, i), Weight: float32(at(t.hessian, i)), Gain: float32(at(t.gain, i)),
	}
	if int(node.Feature) >= r.features || node.Feature < 0 {
		return node, fmt.Errorf("feature %d of %d", node.Feature, r.features)
	}
	if t.kind != nil && t.kind[i] == 1 {
		set, ok := cats[i]
		if !ok {
			return node, fmt.Errorf("a categorical test without categories")
		}
		node.Cats, node.MissingLeft = set, !node.MissingLeft // listed categories go right there, left here
		r.categorical[node.Feature] = true
		return node, nil
	}
	c := t.condition[i]
	switch {
	case c != c:
		return node, fmt.Errorf("split condition %v divides nothing", c)
	case math.IsInf(float64(c), -1): // all numbers go right
		node.Threshold, node.MissingLeft = math.Inf(1), !node.MissingLeft
	default:
		node.Threshold = before(c)
	}
	return node, nil
}

// at is element i, 0 where it is absent or no finite number.
func at(values []float32, i int32) float64 {
	if values == nil {
		return 0
	}
	v := float64(values[i])
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// before is the largest float32 below c: x < c is x <= before(c).
func before(c float32) float64 { return float64(math.Nextafter32(c, float32(math.Inf(-1)))) }

// after is the smallest float32 above every float32 of at most t: x <= t is
// x < after(t).
func after(t float64) float32 {
	c := float32(t)
	if float64(c) > t {
		return c
	}
	return math.Nextafter32(c, float32(math.Inf(1)))
}
