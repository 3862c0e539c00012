package xgboost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// expectation is what XGBoost says of rows, made by
// benchmarks/peers/xgboost_fixtures.py.
type expectation struct {
	Rows        [][]cell `json:"rows"`
	Predictions [][]cell `json:"predictions"`
}

// cell is a number, null for NaN, "inf" or "-inf".
type cell float64

func (c *cell) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "null":
		*c = cell(math.NaN())
	case `"inf"`:
		*c = cell(math.Inf(1))
	case `"-inf"`:
		*c = cell(math.Inf(-1))
	default:
		return json.Unmarshal(b, (*float64)(c))
	}
	return nil
}

// fixtures are the names of the models in testdata.
func fixtures(tb testing.TB) []string {
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil || len(paths) < 25 {
		tb.Fatalf("%d fixtures, %v", len(paths), err)
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(p), ".json")
	}
	return paths
}

func fixture(tb testing.TB, name string) []byte {
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func expected(t *testing.T, name string) *expectation {
	b, err := os.ReadFile("testdata/" + name + ".expect")
	if err != nil {
		t.Fatal(err)
	}
	e := &expectation{}
	if err := json.Unmarshal(b, e); err != nil {
		t.Fatal(err)
	}
	if len(e.Rows) < 20 || len(e.Rows) != len(e.Predictions) {
		t.Fatalf("%d rows, %d predictions", len(e.Rows), len(e.Predictions))
	}
	return e
}

func TestPredictsAsXGBoostDoes(t *testing.T) {
	t.Parallel()
	for _, name := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := Read(bytes.NewReader(fixture(t, name)))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, m, expected(t, name))
		})
	}
}

// predict scores rows of doubles, rounded to float32 as XGBoost does it, in the
// plainest way.
func predict(m *Model, out predictor.Output, rows [][]cell) []float64 {
	var all []float64
	for _, row := range rows {
		sums := append([]float64{}, m.Base...)
		for i, t := range m.Trees {
			if leaf := reach(t, row); len(leaf) == 1 {
				sums[i%m.Width] += leaf[0]
			} else {
				for k, v := range leaf {
					sums[k] += v
				}
			}
		}
		n := len(m.Trees)
		if !vectorLeaves(m.Trees, m.Width) {
			n /= m.Width
		}
		out.Exact(sums, n)
		all = append(all, sums...)
	}
	return all
}

// reach is the value of the leaf that a row comes to.
func reach(t predictor.Tree, row []cell) []float64 {
	n := &t[0]
	for n.Feature >= 0 {
		x := float64(float32(row[n.Feature]))
		if x != x && n.Missing == predictor.MissingNone && n.Cats == nil {
			x = 0
		}
		left := x <= n.Threshold
		if n.Cats != nil {
			left = x >= 0 && x < float64(32*len(n.Cats)) && n.Cats[int(x)/32]>>(int(x)%32)&1 == 1
		}
		if x != x {
			left = n.MissingLeft
		}
		if left {
			n = &t[n.Left]
		} else {
			n = &t[n.Right]
		}
	}
	return n.Value
}

func compare(t *testing.T, m *Model, e *expectation) {
	t.Helper()
	out := predict(m, predictor.Output{Link: m.Link}, e.Rows)
	for i, want := range e.Predictions {
		got := out[i*m.Width : (i+1)*m.Width]
		if m.Objective == "multi:softmax" {
			got = []float64{largest(got)}
		}
		if len(got) != len(want) {
			t.Fatalf("row %d has %d outputs, want %d", i, len(got), len(want))
		}
		for k, v := range got {
			if w := float64(want[k]); !(math.Abs(v-w) <= 1e-6*max(1, math.Abs(w))) {
				t.Errorf("row %d, output %d: %v, want %v (%v)", i, k, v, w, e.Rows[i])
			}
		}
	}
}

func largest(v []float64) float64 {
	best := 0
	for k := range v {
		if v[k] > v[best] {
			best = k
		}
	}
	return float64(best)
}

func TestReadNames(t *testing.T) {
	t.Parallel()
	m, err := Read(bytes.NewReader(fixture(t, "named")))
	if err != nil {
		t.Fatal(err)
	}
	want := []Feature{
		{Name: "weight"},
		{Name: "town", Categorical: true, Levels: []string{"Bonn", "Koeln", "Ulm"}},
		{Name: "size", Categorical: true, Levels: []string{"10", "20", "35"}},
	}
	if fmt.Sprint(m.Features) != fmt.Sprint(want) {
		t.Errorf("features %v, want %v", m.Features, want)
	}
	if m.Objective != "reg:squarederror" || m.Classes != 0 || m.Link != predictor.Identity {
		t.Errorf("objective %q, %d classes, link %d", m.Objective, m.Classes, m.Link)
	}
}

func TestReadDropsGarbledNames(t *testing.T) {
	t.Parallel()
	m, err := Read(bytes.NewReader(fixture(t, "named_letters")))
	if err != nil {
		t.Fatal(err)
	}
	if f := m.Features[1]; f.Levels != nil || !f.Categorical || m.Features[2].Levels == nil {
		t.Errorf("features %v", m.Features)
	}
	if len(m.Warnings) != 1 || !strings.Contains(m.Warnings[0], `feature "town"`) {
		t.Errorf("warnings %q", m.Warnings)
	}
}
