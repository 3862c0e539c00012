package predictor

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// definedTrees is the definition of a tree predictor: the sums of a row.
func definedTrees(c *treeCase, x []float64) []float64 {
	sum := append([]float64(nil), c.base...)
	for i, tree := range c.trees {
		n := &tree[0]
		for n.Feature >= 0 {
			if definedLeft(n, x[n.Feature]) {
				n = &tree[n.Left]
			} else {
				n = &tree[n.Right]
			}
		}
		if v, ok := definedLinear(n.Linear, x); ok {
			sum[i%c.width] += v
			continue
		}
		for k, v := range n.Value {
			if len(n.Value) == 1 {
				k = i % c.width
			}
			sum[k] += v
		}
	}
	return sum
}

func definedLeft(n *Node, v float64) bool {
	if n.Cats != nil {
		if v != v {
			return n.MissingLeft
		}
		code := math.Trunc(v)
		return code >= 0 && code < float64(32*len(n.Cats)) && n.Cats[int(code)/32]>>(int(code)%32)&1 == 1
	}
	switch {
	case n.Missing == MissingNone && v != v:
		v = 0
	case n.Missing != MissingNone && v != v, n.Missing == MissingZero && math.Abs(v) <= zeroLimit:
		return n.MissingLeft
	}
	return v <= n.Threshold
}

func definedLinear(m *LeafModel, x []float64) (float64, bool) {
	if m == nil {
		return 0, false
	}
	v := m.Const
	for k, f := range m.Features {
		if x[f] != x[f] {
			return 0, false
		}
		v += float64(m.Coef[k] * x[f])
	}
	return v, true
}

// shape is what kind of trees a case has.
type shape struct {
	count, leaves, width int
	vector, cats         bool
	// exact cases have thresholds, leaves and values in double precision, all
	// rules for missing values, linear leaves, weights and gains.
	exact  bool
	levels int // categories of a feature, 70 if 0
}

type treeCase struct {
	shape
	trees    []Tree
	frame    *matrix.Frame
	base     []float64
	link     Link
	features int
}

func (c *treeCase) number(r *rand.Rand) float64 {
	if c.exact {
		return r.NormFloat64()
	}
	return float64(float32(r.NormFloat64()))
}

// randomCase draws trees over numeric features (even) and categorical ones (odd).
func randomCase(r *rand.Rand, s shape) *treeCase {
	s.levels = max(s.levels, 70)
	c := &treeCase{shape: s, features: 6, link: Link(r.IntN(4))}
	for range s.width {
		c.base = append(c.base, r.NormFloat64())
	}
	for range s.count {
		c.trees = append(c.trees, c.randomTree(r))
	}
	if s.vector {
		c.link = Mean
	}
	c.drawFrame(r)
	return c
}

// drawFrame draws values, many of them equal to a threshold or next to one.
func (c *treeCase) drawFrame(r *rand.Rand) {
	const rows = 70
	c.frame = &matrix.Frame{Rows: rows, Features: make([]matrix.Feature, c.features)}
	cuts := make([][]float64, c.features)
	for _, t := range c.trees {
		for i := range t {
			if n := &t[i]; n.Feature >= 0 && n.Cats == nil {
				cuts[n.Feature] = append(cuts[n.Feature], n.Threshold)
			}
		}
	}
	for j := range c.features {
		single, double := make([]float32, rows), make([]float64, rows)
		for i := range double {
			v := c.number(r)
			if cuts := cuts[j]; len(cuts) > 0 && r.IntN(3) == 0 {
				v = cuts[r.IntN(len(cuts))]
				if c.exact {
					v = math.Nextafter(v, float64(r.IntN(3)-1)*math.MaxFloat64)
				}
			}
			if j%2 == 1 {
				c.frame.Features[j].Levels = c.levels
				v = float64(r.IntN(c.levels + 40))
			}
			switch r.IntN(12) {
			case 0:
				v = math.NaN()
			case 1:
				v = []float64{math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1e-36, -1e-36, float64(float32(1e-35)), -0.5, 1e30, -3}[r.IntN(10)]
			}
			single[i], double[i] = float32(v), v
		}
		if c.exact {
			c.frame.Exact = append(c.frame.Exact, double)
		} else {
			c.frame.Cols = append(c.frame.Cols, single)
		}
	}
}

