package xgboost

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

func written(t interface {
	Fatal(...any)
}, m *Model) []byte {
	var b bytes.Buffer
	if err := Write(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRoundTrip writes what was read: it still predicts as XGBoost did.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := Read(bytes.NewReader(fixture(t, name)))
			if err != nil {
				t.Fatal(err)
			}
			first := written(t, m)
			again, err := Read(bytes.NewReader(first))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, again, expected(t, name))
			if second := written(t, again); !bytes.Equal(first, second) {
				t.Error("written again it differs")
			}
		})
	}
}

// randomTree has numeric and categorical tests on three features, the last of
// which is categorical.
func randomTree(rng *rand.Rand, nodes int, width int) predictor.Tree {
	leaf := func() predictor.Node {
		n := predictor.Node{Feature: -1, Cover: float64(rng.IntN(50))}
		for range width {
			n.Value = append(n.Value, rng.NormFloat64())
		}
		return n
	}
	t := predictor.Tree{leaf()}
	for range nodes {
		i := rng.IntN(len(t))
		if t[i].Feature >= 0 {
			continue
		}
		n := predictor.Node{Feature: int32(rng.IntN(3)), MissingLeft: rng.IntN(2) == 0, Left: int32(len(t)), Right: int32(len(t) + 1)}
		if n.Feature == 2 {
			n.Cats = []uint32{rng.Uint32(), rng.Uint32()}
			if rng.IntN(4) == 0 { // only missing values may go left
				n.Cats = make([]uint32, rng.IntN(3))
			}
		} else {
			n.Threshold = math.Round(4*rng.NormFloat64()) / 4
			if rng.IntN(4) == 0 {
				n.Threshold = []float64{math.Inf(1), math.Inf(-1), math.MaxFloat32, -math.MaxFloat32}[rng.IntN(4)]
			}
		}
		t[i] = n
		t = append(t, leaf(), leaf())
	}
	return t
}

func TestTrainedModelsKeepTheirPredictions(t *testing.T) {
	t.Parallel()
	features := []matrix.Feature{{Name: "a"}, {Name: "b"}, {Name: "c", Levels: 64}}
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		out := rapid.SampledFrom([]predictor.Output{
			{}, {Link: predictor.Sigmoid}, {Link: predictor.Sigmoid, Scale: 0.5}, {Link: predictor.Softmax},
			{Link: predictor.Exp}, {Link: predictor.Mean}, {Link: predictor.Step}, {Link: predictor.Exp, Average: true},
		}).Draw(t, "output")
		width, vector := 1, 1
		if out.Link == predictor.Softmax {
			width = 3
			vector = rapid.SampledFrom([]int{1, 3}).Draw(t, "vector")
		}
		base := make([]float64, width)
		for k := range base {
			base[k] = rng.NormFloat64()
		}
		var trees []predictor.Tree
		for range 2 * width {
			trees = append(trees, randomTree(rng, 12, vector))
		}
		m, err := Of(predictor.NewTreesOutput(trees, width, base, out), features, "")
		if err != nil {
			t.Fatal(err)
		}
		again, err := Read(bytes.NewReader(written(t, m)))
		if err != nil {
			t.Fatal(err)
		}
		rows := [][]cell{{cell(math.NaN()), cell(math.NaN()), cell(math.NaN())}}
		for i := range 30 {
			x := math.Round(4*rng.NormFloat64()) / 4
			if i < 4 {
				x = []float64{math.Inf(1), math.Inf(-1), math.MaxFloat32, -math.MaxFloat32}[i]
			}
			rows = append(rows, []cell{cell(x), cell(rng.NormFloat64()), cell(rng.IntN(70))})
		}
		plain := &Model{Width: width, Base: base, Trees: trees}
		want := predict(plain, out, rows)
		for i, v := range predict(again, predictor.Output{Link: again.Link}, rows) {
			if out.Link == predictor.Step {
				continue // checked by the margins of the other links
			}
			if math.Abs(v-want[i]) > 2e-6*max(1, math.Abs(want[i])) {
				t.Fatalf("output %d: %v, want %v", i, v, want[i])
			}
		}
	})
}

func TestThresholds(t *testing.T) {
	t.Parallel()
	inf32 := float32(math.Inf(1))
	for _, at := range []float64{0, 1, -1, 0.1, -0.1, 1e-45, -1e-45, 1e-300, -1e-300, math.MaxFloat32, -math.MaxFloat32, 1e300} {
		c := after(at)
		for _, x := range []float32{
			float32(at), math.Nextafter32(float32(at), inf32), math.Nextafter32(float32(at), -inf32), 0, math.MaxFloat32,
		} {
			if want := float64(x) <= at; (x < c) != want {
				t.Errorf("%v <= %v is %v, but %v < %v is %v", x, at, want, x, c, x < c)
			}
		}
	}
}

