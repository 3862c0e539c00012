package scheduler

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/search"
)

func space() search.Space {
	return search.Space{
		{Name: "kind", Choices: []string{"tree", "line"}, Default: "tree"},
		{Name: "leaves", Low: 2, High: 100, Integer: true, Log: true, Default: 31.0, When: &search.Condition{Name: "kind", Values: []string{"tree"}}},
		{Name: "rate", Low: 0.01, High: 1, Default: 0.1},
		{Name: "deep", Choices: []string{"false", "true"}, Default: "false"},
	}
}

func TestNarrow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		asked map[string]any
		want  []search.Params
		err   string
	}{
		{"nothing named", map[string]any{}, []search.Params{{"kind": "tree", "leaves": 31.0, "rate": 0.1, "deep": "false"}}, ""},
		{"values", map[string]any{"rate": 0.5, "deep": true}, []search.Params{{"kind": "tree", "leaves": 31.0, "rate": 0.5, "deep": "true"}}, ""},
		{"lists", map[string]any{"kind": []any{"line", "tree"}, "leaves": []any{4.0, 8.0, 4.0}}, []search.Params{
			{"kind": "line", "rate": 0.1, "deep": "false"}, {"kind": "tree", "leaves": 4.0, "rate": 0.1, "deep": "false"}, {"kind": "tree", "leaves": 8.0, "rate": 0.1, "deep": "false"},
		}, ""},
		{"condition that fails", map[string]any{"kind": "line"}, []search.Params{{"kind": "line", "rate": 0.1, "deep": "false"}}, ""},
		{"range", map[string]any{"rate": map[string]any{"min": 0.2, "max": 0.4, "log": true}}, []search.Params{{"kind": "tree", "leaves": 31.0, "rate": 0.2, "deep": "false"}}, ""},
		{"no effect", map[string]any{"kind": "line", "leaves": 3.0}, nil, `"leaves": it has no effect unless "kind"`},
		{"unknown", map[string]any{"leave": 3.0}, nil, `no parameter "leave": did you mean "leaves"?`},
		{"no integer", map[string]any{"leaves": 3.5}, nil, "use an integer such as those from 2 to 100"},
		{"no choice", map[string]any{"kind": []any{"tree", "bush"}}, nil, `bush is none of its values: use one of ["tree" "line"]`},
		{"a list in a list", map[string]any{"rate": []any{[]any{0.5}}}, nil, "is none of its values"},
		{"range of words", map[string]any{"kind": map[string]any{"min": 1.0}}, nil, "it has no range"},
		{"range the wrong way", map[string]any{"rate": map[string]any{"min": 2.0}}, nil, "the range from 2 to 1"},
		{"negative", map[string]any{"rate": -1.0}, nil, "-1 is none of its values"},
		{"range of what", map[string]any{"rate": map[string]any{"low": 0.1}}, nil, `range field "low"`},
		{"list and range", map[string]any{"leaves": []any{3.0, 4.0}, "rate": map[string]any{"min": 0.2}}, nil, "lists or ranges"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := narrowing{asked: c.asked, start: space().Complete(nil)}
			err := n.narrow(space())
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, n.points); d != "" {
				t.Error(d)
			}
			if err := n.space.Validate(); err != nil {
				t.Error(err)
			}
			for _, p := range n.points {
				if err := n.space.Contains(p); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestTooLargeGrid(t *testing.T) {
	t.Parallel()
	var many []any
	for i := range 99 {
		many = append(many, float64(i+2))
	}
	n := narrowing{asked: map[string]any{"leaves": many, "rate": []any{.1, .2, .3, .4, .5, .6, .7}, "deep": []any{true, false}}, start: space().Complete(nil)}
	if err := n.narrow(space()); err == nil || !strings.Contains(err.Error(), "more than 1000 configurations") {
		t.Error(err)
	}
}
