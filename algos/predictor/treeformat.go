package predictor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

const (
	// treesVersion is the first byte of the binary form.
	treesVersion = 3
	// oldestTrees is the version before sets could be listed, otherwise the same.
	oldestTrees = 2
)

// What the binary form has, bits of its flags.
const (
	hasVector  = 1 << iota // leaves hold a value for each output
	hasAverage             // sums are averaged before the link
	hasDoubles             // leaf values in double precision
	hasCovers              // covers in double precision
	hasWeights
	hasGains
	hasCounts // covers are whole: only those of leaves are written
	hasTable  // leaves refer to a table of values
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
// each the feature, a byte (one if missing values go left, plus two if the set is
// listed), the number of words and these (32 bits each) or, of a listed set, the number
// of its categories and these in ascending order, each but the first less the one before.
//
// Then the number of trees; for each the number of nodes and the nodes level by
// level, so that children need no indices; for each node its tag, its cover
// (float32 or float64; if covers are whole a number, and of leaves only: that of a
// test is the sum of its children's), its weight (float32, if there are weights) and,
// for a leaf, its values (as in the table, or its place there), behind a linear tag
// then the constant
// (float64), the number of features and each with its coefficient (float64); for
// a test its gain (float32, if there are gains) and, for that of a table, the
// number of the threshold.
func (t *Trees) Append(b []byte) []byte {
	b = slices.Grow(b, 64+11*t.cover.len()+4*t.values.len()+8*len(t.plan.cuts))
	w := t.writer()
	b = append(b, treesVersion, byte(t.out.Link), w.flags)
	b = appendDouble(b, t.out.Scale)
	b = binary.AppendUvarint(b, uint64(t.width))
	for _, v := range t.base {
		b = appendDouble(b, v)
	}
	b = w.appendTable(t.plan.append(b))
	b = binary.AppendUvarint(b, uint64(t.Len()))
	var cells []uint32
	for i := range t.levels {
		cells = t.byLevel(i, cells)
		b = binary.AppendUvarint(b, uint64(len(cells)))
		for _, c := range cells {
			b = w.appendNode(b, c)
		}
	}
	return b
}

// treeWriter writes trees in the smallest form that holds them.
type treeWriter struct {
	*Trees
	flags byte
	// entries are the cells whose leaf values make the table, placeOf their places
	// by value or, with vectors, by offset.
	entries []uint32
	placeOf map[uint64]int
}

func (t *Trees) writer() *treeWriter {
	w := &treeWriter{Trees: t}
	counts := t.wholeCovers()
	w.tabulate()
	for i, set := range []bool{
		t.vector, t.out.Average, t.values.double != nil, !counts && t.cover.double != nil, t.weight != nil, t.gain != nil,
		counts, w.entries != nil,
	} {
		if set {
			w.flags |= 1 << i
		}
	}
	return w
}

// maxCount bounds covers that are written as whole numbers.
const maxCount = 1 << 40

// wholeCovers says whether all covers follow from those of the leaves, which are
// whole numbers.
func (t *Trees) wholeCovers() bool {
	for c := range t.cover.len() {
		v, left := t.cover.at(c), t.left(uint32(c))
		if int(left) == c {
			if !(v >= 0 && v <= maxCount && v == math.Trunc(v)) {
				return false
			}
		} else if v != t.cover.at(int(left))+t.cover.at(int(left)+1) {
			return false
		}
	}
	return true
}

// tabulate finds the different values of the leaves, if they are few.
func (w *treeWriter) tabulate() {
	size := 1
	if w.vector {
		size = w.width
	}
	leaves := (w.cover.len() + w.Len()) / 2
	w.placeOf = map[uint64]int{}
	for c := range uint32(w.cover.len()) {
		if w.left(c) != c {
			continue
		}
		key := w.key(c)
		if _, ok := w.placeOf[key]; ok {
			continue
		}
		// An entry and the places have to be smaller than the values.
		if w.placeOf[key] = len(w.entries); 4*(len(w.entries)+1)*size > leaves*(4*size-3) {
			w.entries = nil
			return
		}
		w.entries = append(w.entries, c)
	}
}

// key tells the values of leaves apart.
func (w *treeWriter) key(c uint32) uint64 {
	if w.vector {
		return uint64(w.offset[c])
	}
	return math.Float64bits(w.values.at(int(c)))
}

func (w *treeWriter) appendTable(b []byte) []byte {
	if w.entries == nil {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(w.entries)))
	for _, c := range w.entries {
		b = w.appendValues(b, c)
	}
	return b
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
	return appendSets(b, p.sets)
}

