package lightgbm

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// fixture is a model with what LightGBM predicts; see
// benchmarks/peers/lightgbm_fixtures.py.
type fixture struct {
	name, text              string
	rows, sums, predictions [][]float64
}

func fixtures(t testing.TB) []fixture {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d models, %v", len(paths), err)
	}
	var out []fixture
	for _, path := range paths {
		f := fixture{name: strings.TrimSuffix(filepath.Base(path), ".txt")}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f.text = string(text)
		b, err := os.ReadFile(strings.TrimSuffix(path, ".txt") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var lists struct{ Rows, Sums, Predictions []string }
		if err := json.Unmarshal(b, &lists); err != nil {
			t.Fatal(err)
		}
		f.rows, f.sums, f.predictions = parsed(t, lists.Rows), parsed(t, lists.Sums), parsed(t, lists.Predictions)
		out = append(out, f)
	}
	return out
}

func parsed(t testing.TB, lines []string) [][]float64 {
	t.Helper()
	var out [][]float64
	for _, line := range lines {
		var row []float64
		for word := range strings.FieldsSeq(line) {
			v, err := strconv.ParseFloat(word, 64)
			if err != nil {
				t.Fatal(err)
			}
			row = append(row, v)
		}
		out = append(out, row)
	}
	return out
}

// near says whether got agrees with want within 1e-12 of max(1, |want|).
func near(got, want []float64) bool {
	return slices.EqualFunc(got, want, func(g, w float64) bool {
		return g == w || g != g && w != w || math.Abs(g-w) <= 1e-12*max(1, math.Abs(w))
	})
}

// goesLeft is the definition of LightGBM's tests.
func goesLeft(n *predictor.Node, v float64) bool {
	if n.Cats != nil {
		if !(v > -1 && v < math.MaxInt32+1.0) {
			return false
		}
		c := int(v)
		return c/32 < len(n.Cats) && n.Cats[c/32]>>(c%32)&1 == 1
	}
	if v != v && n.Missing != predictor.MissingNaN {
		v = 0
	}
	if v != v || n.Missing == predictor.MissingZero && math.Abs(v) <= zero {
		return n.MissingLeft
	}
	return v <= n.Threshold
}

// slow is the definition of a tree's value, on trees as they were read.
func slow(tree predictor.Tree, x []float64) float64 {
	n := &tree[0]
	for n.Feature >= 0 {
		if goesLeft(n, x[n.Feature]) {
			n = &tree[n.Left]
		} else {
			n = &tree[n.Right]
		}
	}
	if n.Linear == nil {
		return n.Value[0]
	}
	sum := n.Linear.Const
	for k, f := range n.Linear.Features {
		if x[f] != x[f] {
			return n.Value[0]
		}
		sum += float64(n.Linear.Coef[k] * x[f])
	}
	return sum
}

// slowSums adds up the trees' values.
func slowSums(trees []predictor.Tree, width int, x []float64) []float64 {
	sums := make([]float64, width)
	for i, tree := range trees {
		sums[i%width] += slow(tree, x)
	}
	return sums
}

func TestReadAgreesWithLightGBM(t *testing.T) {
	t.Parallel()
	for _, f := range fixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			p := &parser{rest: f.text}
			_, trees, err := p.model()
			if err != nil {
				t.Fatalf("line %d: %v", p.line, err)
			}
			for i, x := range f.rows {
				sums := slowSums(trees, p.width, x)
				if !near(sums, f.sums[i]) {
					t.Errorf("row %d %v: sums %v, want %v", i, x, sums, f.sums[i])
				}
				p.out.Exact(sums, len(trees)/p.width)
				if !near(sums, f.predictions[i]) {
					t.Errorf("row %d %v: predictions %v, want %v", i, x, sums, f.predictions[i])
				}
			}
			m, err := Read(strings.NewReader(f.text))
			if err != nil {
				t.Fatal(err)
			}
			agree(t, m, &f)
		})
	}
}

// agree compares all ways to score a model with what LightGBM says.
func agree(t *testing.T, m *Model, f *fixture) {
	t.Helper()
	w, all := m.Trees.Width(), make([]int32, len(f.rows))
	frame := &matrix.Frame{Rows: len(f.rows), Exact: make([][]float64, len(m.Features))}
	for i, x := range f.rows {
		all[i] = int32(i)
		if len(x) != len(m.Features) {
			t.Fatalf("%d features for %d values", len(m.Features), len(x))
		}
		for j, v := range x {
			frame.Exact[j] = append(frame.Exact[j], v)
		}
		got := make([]float64, w)
		if m.Trees.Margin(x, got); !near(got, f.sums[i]) {
			t.Errorf("row %d %v: sums %v, want %v", i, x, got, f.sums[i])
		}
		if m.Trees.PredictRow(x, got); !near(got, f.predictions[i]) {
			t.Errorf("row %d %v: predictions %v, want %v", i, x, got, f.predictions[i])
		}
	}
	got := make([]float64, w*len(all))
	m.Trees.PredictExact(matrix.New(frame, nil, 1), all, got)
	for i, x := range f.rows {
		if !near(got[i*w:(i+1)*w], f.predictions[i]) {
			t.Errorf("row %d %v: batch %v, want %v", i, x, got[i*w:(i+1)*w], f.predictions[i])
		}
	}
}

