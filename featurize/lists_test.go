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
