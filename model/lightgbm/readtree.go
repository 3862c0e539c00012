package lightgbm

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// Bits of decision_type; the missing type stands above them.
const (
	bitCategorical = 1
	bitDefaultLeft = 2
	missingShift   = 2
)

// missingTypes are the rules by the file's number.
var missingTypes = [...]predictor.Missing{predictor.MissingNone, predictor.MissingZero, predictor.MissingNaN}

// block is the fields of one tree. Inner nodes and leaves are numbered apart;
// child c >= 0 is an inner node, child c < 0 leaf ^c.
type block struct {
	leaves, features       int
	left, right            []int64
	feature, decision      []int64
	threshold              []float64
	gain                   []float64
	value, weight, count   []float64 // of leaves
	innerWeight, innerSize []float64
	sets                   [][]uint32
	used                   []bool // sets that a node has
	linear                 []predictor.LeafModel
}

// tree reads one tree, up to an empty line or the end of the file.
func (p *parser) tree(features int) (predictor.Tree, error) {
	clear(p.fields)
	for {
		line, ok := p.peek()
		if ok {
			p.skip()
		}
		if !ok || line == "" {
			break
		}
		if !strings.Contains(line, "=") {
			return nil, fmt.Errorf("%q is no key=value line", short(line))
		}
		if err := p.field(line); err != nil {
			return nil, err
		}
	}
	b := &block{features: features}
	if err := b.read(p.fields); err != nil {
		return nil, err
	}
	return b.tree()
}

// read checks the fields' lengths and numbers.
func (b *block) read(fields map[string]string) error {
	f := fieldReader{fields: fields}
	if _, ok := fields["leaf_value"]; !ok {
		return errors.New("leaf_value: missing")
	}
	// Every leaf has a value, of two bytes with its space.
	b.leaves = f.one("num_leaves", 1, int64(len(fields["leaf_value"])/2+1))
	cats := f.one("num_cat", 0, int64(len(fields["cat_boundaries"])))
	b.value = f.floats("leaf_value", b.leaves, true)
	b.count = f.floats("leaf_count", b.leaves, false)
	linear := f.optional("is_linear") == "1"
	if linear {
		f.linear(b)
	}
	if b.leaves == 1 || f.err != nil {
		return f.err
	}
	inner := b.leaves - 1
	b.left = f.ints("left_child", inner, true)
	b.right = f.ints("right_child", inner, true)
	b.feature = f.ints("split_feature", inner, true)
	b.threshold = f.floats("threshold", inner, true)
	b.decision = f.ints("decision_type", inner, false)
	b.gain = f.floats("split_gain", inner, false)
	b.weight = f.floats("leaf_weight", b.leaves, false)
	b.innerWeight = f.floats("internal_weight", inner, false)
	b.innerSize = f.floats("internal_count", inner, false)
	if cats > 0 {
		f.sets(b, cats)
	}
	return f.err
}

// tree puts the nodes together, level by level, and checks that they are a tree.
func (b *block) tree() (predictor.Tree, error) {
	size := 2*b.leaves - 1
	tree := make(predictor.Tree, size)
	codes := make([]int64, 1, size)
	seen := make([]bool, size)
	if b.leaves == 1 {
		codes[0] = -1
	}
	for i := 0; i < len(codes); i++ {
		c := codes[i]
		if c < 0 {
			tree[i] = b.leaf(int(^c))
			continue
		}
		n, err := b.inner(int(c))
		if err != nil {
			return nil, fmt.Errorf("node %d: %w", c, err)
		}
		n.Left, n.Right = int32(len(codes)), int32(len(codes)+1)
		for _, child := range []int64{b.left[c], b.right[c]} {
			at := child // place in seen: inner nodes, then leaves
			if child < 0 {
				at = int64(b.leaves-1) + ^child
			}
			// The root is nobody's child.
			if child == 0 || child >= int64(b.leaves-1) || at >= int64(size) || seen[at] {
				return nil, fmt.Errorf("node %d: child %d is out of range or there twice", c, child)
			}
			seen[at] = true
			codes = append(codes, child)
		}
		tree[i] = n
	}
	if len(codes) != size {
		return nil, fmt.Errorf("%d of %d nodes can be reached", len(codes), size)
	}
	b.sum(tree)
	return tree, nil
}

