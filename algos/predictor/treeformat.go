package predictor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// treesVersion is the first byte of the binary form.
const treesVersion = 1

// Flags of the third byte.
const (
	flagVector = 1 << iota
	flagAverage
	flagScale
)

// What a node is, the byte in front of it.
const (
	tagLeaf = iota
	tagNumber
	tagNumberMissingLeft
	tagSet
	tagSetMissingLeft
)

// Append appends the binary form. Integers are unsigned varints unless a size
// is said, all else is little-endian: version, link and flags (a byte each), the
// scale of the link (float64, if flagged), width, base (float64), number of
// trees; for each tree the number of nodes and the nodes level by level, so that
// children need no indices; for each node its tag (a byte), its cover (float32)
// and, for a leaf, its values (float32), for a numeric test feature and threshold
// (float32), for a set feature, number of words and words (32 bits).
func (t *Trees) Append(b []byte) []byte {
	b = slices.Grow(b, 64+11*len(t.cells)+4*len(t.values))
	b = append(b, treesVersion, byte(t.out.Link), t.flags())
	if t.out.Scale != 0 {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(t.out.Scale))
	}
	b = binary.AppendUvarint(b, uint64(t.width))
	for _, v := range t.base {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	b = binary.AppendUvarint(b, uint64(len(t.trees)))
	for _, f := range t.trees {
		b = binary.AppendUvarint(b, uint64(f.nodes))
		for i := range uint32(f.nodes) {
			b = t.appendNode(b, i, t.cells[f.start+int32(i)], t.cover[f.start+int32(i)])
		}
	}
	return b
}

func (t *Trees) flags() byte {
	f := byte(0)
	if t.vector {
		f |= flagVector
	}
	if t.out.Average {
		f |= flagAverage
	}
	if t.out.Scale != 0 {
		f |= flagScale
	}
	return f
}

func (t *Trees) appendNode(b []byte, i uint32, c cell, cover float32) []byte {
	head := func(tag byte, missingLeft bool) {
		if missingLeft {
			tag++
		}
		b = append(b, tag)
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(cover))
	}
	if c.left == i {
		head(tagLeaf, false)
		return appendFloats(b, t.leaf(c))
	}
	if s := t.setOf(c); s != nil {
		head(tagSet, s.missingLeft)
		b = binary.AppendUvarint(b, uint64(s.feature))
		b = binary.AppendUvarint(b, uint64(len(s.words)))
		for _, w := range s.words {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
		return b
	}
	s := t.slots[c.slot]
	head(tagNumber, s.kind == slotLow)
	b = binary.AppendUvarint(b, uint64(s.feature))
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(c.th))
}

// treeReader reads the binary form; the first error sticks.
type treeReader struct {
	b        []byte
	features int
	err      error
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

// float reads a finite number.
func (r *treeReader) float(what string) float32 {
	v := r.threshold()
	if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
		r.fail(fmt.Errorf("%s is not a finite number", what))
	}
	return v
}

// threshold reads a number that may be infinite.
func (r *treeReader) threshold() float32 {
	v := math.Float32frombits(binary.LittleEndian.Uint32(r.take(4)))
	if v != v {
		r.fail(errors.New("threshold is not a number"))
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
	if r.err == nil && head[0] != treesVersion {
		r.fail(fmt.Errorf("format version %d is not %d: written by a newer version?", head[0], treesVersion))
	}
	if r.err == nil && (head[1] > byte(Step) || head[2] > flagVector|flagAverage|flagScale) {
		r.fail(fmt.Errorf("unknown link %d or flags %d", head[1], head[2]))
	}
	out := Output{Link: Link(head[1]), Average: head[2]&flagAverage != 0}
	if head[2]&flagScale != 0 {
		out.Scale = math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))
		if r.err == nil && !(out.Scale > 0 && out.Scale <= math.MaxFloat64) {
			r.fail(fmt.Errorf("scale %v of the link", out.Scale))
		}
	}
	width := r.uint("width", min(maxWidth, len(r.b)/8))
	if r.err == nil && width < 1 {
		r.fail(errors.New("width is 0"))
	}
	if r.err != nil {
		return nil
	}
	base := make([]float64, width)
	for k := range base {
		base[k] = math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))
		if math.IsNaN(base[k]) || math.IsInf(base[k], 0) {
			r.fail(errors.New("base is not a finite number"))
		}
	}
	build := newBuilder(width, base, out, head[2]&flagVector != 0)
	leaf := make([]float64, 1)
	if build.t.vector {
		leaf = make([]float64, width)
	}
	// A node takes nine bytes or more.
	build.t.cells = make([]cell, 0, len(r.b)/9+1)
	build.t.cover = make([]float32, 0, len(r.b)/9+1)
	count := r.uint("number of trees", len(r.b))
	for i := 0; i < count && r.err == nil; i++ {
		r.tree(build, leaf)
	}
	if (out.Link == Mean || out.Average) && !build.t.vector && count%width != 0 {
		r.fail(fmt.Errorf("%d trees for %d values a row", count, width))
	}
	return build.t
}

// tree reads one tree. Node i > 0 must be a child of an earlier node: the k
// inner nodes before it have children up to node 2k.
func (r *treeReader) tree(b *builder, leaf []float64) {
	nodes := r.uint("number of nodes", min(len(r.b), math.MaxInt32-len(b.t.cells)))
	if r.err == nil && nodes == 0 {
		r.fail(errors.New("tree without nodes"))
	}
	if r.err != nil {
		return
	}
	b.begin()
	for i := range nodes {
		if i > 2*b.inner {
			r.fail(fmt.Errorf("node %d has no parent", i))
		}
		n := r.node(leaf)
		if r.err != nil {
			return
		}
		b.node(&n)
	}
	if nodes != 2*b.inner+1 {
		r.fail(fmt.Errorf("%d nodes for %d tests", nodes, b.inner))
	}
}

func (r *treeReader) node(leaf []float64) Node {
	tag := r.take(1)[0]
	n := Node{Feature: -1, Cover: float64(r.float("cover"))}
	switch tag {
	case tagLeaf:
		for k := range leaf {
			leaf[k] = float64(r.float("leaf"))
			if r.err != nil {
				return n
			}
		}
		n.Value = leaf
	case tagNumber, tagNumberMissingLeft:
		n.Feature = r.feature()
		n.MissingLeft = tag == tagNumberMissingLeft
		n.Threshold = float64(r.threshold())
	case tagSet, tagSetMissingLeft:
		n.Feature = r.feature()
		n.MissingLeft = tag == tagSetMissingLeft
		n.Cats = make([]uint32, r.uint("number of set words", len(r.b)/4))
		for k := range n.Cats {
			n.Cats[k] = binary.LittleEndian.Uint32(r.take(4))
		}
	default:
		r.fail(fmt.Errorf("unknown node tag %d", tag))
	}
	return n
}

func (r *treeReader) feature() int32 {
	return int32(r.uint("feature", min(r.features-1, math.MaxInt32)))
}