const (
	headMissingLeft = 1 << iota
	headListed
)

// listedWords bounds the words of sets that are listed: so many for each byte of all
// sets so far, that a short file cannot ask for much memory.
const listedWords = 8

// appendSets lists the sets that are shorter so: of thousands of categories most nodes
// tell a few apart from those that they never saw.
func appendSets(b []byte, sets []catSet) []byte {
	b = binary.AppendUvarint(b, uint64(len(sets)))
	start, listed := len(b), 0
	var list []byte
	for i := range sets {
		s := &sets[i]
		head := byte(0)
		if s.missingLeft {
			head = headMissingLeft
		}
		list = s.appendList(list[:0])
		short := len(list) < 4*len(s.words) && listed+len(s.words) <= listedWords*(len(b)-start+len(list))
		if short {
			head |= headListed
			listed += len(s.words)
		}
		b = append(binary.AppendUvarint(b, uint64(s.feature)), head)
		b = binary.AppendUvarint(b, uint64(len(s.words)))
		if short {
			b = append(b, list...)
			continue
		}
		for _, w := range s.words {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
	}
	return b
}

// appendList appends how many categories the set has, and the steps from each to the next.
func (s *catSet) appendList(b []byte) []byte {
	n := 0
	for _, w := range s.words {
		n += bits.OnesCount32(w)
	}
	b = binary.AppendUvarint(b, uint64(n))
	last := 0
	for k, w := range s.words {
		for ; w != 0; w &= w - 1 {
			at := 32*k + bits.TrailingZeros32(w)
			b = binary.AppendUvarint(b, uint64(at-last))
			last = at
		}
	}
	return b
}

func (w *treeWriter) appendNode(b []byte, c uint32) []byte {
	leaf := w.left(c) == c
	facts := func(tag int) {
		b = binary.AppendUvarint(b, uint64(tag))
		switch {
		case w.flags&hasCounts == 0:
			b = appendNumber(b, w.cover.at(int(c)), w.cover.double != nil)
		case leaf:
			b = binary.AppendUvarint(b, uint64(w.cover.at(int(c))))
		}
		if w.weight != nil {
			b = appendSingle(b, w.weight[c])
		}
	}
	if leaf {
		if w.linearOf != nil && w.linearOf[c] > 0 {
			facts(tagLinear)
			return w.linear[w.linearOf[c]-1].append(w.appendLeaf(b, c))
		}
		facts(tagLeaf)
		return w.appendLeaf(b, c)
	}
	table, rank, set := w.test(c)
	if set >= 0 {
		table = len(w.plan.tables) + set
	}
	facts(tagTests + table)
	if w.gain != nil {
		b = appendSingle(b, w.gain[c])
	}
	if set < 0 {
		b = binary.AppendUvarint(b, uint64(rank))
	}
	return b
}

func (w *treeWriter) appendLeaf(b []byte, c uint32) []byte {
	if w.entries != nil {
		return binary.AppendUvarint(b, uint64(w.placeOf[w.key(c)]))
	}
	return w.appendValues(b, c)
}

func (w *treeWriter) appendValues(b []byte, c uint32) []byte {
	at, n := int(c), 1
	if w.vector {
		at, n = int(w.offset[c]), w.width
	}
	for i := range n {
		b = appendNumber(b, w.values.at(at+i), w.values.double != nil)
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
	values [][]float64 // the table of the leaves' values
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
	case r.err == nil && head[0] < oldestTrees:
		r.fail(fmt.Errorf("format version %d is older than %d, the oldest that this version of automl reads: train the model again", head[0], oldestTrees))
	case r.err == nil && head[0] > treesVersion:
		r.fail(fmt.Errorf("format version %d is above %d: written by a newer version of automl", head[0], treesVersion))
	case r.err == nil && (Link(head[1]) > Step || head[2]&hasCovers != 0 && head[2]&hasCounts != 0):
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
	r.valueTable(width)
	out := Output{Link: Link(head[1]), Scale: scale, Average: r.has(hasAverage)}
	build := newBuilder(width, base, out, r.has(hasVector))
	if r.values != nil {
		build.placeOf = make(map[*float64]uint32, len(r.values))
	}
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
	r.categorySets()
}

func (r *treeReader) categorySets() {
	n := r.uint("number of sets", len(r.b))
	start, listed := len(r.b), 0
	for ; n > 0 && r.err == nil; n-- {
		f, head := r.feature(), r.take(1)[0]
		s := catSet{feature: f, missingLeft: head&headMissingLeft != 0}
		if head > headMissingLeft|headListed {
			r.fail(fmt.Errorf("unknown rule %d of a set", head))
		}
		if head&headListed != 0 {
			s.words = r.listedSet(&listed, start)
		} else {
			s.words = make([]uint32, r.uint("number of set words", min(maxWords, len(r.b)/4)))
			for k := range s.words {
				s.words[k] = binary.LittleEndian.Uint32(r.take(4))
			}
		}
		r.sets = append(r.sets, s)
	}
}

// listedSet reads the words of a set that is listed. listed counts those of all such sets,
// start is how many bytes were left before the first set.
func (r *treeReader) listedSet(listed *int, start int) []uint32 {
	n := r.uint("number of set words", maxWords)
	list := r.codes(n)
	if *listed += n; *listed > listedWords*(start-len(r.b)) {
		r.fail(fmt.Errorf("sets of %d words in %d bytes", *listed, start-len(r.b)))
	}
	if r.err != nil {
		return nil
	}
	words := make([]uint32, n)
	for _, c := range list {
		words[c>>5] |= 1 << (c & 31)
	}
	return words
}

// codes reads a list of categories below 32 times words.
func (r *treeReader) codes(words int) []int {
	list := make([]int, r.uint("number of categories", min(len(r.b), 32*words)))
	last := 0
	for i := range list {
		last += r.uint("category", 32*words-1-last)
		if i > 0 && last == list[i-1] {
			r.fail(errors.New("categories are not in ascending order"))
		}
		if list[i] = last; r.err != nil {
			return nil
		}
	}
	return list
}

// valueTable reads the table of the leaves' values.
func (r *treeReader) valueTable(width int) {
	if !r.has(hasTable) {
		return
	}
	for n := r.uint("number of leaf values", len(r.b)/4); n > 0 && r.err == nil; n-- {
		r.values = append(r.values, r.leafValues(width))
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
	if r.err == nil && r.has(hasCounts) {
		for i := nodes - 1; i >= 0; i-- { // children come after their parents
			if n := &tree[i]; n.Feature >= 0 {
				n.Cover = tree[n.Left].Cover + tree[n.Right].Cover
			}
		}
	}
	return tree
}

func (r *treeReader) node(width int) Node {
	tag := r.uint("node tag", tagTests+len(r.tables)+len(r.sets)-1)
	n := Node{Feature: -1}
	switch {
	case !r.has(hasCounts):
		n.Cover = r.finite("cover", r.has(hasCovers))
	case tag < tagTests:
		n.Cover = float64(r.uint("cover", maxCount))
	}
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
	if !r.has(hasTable) {
		n.Value = r.leafValues(width)
		return
	}
	if i := r.uint("leaf value", len(r.values)-1); r.err == nil {
		n.Value = r.values[i]
	}
}

func (r *treeReader) leafValues(width int) []float64 {
	if !r.has(hasVector) {
		width = 1
	}
	if width > len(r.b) {
		r.fail(errShort)
		return nil
	}
	v := make([]float64, width)
	for k := range v {
		v[k] = r.finite("leaf", r.has(hasDoubles))
	}
	return v
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