func (c *treeCase) leaf(r *rand.Rand) Node {
	n := Node{Feature: -1, Cover: float64(r.Float32()), Value: []float64{c.number(r)}}
	for c.vector && len(n.Value) < c.width {
		n.Value = append(n.Value, c.number(r))
	}
	if c.exact {
		n.Cover, n.Weight = r.Float64(), r.Float32()
		if r.IntN(4) == 0 {
			n.Linear = &LeafModel{Const: r.NormFloat64()}
			for range r.IntN(3) {
				n.Linear.Features = append(n.Linear.Features, int32(r.IntN(6)))
				n.Linear.Coef = append(n.Linear.Coef, r.NormFloat64())
			}
		}
	}
	return n
}

func (c *treeCase) randomTree(r *rand.Rand) Tree {
	tree := Tree{c.leaf(r)}
	for range r.IntN(c.leaves) {
		i := r.IntN(len(tree))
		if tree[i].Feature >= 0 {
			continue
		}
		n := Node{Feature: int32(r.IntN(6)), Cover: float64(r.Float32()), MissingLeft: r.IntN(2) == 0, Left: int32(len(tree)), Right: int32(len(tree) + 1)}
		if n.Feature%2 == 1 && c.cats {
			words := 1 + r.IntN(c.levels/32)
			if c.levels > 1e5 && r.IntN(30) > 0 {
				words = 1 // the codes' bits would take too much memory
			}
			for range words {
				n.Cats = append(n.Cats, r.Uint32())
			}
		} else {
			n.Threshold = c.number(r)
			if c.exact {
				n.Missing = Missing(r.IntN(3))
				n.MissingLeft = n.MissingLeft && n.Missing != MissingNone
			}
			if r.IntN(20) == 0 {
				n.Threshold = math.Inf(r.IntN(2)*2 - 1)
			}
		}
		if c.exact {
			n.Weight, n.Gain = r.Float32(), r.Float32()
		}
		tree[i] = n
		tree = append(tree, c.leaf(r), c.leaf(r))
	}
	return tree
}

func (c *treeCase) rows() []int32 {
	rows := make([]int32, c.frame.Rows)
	for i := range rows {
		rows[i] = int32((i * 37) % c.frame.Rows)
	}
	return rows
}

func (c *treeCase) row(i int32) []float64 {
	x := make([]float64, c.features)
	for j := range x {
		if c.frame.Exact != nil {
			x[j] = c.frame.Exact[j][i]
		} else {
			x[j] = float64(c.frame.Cols[j][i])
		}
	}
	return x
}

var treeCases = []shape{
	{count: 0, leaves: 1, width: 1},
	{count: 1, leaves: 1, width: 1},
	{count: 7, leaves: 2, width: 1, cats: true},
	{count: 33, leaves: 31, width: 1},
	{count: 4, leaves: 31, width: 1, cats: true},
	{count: 12, leaves: 200, width: 1, cats: true},
	{count: 30, leaves: 20, width: 3, cats: true},
	{count: 11, leaves: 30, width: 4, vector: true, cats: true},
	{count: 40, leaves: 31, width: 1, cats: true, levels: 5000},
	{count: 60, leaves: 31, width: 1, cats: true, levels: 400_000},
	{count: 33, leaves: 31, width: 2, exact: true},
	{count: 20, leaves: 31, width: 1, exact: true, cats: true},
	{count: 9, leaves: 30, width: 3, exact: true, vector: true, cats: true},
	{count: 2, leaves: 6000, width: 1, exact: true},
	{count: 300, leaves: 60, width: 1},
	{count: 8, leaves: 256, width: 1},
	{count: 8, leaves: 300, width: 1},
	{count: 20, leaves: 90, width: 1, cats: true, levels: 200},
	{count: 20, leaves: 90, width: 2, cats: true, levels: 290},
}