func TestReadKeepsDescriptions(t *testing.T) {
	t.Parallel()
	byName := map[string]*Model{}
	for _, f := range fixtures(t) {
		m, err := Read(strings.NewReader(f.text))
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		byName[f.name] = m
	}
	m := byName["pandas"]
	if got := m.Features[0]; got.Name != "a_b" || got.Categories != nil || !(got.Min < 0 && got.Max > 0) {
		t.Errorf("numeric feature: %+v", got)
	}
	if got := m.Features[1]; !slices.Equal(got.Levels, []any{"Bern", "Oslo", "Rom", "Wien"}) {
		t.Errorf("levels: %v", got.Levels)
	}
	if got := m.Features[2].Levels; len(got) != 4 || got[3] != json.Number("3") {
		t.Errorf("levels: %v", got)
	}
	if !slices.Contains(m.Parameters, "[objective: regression]") {
		t.Errorf("parameters: %q", m.Parameters)
	}
	if m := byName["multiclassova"]; m.Objective != "multiclassova num_class:3 sigmoid:1.3" || m.Classes != 3 || m.Trees.Width() != 3 {
		t.Errorf("objective %q, %d classes", m.Objective, m.Classes)
	}
	if got := byName["monotone"].Features; got[0].Monotone != 1 || got[1].Monotone != 0 || got[2].Monotone != -1 {
		t.Errorf("monotone: %+v", got)
	}
	if out := byName["forest"].Trees.Output(); !out.Average || out.Link != predictor.Sigmoid {
		t.Errorf("forest: %+v", out)
	}
	if m := byName["custom"]; m.Objective != "" || m.Trees.Link() != predictor.Identity {
		t.Errorf("custom: %q", m.Objective)
	}
	one := byName["one_leaf"]
	if tree := one.Trees.Trees()[0]; len(tree) != 1 || tree[0].Cover != 400 {
		t.Errorf("one leaf: %+v", tree)
	}
}

// Counts are those of the file; what is missing is added up.
func TestReadCounts(t *testing.T) {
	t.Parallel()
	for _, f := range fixtures(t) {
		p := &parser{rest: f.text}
		_, trees, err := p.model()
		if err != nil {
			t.Fatal(err)
		}
		if f.name == "v2" || f.name == "least" || f.name == "linear" {
			continue
		}
		for _, tree := range trees {
			for i := range tree {
				if n := &tree[i]; n.Feature >= 0 && n.Cover != tree[n.Left].Cover+tree[n.Right].Cover {
					t.Errorf("%s: node of %v rows has children of %v and %v", f.name, n.Cover, tree[n.Left].Cover, tree[n.Right].Cover)
				}
			}
		}
	}
}

