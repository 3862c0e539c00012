package predictor

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// slowShap is the definition: Shapley values over all subsets of features of
// what a tree gives when only those are known.
func slowShap(t *Trees, x []float64) (phi [][]float64, expected []float64) {
	trees, features := t.Trees(), len(x)
	value := func(subset uint64) []float64 {
		out := make([]float64, t.Width())
		for i, tree := range trees {
			slowKnown(tree, 0, x, subset, 1, i%t.Width(), out)
		}
		for k, b := range t.Base() {
			out[k] += b
			if t.Link() == Mean {
				out[k] /= float64(max(1, t.leavesPerSum()))
			}
		}
		return out
	}
	all := make([][]float64, 1<<features)
	for s := range all {
		all[s] = value(uint64(s))
	}
	phi = make([][]float64, t.Width())
	for k := range phi {
		phi[k] = make([]float64, features)
		for f := range features {
			for s := range all {
				if s>>f&1 == 0 {
					n := bits.OnesCount(uint(s))
					share := 1 / float64(features) / binomial(features-1, n)
					phi[k][f] += share * (all[s|1<<f][k] - all[s][k])
				}
			}
		}
	}
	return phi, all[0]
}

func binomial(n, k int) float64 {
	c := 1.0
	for i := range k {
		c = c * float64(n-i) / float64(i+1)
	}
	return c
}

// slowKnown adds what a tree gives: tests on unknown features go both ways.
func slowKnown(tree Tree, at int32, x []float64, known uint64, weight float64, class int, out []float64) {
	n := &tree[at]
	if n.Feature < 0 {
		for k, v := range n.Value {
			if len(n.Value) == 1 {
				k = class
			}
			out[k] += weight * v
		}
		return
	}
	if known>>min(n.Feature, 63)&1 == 1 {
		at = n.Right
		if slowLeft(n, x[n.Feature]) {
			at = n.Left
		}
		slowKnown(tree, at, x, known, weight, class, out)
		return
	}
	left, right := tree[n.Left].Cover, tree[n.Right].Cover
	slowKnown(tree, n.Left, x, known, weight*left/(left+right), class, out)
	slowKnown(tree, n.Right, x, known, weight*right/(left+right), class, out)
}

func slowLeft(n *Node, v float64) bool {
	switch {
	case math.IsNaN(v) && (n.Cats != nil || n.Missing != MissingNone):
		return n.MissingLeft
	case n.Cats != nil:
		return v > -1 && v < float64(32*len(n.Cats)) && int(v)/32 < len(n.Cats) && n.Cats[int(v)/32]>>(int(v)%32)&1 == 1
	case math.IsNaN(v):
		v = 0
	case n.Missing == MissingZero && math.Abs(v) <= 1e-35:
		return n.MissingLeft
	}
	return v <= n.Threshold
}

// exactRow is a row of a frame in double precision.
func exactRow(f *matrix.Frame, row int32) []float64 {
	x := make([]float64, len(f.Cols))
	gatherRow(f, row, x)
	return x
}

func TestShapIsTheShapleyValue(t *testing.T) {
	t.Parallel()
	for i, tt := range treeCases {
		if tt.exact { // has linear leaves
			continue
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(i), 5))
			tt.count = min(tt.count, 12)
			c := randomCase(r, tt)
			trees := NewTrees(c.trees, c.width, c.base, c.link)
			s, err := NewShap(trees, c.features)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]float64, c.width*c.features)
			for row := range int32(12) {
				x := exactRow(c.frame, row)
				want, expected := slowShap(trees, x)
				s.Row(x, got)
				for k := range want {
					near(t, fmt.Sprintf("row %d, expectation of output %d", row, k), s.Expected()[k], expected[k])
					for f := range want[k] {
						near(t, fmt.Sprintf("row %d, output %d, feature %d", row, k, f), got[k*c.features+f], want[k][f])
					}
				}
			}
		})
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-12*max(1, math.Abs(want))) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// TestShapAddsUp: contributions and expectation are the margin, also along paths
// of many features, which need many points.
func TestShapAddsUp(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	const features = 90
	chain := Tree{}
	for f := range int32(features) {
		at := 2 * f
		chain = append(chain,
			Node{Feature: f, Threshold: halves(r), Left: at + 2, Right: at + 1, Cover: float64(1000 - 10*f)},
			Node{Feature: -1, Value: []float64{halves(r)}, Cover: 10})
	}
	chain = append(chain, Node{Feature: -1, Value: []float64{5}, Cover: 1000 - 10*features})
	s, err := NewShap(NewTrees([]Tree{chain}, 1, nil, Identity), features)
	if err != nil {
		t.Fatal(err)
	}
	x, phi := make([]float64, features), make([]float64, features)
	for row := range 50 {
		for f := range x {
			x[f] = halves(r)
		}
		s.Row(x, phi)
		sum, want := s.Expected()[0], make([]float64, 1)
		for _, v := range phi {
			sum += v
		}
		slowKnown(chain, 0, x, math.MaxUint64, 1, 0, want)
		near(t, fmt.Sprintf("row %d", row), sum, want[0])
	}
}

// halves draws a number of few digits.
func halves(r *rand.Rand) float64 { return math.Round(4*r.NormFloat64()) / 2 }

