package lightgbm

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"pgregory.net/rapid"
)

func write(t testing.TB, m *Model, version int) string {
	t.Helper()
	var b strings.Builder
	if _, err := Write(&b, m, version); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteKeepsModels(t *testing.T) {
	t.Parallel()
	for _, f := range fixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			m, err := Read(strings.NewReader(f.text))
			if err != nil {
				t.Fatal(err)
			}
			for _, version := range []int{3, 4} {
				text := write(t, m, version)
				again, err := Read(strings.NewReader(text))
				if err != nil {
					t.Fatalf("v%d: %v", version, err)
				}
				agree(t, again, &f)
				if got := write(t, again, version); got != text {
					t.Errorf("v%d: written twice, the texts differ", version)
				}
				if again.Objective != m.Objective || len(again.Parameters) != len(m.Parameters) || again.Trees.Output() != m.Trees.Output() {
					t.Errorf("v%d: objective %q, %d parameters, %+v", version, again.Objective, len(again.Parameters), again.Trees.Output())
				}
				sameCounts(t, m, again)
			}
		})
	}
}

// sameCounts holds the numbers that contributions and importance need.
func sameCounts(t *testing.T, m, again *Model) {
	t.Helper()
	trees, others := m.Trees.Trees(), again.Trees.Trees()
	for i := range trees {
		for k := range trees[i] {
			if a, b := trees[i][k], others[i][k]; a.Cover != b.Cover || a.Gain != b.Gain || a.Weight != b.Weight {
				t.Errorf("tree %d node %d: rows %v, gain %v, weight %v; written %v, %v, %v",
					i, k, a.Cover, a.Gain, a.Weight, b.Cover, b.Gain, b.Weight)
			}
		}
	}
}