func TestTreesAgreeWithDefinition(t *testing.T) {
	t.Parallel()
	for i, s := range treeCases {
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			t.Parallel()
			c := randomCase(rand.New(rand.NewPCG(uint64(i), 9)), s)
			p := NewTrees(c.trees, c.width, c.base, c.link)
			rows := c.rows()
			var margins, exact []float64
			var want []float32
			n := len(c.trees)
			if !c.vector {
				n /= c.width
			}
			for _, r := range rows {
				sum := definedTrees(c, c.row(r))
				margins = append(margins, sum...)
				out := make([]float32, c.width)
				p.out.Apply(slices.Clone(sum), n, out)
				want = append(want, out...)
				p.out.Exact(sum, n)
				exact = append(exact, sum...)
			}
			check(t, "Predict", want, predictAll(p, c, rows))
			for n := 1; n < 18; n++ {
				check(t, "Predict of few rows", want[:n*c.width], predictAll(p, c, rows[:n]))
			}
			check(t, "PredictExact", exact, predictExact(p, c, rows))
			check(t, "PredictRow", exact, predictRows(p.PredictRow, c, rows))
			check(t, "Margin", margins, predictRows(p.Margin, c, rows))
			one := make([]float32, len(want))
			for i, r := range rows {
				p.PredictOne(&Row{Features: c.row(r)}, one[i*c.width:(i+1)*c.width])
			}
			check(t, "PredictOne", want, one)
			again := NewTrees(p.Trees(), c.width, c.base, c.link)
			check(t, "trees given back", exact, predictExact(again, c, rows))
			bytes := p.Append(nil)
			if !slices.Equal(bytes, again.Append(nil)) {
				t.Error("trees given back have another binary form")
			}
			read, err := Decode(kindTrees, bytes, Inputs{Raw: c.features, Dense: c.features})
			if err != nil {
				t.Fatal(err)
			}
			check(t, "Decode", exact, predictExact(read.(*Trees), c, rows))
			if !slices.Equal(bytes, read.Append(nil)) {
				t.Error("binary form changes when read")
			}
			if !reflect.DeepEqual(p.Trees(), read.(*Trees).Trees()) {
				t.Error("trees change when read")
			}
			for i, tree := range p.Trees() {
				compareTrees(t, c.trees[i], 0, tree, 0)
			}
		})
	}
}

// compareTrees looks for differences between the subtrees at two nodes.
// TestCollectTrees: trees in memory that is used again and again make the same predictor.
func TestCollectTrees(t *testing.T) {
	t.Parallel()
	for i, s := range treeCases[:9] {
		c := randomCase(rand.New(rand.NewPCG(uint64(i), 10)), s)
		want := NewTrees(c.trees, c.width, c.base, c.link).Append(nil)
		var nodes Tree
		var values []float64
		got := CollectTrees(func(yield func(Tree) bool) {
			for _, tree := range c.trees {
				nodes, values = append(nodes[:0], tree...), values[:0]
				for k := range nodes {
					n := &nodes[k]
					values = append(values, n.Value...)
					n.Value = values[len(values)-len(n.Value):]
				}
				if !yield(nodes) {
					return
				}
				clear(nodes)
				clear(values)
			}
		}, c.width, c.base, c.link).Append(nil)
		if !slices.Equal(got, want) {
			t.Errorf("%+v: another predictor", s)
		}
	}
}

func compareTrees(t *testing.T, a Tree, i int32, b Tree, j int32) {
	t.Helper()
	x, y := a[i], b[j]
	if x.Feature >= 0 && y.Feature >= 0 {
		compareTrees(t, a, x.Left, b, y.Left)
		compareTrees(t, a, x.Right, b, y.Right)
	}
	x.Left, x.Right, y.Left, y.Right = 0, 0, 0, 0
	if !reflect.DeepEqual(x, y) {
		t.Errorf("a node is given back otherwise: %s", cmp.Diff(x, y))
	}
}

