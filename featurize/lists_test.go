package featurize

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInferLists(t *testing.T) {
	t.Parallel()
	const n = 150
	genres := []string{"drama", "comedy", "war", "film noir", "short"}
	some := func(i int) []string { // up to five of the genres
		var out []string
		for k, g := range genres {
			if i>>k&1 == 1 {
				out = append(out, g)
			}
		}
		return out
	}
	joined := func(sep string) func(i int) string {
		return func(i int) string { return strings.Join(some(i%31+1), sep) }
	}
	for _, c := range []struct {
		name string
		cell func(i int) string
		want Type
		made []Step
	}{
		{"json", func(i int) string { return string(mustJSON(t, append([]string{}, some(i%32)...))) }, Categorical, []Step{{Kind: "tags"}}},
		{"python", func(i int) string { return "['" + strings.Join(some(i%31+1), "', '") + "']" }, Categorical, []Step{{Kind: "tags"}}},
		{"commas", joined(", "), Categorical, []Step{{Kind: "tags"}}},
		{"bars", joined("|"), Categorical, []Step{{Kind: "tags", Params: []byte(`{"separator":"|"}`)}}},
		{"numbers", func(i int) string { return fmt.Sprint(i%7, ";", i%5, strings.Repeat(";9", i%3)) }, Categorical, []Step{{Kind: "tags", Params: []byte(`{"separator":";"}`)}}},
		{"few lists", func(i int) string { return joined(",")(1 + i%3) }, Categorical, []Step{{Kind: "category"}}},
		{"pairs", func(i int) string { return fmt.Sprintf("Ulm%d, DE%d", i%12, i%4) }, Categorical, []Step{{Kind: "category"}}},
		{"dates", func(i int) string { return fmt.Sprintf("%02d|%02d|%d", 1+i%28, 1+i%12, 20+i%3) }, Categorical, []Step{{Kind: "category"}, {Kind: "frequency"}}},
		{"names", func(i int) string { return fmt.Sprintf("Miller %d, Mr. John %d, Jr.", i, i*i) }, Text, []Step{{Kind: "text"}}},
		{"sentences", func(i int) string {
			return fmt.Sprintf("we came at %d, and the food was cold, so we left", i) + strings.Repeat(", angry", i%2)
		}, Text, []Step{{Kind: "text"}}},
	} {
		p, err := Infer(table(t, words(c.name, generate(n, c.cell)...)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := p.Columns[0]
		if d := cmp.Diff(c.made, got.Transforms); d != "" || got.Type != c.want {
			t.Errorf("%s: %s: %s: %s", c.name, got.Type, got.Why, d)
		}
	}
	tab := table(t, words("x", generate(n, joined(","))...))
	p, err := Infer(tab, Options{Types: map[string]Type{"x": Text}})
	if err != nil || p.Columns[0].Transforms[0].Kind != "text" {
		t.Errorf("as text: %+v, %v", p, err)
	}
}

// A row may hold a list as it is, where a table has its JSON.
func TestRowOfAList(t *testing.T) {
	t.Parallel()
	tab := table(t, words("x", `["a", "b"]`, `["b"]`, "", `["c", "b", 7]`))
	pl, err := (&Plan{Columns: []ColumnPlan{{Name: "x", Transforms: []Step{{Kind: "tags"}}}}}).Fit(tab, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	f, err := pl.Frame(tab, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range []any{[]string{"a", "b"}, []any{"b"}, nil, []any{"c", "b", 7.0}} {
		x := make([]float32, len(f.Cols))
		if _, err := pl.Row(map[string]any{"x": v}, x); err != nil {
			t.Fatal(err)
		}
		for j, col := range f.Cols {
			if x[j] != col[i] && (x[j] == x[j] || col[i] == col[i]) {
				t.Errorf("%v: %s is %v, not %v", v, f.Features[j].Name, x[j], col[i])
			}
		}
	}
	numeric, err := (&Plan{Columns: []ColumnPlan{{Name: "x", Transforms: []Step{{Kind: "impute"}}}}}).Fit(table(t, numbers("x", 1, 2)), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := numeric.Row(map[string]any{"x": []any{1.0}}, make([]float32, 1)); err == nil {
		t.Error("a list is no number")
	}
	if _, err := pl.Row(map[string]any{"x": []any{[]any{"a"}}}, make([]float32, len(f.Cols))); err == nil || !strings.Contains(err.Error(), `column "x": a value of type`) {
		t.Error(err)
	}
}