// LightGBM finds trees by the sizes in the header.
func TestWriteSizes(t *testing.T) {
	t.Parallel()
	m, err := Read(strings.NewReader(small + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	text := write(t, m, 4)
	_, after, _ := strings.Cut(text, "tree_sizes=")
	sizes, _, _ := strings.Cut(after, "\n")
	n, err := strconv.Atoi(sizes)
	if err != nil {
		t.Fatal(err)
	}
	start := strings.Index(text, "Tree=0")
	if !strings.HasPrefix(text[start+n:], "end of trees\n") {
		t.Errorf("size %d leads to %q", n, short(text[start+n:]))
	}
}

func leaf(v float64) predictor.Node {
	return predictor.Node{Feature: -1, Value: []float64{v}, Cover: 1}
}

// trained is a model as training here makes it: a base, NaN to either side, and
// missing categories that go left.
func trained(link predictor.Link, width int) *Model {
	numeric := predictor.Tree{{Feature: 0, Threshold: 0.5, MissingLeft: true, Left: 1, Right: 2}, leaf(1), leaf(2)}
	category := predictor.Tree{
		{Feature: 1, Cats: []uint32{0b101}, MissingLeft: true, Left: 1, Right: 2}, leaf(-1),
		{Feature: 0, Threshold: 3, Left: 3, Right: 4}, leaf(0.25), leaf(0.75),
	}
	var trees []predictor.Tree
	for range width {
		trees = append(trees, category)
	}
	for range width {
		trees = append(trees, numeric)
	}
	base := make([]float64, width)
	for k := range base {
		base[k] = 0.125 * float64(k+1)
	}
	return &Model{
		Features: []Feature{{Name: "x", Min: -1, Max: 9}, {Name: "c", Categories: []int32{0, 1, 2, 3, 4}}},
		Trees:    predictor.NewTrees(trees, width, base, link),
	}
}

func TestWriteTrained(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		link      predictor.Link
		width     int
		objective string
	}{
		{predictor.Identity, 1, ""}, {predictor.Identity, 3, ""}, {predictor.Sigmoid, 1, "binary sigmoid:1"},
		{predictor.Sigmoid, 2, "multiclassova num_class:2 sigmoid:1"}, {predictor.Softmax, 3, "multiclass num_class:3"},
		{predictor.Exp, 1, "poisson"}, {predictor.Square, 1, "regression sqrt"}, {predictor.Softplus, 1, "cross_entropy_lambda"},
		{predictor.Mean, 1, ""}, {predictor.Mean, 3, ""},
	} {
		m := trained(c.link, c.width)
		again, err := Read(strings.NewReader(write(t, m, 4)))
		if err != nil {
			t.Fatalf("link %d: %v", c.link, err)
		}
		if again.Objective != c.objective || again.Trees.Output().Average != (c.link == predictor.Mean) {
			t.Errorf("link %d: objective %q, %+v", c.link, again.Objective, again.Trees.Output())
		}
		for _, x := range []float64{-1, 0.5, math.Nextafter(0.5, 1), 2, 4, math.Inf(1), math.NaN()} {
			for _, code := range []float64{0, 1, 2, 3, 4, math.NaN()} {
				got, want := make([]float64, c.width), make([]float64, c.width)
				m.Trees.PredictRow([]float64{x, code}, want)
				again.Trees.PredictRow([]float64{x, code}, got)
				if !near(got, want) {
					t.Errorf("link %d, %v %v: %v, want %v", c.link, x, code, got, want)
				}
			}
		}
		for i, tree := range again.Trees.Trees() {
			for k := range tree {
				if n := &tree[k]; n.Cats != nil && n.MissingLeft {
					t.Errorf("tree %d node %d sends missing categories left", i, k)
				}
			}
		}
	}
}

// TestWriteVectors: trees of several outputs become several trees.
func TestWriteVectors(t *testing.T) {
	t.Parallel()
	leaf := func(v ...float64) predictor.Node { return predictor.Node{Feature: -1, Value: v} }
	split := func(at float64, left, right predictor.Node) predictor.Tree {
		return predictor.Tree{{Threshold: at, Left: 1, Right: 2}, left, right}
	}
	for _, link := range []predictor.Link{predictor.Softmax, predictor.Mean} {
		m := &Model{Features: []Feature{{Name: "x", Min: 0, Max: 3}}, Trees: predictor.NewTrees([]predictor.Tree{
			split(1, leaf(0.5, 0.25, 0.25), leaf(0.125, 0.5, 0.375)), split(2, leaf(0, 0, 1), leaf(0.25, 0.75, 0)),
		}, 3, []float64{0.5, 0, 0.25}, link)}
		again, err := Read(strings.NewReader(write(t, m, 4)))
		if err != nil {
			t.Fatal(err)
		}
		if again.Trees.Len() != 6 {
			t.Errorf("%d trees", again.Trees.Len())
		}
		for _, x := range []float64{0.5, 1.5, 2.5, math.NaN()} {
			got, want := make([]float64, 3), make([]float64, 3)
			m.Trees.PredictRow([]float64{x}, want)
			again.Trees.PredictRow([]float64{x}, got)
			if !near(got, want) {
				t.Errorf("link %d, %v: %v, want %v", link, x, got, want)
			}
		}
	}
}

func TestWriteWithoutTrees(t *testing.T) {
	t.Parallel()
	m := &Model{Features: []Feature{{Name: "x"}}, Trees: predictor.NewTrees(nil, 2, []float64{0.5, -1}, predictor.Identity)}
	again, err := Read(strings.NewReader(write(t, m, 4)))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float64, 2)
	if again.Trees.PredictRow([]float64{7}, got); got[0] != 0.5 || got[1] != -1 {
		t.Errorf("predicts %v", got)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	unknown := trained(predictor.Identity, 1)
	unknown.Features[1].Categories = nil
	other := trained(predictor.Sigmoid, 1)
	other.Objective = "poisson"
	narrow := trained(predictor.Identity, 1)
	narrow.Features = narrow.Features[:1]
	broken := trained(predictor.Identity, 1)
	broken.Parameters = []string{"[a: 1]\nend of parameters"}
	for name, c := range map[string]struct {
		m       *Model
		version int
		want    string
	}{
		"version":    {trained(predictor.Identity, 1), 2, "version 2"},
		"no trees":   {&Model{Features: []Feature{{Name: "x"}}}, 4, "no trees"},
		"categories": {unknown, 4, `feature "c"`},
		"objective":  {other, 4, `objective "poisson"`},
		"link":       {trained(predictor.Exp, 2), 4, "no objective"},
		"step":       {trained(predictor.Step, 1), 4, "no objective"},
		"features":   {narrow, 4, "reads feature 1 of 1"},
		"parameters": {broken, 4, "line break"},
	} {
		var b strings.Builder
		if _, err := Write(&b, c.m, c.version); err == nil || !strings.Contains(err.Error(), c.want) || b.Len() > 0 {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestWriteNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := trained(predictor.Identity, 1)
		words := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom([]string{"a b", "a_b", "a:b", "", "a_b_2", "Column_0", "x=y", "é"}), rapid.String()), 2, 6)
		names := words.Draw(t, "names")
		m.Features = append(m.Features, make([]Feature, len(names)-2)...)
		for i, name := range names {
			m.Features[i].Name = name
		}
		var b strings.Builder
		notes, err := Write(&b, m, 4)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Read(strings.NewReader(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		changed, seen := 0, map[string]bool{}
		for i, f := range again.Features {
			if f.Name != names[i] {
				changed++
			}
			if seen[f.Name] {
				t.Errorf("%q is there twice", f.Name)
			}
			seen[f.Name] = true
		}
		if changed != len(notes) {
			t.Errorf("%d names of %q changed, %d notes %q", changed, names, len(notes), notes)
		}
	})
}
