package xgboost

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// flatTree is a tree in the arrays of the format.
type flatTree struct {
	left, right, parent, feature, kind, defaultLeft []int32
	condition, weight, gain, hessian                []float32
	cats, catNodes, catStart, catSize               []int32
}

// noParent is the parent of a root.
const noParent = math.MaxInt32

// flatten writes a tree whose leaves' values have the given index in the form of
// the format. Nodes are numbered level by level: XGBoost takes the right child to
// stand behind the left one.
func flatten(t predictor.Tree, value int, features []Feature) (*flatTree, error) {
	order := levels(t)
	n := len(order)
	ints, floats := make([]int32, 6*n), make([]float32, 4*n)
	f := &flatTree{
		left: ints[:n], right: ints[n : 2*n], parent: ints[2*n : 3*n], feature: ints[3*n : 4*n],
		kind: ints[4*n : 5*n], defaultLeft: ints[5*n:],
		condition: floats[:n], weight: floats[n : 2*n], gain: floats[2*n : 3*n], hessian: floats[3*n:],
	}
	f.parent[0] = noParent
	next := int32(1)
	for i, from := range order {
		node := &t[from]
		if node.Feature >= 0 {
			f.left[i], f.right[i] = next, next+1
			f.parent[next], f.parent[next+1] = int32(i), int32(i)
			next += 2
		}
		if err := f.node(node, int32(i), value, features); err != nil {
			return nil, fmt.Errorf("node %d: %w", from, err)
		}
	}
	f.cover()
	f.average()
	return f, nil
}

// cover counts leaves where the cover of an inner node is not known: XGBoost
// divides by it for attributions.
func (f *flatTree) cover() {
	known := true
	for i, l := range f.left {
		known = known && (l < 0 || f.hessian[i] > 0)
	}
	for i := len(f.left) - 1; i >= 0 && !known; i-- {
		f.hessian[i] = 1
		if l := f.left[i]; l >= 0 {
			f.hessian[i] = f.hessian[l] + f.hessian[l+1]
		}
	}
}

// levels lists the nodes level by level. The children of some tests change
// places, see swaps.
func levels(t predictor.Tree) []int32 {
	order := make([]int32, 1, len(t))
	for i := 0; i < len(order); i++ {
		n := &t[order[i]]
		switch {
		case n.Feature < 0:
		case swaps(n):
			order = append(order, n.Right, n.Left)
		default:
			order = append(order, n.Left, n.Right)
		}
	}
	return order
}

// swaps reports a test whose left side is the right one in the format: listed
// categories go right there, and the test that all numbers pass is the opposite of
// one that none does (below -Inf).
func swaps(n *predictor.Node) bool {
	return lists(n) || n.Cats == nil && math.IsInf(n.Threshold, 1)
}

// lists reports a test of categories that some category passes. The format has
// no empty ones: those, which only missing values may pass, become tests that no
// number passes.
func lists(n *predictor.Node) bool {
	return slices.ContainsFunc(n.Cats, func(w uint32) bool { return w != 0 })
}

func (f *flatTree) node(n *predictor.Node, i int32, value int, features []Feature) error {
	var err error
	if f.hessian[i], err = single(n.Cover); err != nil {
		return fmt.Errorf("cover: %w", err)
	}
	if f.gain[i], err = single(float64(n.Gain)); err != nil {
		return fmt.Errorf("gain: %w", err)
	}
	if n.Feature < 0 {
		f.left[i], f.right[i] = -1, -1
		if n.Linear != nil {
			return errors.New("linear leaves cannot be held")
		}
		if f.condition[i], err = single(n.Value[min(value, len(n.Value)-1)]); err != nil {
			return fmt.Errorf("leaf: %w", err)
		}
		f.weight[i] = f.condition[i]
		return nil
	}
	if int(n.Feature) >= len(features) {
		return fmt.Errorf("feature %d of %d", n.Feature, len(features))
	}
	f.feature[i] = n.Feature
	if lists(n) {
		return f.set(n, i, features)
	}
	return f.number(n, i)
}

// number writes a numeric test.
func (f *flatTree) number(n *predictor.Node, i int32) error {
	if n.Threshold != n.Threshold {
		return errors.New("a threshold that is no number")
	}
	missingLeft := n.MissingLeft
	switch {
	case n.Cats != nil:
		f.condition[i] = float32(math.Inf(-1))
	case swaps(n):
		f.condition[i] = float32(math.Inf(-1))
		missingLeft = n.Missing != predictor.MissingNone && !n.MissingLeft
	default:
		f.condition[i] = after(n.Threshold)
		if n.Missing == predictor.MissingNone {
			missingLeft = 0 <= n.Threshold
		}
	}
	if n.Cats == nil && n.Missing == predictor.MissingZero && n.MissingLeft != (0 <= n.Threshold) {
		return errors.New("a zero that counts as missing and goes another way cannot be held")
	}
	if missingLeft {
		f.defaultLeft[i] = 1
	}
	return nil
}

// set writes a test of categories.
func (f *flatTree) set(n *predictor.Node, i int32, features []Feature) error {
	if !features[n.Feature].Categorical {
		return fmt.Errorf("feature %q is not categorical", features[n.Feature].Name)
	}
	f.kind[i] = 1
	if !n.MissingLeft {
		f.defaultLeft[i] = 1
	}
	start := len(f.cats)
	for k, w := range n.Cats {
		for ; w != 0; w &= w - 1 {
			c := 32*k + bits.TrailingZeros32(w)
			if c >= maxCategory {
				return fmt.Errorf("category %d is beyond float32", c)
			}
			f.cats = append(f.cats, int32(c))
		}
	}
	f.catNodes = append(f.catNodes, i)
	f.catStart = append(f.catStart, int32(start))
	f.catSize = append(f.catSize, int32(len(f.cats)-start))
	return nil
}

// average gives inner nodes the mean of their leaves, weighted by cover: what
// XGBoost's approximate attributions read.
func (f *flatTree) average() {
	for i := len(f.left) - 1; i >= 0; i-- {
		l, r := f.left[i], f.right[i]
		if l < 0 {
			continue
		}
		wl, wr := float64(f.hessian[l]), float64(f.hessian[r])
		if total := wl + wr; total > 0 {
			f.weight[i] = float32((float64(f.weight[l])*wl + float64(f.weight[r])*wr) / total)
		}
	}
}

// single rounds to float32.
func single(v float64) (float32, error) {
	s := float32(v)
	if f := float64(s); math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%v is beyond float32", v)
	}
	return s, nil
}