func check[T float32 | float64](t *testing.T, what string, want, got []T) {
	t.Helper()
	for i, v := range want {
		if g := got[i]; v != g && (v == v || g == g) {
			t.Errorf("%s differs from the definition: value %d is %v, want %v", what, i, g, v)
			return
		}
	}
}

func predictAll(p Predictor, c *treeCase, rows []int32) []float32 {
	out := make([]float32, len(rows)*c.width)
	p.Predict(matrix.New(c.frame, nil, 1), rows, out)
	return out
}

func predictExact(p *Trees, c *treeCase, rows []int32) []float64 {
	out := make([]float64, len(rows)*c.width)
	p.PredictExact(matrix.New(c.frame, nil, 1), rows, out)
	return out
}

func predictRows(predict func(x, out []float64), c *treeCase, rows []int32) []float64 {
	out := make([]float64, len(rows)*c.width)
	for i, r := range rows {
		predict(c.row(r), out[i*c.width:(i+1)*c.width])
	}
	return out
}

var (
	_ RowPredictor = (*Trees)(nil)
	_ RowPredictor = (*Linear)(nil)
	_ RowPredictor = (*Constant)(nil)
	_ RowPredictor = (*Statistics)(nil)
)

func TestAllLayoutsAreCovered(t *testing.T) {
	t.Parallel()
	layouts := map[string]int{}
	for i, s := range treeCases {
		c := randomCase(rand.New(rand.NewPCG(uint64(i), 9)), s)
		p := NewTrees(c.trees, c.width, c.base, c.link)
		switch {
		case p.wide != nil && p.plan.codes != nil:
			layouts["wide with sets"]++
		case p.mixed != nil && p.plan.codes != nil:
			layouts["mixed with sets"]++
		case len(p.plan.sets) > 0:
			layouts["packed with sets"]++
		case slices.ContainsFunc(p.plan.tables, func(t ranking) bool { return t.windows > 1 }):
			layouts["packed with windows"]++
		default:
			layouts["packed"]++
		}
	}
	for _, want := range []string{"wide with sets", "mixed with sets", "packed with sets", "packed with windows", "packed"} {
		if layouts[want] == 0 {
			t.Errorf("no case is %s: %v", want, layouts)
		}
	}
}

func TestBlocksAreBounded(t *testing.T) {
	t.Parallel()
	tree := Tree{{Feature: -1, Value: []float64{1}}}
	for _, width := range []int{1, 30, 1 << 18} {
		g := NewTrees([]Tree{tree}, width, nil, Identity).groups(1 << 20)
		if g < 1 || g > 1 && 8*lanes*g*width > blockBytes {
			t.Errorf("%d groups of %d values a row", g, width)
		}
	}
}

// TestFarChildren has a tree too large for packed cells.
func TestFarChildren(t *testing.T) {
	t.Parallel()
	const leaves = 70_000
	var tree Tree
	var split func(lo, hi int) int32
	split = func(lo, hi int) int32 {
		at := int32(len(tree))
		tree = append(tree, Node{Feature: -1, Value: []float64{float64(lo)}})
		if hi-lo > 1 {
			mid := (lo + hi) / 2
			left, right := split(lo, mid), split(mid, hi)
			tree[at] = Node{Threshold: float64(mid) - 0.5, Left: left, Right: right}
		}
		return at
	}
	split(0, leaves)
	p := NewTrees([]Tree{tree}, 1, nil, Identity)
	if p.mixed == nil {
		t.Error("not mixed")
	}
	f := &matrix.Frame{Rows: leaves, Cols: [][]float32{make([]float32, leaves)}}
	rows := make([]int32, leaves)
	for i := range rows {
		rows[i], f.Cols[0][i] = int32(i), float32(i)
	}
	out := make([]float64, leaves)
	p.PredictExact(matrix.New(f, nil, 1), rows, out)
	for i, v := range out {
		if v != float64(i) {
			t.Fatalf("row %d comes to leaf %v", i, v)
		}
	}
}