// TestMissingAsZero writes tests in which missing values are compared as zero,
// or zero goes where missing values go.
func TestMissingAsZero(t *testing.T) {
	t.Parallel()
	for _, threshold := range []float64{-1, 0, 1, math.Inf(1), math.Inf(-1)} {
		for _, rule := range []predictor.Missing{predictor.MissingNone, predictor.MissingZero} {
			node := predictor.Node{Threshold: threshold, Missing: rule, MissingLeft: threshold >= 0, Left: 1, Right: 2}
			if rule == predictor.MissingNone {
				node.MissingLeft = !node.MissingLeft // which is not looked at
			}
			tree := predictor.Tree{node, {Feature: -1, Value: []float64{1}}, {Feature: -1, Value: []float64{2}}}
			m := &Model{Objective: "reg:squarederror", Width: 1, Base: []float64{0}, Features: []Feature{{Name: "a"}}, Trees: []predictor.Tree{tree}}
			again, err := Read(bytes.NewReader(written(t, m)))
			if err != nil {
				t.Fatal(err)
			}
			got := predict(again, predictor.Output{}, [][]cell{{cell(math.NaN())}, {0}})
			if got[0] != got[1] || (got[0] == 1) != (threshold >= 0) {
				t.Errorf("rule %d, threshold %v: %v", rule, threshold, got)
			}
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	leaf := func(v float64) predictor.Node { return predictor.Node{Feature: -1, Value: []float64{v}} }
	split := func(n predictor.Node) predictor.Tree {
		n.Left, n.Right = 1, 2
		return predictor.Tree{n, leaf(1), leaf(2)}
	}
	linear := leaf(1)
	linear.Linear = &predictor.LeafModel{Const: 1}
	plain := []Feature{{Name: "a"}}
	for name, c := range map[string]struct {
		features  []Feature
		objective string
		tree      predictor.Tree
		want      string
	}{
		"linear leaves": {plain, "reg:squarederror", predictor.Tree{linear}, "linear leaves"},
		"zero missing": {plain, "reg:squarederror",
			split(predictor.Node{Threshold: 1, Missing: predictor.MissingZero}), "a zero that counts as missing"},
		"large leaf":      {plain, "reg:squarederror", predictor.Tree{leaf(1e39)}, "beyond float32"},
		"nan leaf":        {plain, "reg:squarederror", predictor.Tree{leaf(math.NaN())}, "beyond float32"},
		"feature":         {plain, "reg:squarederror", split(predictor.Node{Feature: 1}), "feature 1 of 1"},
		"set":             {plain, "reg:squarederror", split(predictor.Node{Cats: []uint32{1}}), "not categorical"},
		"name":            {[]Feature{{Name: "a<b"}}, "reg:squarederror", predictor.Tree{leaf(1)}, "rename"},
		"names":           {[]Feature{{Name: "a"}, {Name: "a"}}, "reg:squarederror", predictor.Tree{leaf(1)}, "twice"},
		"no features":     {nil, "reg:squarederror", predictor.Tree{leaf(1)}, "no features"},
		"objective":       {plain, "binary:logistic", predictor.Tree{leaf(1)}, "does not make"},
		"other objective": {plain, "reg:magic", predictor.Tree{leaf(1)}, "unknown"},
	} {
		m := &Model{Objective: c.objective, Width: 1, Base: []float64{0}, Features: c.features, Trees: []predictor.Tree{c.tree}}
		if err := Write(&bytes.Buffer{}, m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestOfRefusesOtherLinks(t *testing.T) {
	t.Parallel()
	for _, link := range []predictor.Link{predictor.Square, predictor.Softplus} {
		trees := predictor.NewTrees([]predictor.Tree{{{Feature: -1, Value: []float64{1}}}}, 1, nil, link)
		if _, err := Of(trees, []matrix.Feature{{Name: "a"}}, ""); err == nil {
			t.Errorf("link %d is taken", link)
		}
	}
}

func TestNamesOfCategories(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		levels []string
		named  bool
	}{
		"words":    {[]string{"b", "a"}, true},
		"integers": {[]string{"10", "-3", "7"}, true},
		"mixed":    {[]string{"10", "x", "1.5"}, true},
		"letters":  {[]string{"Köln"}, false},
		"twice":    {[]string{"a", "a"}, false},
		"empty":    {[]string{"a", ""}, false},
		"none":     {nil, false},
	} {
		m := &Model{
			Objective: "reg:squarederror", Width: 1, Base: []float64{0},
			Features: []Feature{{Name: "a"}, {Name: "b", Categorical: true, Levels: c.levels}},
			Trees:    []predictor.Tree{{{Feature: -1, Value: []float64{1}}}},
		}
		if got := m.Features[1].Named(); got != c.named {
			t.Errorf("%s: named is %v", name, got)
		}
		again, err := Read(bytes.NewReader(written(t, m)))
		if err != nil {
			t.Fatal(err)
		}
		want := c.levels
		if !c.named {
			want = nil
		}
		if got := again.Features[1]; !slices.Equal(got.Levels, want) || !got.Categorical {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestUnknownCovers(t *testing.T) {
	t.Parallel()
	leaf := predictor.Node{Feature: -1, Value: []float64{1}}
	for name, c := range map[string]struct{ root, left, right, want float64 }{
		"unknown": {0, 0, 0, 2},
		"partly":  {0, 5, 5, 2},
		"known":   {10, 10, 0, 10},
	} {
		l, r := leaf, leaf
		l.Cover, r.Cover = c.left, c.right
		tree := predictor.Tree{{Left: 1, Right: 2, Cover: c.root}, l, r}
		m := &Model{Objective: "reg:squarederror", Width: 1, Base: []float64{0}, Features: []Feature{{Name: "a"}}, Trees: []predictor.Tree{tree}}
		again, err := Read(bytes.NewReader(written(t, m)))
		if err != nil {
			t.Fatal(err)
		}
		if got := again.Trees[0][0].Cover; got != c.want {
			t.Errorf("%s: the root's cover is %v, want %v", name, got, c.want)
		}
	}
}

func TestNoTrees(t *testing.T) {
	t.Parallel()
	m := &Model{Objective: "multi:softprob", Width: 3, Base: []float64{0, 0, 0}, Features: []Feature{{Name: "a"}}, Link: predictor.Softmax}
	again, err := Read(bytes.NewReader(written(t, m)))
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Trees) != 0 || again.Width != 3 {
		t.Errorf("%+v", again)
	}
}
