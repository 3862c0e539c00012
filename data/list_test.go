package data

import (
	"encoding/json"
	"math"
	"testing"
)

func TestListText(t *testing.T) {
	t.Parallel()
	type genre string
	for _, c := range []struct {
		list any
		want string // "" is none
	}{
		{[]string{"a", "b<c"}, `["a","b<c"]`},
		{[]genre{"war"}, `["war"]`},
		{[]any{"a", 1.5, true, json.Number("7")}, `["a",1.5,true,7]`},
		{[]int{3, -1}, `[3,-1]`},
		{[]any{}, `[]`},
		{[]any{[]any{}}, ""}, {[]any{nil}, ""}, {[]any{map[string]any{}}, ""}, {[]float64{math.NaN()}, ""}, {[]byte("a"), ""}, {"a", ""}, {nil, ""},
	} {
		got, ok := ListText(c.list)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%v: %q, %v", c.list, got, ok)
		}
	}
}

func TestRowsOfLists(t *testing.T) {
	t.Parallel()
	tab, err := FromRows([]map[string]any{{"x": []any{"a", "b"}}, {"x": []string(nil)}, {"x": nil}, {"x": "c"}})
	if err != nil {
		t.Fatal(err)
	}
	c := tab.Column("x")
	if c.Kind != String || c.Text(0) != `["a","b"]` || !c.Missing(1) || !c.Missing(2) || c.Text(3) != "c" {
		t.Errorf("%+v", c)
	}
	if text, ok := ListText([]string(nil)); text != "" || !ok {
		t.Errorf("nil: %q, %v", text, ok)
	}
	if _, err := FromRows([]map[string]any{{"x": []any{map[string]any{"a": 1}}}}); err == nil {
		t.Error("objects within a list are no cell")
	}
}