// small is a model that the tests below change.
const small = `tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=regression
feature_names=a b
feature_infos=[0:9] 0:1:2

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
split_gain=5 nan
threshold=0.5 0
decision_type=10 1
left_child=1 -1
right_child=-3 -2
leaf_value=1 2 3
leaf_count=4 5 6
cat_boundaries=0 1
cat_threshold=5
is_linear=1
leaf_const=1 2 3
num_features=0 1 2
leaf_features= 0  0 1
leaf_coeff= 0.5  1 1
shrinkage=1


end of trees

parameters:
[a: 1]

end of parameters

pandas_categorical:[["x", "y", "z"]]
`

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	if _, err := Read(strings.NewReader(small)); err != nil {
		t.Fatal(err)
	}
	tree := small[strings.Index(small, "Tree=0"):strings.Index(small, "end of trees")]
	for _, c := range []struct{ old, new, want string }{
		{small, "", "first line"},
		{small, `{"name": "tree"}`, "first line"},
		{"version=v4", "version=v5", "newer"},
		{"num_class=1\n", "", "no num_class"},
		{"num_class=1", "num_class=1\nnum_class=1", "twice"},
		{"num_class=1", "num_class=99999999999", "num_class"},
		{"num_tree_per_iteration=1", "num_tree_per_iteration=0", "num_tree_per_iteration"},
		{"num_tree_per_iteration=1", "num_tree_per_iteration=2", "one tree"},
		{"objective=regression", "objective=made_up", "made_up"},
		{"objective=regression", "objective=binary", "sigmoid"},
		{"objective=regression", "objective=binary sigmoid:-1", "sigmoid"},
		{"objective=regression", "objective=binary sigmoid:nan", "sigmoid"},
		{"objective=regression", "objective=multiclass num_class:3", "does not fit"},
		{"max_feature_idx=1", "max_feature_idx=2000000000", "max_feature_idx"},
		{"max_feature_idx=1", "max_feature_idx=2", "feature_names"},
		{"[0:9] 0:1:2", "[0:9]", "feature_infos"},
		{"[0:9]", "[9:0]", "no range"},
		{"0:1:2", "0:x", "no category"},
		{"label_index=0", "monotone_constraints=0 2", "monotone"},
		{"num_leaves=3", "num_leaves=1000000000", "num_leaves"},
		{"num_leaves=3", "num_leaves=-1", "num_leaves"},
		{"num_leaves=3", "num_leaves=4", "num_leaves"},
		{"num_leaves=3\n", "", "num_leaves: missing"},
		{"num_cat=1\n", "", "num_cat: missing"},
		{"num_cat=1", "num_cat=1000000", "num_cat"},
		{"num_cat=1", "num_cat=0", "category set"},
		{"leaf_value=1 2 3\n", "", "leaf_value"},
		{"leaf_value=1 2 3", "leaf_value=1 2 nan", "leaf_value"},
		{"leaf_value=1 2 3", "leaf_value=1 2 1e999", "leaf_value"},
		{"leaf_count=4 5 6", "leaf_count=4 5", "leaf_count"},
		{"threshold=0.5 0", "threshold=nan 0", "threshold"},
		{"threshold=0.5 0", "threshold=0.5 1", "category set"},
		{"threshold=0.5 0", "threshold=0.5 -1", "category set"},
		{"threshold=0.5 0", "threshold=0.5 1e300", "category set"},
		{"decision_type=10 1", "decision_type=1 1", "in use"},
		{"decision_type=10 1", "decision_type=14 1", "decision_type"},
		{"decision_type=10 1", "decision_type=-1 1", "decision_type"},
		{"split_feature=0 1", "split_feature=0 2", "split_feature"},
		{"split_feature=0 1", "split_feature=-1 1", "split_feature"},
		{"left_child=1 -1", "left_child=0 -1", "child 0"},
		{"left_child=1 -1", "left_child=1 0", "child 0"},
		{"left_child=1 -1", "left_child=1 1", "child"},
		{"left_child=1 -1", "left_child=1 -2", "child"},
		{"left_child=1 -1", "left_child=-1 -1", "reached"},
		{"left_child=1 -1", "left_child=2 -1", "out of range"},
		{"left_child=1 -1", "left_child=1 -4", "out of range"},
		{"left_child=1 -1", "left_child=1 -9223372036854775808", "left_child"},
		{"left_child=1 -1", "left_child=1 9223372036854775807", "left_child"},
		{"cat_boundaries=0 1", "cat_boundaries=0 -1", "cat_boundaries"},
		{"cat_boundaries=0 1", "cat_boundaries=1 1", "cat_boundaries"},
		{"cat_boundaries=0 1", "cat_boundaries=0 100000000", "cat_boundaries"},
		{"cat_threshold=5", "cat_threshold=-5", "cat_threshold"},
		{"cat_threshold=5", "cat_threshold=5 5", "cat_threshold"},
		{"num_features=0 1 2", "num_features=0 1 -2", "num_features"},
		{"num_features=0 1 2", "num_features=0 1 1000000", "num_features"},
		{"num_features=0 1 2", "num_features=0 1 3", "leaf_features"},
		{"leaf_features= 0  0 1", "leaf_features= 0  0 2", "leaf_features"},
		{"shrinkage=1", "shrinkage", "key=value"},
		{"shrinkage=1", "is_linear=1", "twice"},
		{"end of trees", "end of trees\n" + tree, "after the end"},
		{"feature_names=a b", "feature_names=a b\ntree_sizes=1 2", "cut off"},
		{"num_tree_per_iteration=1", "num_tree_per_iteration=2\nobjective_=", "one tree"},
		{`[["x"`, `[[["x"]`, "level"},
		{`[["x"`, `[["x`, "pandas_categorical"},
	} {
		text := strings.Replace(small, c.old, c.new, 1)
		if text == small {
			t.Errorf("%q is not in the model", c.old)
		}
		_, err := Read(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q -> %q: error %v, want one with %q", short(c.old), short(c.new), err, c.want)
		}
	}
}

// A file that was cut off is an error or, where only the tail is missing, the
// same model.
func TestReadCutOff(t *testing.T) {
	t.Parallel()
	for _, f := range fixtures(t) {
		if !strings.Contains(f.text, "tree_sizes=") {
			continue
		}
		end := strings.Index(f.text, "end of trees")
		for cut := 0; cut < end; cut += 1 + len(f.text)/97 {
			if _, err := Read(strings.NewReader(f.text[:cut])); err == nil {
				t.Errorf("%s: the first %d bytes were read as a model", f.name, cut)
			}
		}
	}
}

// Importances are names, which may look like the beginning of a tree.
func TestReadFeatureCalledTree(t *testing.T) {
	t.Parallel()
	text := strings.Replace(small, "feature_names=a b", "feature_names=Tree b", 1)
	text = strings.Replace(text, "end of trees\n", "end of trees\n\nfeature_importances:\nTree=1\nb=1\n", 1)
	m, err := Read(strings.NewReader(text))
	if err != nil || len(m.Parameters) != 1 {
		t.Fatalf("%d parameters, %v", len(m.Parameters), err)
	}
}