func TestPredictRowAllocatesNothing(t *testing.T) {
	for i, s := range treeCases {
		c := randomCase(rand.New(rand.NewPCG(uint64(i), 1)), s)
		p := NewTrees(c.trees, c.width, c.base, c.link)
		x, out := c.row(0), make([]float64, c.width)
		p.PredictRow(x, out)
		// The pool may be emptied by a collection in between.
		if n := testing.AllocsPerRun(200, func() { p.PredictRow(x, out) }); n >= 1 {
			t.Errorf("PredictRow of %+v allocates %v times a call", s, n)
		}
	}
}

func TestLinksAreFinite(t *testing.T) {
	t.Parallel()
	for _, l := range []Link{Identity, Sigmoid, Softmax, Exp, Mean} {
		sum := []float64{math.MaxFloat64, -math.MaxFloat64, math.NaN(), math.Inf(1), math.Inf(-1)}
		out := make([]float32, len(sum))
		l.Apply(sum, 1, out)
		for k, v := range out {
			if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
				t.Errorf("link %d: output %d is %v", l, k, v)
			}
		}
	}
}

func TestDecodeTreesRefuses(t *testing.T) {
	t.Parallel()
	leaf := func(v float32) Node { return Node{Feature: -1, Value: []float64{float64(v)}} }
	stump := Tree{{Feature: 1, Left: 1, Right: 2}, leaf(1), leaf(2)}
	good := NewTrees([]Tree{stump, stump}, 1, []float64{0}, Identity).Append(nil)
	if _, err := decodeTrees(good, 2); err != nil {
		t.Fatal(err)
	}
	const head = 11 // version, link, flags, scale
	empty := NewTrees(nil, 1, nil, Identity).Append(nil)
	inf := float32(math.Inf(1))
	tests := []struct {
		name     string
		b        []byte
		features int
	}{
		{"feature beyond the frame", good, 1},
		{"no features", good, 0},
		{"bytes too many", append(slices.Clone(good), 0), 2},
		{"infinite leaf", NewTrees([]Tree{{leaf(inf)}}, 1, nil, Identity).Append(nil), 2},
		{"infinite base", NewTrees(nil, 1, []float64{math.Inf(1)}, Identity).Append(nil), 2},
		{"newer version", append([]byte{treesVersion + 1}, good[1:]...), 2},
		{"older version", append([]byte{oldestTrees - 1}, good[1:]...), 2},
		{"unknown link", append([]byte{treesVersion, 99}, good[2:]...), 2},
		{"mean of half a round", NewTrees([]Tree{stump}, 2, nil, Mean).Append(nil), 2},
		{"width 0", append(append(slices.Clone(good[:head]), 0), good[head+1:]...), 2},
		{"huge width", append(binary.AppendUvarint(slices.Clone(good[:head]), 1<<40), good[head+1:]...), 2},
		{"huge number of trees", binary.AppendUvarint(slices.Clone(empty[:len(empty)-1]), 1<<50), 2},
		{"tree without nodes", append(slices.Clone(empty[:len(empty)-1]), 1, 0), 2},
		{"huge number of nodes", binary.AppendUvarint(append(slices.Clone(empty[:len(empty)-1]), 1), 1<<30), 2},
		{"huge number of tables", binary.AppendUvarint(slices.Clone(empty[:len(empty)-3]), 1<<30), 2},
		{"huge number of sets", binary.AppendUvarint(slices.Clone(empty[:len(empty)-2]), 1<<30), 2},
	}
	oneSet := func(set ...byte) []byte {
		b := append(slices.Clone(empty[:len(empty)-2]), 1, 0)
		return append(append(b, set...), 0) // no trees
	}
	if _, err := decodeTrees(oneSet(headListed, 2, 2, 40, 23), 2); err != nil {
		t.Fatal(err)
	}
	tests = append(tests, []struct {
		name     string
		b        []byte
		features int
	}{
		{"unknown rule of a set", oneSet(4, 0), 2},
		{"category beyond the words", oneSet(headListed, 2, 2, 40, 24), 2},
		{"a category twice", oneSet(headListed, 2, 2, 40, 0), 2},
		{"more categories than words have", oneSet(headListed, 0, 1, 0), 2},
		{"many words in few bytes", oneSet(headListed, 100, 2, 40, 23), 2},
		{"huge number of words", oneSet(headListed, 0xff, 0xff, 0xff, 0x0f, 2, 40, 23), 2},
	}...)
	for n := range good {
		tests = append(tests, struct {
			name     string
			b        []byte
			features int
		}{fmt.Sprintf("first %d bytes", n), good[:n], 2})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if p, err := decodeTrees(tt.b, tt.features); err == nil {
				t.Errorf("accepted: %+v", p.Trees())
			}
		})
	}
}

