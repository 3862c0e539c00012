package predictor

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// slowTrees is the definition of a tree predictor.
func slowTrees(trees []Tree, width int, base []float64, link Link, x []float32) []float32 {
	sum := append([]float64(nil), base...)
	leaves := make([]int, width)
	for i, tree := range trees {
		n := &tree[0]
		for n.Feature >= 0 {
			v := x[n.Feature]
			left := float64(v) <= n.Threshold
			if n.Cats != nil {
				left = v >= 0 && int(v) < 32*len(n.Cats) && n.Cats[int(v)/32]>>(int(v)%32)&1 == 1
			}
			if v != v {
				left = n.MissingLeft
			}
			if left {
				n = &tree[n.Left]
			} else {
				n = &tree[n.Right]
			}
		}
		for k, v := range n.Value {
			if len(n.Value) == 1 {
				k = i % width
			}
			sum[k] += float64(v)
			leaves[k]++
		}
	}
	out := make([]float32, width)
	link.Apply(sum, leaves[0], out)
	return out
}

type treeCase struct {
	trees    []Tree
	frame    *matrix.Frame
	width    int
	base     []float64
	link     Link
	features int
}

// randomCase draws trees over numeric features (even) and categorical ones (odd).
func randomCase(r *rand.Rand, trees, leaves, width int, vector, cats bool) treeCase {
	c := treeCase{width: width, features: 6, link: Link(r.IntN(4))}
	for range width {
		c.base = append(c.base, r.NormFloat64())
	}
	for range trees {
		c.trees = append(c.trees, randomTree(r, leaves, width, vector, cats))
	}
	if vector {
		c.link = Mean
	}
	rows := 70
	c.frame = &matrix.Frame{Rows: rows, Features: make([]matrix.Feature, c.features)}
	for j := range c.features {
		col := make([]float32, rows)
		for i := range col {
			col[i] = float32(r.NormFloat64())
			if j%2 == 1 {
				c.frame.Features[j].Levels = 70
				col[i] = float32(r.IntN(70))
			}
			switch r.IntN(12) {
			case 0:
				col[i] = float32(math.NaN())
			case 1:
				if j%2 == 0 {
					col[i] = float32(math.Inf(r.IntN(2)*2 - 1))
				}
			}
		}
		c.frame.Cols = append(c.frame.Cols, col)
	}
	return c
}

func randomTree(r *rand.Rand, leaves, width int, vector, cats bool) Tree {
	size := 1
	if vector {
		size = width
	}
	leaf := func() Node {
		n := Node{Feature: -1, Cover: float64(r.Float32())}
		for range size {
			n.Value = append(n.Value, float64(float32(r.NormFloat64())))
		}
		return n
	}
	tree := Tree{leaf()}
	for range r.IntN(leaves) {
		i := r.IntN(len(tree))
		if tree[i].Feature >= 0 {
			continue
		}
		n := Node{Feature: int32(r.IntN(6)), Cover: float64(r.Float32()), MissingLeft: r.IntN(2) == 0, Left: int32(len(tree)), Right: int32(len(tree) + 1)}
		if n.Feature%2 == 1 && cats {
			n.Cats = []uint32{r.Uint32(), r.Uint32()}[:1+r.IntN(2)]
		} else {
			n.Threshold = float64(float32(r.NormFloat64()))
		}
		tree[i] = n
		tree = append(tree, leaf(), leaf())
	}
	return tree
}

func (c treeCase) rows() []int32 {
	rows := make([]int32, c.frame.Rows)
	for i := range rows {
		rows[i] = int32((i * 37) % c.frame.Rows)
	}
	return rows
}

func (c treeCase) row(i int32) []float32 {
	x := make([]float32, c.features)
	for j := range x {
		x[j] = c.frame.Cols[j][i]
	}
	return x
}

var treeCases = []struct {
	trees, leaves, width int
	vector, cats         bool
}{
	{0, 1, 1, false, false},
	{1, 1, 1, false, false},
	{7, 2, 1, false, true},
	{33, 31, 1, false, false},
	{40, 31, 1, false, true},
	{12, 200, 1, false, true},
	{30, 20, 3, false, true},
	{11, 30, 4, true, true},
	{300, 8, 2, false, true},
}

