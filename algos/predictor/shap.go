package predictor

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Shap splits the output of trees into what each feature adds: exact Shapley
// values of the game whose players are the features and in which a test on an
// absent feature sends a row to both sides, in proportion to their Cover
// (path-dependent TreeSHAP, Lundberg et al., Consistent Individualized Feature
// Attribution for Tree Ensembles, 2018). They are in margin space: for every
// output, the contributions and Expected add up to base + sum of leaves or,
// where the trees are averaged, to that sum by their number.
//
// The algorithm is not that of the paper. A leaf is reached, for a set S of
// present features, with weight Π(S) o·Π(not S) z over the features on its path:
// o is 1 if the row passes all tests on that feature, z is the share of cover
// that does. Letting each feature be present with probability t (Owen,
// Multilinear Extensions of Games, 1972), the Shapley value of feature i is
//
//	∫₀¹ (oᵢ-zᵢ)·Π(j≠i) (t·oⱼ + (1-t)·zⱼ) dt · value of the leaf.
//
// The integrand is a polynomial of t, one degree below the number of features
// on the path, so Gauss-Legendre quadrature with half as many points is exact.
// At each point the products are carried down the tree and the leaves' sums
// back up, once over the nodes: time is nodes × points, all terms of a product
// have one sign, and nothing cancels.
//
// A Shap is immutable and safe for concurrent use.
type Shap struct {
	width, features int
	trees           []shapTree
	rules           map[int]rule
	expected        []float64
	scale           float64 // of all leaves: one over the trees of a mean
	scratch         sync.Pool
}

// shapTree is a tree with its nodes in preorder: a left child follows its
// parent.
type shapTree struct {
	nodes  []shapNode
	points int // of the quadrature
	class  int // the output that leaves of one value add to
	vector bool
}

// shapNode is a node and the edge that leads to it.
type shapNode struct {
	feature int32 // -1 for a leaf
	right   int32 // child
	// same is the nearest node, from an inner node upwards, whose edge tests the
	// feature of the node; 0 (the root, which has no edge) if there is none.
	same        int32
	missing     Missing
	missingLeft bool
	threshold   float64
	cats        []uint32
	value       []float64
	// share is the part of the parent's cover that comes here, z the product
	// of the shares of all edges from the root to here on the edge's feature.
	share, z float64
}

// goesLeft is the test of an inner node, see Node.
func (n *shapNode) goesLeft(v float64) bool {
	if n.cats != nil {
		if v != v {
			return n.missingLeft
		}
		if v = math.Trunc(v); !(v >= 0 && v < 32*float64(len(n.cats))) {
			return false
		}
		c := uint32(v)
		return n.cats[c>>5]>>(c&31)&1 == 1
	}
	if n.missing.isMissing(v) {
		return n.missingLeft
	}
	return v <= n.threshold || v != v && 0 <= n.threshold
}

// maxShapCells bounds nodes × quadrature points of a tree, and with it the
// memory of a call.
const maxShapCells = 1 << 23

// shapBlock rows at a time pass through each tree.
const shapBlock = 64

// NewShap prepares the explanation of t on rows of the given number of features.
// It fails if t tests a feature beyond them, has linear leaves, lacks the
// cover of a node that is tested, or has trees too deep to be explained in
// reasonable memory (2^23 nodes × features on a path / 2).
func NewShap(t *Trees, features int) (*Shap, error) {
	s := &Shap{
		width: t.Width(), features: features, rules: map[int]rule{},
		expected: make([]float64, t.Width()), scale: 1,
	}
	if t.Output().Average || t.Link() == Mean {
		s.scale = 1 / float64(max(1, t.leavesPerSum()))
	}
	for i, tree := range t.Trees() {
		st, err := s.prepare(tree, i%s.width)
		if err != nil {
			return nil, fmt.Errorf("tree %d cannot be explained: %w", i, err)
		}
		s.trees = append(s.trees, st)
	}
	for k, b := range t.Base() {
		s.expected[k] += float64(b * s.scale)
	}
	return s, nil
}

// Width is the number of outputs.
func (s *Shap) Width() int { return s.width }

// Features is the number of features, those without influence included.
func (s *Shap) Features() int { return s.features }

// Expected is the margin of each output when no feature is known, a copy.
func (s *Shap) Expected() []float64 { return append([]float64(nil), s.expected...) }

// prepare brings a tree into preorder and adds its expectation to that of s.
func (s *Shap) prepare(tree Tree, class int) (shapTree, error) {
	w := shapWalk{s: s, in: tree, last: map[int32][]int32{}}
	w.out = shapTree{class: class, nodes: make([]shapNode, 0, len(tree))}
	if err := w.walk(); err != nil {
		return w.out, err
	}
	w.out.points = max(1, (w.most+1)/2)
	if len(w.out.nodes)*w.out.points > maxShapCells {
		return w.out, fmt.Errorf("%d nodes with up to %d features on a path are too many", len(w.out.nodes), w.most)
	}
	if _, ok := s.rules[w.out.points]; !ok {
		s.rules[w.out.points] = gaussLegendre(w.out.points)
	}
	return w.out, nil
}

