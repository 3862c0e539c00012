package xgboost

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

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
	f.average()
	return f, nil
}

// levels lists the nodes level by level. The children of a test of categories
// change places: those listed go right in the format.
func levels(t predictor.Tree) []int32 {
	order := make([]int32, 1, len(t))
	for i := 0; i < len(order); i++ {
		n := &t[order[i]]
		switch {
		case n.Feature < 0:
		case n.Cats != nil:
			order = append(order, n.Right, n.Left)
		default:
			order = append(order, n.Left, n.Right)
		}
	}
	return order
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
	if n.Cats != nil {
		return f.set(n, i, features)
	}
	return f.number(n, i)
}

// number writes a numeric test.
func (f *flatTree) number(n *predictor.Node, i int32) error {
	if n.Threshold != n.Threshold {
		return errors.New("a threshold that is no number")
	}
	zeroLeft, missingLeft := 0 <= n.Threshold, n.MissingLeft
	switch n.Missing {
	case predictor.MissingNone:
		missingLeft = zeroLeft
	case predictor.MissingZero:
		if zeroLeft != missingLeft {
			return errors.New("a zero that counts as missing and goes another way cannot be held")
		}
	}
	f.condition[i] = after(n.Threshold)
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
