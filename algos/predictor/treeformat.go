package predictor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// treesVersion is the first byte of the binary form.
const treesVersion = 2

// What the binary form has, bits of its flags.
const (
	hasVector  = 1 << iota // leaves hold a value for each output
	hasAverage             // sums are averaged before the link
	hasDoubles             // leaf values in double precision
	hasCovers              // covers in double precision
	hasWeights
	hasGains
	allFlags = 1<<iota - 1
)

// What a node is: a number in front of it. From tagTests on come the tests, that
// of a table or, after those, of a set.
const (
	tagLeaf = iota
	tagLinear
	tagTests
)

// Append appends the binary form. Integers are unsigned varints unless a size
// is said, all else is little-endian: version, link and flags (a byte each), scale
// of the link (float64), width, base (float64).
//
// Then the number of tables and for each the feature, a byte (twice the rule for
// missing values, plus one if they go left, plus eight for double precision), the
// number of thresholds and these in ascending order; the number of sets and for
// each the feature, a byte (one if missing values go left), the number of words
// and these (32 bits).
//
// Then the number of trees; for each the number of nodes and the nodes level by
// level, so that children need no indices; for each node its tag, its cover
// (float32 or float64), its weight (float32, if there are weights) and, for a
// leaf, its values (float32 or float64), behind a linear tag then the constant
// (float64), the number of features and each with its coefficient (float64); for
// a test its gain (float32, if there are gains) and, for that of a table, the
// number of the threshold.
func (t *Trees) Append(b []byte) []byte {
	b = slices.Grow(b, 64+11*t.cover.len()+4*t.values.len()+8*len(t.plan.cuts))
	b = append(b, treesVersion, byte(t.out.Link), t.flags())
	b = appendDouble(b, t.out.Scale)
	b = binary.AppendUvarint(b, uint64(t.width))
	for _, v := range t.base {
		b = appendDouble(b, v)
	}
	b = t.plan.append(b)
	b = binary.AppendUvarint(b, uint64(t.Len()))
	var cells []uint32
	for i := range t.levels {
		cells = t.byLevel(i, cells)
		b = binary.AppendUvarint(b, uint64(len(cells)))
		for _, c := range cells {
			b = t.appendNode(b, c)
		}
	}
	return b
}

func (t *Trees) flags() byte {
	var f byte
	for i, set := range []bool{t.vector, t.out.Average, t.values.double != nil, t.cover.double != nil, t.weight != nil, t.gain != nil} {
		if set {
			f |= 1 << i
		}
	}
	return f
}

func appendDouble(b []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
}

func appendSingle(b []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
}

func appendNumber(b []byte, v float64, double bool) []byte {
	if double {
		return appendDouble(b, v)
	}
	return appendSingle(b, float32(v))
}