// sum fills the counts and weights of inner nodes that the file does not have.
func (b *block) sum(tree predictor.Tree) {
	for i := len(tree) - 1; i >= 0; i-- {
		n := &tree[i]
		if n.Feature < 0 {
			continue
		}
		if b.innerSize == nil {
			n.Cover = tree[n.Left].Cover + tree[n.Right].Cover
		}
		if b.innerWeight == nil {
			n.Weight = tree[n.Left].Weight + tree[n.Right].Weight
		}
	}
}

func (b *block) leaf(i int) predictor.Node {
	n := predictor.Node{Feature: -1, Value: b.value[i : i+1 : i+1], Cover: max(0, at(b.count, i)), Weight: weight(at(b.weight, i))}
	if b.linear != nil {
		n.Linear = &b.linear[i]
	}
	return n
}

func (b *block) inner(i int) (predictor.Node, error) {
	n := predictor.Node{Cover: max(0, at(b.innerSize, i)), Weight: weight(at(b.innerWeight, i)), Gain: weight(at(b.gain, i))}
	if b.feature[i] < 0 || b.feature[i] >= int64(b.features) {
		return n, fmt.Errorf("split_feature %d of %d features", b.feature[i], b.features)
	}
	n.Feature = int32(b.feature[i])
	kind := int64(0)
	if b.decision != nil {
		kind = b.decision[i]
	}
	if kind < 0 || kind>>missingShift >= int64(len(missingTypes)) {
		return n, fmt.Errorf("decision_type %d", kind)
	}
	if kind&bitCategorical != 0 {
		// All that is not in the set goes right, missing values too.
		set := b.threshold[i]
		if !(set >= 0 && set < float64(len(b.sets))) || b.used[int(set)] {
			return n, fmt.Errorf("category set %v is not there or in use", set)
		}
		b.used[int(set)] = true
		n.Cats = b.sets[int(set)]
		return n, nil
	}
	n.Threshold = settle(b.threshold[i])
	n.Missing = missingTypes[kind>>missingShift]
	n.MissingLeft = n.Missing != predictor.MissingNone && kind&bitDefaultLeft != 0
	return n, nil
}

// at is v[i], 0 where the file has no v.
func at(v []float64, i int) float64 {
	if v == nil {
		return 0
	}
	return v[i]
}

// weight turns a weight or gain to single precision; what is not finite is
// unknown.
func weight(v float64) float32 {
	if math.Abs(v) <= math.MaxFloat32 {
		return float32(v)
	}
	return 0
}

// fieldReader reads values out of fields; the first error sticks.
type fieldReader struct {
	fields map[string]string
	err    error
}

func (f *fieldReader) fail(key string, err error) {
	if f.err == nil {
		f.err = fmt.Errorf("%s: %w", key, err)
	}
}

func (f *fieldReader) optional(key string) string { return strings.TrimSpace(f.fields[key]) }

// one reads a single number from low to high.
func (f *fieldReader) one(key string, low, high int64) int {
	s, ok := f.fields[key]
	if !ok {
		f.fail(key, errors.New("missing"))
		return int(low)
	}
	v, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || v < low || v > high {
		f.fail(key, fmt.Errorf("%q is no number that fits the other lines", short(s)))
		return int(low)
	}
	return int(v)
}

// list calls add with each of n words; nil words and no error where an optional
// key is absent.
func (f *fieldReader) list(key string, n int, needed bool, add func(word string) error) bool {
	s, ok := f.fields[key]
	if f.err != nil || !ok && !needed {
		return false
	}
	if !ok {
		f.fail(key, errors.New("missing"))
		return false
	}
	count := 0
	for word := range strings.FieldsSeq(s) {
		if count++; count > n {
			break
		}
		if err := add(word); err != nil {
			f.fail(key, fmt.Errorf("%q: %w", short(word), err))
			return false
		}
	}
	if count != n {
		f.fail(key, fmt.Errorf("not %d values: is the file cut off?", n))
		return false
	}
	return true
}