func TestShapRowsAreThoseOfRow(t *testing.T) {
	t.Parallel()
	c := randomCase(rand.New(rand.NewPCG(8, 9)), shape{count: 20, leaves: 31, width: 3, cats: true})
	s, err := NewShap(NewTrees(c.trees, c.width, c.base, c.link), c.features)
	if err != nil {
		t.Fatal(err)
	}
	rows := c.rows()
	size := c.width * c.features
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			all, one := make([]float64, len(rows)*size), make([]float64, size)
			s.Rows(matrix.New(c.frame, nil, 1), rows, all)
			for i, r := range rows {
				s.Row(exactRow(c.frame, r), one)
				for j, v := range one {
					if v != all[i*size+j] {
						t.Fatalf("row %d: %v alone, %v among others", r, v, all[i*size+j])
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestShapAllocatesNothing(t *testing.T) {
	c := randomCase(rand.New(rand.NewPCG(8, 9)), shape{count: 20, leaves: 31, width: 1, cats: true})
	s, err := NewShap(NewTrees(c.trees, c.width, c.base, c.link), c.features)
	if err != nil {
		t.Fatal(err)
	}
	x, out := exactRow(c.frame, 0), make([]float64, c.features)
	// What Row does but for taking w from a pool, which may be emptied at any time.
	w := s.get()
	if n := testing.AllocsPerRun(100, func() { s.block(w, x, 1, out) }); n > 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func TestShapRefuses(t *testing.T) {
	t.Parallel()
	split := func(left, right float64) Tree {
		return Tree{
			{Feature: 3, Left: 1, Right: 2, Cover: 10},
			{Feature: -1, Value: []float64{1}, Cover: left},
			{Feature: -1, Value: []float64{2}, Cover: right},
		}
	}
	for name, tt := range map[string]struct {
		tree     Tree
		features int
		want     string
	}{
		"no cover":        {split(0, 0), 4, "row counts"},
		"negative cover":  {split(-1, 2), 4, "row counts"},
		"too few columns": {split(1, 1), 3, "feature 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := NewShap(NewTrees([]Tree{tt.tree}, 1, nil, Identity), tt.features)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	linear := split(1, 1)
	linear[1].Linear = &LeafModel{Const: 1}
	s := &Shap{width: 1, features: 4, rules: map[int]rule{}, expected: make([]float64, 1), scale: 1}
	if _, err := s.prepare(linear, 0); err == nil || !strings.Contains(err.Error(), "linear leaves") {
		t.Errorf("linear leaves: got %v", err)
	}
}

func TestShapTests(t *testing.T) {
	t.Parallel()
	values := []float64{math.NaN(), 0, -0.5, 1e-36, -1e-36, 1e-30, -1, 1, 2, 31, 32, 63, 64, 1.5, math.Inf(1), math.Inf(-1), 5e9}
	for _, missing := range []Missing{MissingNaN, MissingZero, MissingNone} {
		for _, left := range []bool{false, true} {
			for _, cats := range [][]uint32{nil, {}, {0x80000002, 1}} {
				for _, threshold := range []float64{-1, 0, 0.5} {
					n := Node{Missing: missing, MissingLeft: left, Cats: cats, Threshold: threshold}
					s := shapNode{missing: missing, missingLeft: left, cats: cats, threshold: threshold}
					set := catSet{missingLeft: left, words: cats}
					for _, v := range values {
						if cats != nil && set.goesLeft(v) != slowLeft(&n, v) {
							t.Errorf("%+v: %v goes left: %v", n, v, !slowLeft(&n, v))
						}
						if got, want := s.goesLeft(v), slowLeft(&n, v); got != want {
							t.Errorf("%+v: %v goes left: %v", n, v, got)
						}
					}
				}
			}
		}
	}
}

func TestGaussLegendreIsExact(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 7, 20, 64, 127} {
		r := gaussLegendre(n)
		for degree := range 2 * n {
			sum := 0.0
			for k, at := range r.at {
				sum += r.weight[k] * math.Pow(at, float64(degree))
			}
			near(t, fmt.Sprintf("%d points, degree %d", n, degree), sum, 1/float64(degree+1))
		}
	}
}

func BenchmarkShap(b *testing.B) {
	for _, leaves := range []int{31, 255} {
		b.Run(fmt.Sprint(leaves), func(b *testing.B) {
			c := randomCase(rand.New(rand.NewPCG(1, 2)), shape{count: 100, leaves: 3 * leaves, width: 1})
			s, err := NewShap(NewTrees(c.trees, c.width, c.base, c.link), c.features)
			if err != nil {
				b.Fatal(err)
			}
			m, rows := matrix.New(c.frame, nil, 1), c.rows()
			out := make([]float64, len(rows)*c.features)
			for b.Loop() {
				s.Rows(m, rows, out)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rows)*100), "ns/tree/row")
		})
	}
}

func TestUsageCountsTests(t *testing.T) {
	t.Parallel()
	leaf := Node{Feature: -1, Value: []float64{1}}
	trees := NewTrees([]Tree{
		{{Feature: 2, Left: 1, Right: 2, Gain: 4}, {Feature: 0, Left: 3, Right: 4, Gain: 0.5}, leaf, leaf, leaf},
		{leaf},
		{{Feature: 2, Cats: []uint32{3}, Left: 1, Right: 2, Gain: 1}, leaf, leaf},
	}, 1, nil, Identity)
	splits, gain := trees.Usage(4)
	if !slices.Equal(splits, []float64{1, 0, 2, 0}) || !slices.Equal(gain, []float64{0.5, 0, 5, 0}) {
		t.Errorf("tests %v, gains %v", splits, gain)
	}
	if splits, gain := trees.Usage(1); !slices.Equal(splits, []float64{1}) || !slices.Equal(gain, []float64{0.5}) {
		t.Errorf("of the first feature: tests %v, gains %v", splits, gain)
	}
}