func (p *plan) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(p.tables)))
	for i := range p.tables {
		tab := &p.tables[i]
		cuts := make([]float64, tab.n)
		for k := range cuts {
			cuts[k] = cutOf(p.cuts[tab.at+k])
		}
		double := slices.ContainsFunc(cuts, func(v float64) bool { return float64(float32(v)) != v })
		head := byte(tab.missing) << 1
		if tab.left {
			head |= 1
		}
		if double {
			head |= 8
		}
		b = append(binary.AppendUvarint(b, uint64(tab.feature)), head)
		b = binary.AppendUvarint(b, uint64(len(cuts)))
		for _, v := range cuts {
			b = appendNumber(b, v, double)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(p.sets)))
	for i := range p.sets {
		s := &p.sets[i]
		b = binary.AppendUvarint(b, uint64(s.feature))
		if s.missingLeft {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
		b = binary.AppendUvarint(b, uint64(len(s.words)))
		for _, w := range s.words {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
	}
	return b
}

func (t *Trees) appendNode(b []byte, c uint32) []byte {
	facts := func(tag int) {
		b = binary.AppendUvarint(b, uint64(tag))
		b = appendNumber(b, t.cover.at(int(c)), t.cover.double != nil)
		if t.weight != nil {
			b = appendSingle(b, t.weight[c])
		}
	}
	if t.left(c) == c {
		if t.linearOf != nil && t.linearOf[c] > 0 {
			facts(tagLinear)
			return t.linear[t.linearOf[c]-1].append(t.appendLeaf(b, c))
		}
		facts(tagLeaf)
		return t.appendLeaf(b, c)
	}
	table, rank, set := t.test(c)
	if set >= 0 {
		table = len(t.plan.tables) + set
	}
	facts(tagTests + table)
	if t.gain != nil {
		b = appendSingle(b, t.gain[c])
	}
	if set < 0 {
		b = binary.AppendUvarint(b, uint64(rank))
	}
	return b
}

func (t *Trees) appendLeaf(b []byte, c uint32) []byte {
	at, n := int(c), 1
	if t.vector {
		at, n = int(t.offset[c]), t.width
	}
	for i := range n {
		b = appendNumber(b, t.values.at(at+i), t.values.double != nil)
	}
	return b
}

func (m *LeafModel) append(b []byte) []byte {
	b = binary.AppendUvarint(appendDouble(b, m.Const), uint64(len(m.Features)))
	for i, f := range m.Features {
		b = appendDouble(binary.AppendUvarint(b, uint64(f)), m.Coef[i])
	}
	return b
}

// treeReader reads the binary form; the first error sticks.
type treeReader struct {
	b        []byte
	features int
	err      error

	flags  byte
	tables []readRanking
	sets   []catSet
}

type readRanking struct {
	key  rankingKey
	cuts []float64
}

var errShort = errors.New("ends too early")

func (r *treeReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.b = nil
}

func (r *treeReader) take(n int) []byte {
	if n > len(r.b) {
		r.fail(errShort)
		return make([]byte, 8)[:min(n, 8)]
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

// uint reads a number of at most limit.
func (r *treeReader) uint(what string, limit int) int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail(errShort)
		return 0
	}
	r.b = r.b[n:]
	if limit < 0 || v > uint64(limit) {
		r.fail(fmt.Errorf("%s %d is above %d", what, v, limit))
		return 0
	}
	return int(v)
}

// number reads a number that may be infinite.
func (r *treeReader) number(what string, double bool) float64 {
	var v float64
	if double {
		v = math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))
	} else {
		v = float64(math.Float32frombits(binary.LittleEndian.Uint32(r.take(4))))
	}
	if v != v {
		r.fail(fmt.Errorf("%s is not a number", what))
	}
	return v
}

// finite reads a finite number.
func (r *treeReader) finite(what string, double bool) float64 {
	v := r.number(what, double)
	if math.IsInf(v, 0) {
		r.fail(fmt.Errorf("%s is infinite", what))
	}
	return v
}

func decodeTrees(b []byte, features int) (*Trees, error) {
	r := &treeReader{b: b, features: features}
	t := r.trees()
	if r.err == nil && len(r.b) > 0 {
		r.fail(fmt.Errorf("%d bytes too many", len(r.b)))
	}
	if r.err != nil {
		return nil, fmt.Errorf("tree predictor: %w", r.err)
	}
	return t, nil
}

func (r *treeReader) trees() *Trees {
	head := r.take(3)
	switch {
	case r.err == nil && head[0] < treesVersion:
		r.fail(fmt.Errorf("format version %d is older than %d, the only one this version of automl reads: train the model again", head[0], treesVersion))
	case r.err == nil && head[0] > treesVersion:
		r.fail(fmt.Errorf("format version %d is above %d: written by a newer version of automl", head[0], treesVersion))
	case r.err == nil && (Link(head[1]) > Step || head[2] > allFlags):
		r.fail(fmt.Errorf("unknown link %d or flags %#x", head[1], head[2]))
	}
	scale := r.finite("scale of the link", true)
	if scale < 0 {
		r.fail(fmt.Errorf("scale %v of the link is negative", scale))
	}
	width := r.uint("width", min(maxWidth, len(r.b)/8))
	if r.err == nil && width < 1 {
		r.fail(errors.New("width is 0"))
	}
	if r.err != nil {
		return nil
	}
	r.flags = head[2]
	base := make([]float64, width)
	for k := range base {
		base[k] = r.finite("base", true)
	}
	r.plan()
	out := Output{Link: Link(head[1]), Scale: scale, Average: r.has(hasAverage)}
	build := newBuilder(width, base, out, r.has(hasVector))
	count := r.uint("number of trees", len(r.b))
	var tree Tree
	for i := 0; i < count && r.err == nil; i++ {
		if tree = r.tree(tree[:0], build); r.err == nil {
			build.add(tree)
		}
	}
	if (out.Link == Mean || out.Average) && !r.has(hasVector) && count%width != 0 {
		r.fail(fmt.Errorf("%d trees for %d values a row", count, width))
	}
	if r.err != nil {
		return nil
	}
	return build.finish()
}

func (r *treeReader) has(flag byte) bool { return r.flags&flag != 0 }