var errNotNumber = errors.New("not a number")

// ints reads n numbers of 32 bits.
func (f *fieldReader) ints(key string, n int, needed bool) []int64 {
	// A number takes two bytes with its space.
	v := make([]int64, 0, min(n, len(f.fields[key])/2+1))
	if !f.list(key, n, needed, func(word string) error {
		x, err := strconv.ParseInt(word, 10, 32)
		if err != nil {
			return errNotNumber
		}
		v = append(v, x)
		return nil
	}) {
		return nil
	}
	return v
}

// floats reads n numbers. Only thresholds may be infinite; optional numbers that
// are not finite count as 0, for predictions do not need them.
func (f *fieldReader) floats(key string, n int, needed bool) []float64 {
	v := make([]float64, 0, min(n, len(f.fields[key])/2+1))
	if !f.list(key, n, needed, func(word string) error {
		x, err := strconv.ParseFloat(word, 64)
		if errors.Is(err, strconv.ErrRange) {
			err = nil // infinite, or as near to zero as can be
		}
		if !needed && (err != nil || x-x != 0) {
			x, err = 0, nil
		}
		if err != nil || x != x || key != "threshold" && math.IsInf(x, 0) {
			return errNotNumber
		}
		v = append(v, x)
		return nil
	}) {
		return nil
	}
	return v
}

// sets reads the sets of categories, one after the other in cat_threshold.
func (f *fieldReader) sets(b *block, n int) {
	ends := f.ints("cat_boundaries", n+1, true)
	if f.err != nil {
		return
	}
	total := ends[n]
	if ends[0] != 0 || total < 0 || total > int64(len(f.fields["cat_threshold"])) {
		f.fail("cat_boundaries", errors.New("do not fit cat_threshold"))
		return
	}
	words := make([]uint32, 0, total)
	f.list("cat_threshold", int(total), true, func(word string) error {
		x, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			return errNotNumber
		}
		words = append(words, uint32(x))
		return nil
	})
	if f.err != nil {
		return
	}
	b.sets, b.used = make([][]uint32, n), make([]bool, n)
	for k := range b.sets {
		low, high := ends[k], ends[k+1]
		if low > high || high > total {
			f.fail("cat_boundaries", errors.New("are not in order"))
			return
		}
		b.sets[k] = words[low:high:high]
	}
}

// linear reads the linear models of the leaves.
func (f *fieldReader) linear(b *block) {
	constants := f.floats("leaf_const", b.leaves, true)
	sizes := f.ints("num_features", b.leaves, true)
	total := 0
	for _, n := range sizes {
		if n < 0 || n > int64(len(f.fields["leaf_coeff"])) {
			f.fail("num_features", fmt.Errorf("%d does not fit leaf_coeff", n))
			return
		}
		if total += int(n); total > len(f.fields["leaf_coeff"]) {
			f.fail("num_features", errors.New("do not fit leaf_coeff"))
			return
		}
	}
	features := f.ints("leaf_features", total, total > 0)
	coef := f.floats("leaf_coeff", total, total > 0)
	if f.err != nil {
		return
	}
	b.linear = make([]predictor.LeafModel, b.leaves)
	k := 0
	for i := range b.linear {
		l := &b.linear[i]
		l.Const = constants[i]
		for end := k + int(sizes[i]); k < end; k++ {
			if features[k] < 0 || features[k] >= int64(b.features) {
				f.fail("leaf_features", fmt.Errorf("%d of %d features", features[k], b.features))
				return
			}
			l.Features = append(l.Features, int32(features[k]))
			l.Coef = append(l.Coef, coef[k])
		}
	}
}