// shapWalk is a walk over a tree in preorder.
type shapWalk struct {
	s    *Shap
	in   Tree
	out  shapTree
	last map[int32][]int32 // by feature: the nodes of the path whose edges test it
	path int               // features on the path
	most int               // the longest path in features
}

// shapStep is a node to visit, or the end of the visit to one.
type shapStep struct {
	node         int32 // in the input
	parent       int32 // in the output
	feature      int32 // of the edge, -1 for the root
	right, done  bool
	share, reach float64 // of the parent's rows, of all rows
}

func (w *shapWalk) walk() error {
	for stack := []shapStep{{feature: -1, share: 1, reach: 1}}; len(stack) > 0; {
		step := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if step.done {
			w.leave(step.feature)
			continue
		}
		n, at := &w.in[step.node], w.enter(step)
		if n.Feature < 0 {
			if err := w.leaf(n, step.reach); err != nil {
				return err
			}
			w.leave(step.feature)
			continue
		}
		left, right, err := w.shares(n)
		if err != nil {
			return err
		}
		stack = append(stack, shapStep{feature: step.feature, done: true},
			shapStep{node: n.Right, parent: at, feature: n.Feature, right: true, share: right, reach: float64(step.reach * right)},
			shapStep{node: n.Left, parent: at, feature: n.Feature, share: left, reach: float64(step.reach * left)})
	}
	return nil
}

// shares are the parts of a node's cover that go left and right. The children's
// sum counts as the node's cover, so that rounded covers lose nothing.
func (w *shapWalk) shares(n *Node) (left, right float64, err error) {
	if int(n.Feature) >= w.s.features {
		return 0, 0, fmt.Errorf("it tests feature %d, rows have %d", n.Feature, w.s.features)
	}
	left, right = w.in[n.Left].Cover, w.in[n.Right].Cover
	sum := left + right
	if !(left >= 0 && right >= 0 && sum > 0) || math.IsInf(sum, 0) {
		return 0, 0, fmt.Errorf("covers of %v on the left and %v on the right do not say how training rows divided there: "+
			"the model was written without row counts", left, right)
	}
	return left / sum, right / sum, nil
}

// enter appends a node and puts its edge on the path.
func (w *shapWalk) enter(step shapStep) int32 {
	at, in := int32(len(w.out.nodes)), &w.in[step.node]
	n := shapNode{
		feature: in.Feature, missing: in.Missing, missingLeft: in.MissingLeft,
		threshold: in.Threshold, cats: in.Cats, value: in.Value, share: step.share, z: step.share,
	}
	if step.right {
		w.out.nodes[step.parent].right = at
	}
	if step.feature >= 0 {
		above := w.last[step.feature]
		if len(above) > 0 {
			n.z *= w.out.nodes[above[len(above)-1]].z
		} else {
			w.path++
			w.most = max(w.most, w.path)
		}
		w.last[step.feature] = append(above, at)
	}
	if above := w.last[n.feature]; len(above) > 0 {
		n.same = above[len(above)-1]
	}
	w.out.nodes = append(w.out.nodes, n)
	return at
}

// leave takes an edge on a feature off the path.
func (w *shapWalk) leave(feature int32) {
	if feature < 0 {
		return
	}
	w.last[feature] = w.last[feature][:len(w.last[feature])-1]
	if len(w.last[feature]) == 0 {
		w.path--
	}
}

// leaf checks a leaf and adds it to the expectation.
func (w *shapWalk) leaf(n *Node, reach float64) error {
	if n.Linear != nil {
		return errors.New("it has linear leaves, for which there are no exact contributions")
	}
	expected := w.s.expected
	if len(n.Value) == 1 {
		expected = expected[w.out.class:]
	} else {
		w.out.vector = true
	}
	for k, v := range n.Value {
		expected[k] += float64(float64(reach*v) * w.s.scale)
	}
	return nil
}

// Row explains one row: x holds its Features() values, and out[k·Features()+f]
// becomes what feature f adds to output k. After the first calls it allocates
// nothing.
func (s *Shap) Row(x, out []float64) {
	w := s.get()
	defer s.scratch.Put(w)
	clear(out[:s.width*s.features])
	s.block(w, x, 1, out)
}

// Rows explains the given rows of a frame, from its Exact columns if it has them,
// into out, len(rows)×Width()×Features(). It works on the calling goroutine;
// the bits do not depend on which rows share a call.
func (s *Shap) Rows(m *matrix.Matrix, rows []int32, out []float64) {
	w := s.get()
	defer s.scratch.Put(w)
	clear(out[:len(rows)*s.width*s.features])
	for len(rows) > 0 {
		n := min(len(rows), shapBlock)
		w.x = grow(w.x, n*s.features)
		for i, r := range rows[:n] {
			gatherRow(m.Frame, r, w.x[i*s.features:(i+1)*s.features])
		}
		s.block(w, w.x, n, out)
		rows, out = rows[n:], out[n*s.width*s.features:]
	}
}

