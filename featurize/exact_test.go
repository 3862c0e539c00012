package featurize

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/data"
)

// alike tells NaN from numbers.
func alike(a, b float64) bool { return a == b || a != a && b != b }

func passThrough(t *testing.T, columns ...Exact) *Pipeline {
	t.Helper()
	_, pl, err := PassThrough(columns)
	if err != nil {
		t.Fatal(err)
	}
	// All of it must survive JSON.
	b, err := json.Marshal(pl)
	if err != nil {
		t.Fatal(err)
	}
	again := &Pipeline{}
	if err := json.Unmarshal(b, again); err != nil {
		t.Fatal(err)
	}
	return again
}

func TestPassThrough(t *testing.T) {
	t.Parallel()
	nan, inf := math.NaN(), math.Inf(1)
	levels := []string{"b", "a", "10", "True", "01"}
	for name, c := range map[string]struct {
		read Exact
		col  *data.Column
		want []float64
	}{
		"doubles":  {Exact{}, numbers("c", 0.1, nan, inf, -inf, 1e300), []float64{0.1, nan, inf, -inf, 1e300}},
		"single":   {Exact{Single: true}, numbers("c", 0.1, nan, -inf, 1e300), []float64{float64(float32(0.1)), nan, -inf, inf}},
		"words":    {Exact{}, words("c", "0.1", "true", "False", "x", "", "inf"), []float64{0.1, 1, 0, nan, nan, inf}},
		"codes":    {Exact{Categorical: true}, numbers("c", 3, -1, nan), []float64{3, -1, nan}},
		"levels":   {Exact{Categorical: true, Levels: levels}, words("c", "a", "b", "10.0", "true", "01", "1", "z", ""), []float64{1, 0, 2, 3, 4, nan, nan, nan}},
		"numbers":  {Exact{Categorical: true, Levels: levels}, numbers("c", 10, 11, nan), []float64{2, nan, nan}},
		"few rows": {Exact{}, &data.Column{Name: "c", Kind: data.String, Dict: []string{"7", "x", "y"}, Codes: []int32{0}}, []float64{7}},
	} {
		c.read.Column = "c"
		pl := passThrough(t, c.read)
		if !pl.Exact() {
			t.Fatalf("%s: not exact", name)
		}
		tab := table(t, c.col)
		f, err := pl.Frame(tab, 2)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, want := range c.want {
			if !alike(f.Exact[0][i], want) {
				t.Errorf("%s: row %d is %v, want %v", name, i, f.Exact[0][i], want)
			}
			v := any(nil)
			switch {
			case c.col.Kind == data.Number:
				v = c.col.Floats[i]
			case c.col.Codes[i] >= 0:
				v = c.col.Dict[c.col.Codes[i]]
			}
			x := make([]float64, 1)
			if err := pl.ExactRow(map[string]any{"c": v}, x); err != nil || !alike(x[0], want) {
				t.Errorf("%s: the single row %d is %v (%v), want %v", name, i, x[0], err, want)
			}
		}
	}
}

func TestPassThroughRefuses(t *testing.T) {
	t.Parallel()
	for name, columns := range map[string][]Exact{
		"no name":  {{}},
		"twice":    {{Column: "a"}, {Column: "a"}},
		"levels":   {{Column: "a", Levels: []string{"x"}}},
		"repeated": {{Column: "a", Categorical: true, Levels: []string{"x", "x"}}},
	} {
		if _, _, err := PassThrough(columns); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	pl := passThrough(t, Exact{Column: "a", Categorical: true}, Exact{Column: "b"})
	for name, c := range map[string]struct {
		a, b any
		want string
	}{
		"word for code": {"red", 1.0, `"red" is no code`},
		"date":          {1.0, "x", "dates"},
	} {
		cols := []*data.Column{words("a", "1"), numbers("b", 1)}
		if name == "date" {
			cols[1] = times(t, "b", "2006-01-02", "2024-02-03")
		} else {
			cols[0] = words("a", c.a.(string))
		}
		if _, err := pl.Frame(table(t, cols...), 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := pl.ExactRow(map[string]any{"a": 1.0, "B": 1.0}, make([]float64, 2)); err == nil || !strings.Contains(err.Error(), `"b"`) {
		t.Error(err)
	}
	plan, _, err := PassThrough([]Exact{{Column: "a"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Fit(table(t, numbers("a", 1)), 0, 1); err == nil || !strings.Contains(err.Error(), "it is no part of a plan") {
		t.Error(err)
	}
}

func TestExactStandsAlone(t *testing.T) {
	t.Parallel()
	pl := &Pipeline{}
	b := []byte(`{"version":1,"transforms":[{"kind":"exact","state":{"column":"a"}},{"kind":"numeric","state":{"column":"b"}}],"encoder":null}`)
	if err := json.Unmarshal(b, pl); err == nil || !strings.Contains(err.Error(), "beside others") {
		t.Error(err)
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	tab := table(t, numbers("n", 1, 2, 3, 4), words("w", "a", "b", "b", "b"))
	plan := &Plan{Version: planVersion, Columns: []ColumnPlan{
		{Name: "n", Type: Numeric, Transforms: []Step{{Kind: "numeric"}}},
		{Name: "w", Type: Categorical, Transforms: []Step{{Kind: "category"}, {Kind: "frequency"}}},
	}}
	pl, err := plan.Fit(tab, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	o := pl.Origins()
	if len(o) != len(pl.Features()) || o[0].Kind != "numeric" || o[1].Kind != "category" || strings.Join(o[1].Levels, " ") != "b a" || o[2].Kind != "frequency" {
		t.Errorf("%+v", o)
	}
}