// Sets of a few among very many categories take little, and are the same when read.
func TestListedSets(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 1))
	for name, tt := range map[string]struct{ words, members, most int }{
		"few of many":       {130, 20, 60},
		"half of them":      {130, 1 << 12, 600},
		"one of a million":  {1 << 15, 1, 9000},
		"no more than that": {1, 3, 60},
	} {
		const count = 50
		var trees []Tree
		for range count {
			set := make([]uint32, tt.words)
			for range tt.members {
				c := r.IntN(32 * tt.words)
				set[c>>5] |= 1 << (c & 31)
			}
			set[tt.words-1] |= 1 << 31
			trees = append(trees, Tree{{Cats: set, Left: 1, Right: 2, Cover: 2},
				{Feature: -1, Cover: 1, Value: []float64{1}}, {Feature: -1, Cover: 1, Value: []float64{2}}})
		}
		p := NewTrees(trees, 1, nil, Identity)
		b := p.Append(nil)
		if size := len(b) / count; size > tt.most {
			t.Errorf("%s: %d bytes a set", name, size)
		}
		q, err := decodeTrees(b, 1)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(q.Trees(), p.Trees()) || !bytes.Equal(q.Append(nil), b) {
			t.Errorf("%s: read as other trees", name)
		}
	}
}

// forestCase has deep trees whose leaves hold whole covers and few different values.
func forestCase(width int) []Tree {
	r := rand.New(rand.NewPCG(uint64(width), 5))
	trees := make([]Tree, 20)
	for i := range trees {
		tree := Tree{{}}
		for k := 0; len(tree) < 2001; k++ {
			at := int32(len(tree))
			tree[k] = Node{Feature: int32(r.IntN(5)), Threshold: float64(r.IntN(200)), Left: at, Right: at + 1}
			tree = append(tree, Node{}, Node{})
		}
		for k := len(tree) - 1; k >= 0; k-- {
			n := &tree[k]
			if n.Left > 0 {
				n.Cover = tree[n.Left].Cover + tree[n.Right].Cover
				continue
			}
			*n = Node{Feature: -1, Cover: float64(1 + r.IntN(5)), Value: make([]float64, width)}
			n.Value[r.IntN(width)] = float64(r.IntN(9))
		}
		trees[i] = tree
	}
	return trees
}

func TestForestsAreSmall(t *testing.T) {
	t.Parallel()
	for _, width := range []int{1, 3, 40} {
		trees := forestCase(width)
		p := NewTrees(trees, width, nil, Mean)
		b := p.Append(nil)
		// A test and a leaf: two tags, a cover, the numbers of a threshold and of a value,
		// and a share of the table.
		leaves := len(trees) * (len(trees[0]) + 1) / 2
		if size := float64(len(b)) / float64(leaves); size > 10 {
			t.Errorf("width %d: %v bytes a leaf", width, size)
		}
		if n := p.values.len(); width > 1 && n > 2*9*width*width {
			t.Errorf("width %d: %d values are kept", width, n)
		}
		q, err := decodeTrees(b, 5)
		if err != nil {
			t.Fatal(err)
		}
		again := q.Trees()
		for i := range trees {
			compareTrees(t, trees[i], 0, again[i], 0)
		}
		if !slices.Equal(q.Append(nil), b) {
			t.Errorf("width %d: the decoded trees have another form", width)
		}
	}
}