// gatherRow reads a row of a frame.
func gatherRow(f *matrix.Frame, row int32, x []float64) {
	for j := range x {
		if f.Exact != nil {
			x[j] = f.Exact[j][row]
		} else {
			x[j] = float64(f.Cols[j][row])
		}
	}
}

// shapScratch is the memory of one call.
type shapScratch struct {
	x        []float64
	on       []bool    // of each node: the row passes all tests on its edge's feature so far
	went     []int32   // of each inner node: the child that the row goes to
	inv      []float64 // of each node: 1/(t+(1-t)z) at every point
	products []float64
	sums     []float64
}

func (s *Shap) get() *shapScratch {
	if w, ok := s.scratch.Get().(*shapScratch); ok {
		return w
	}
	return new(shapScratch)
}

// block adds the contributions of n rows, tree by tree.
func (s *Shap) block(w *shapScratch, x []float64, n int, out []float64) {
	for i := range s.trees {
		t := &s.trees[i]
		if len(t.nodes) < 2 {
			continue
		}
		w.prepare(t, s.rules[t.points])
		for r := range n {
			w.descend(t, s.rules[t.points], x[r*s.features:(r+1)*s.features])
			phi := out[r*s.width*s.features : (r+1)*s.width*s.features]
			if !t.vector {
				w.ascend(t, s.rules[t.points], 0, s.scale, phi[t.class*s.features:(t.class+1)*s.features])
				continue
			}
			for k := range s.width {
				w.ascend(t, s.rules[t.points], k, s.scale, phi[k*s.features:(k+1)*s.features])
			}
		}
	}
}

// prepare tabulates what does not depend on the row.
func (w *shapScratch) prepare(t *shapTree, q rule) {
	n := len(t.nodes)
	w.on, w.went = grow(w.on, n), grow(w.went, n)
	w.inv, w.products, w.sums = grow(w.inv, n*t.points), grow(w.products, n*t.points), grow(w.sums, n*t.points)
	for i := range t.nodes {
		z, inv := t.nodes[i].z, w.inv[i*t.points:][:t.points]
		for k, at := range q.at[:t.points] {
			inv[k] = 1 / (at + float64(q.rest[k]*z))
		}
	}
}

// descend finds, for every node, which tests the row passes, and the product
// of its path's features at every point, times the point's weight.
func (w *shapScratch) descend(t *shapTree, q rule, x []float64) {
	points := t.points
	w.on[0] = true
	copy(w.products, q.weight)
	for i := range t.nodes {
		n := &t.nodes[i]
		if n.feature < 0 {
			continue
		}
		hit, miss := i+1, int(n.right)
		if !n.goesLeft(x[n.feature]) {
			hit, miss = miss, hit
		}
		before := w.on[n.same]
		w.went[i], w.on[hit], w.on[miss] = int32(hit), before, false
		p := w.products[i*points:][:points]
		there, away := w.products[hit*points:][:points], w.products[miss*points:][:points]
		if !before { // factors (1-t)z grow by one more share
			a, b := t.nodes[hit].share, t.nodes[miss].share
			for k, v := range p {
				there[k], away[k] = v*a, v*b
			}
			continue
		}
		inv := w.inv[int(n.same)*points:][:points] // ones for the root
		at, rest := q.at[:points], q.rest[:points]
		zHit, zMiss := t.nodes[hit].z, t.nodes[miss].z
		for k, v := range p {
			v *= inv[k]
			there[k], away[k] = v*(at[k]+float64(rest[k]*zHit)), v*(rest[k]*zMiss)
		}
	}
}

// ascend sums the leaves below every node and gives the feature of each test
// its due: what it adds for the leaves on both sides, less what the edge above
// on the same feature has been given for them.
func (w *shapScratch) ascend(t *shapTree, q rule, value int, scale float64, phi []float64) {
	points := t.points
	for i := len(t.nodes) - 1; i >= 0; i-- {
		n := &t.nodes[i]
		sums := w.sums[i*points:][:points]
		if n.feature < 0 {
			v := n.value[value] * scale
			for k, p := range w.products[i*points:][:points] {
				sums[k] = p * v
			}
			continue
		}
		hit := int(w.went[i])
		miss := i + 1 + int(n.right) - hit
		there, away := w.sums[hit*points:][:points], w.sums[miss*points:][:points]
		if !w.on[n.same] { // o is 0 on all edges: they get the same
			for k, v := range there {
				sums[k] = v + away[k]
			}
			continue
		}
		inv, above, gone := w.inv[hit*points:][:points], w.inv[int(n.same)*points:][:points], q.invRest[:points]
		var in, out, had float64
		for k, v := range there {
			u := away[k]
			sum := v + u
			sums[k] = sum
			in += float64(v * inv[k])
			out += float64(u * gone[k])
			had += float64(sum * above[k])
		}
		due := float64((1-t.nodes[hit].z)*in) - out
		phi[n.feature] += due - float64((1-t.nodes[n.same].z)*had)
	}
}
