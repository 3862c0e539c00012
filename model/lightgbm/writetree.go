package lightgbm

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// columns are the lines of one tree, a word for each node.
type columns struct {
	feature, gain, threshold, decision, left, right []string
	value, weight, count                            []string // leaves
	innerValue, innerWeight, innerCount             []string
	bounds, words                                   []string // sets of categories
	constant, sizes, features, coef                 []string // linear leaves
}

// block is the text of one tree with its heading and the empty lines behind it.
func (m *Model) block(index int, tree predictor.Tree, version int) (string, error) {
	c := columns{bounds: []string{"0"}}
	stat := statistics(tree)
	children := childNumbers(tree)
	linear := slices.ContainsFunc(tree, func(n predictor.Node) bool { return n.Linear != nil })
	for i := range tree {
		n := &tree[i]
		if n.Feature < 0 {
			c.leaf(n, stat[i], linear)
			continue
		}
		if err := c.inner(n, stat[i], children, m.Features); err != nil {
			return "", err
		}
	}
	return c.text(index, linear, version), nil
}

// childNumbers gives inner nodes numbers from 0 and leaf k the number ^k, both
// in the order of the tree.
func childNumbers(tree predictor.Tree) []int {
	number := make([]int, len(tree))
	inner, leaves := 0, 0
	for i := range tree {
		if tree[i].Feature >= 0 {
			number[i] = inner
			inner++
		} else {
			number[i] = ^leaves
			leaves++
		}
	}
	return number
}

// stats are a node's rows, weight and mean value.
type stats struct{ rows, weight, value float64 }

// statistics adds up what inner nodes do not know of themselves: children come
// after their parent.
func statistics(tree predictor.Tree) []stats {
	s := make([]stats, len(tree))
	for i := len(tree) - 1; i >= 0; i-- {
		n := &tree[i]
		s[i] = stats{rows: n.Cover, weight: float64(n.Weight)}
		if n.Feature < 0 {
			s[i].value = n.Value[0]
			continue
		}
		l, r := s[n.Left], s[n.Right]
		if n.Cover == 0 {
			s[i].rows = l.rows + r.rows
		}
		if n.Weight == 0 {
			s[i].weight = l.weight + r.weight
		}
		share := 0.5
		if l.rows+r.rows > 0 {
			share = l.rows / (l.rows + r.rows)
		}
		s[i].value = float64(share*l.value) + float64((1-share)*r.value)
	}
	return s
}

// rows is a count of LightGBM: a whole number of 32 bits.
func rows(v float64) string {
	return strconv.FormatInt(int64(math.Round(min(max(v, 0), math.MaxInt32))), 10)
}

func (c *columns) leaf(n *predictor.Node, s stats, linear bool) {
	c.value = append(c.value, number(s.value))
	c.weight = append(c.weight, number(s.weight))
	c.count = append(c.count, rows(s.rows))
	if !linear {
		return
	}
	l := n.Linear
	if l == nil {
		l = &predictor.LeafModel{Const: s.value}
	}
	c.constant = append(c.constant, number(l.Const))
	c.sizes = append(c.sizes, strconv.Itoa(len(l.Features)))
	for k, f := range l.Features {
		c.features = append(c.features, strconv.Itoa(int(f)))
		c.coef = append(c.coef, number(l.Coef[k]))
	}
}

func (c *columns) inner(n *predictor.Node, s stats, children []int, features []Feature) error {
	left, right := children[n.Left], children[n.Right]
	c.feature = append(c.feature, strconv.Itoa(int(n.Feature)))
	c.gain = append(c.gain, strconv.FormatFloat(float64(n.Gain), 'g', -1, 32))
	c.innerValue = append(c.innerValue, number(s.value))
	c.innerWeight = append(c.innerWeight, number(s.weight))
	c.innerCount = append(c.innerCount, rows(s.rows))
	if n.Cats == nil {
		c.threshold = append(c.threshold, number(n.Threshold))
		c.decision = append(c.decision, strconv.Itoa(decision(n)))
	} else {
		words := n.Cats
		if n.MissingLeft {
			// Missing categories go right there: the other set, children swapped.
			f := &features[n.Feature]
			if len(f.Categories) == 0 {
				return fmt.Errorf("missing categories of feature %q go left, and its categories are not known", f.Name)
			}
			words = complement(words, f.Categories)
			left, right = right, left
		}
		c.threshold = append(c.threshold, strconv.Itoa(len(c.bounds)-1))
		c.decision = append(c.decision, strconv.Itoa(bitCategorical))
		c.set(words)
	}
	c.left = append(c.left, strconv.Itoa(left))
	c.right = append(c.right, strconv.Itoa(right))
	return nil
}

// decision is the decision_type of a numeric test.
func decision(n *predictor.Node) int {
	d := slices.Index(missingTypes[:], n.Missing) << missingShift
	if n.MissingLeft {
		d |= bitDefaultLeft
	}
	return d
}

// set appends a set of categories, of one word at least.
func (c *columns) set(words []uint32) {
	for len(words) > 1 && words[len(words)-1] == 0 {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		words = []uint32{0}
	}
	for _, w := range words {
		c.words = append(c.words, strconv.FormatUint(uint64(w), 10))
	}
	c.bounds = append(c.bounds, strconv.Itoa(len(c.words)))
}

// complement is the set of the known categories that are not in words.
func complement(words []uint32, known []int32) []uint32 {
	other := make([]uint32, max(0, slices.Max(known))/32+1)
	for _, v := range known {
		if v >= 0 && (int(v/32) >= len(words) || words[v/32]>>(v%32)&1 == 0) {
			other[v/32] |= 1 << (v % 32)
		}
	}
	return other
}

// text puts the lines together. Version 3 has is_linear for linear trees only:
// its older readers do not know the key.
func (c *columns) text(index int, linear bool, version int) string {
	var b strings.Builder
	line := func(key string, words []string) { b.WriteString(key + "=" + strings.Join(words, " ") + "\n") }
	fmt.Fprintf(&b, "Tree=%d\nnum_leaves=%d\nnum_cat=%d\n", index, len(c.value), len(c.bounds)-1)
	line("split_feature", c.feature)
	line("split_gain", c.gain)
	line("threshold", c.threshold)
	line("decision_type", c.decision)
	line("left_child", c.left)
	line("right_child", c.right)
	line("leaf_value", c.value)
	line("leaf_weight", c.weight)
	line("leaf_count", c.count)
	line("internal_value", c.innerValue)
	line("internal_weight", c.innerWeight)
	line("internal_count", c.innerCount)
	if len(c.bounds) > 1 {
		line("cat_boundaries", c.bounds)
		line("cat_threshold", c.words)
	}
	if linear {
		line("is_linear", []string{"1"})
		line("leaf_const", c.constant)
		line("num_features", c.sizes)
		line("leaf_features", c.features)
		line("leaf_coeff", c.coef)
	} else if version > 3 {
		line("is_linear", []string{"0"})
	}
	b.WriteString("shrinkage=1\n\n\n")
	return b.String()
}