func TestTreesAgreeWithDefinition(t *testing.T) {
	t.Parallel()
	for i, tc := range treeCases {
		t.Run(fmt.Sprint(tc), func(t *testing.T) {
			t.Parallel()
			c := randomCase(rand.New(rand.NewPCG(uint64(i), 9)), tc.trees, tc.leaves, tc.width, tc.vector, tc.cats)
			p := NewTrees(c.trees, c.width, c.base, c.link)
			rows := c.rows()
			var want []float32
			for _, r := range rows {
				want = append(want, slowTrees(c.trees, c.width, c.base, c.link, c.row(r))...)
			}
			check(t, "Predict", want, predictAll(p, c, rows))
			for n := 1; n < 18; n++ {
				check(t, "Predict of few rows", want[:n*c.width], predictAll(p, c, rows[:n]))
			}
			check(t, "PredictRow", want, predictRows(p, c, rows))
			again := NewTrees(p.Trees(), c.width, c.base, c.link)
			check(t, "trees given back", want, predictAll(again, c, rows))
			bytes := p.Append(nil)
			if d := cmp.Diff(bytes, again.Append(nil)); d != "" {
				t.Errorf("trees given back have another binary form: %s", d)
			}
			read, err := Decode(kindTrees, bytes, Inputs{Raw: c.features, Dense: c.features})
			if err != nil {
				t.Fatal(err)
			}
			check(t, "Decode", want, predictAll(read, c, rows))
			if d := cmp.Diff(bytes, read.Append(nil)); d != "" {
				t.Errorf("binary form changes when read: %s", d)
			}
			if d := cmp.Diff(p.Trees(), read.(*Trees).Trees()); d != "" {
				t.Errorf("trees change when read: %s", d)
			}
		})
	}
}

func check(t *testing.T, what string, want, got []float32) {
	t.Helper()
	if !slices.Equal(want, got) {
		t.Errorf("%s differs from the definition:\n%s", what, cmp.Diff(want, got))
	}
}

func predictAll(p Predictor, c treeCase, rows []int32) []float32 {
	out := make([]float32, len(rows)*c.width)
	p.Predict(matrix.New(c.frame, nil, 1), rows, out)
	return out
}

func predictRows(p *Trees, c treeCase, rows []int32) []float32 {
	out := make([]float32, len(rows)*c.width)
	for i, r := range rows {
		p.PredictRow(c.row(r), out[i*c.width:])
	}
	return out
}

func TestMixedTreesAreCovered(t *testing.T) {
	t.Parallel()
	c := randomCase(rand.New(rand.NewPCG(8, 9)), 300, 8, 2, false, true)
	mixed, fast := 0, 0
	for _, f := range NewTrees(c.trees, c.width, c.base, c.link).trees {
		if f.mixed {
			mixed++
		} else {
			fast++
		}
	}
	if mixed == 0 || fast == 0 {
		t.Errorf("%d mixed and %d fast trees: the largest case should have both", mixed, fast)
	}
}

func TestPredictRowAllocatesNothing(t *testing.T) {
	c := randomCase(rand.New(rand.NewPCG(1, 1)), 30, 20, 3, false, true)
	p := NewTrees(c.trees, c.width, c.base, c.link)
	x, out := c.row(0), make([]float32, c.width)
	p.PredictRow(x, out)
	// The pool may be emptied by a collection in between.
	if n := testing.AllocsPerRun(200, func() { p.PredictRow(x, out) }); n >= 1 {
		t.Errorf("PredictRow allocates %v times a call", n)
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
		{"newer version", append([]byte{2}, good[1:]...), 2},
		{"unknown link", append([]byte{1, 99}, good[2:]...), 2},
		{"mean of half a round", NewTrees([]Tree{stump}, 2, nil, Mean).Append(nil), 2},
		{"huge width", binary.AppendUvarint([]byte{1, 0, 0}, 1<<40), 2},
		{"width 0", []byte{1, 0, 0, 0, 0}, 2},
		{"huge number of trees", binary.AppendUvarint(slices.Clone(good[:12]), 1<<50), 2},
		{"tree without nodes", append(slices.Clone(good[:12]), 1, 0), 2},
	}
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

func FuzzDecode(f *testing.F) {
	for i, tc := range treeCases[:8] {
		c := randomCase(rand.New(rand.NewPCG(uint64(i), 9)), min(tc.trees, 3), min(tc.leaves, 9), tc.width, tc.vector, tc.cats)
		f.Add(kindTrees, NewTrees(c.trees, c.width, c.base, c.link).Append(nil))
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
		c := randomCase(rand.New(rand.NewPCG(1, 2)), 0, 1, trees.Width(), false, false)
		out := predictAll(p, c, c.rows())
		if got := predictRows(trees, c, c.rows()); !slices.Equal(out, got) {
			t.Errorf("PredictRow differs from Predict")
		}
	})
}

// balancedTrees resembles leaf-wise trees on numeric features.
func balancedTrees(trees, leaves int) treeCase {
	r := rand.New(rand.NewPCG(3, 4))
	c := randomCase(r, 0, 1, 1, false, false)
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
	for _, size := range [][2]int{{100, 31}, {500, 31}, {100, 255}} {
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
		x := make([][]float32, len(rows))
		for i, r := range rows {
			x[i] = c.row(r)
		}
		b.Run(fmt.Sprintf("row/%dx%d", size[0], size[1]), func(b *testing.B) {
			for b.Loop() {
				for _, x := range x {
					p.PredictRow(x, out)
				}
			}
			perTree(b, len(rows)*size[0])
		})
	}
}

func perTree(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/tree/row")
}