// plan reads tables and sets.
func (r *treeReader) plan() {
	r.tables = make([]readRanking, 0, min(64, len(r.b)))
	for n := r.uint("number of tables", len(r.b)); n > 0 && r.err == nil; n-- {
		r.tables = append(r.tables, r.table())
	}
	for n := r.uint("number of sets", len(r.b)); n > 0 && r.err == nil; n-- {
		s := catSet{feature: r.feature(), missingLeft: r.take(1)[0] == 1}
		s.words = make([]uint32, r.uint("number of set words", min(maxWords, len(r.b)/4)))
		for k := range s.words {
			s.words[k] = binary.LittleEndian.Uint32(r.take(4))
		}
		r.sets = append(r.sets, s)
	}
}

// maxWords bounds the words of a set: codes up to 2³¹.
const maxWords = 1 << 26

func (r *treeReader) table() readRanking {
	f, head := r.feature(), r.take(1)[0]
	t := readRanking{key: rankingKey{f, Missing(head >> 1 & 3), head&1 == 1}}
	if head > 15 || t.key.missing > MissingNone {
		r.fail(fmt.Errorf("unknown rule %d for missing values", head))
	}
	t.cuts = make([]float64, r.uint("number of thresholds", len(r.b)/4))
	for i := range t.cuts {
		t.cuts[i] = r.number("threshold", head&8 != 0)
		if i > 0 && !(t.cuts[i] > t.cuts[i-1]) {
			r.fail(errors.New("thresholds are not in ascending order"))
		}
		if r.err != nil {
			break
		}
	}
	return t
}

// tree reads one tree. Node i > 0 must be a child of an earlier node: the k
// inner nodes before it have children up to node 2k.
func (r *treeReader) tree(tree Tree, b *builder) Tree {
	nodes := r.uint("number of nodes", min(len(r.b), math.MaxInt32-len(b.t.wide)))
	if r.err == nil && nodes == 0 {
		r.fail(errors.New("tree without nodes"))
	}
	inner := 0
	for i := 0; i < nodes && r.err == nil; i++ {
		if i > 2*inner {
			r.fail(fmt.Errorf("node %d has no parent", i))
		}
		n := r.node(b.t.width)
		if n.Feature >= 0 {
			n.Left, n.Right = int32(2*inner+1), int32(2*inner+2)
			inner++
		}
		tree = append(tree, n)
	}
	if r.err == nil && nodes != 2*inner+1 {
		r.fail(fmt.Errorf("%d nodes for %d tests", nodes, inner))
	}
	return tree
}

func (r *treeReader) node(width int) Node {
	tag := r.uint("node tag", tagTests+len(r.tables)+len(r.sets)-1)
	n := Node{Feature: -1, Cover: r.finite("cover", r.has(hasCovers))}
	if r.has(hasWeights) {
		n.Weight = float32(r.finite("weight", false))
	}
	if tag < tagTests {
		r.leaf(&n, width)
		if tag == tagLinear && r.err == nil {
			n.Linear = r.linear()
		}
		return n
	}
	if r.has(hasGains) {
		n.Gain = float32(r.finite("gain", false))
	}
	tag -= tagTests
	if tag >= len(r.tables) {
		s := &r.sets[tag-len(r.tables)]
		n.Feature, n.MissingLeft, n.Cats = s.feature, s.missingLeft, s.words
		return n
	}
	t := &r.tables[tag]
	rank := r.uint("threshold", len(t.cuts)-1)
	if r.err == nil {
		n.Feature, n.Missing, n.MissingLeft, n.Threshold = t.key.feature, t.key.missing, t.key.left, t.cuts[rank]
	}
	return n
}

func (r *treeReader) leaf(n *Node, width int) {
	if !r.has(hasVector) {
		width = 1
	}
	if width > len(r.b) {
		r.fail(errShort)
		return
	}
	n.Value = make([]float64, width)
	for k := range n.Value {
		n.Value[k] = r.finite("leaf", r.has(hasDoubles))
	}
}

func (r *treeReader) linear() *LeafModel {
	m := &LeafModel{Const: r.finite("constant", true)}
	n := r.uint("number of coefficients", len(r.b)/9)
	for ; n > 0 && r.err == nil; n-- {
		m.Features = append(m.Features, r.feature())
		m.Coef = append(m.Coef, r.finite("coefficient", true))
	}
	return m
}

func (r *treeReader) feature() int32 {
	return int32(r.uint("feature", min(r.features-1, math.MaxInt32)))
}
