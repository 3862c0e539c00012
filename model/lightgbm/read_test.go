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
			m, trees, err := p.model()
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
			if len(m.Features) != len(f.rows[0]) {
				t.Errorf("%d features for %d values", len(m.Features), len(f.rows[0]))
			}
		})
	}
}