// Few bytes must not become much memory: leaves that refer to one entry of the
// table share it.
func TestLeavesShareTheTable(t *testing.T) {
	t.Parallel()
	const width = 50
	p := NewTrees(forestCase(width), width, nil, Mean)
	q, err := decodeTrees(p.Append(nil), 5)
	if err != nil {
		t.Fatal(err)
	}
	if entries := len(p.writer().entries); entries == 0 || q.values.len() > entries*width {
		t.Errorf("%d values of a table of %d entries", q.values.len(), entries)
	}
}

func FuzzDecode(f *testing.F) {
	for i, tc := range treeCases {
		tc.count, tc.leaves = min(tc.count, 3), min(tc.leaves, 9)
		c := randomCase(rand.New(rand.NewPCG(uint64(i), 9)), tc)
		f.Add(kindTrees, NewTrees(c.trees, c.width, c.base, c.link).Append(nil))
	}
	for _, width := range []int{1, 3} {
		f.Add(kindTrees, NewTrees(forestCase(width)[:1], width, nil, Mean).Append(nil))
	}
	f.Add(kindConstant, NewConstant([]float32{1, 2}).Append(nil))
	f.Fuzz(func(t *testing.T, kind string, b []byte) {
		const features = 6
		p, err := Decode(kind, b, Inputs{Raw: features, Dense: features})
		if err != nil {
			return
		}
		again, err := Decode(kind, p.Append(nil), Inputs{Raw: features, Dense: features})
		if err != nil {
			t.Fatalf("cannot read what was just written: %v", err)
		}
		trees, ok := again.(*Trees)
		if !ok {
			return
		}
		c := randomCase(rand.New(rand.NewPCG(1, 2)), shape{leaves: 1, width: trees.Width()})
		check(t, "PredictRow", predictExact(trees, c, c.rows()), predictRows(trees.PredictRow, c, c.rows()))
	})
}

// balancedTrees resembles leaf-wise trees on numeric features.
func balancedTrees(trees, leaves int) *treeCase {
	r := rand.New(rand.NewPCG(3, 4))
	c := randomCase(r, shape{leaves: 1, width: 1})
	for range trees {
		tree := Tree{{Feature: -1, Value: []float64{float64(r.Float32())}}}
		for range leaves - 1 {
			// Split a leaf near the root rather than far from it.
			i := 0
			for tree[i].Feature >= 0 {
				if i = int(tree[i].Left); r.IntN(2) == 0 {
					i++
				}
			}
			left := int32(len(tree))
			tree[i] = Node{Feature: int32(2 * r.IntN(3)), Threshold: float64(float32(r.NormFloat64())), Left: left, Right: left + 1}
			tree = append(tree, Node{Feature: -1, Value: []float64{float64(r.Float32())}}, Node{Feature: -1, Value: []float64{float64(r.Float32())}})
		}
		c.trees = append(c.trees, tree)
	}
	return c
}

func BenchmarkTrees(b *testing.B) {
	for _, size := range [][2]int{{500, 15}, {100, 31}, {500, 31}, {500, 127}, {100, 255}} {
		c := balancedTrees(size[0], size[1])
		p := NewTrees(c.trees, 1, nil, Sigmoid)
		m := matrix.New(c.frame, nil, 1)
		r := rand.New(rand.NewPCG(1, 2))
		rows := make([]int32, 2000)
		for i := range rows {
			rows[i] = r.Int32N(int32(c.frame.Rows))
		}
		out := make([]float32, len(rows))
		b.Run(fmt.Sprintf("batch/%dx%d", size[0], size[1]), func(b *testing.B) {
			for b.Loop() {
				p.Predict(m, rows, out)
			}
			perTree(b, len(rows)*size[0])
		})
		x, exact := make([][]float64, len(rows)), make([]float64, 1)
		for i, r := range rows {
			x[i] = c.row(r)
		}
		b.Run(fmt.Sprintf("row/%dx%d", size[0], size[1]), func(b *testing.B) {
			for b.Loop() {
				for _, x := range x {
					p.PredictRow(x, exact)
				}
			}
			perTree(b, len(rows)*size[0])
		})
	}
}

func perTree(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/tree/row")
}
