package featurize

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data"
)

func TestInferTypes(t *testing.T) {
	t.Parallel()
	const n = 200
	nan := math.NaN()
	for _, c := range []struct {
		name string
		col  *data.Column
		want Type
		bad  int
	}{
		{"decimals", numbers("x", generate(n, func(i int) float64 { return float64(i) / 7 })...), Numeric, 0},
		{"few integers", numbers("rooms", generate(n, func(i int) float64 { return float64(i % 4) })...), Numeric, 0},
		{"0 and 1", numbers("x", generate(n, func(i int) float64 { return float64(i % 2) })...), Boolean, 0},
		{"1 and 2", numbers("x", generate(n, func(i int) float64 { return float64(1 + i%2) })...), Numeric, 0},
		{"one number", numbers("x", generate(n, func(int) float64 { return 3 })...), Constant, 0},
		{"one number or missing", numbers("x", generate(n, func(i int) float64 { return []float64{3, nan}[i%2] })...), Numeric, 0},
		{"all missing", numbers("x", generate(n, func(int) float64 { return nan })...), Constant, 0},
		{"row numbers", numbers("x", generate(n, func(i int) float64 { return float64(i + 17) })...), Identifier, 0},
		{"shuffled row numbers", numbers("x", generate(n, func(i int) float64 { return float64(i * 37 % n) })...), Identifier, 0},
		{"distinct integers", numbers("pay", generate(n, func(i int) float64 { return float64(i * 37 % n * 11) })...), Numeric, 0},
		{"named id", numbers("customerID", generate(n, func(i int) float64 { return float64(i * 37 % n * 11) })...), Identifier, 0},
		{"foreign id", numbers("store_id", generate(n, func(i int) float64 { return float64(i % 9) })...), Categorical, 0},
		{"codes by name", numbers("zip", generate(n, func(i int) float64 { return float64(10000 + 13*(i%40)) })...), Categorical, 0},
		{"yes and no", words("x", generate(n, func(i int) string { return []string{"Yes", "No"}[i%2] })...), Boolean, 0},
		{"yes and y", words("x", generate(n, func(i int) string { return []string{"yes", "y"}[i%2] })...), Categorical, 0},
		{"two words", words("x", generate(n, func(i int) string { return []string{"male", "female"}[i%2] })...), Categorical, 0},
		{"one word", words("x", generate(n, func(int) string { return "a" })...), Constant, 0},
		{"one word or missing", words("x", generate(n, func(i int) string { return []string{"a", ""}[i%2] })...), Categorical, 0},
		{"few bad numbers", words("x", generate(n, func(i int) string {
			if i%50 == 0 {
				return "unknown"
			}
			return strconv.Itoa(i % 30)
		})...), Numeric, 4},
		{"many bad numbers", words("x", generate(n, func(i int) string {
			if i%10 == 0 {
				return "unknown"
			}
			return strconv.Itoa(i % 30)
		})...), Categorical, 0},
		{"leading zeros", words("x", generate(n, func(i int) string { return fmt.Sprintf("%05d", i%30) })...), Categorical, 0},
		{"leading zeros, some words", words("x", generate(n, func(i int) string {
			if i == 0 {
				return "none"
			}
			return fmt.Sprintf("%05d", i%30)
		})...), Categorical, 0},
		{"codes", words("x", generate(n, func(i int) string { return fmt.Sprintf("%04x-QX", i*7919) })...), Identifier, 0},
		{"many levels", words("x", generate(n, func(i int) string { return fmt.Sprintf("city %d", i%60) })...), Categorical, 0},
		{"text", words("x", generate(n, func(i int) string { return fmt.Sprintf("the %d quick brown fox%d jumps", i, i%7) })...), Text, 0},
		{"names", words("x", generate(n, func(i int) string { return fmt.Sprintf("Doe%d, Mr. John", i) })...), Text, 0},
		{"dates", times(t, "x", "2006-01-02", generate(n, day)...), Datetime, 0},
		{"one date", times(t, "x", "2006-01-02", generate(n, func(int) string { return day(1) })...), Constant, 0},
		{"few bad dates", words("x", generate(n, func(i int) string {
			if i%100 == 3 {
				return "soon, about 2020"
			}
			return day(i)
		})...), Datetime, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			other := numbers("other", generate(n, func(i int) float64 { return float64(i%13) / 2 })...)
			p, err := Infer(table(t, c.col, other), Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := p.Columns[0]
			if got.Type != c.want || got.Bad != c.bad || got.Why == "" {
				t.Errorf("%s (%s) with %d bad cells, want %s with %d", got.Type, got.Why, got.Bad, c.want, c.bad)
			}
			if made := len(got.Transforms) > 0; made == (c.want == Constant || c.want == Identifier) {
				t.Errorf("type %s has transforms %v", got.Type, got.Transforms)
			}
			if (len(p.Warnings) > 0) != (c.bad > 0 || c.want == Constant || c.want == Identifier) {
				t.Errorf("warnings %q for %d bad cells", p.Warnings, c.bad)
			}
		})
	}
}

func TestInferLooksAtTrainingRows(t *testing.T) {
	t.Parallel()
	tab := table(t, numbers("a", 1, 2, 2, 1, 7.5), words("b", "x", "y", "x", "x", "z"))
	p, err := Infer(tab, Options{Rows: 4})
	if err != nil {
		t.Fatal(err)
	}
	if p.Rows != 4 || p.Columns[0].Distinct != 2 || p.Columns[1].Distinct != 2 {
		t.Errorf("looked at %d rows: %+v", p.Rows, p.Columns)
	}
	pl, err := p.Fit(tab, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	f := frameOf(t, pl, tab)
	if v := feature(t, f, "b"); !math.IsNaN(float64(v[4])) {
		t.Errorf("a level beyond the training rows has code %v", v[4])
	}
}

func TestInferOverrides(t *testing.T) {
	t.Parallel()
	tab := table(t,
		numbers("n", 1, 2, 3, 1, 2, 3),
		words("w", "1", "2", "x", "4", "y", "6"),
		times(t, "d", "2006-01-02", day(0), day(1), day(0), day(3), day(4), ""),
		numbers("y", 1, 0, 1, 0, 1, 0))
	p, err := Infer(tab, Options{
		Target: "y",
		Types:  map[string]Type{"n": Categorical, "w": Numeric, "d": Categorical},
		Ignore: []string{"d"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Columns[1]; got.Type != Numeric || got.Bad != 2 || !cmp.Equal(got.BadExamples, []string{"x", "y"}) {
		t.Errorf("w: %+v", got)
	}
	if got := p.Columns[2]; !got.Ignored || got.Transforms != nil {
		t.Errorf("d: %+v", got)
	}
	pl, err := p.Fit(tab, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"n", "w"}, pl.Columns()); diff != "" {
		t.Error(diff)
	}
	if f := pl.Features(); f[0].Levels != 3 || f[1].Levels != 0 {
		t.Errorf("features %+v", f)
	}
	for _, kind := range []Type{Categorical, Text, Boolean, Numeric, Datetime, Identifier, Constant} {
		for _, name := range []string{"n", "w", "d"} {
			p, err := Infer(tab, Options{Target: "y", Types: map[string]Type{name: kind}})
			if err != nil {
				if !strings.Contains(err.Error(), "no cell fits") {
					t.Errorf("%s as %s: %v", name, kind, err)
				}
				continue
			}
			if pl, err := p.Fit(tab, 0, 1); err != nil {
				t.Errorf("%s as %s: %v", name, kind, err)
			} else if f := frameOf(t, pl, tab); f.Rows != 6 {
				t.Errorf("%s as %s: %d rows", name, kind, f.Rows)
			}
		}
	}
}

func TestInferErrors(t *testing.T) {
	t.Parallel()
	tab := table(t, numbers("price", 1, 2, 3), words("color", "a", "b", "a"), times(t, "when", "2006-01-02", day(1), day(2), day(3)))
	for _, c := range []struct {
		name string
		o    Options
		want []string
	}{
		{"target", Options{Target: "Price "}, []string{"target", `"Price "`, `did you mean "price"?`}},
		{"weight", Options{Weight: "colour"}, []string{"weight column", `"color"`}},
		{"both", Options{Target: "price", Weight: "price"}, []string{"both target and weight"}},
		{"type of nothing", Options{Types: map[string]Type{"colr": Text}}, []string{"--type colr=text", `"color"`}},
		{"unknown type", Options{Types: map[string]Type{"color": "factor"}}, []string{"--type color=factor", "categorical"}},
		{"unfit type", Options{Types: map[string]Type{"color": Numeric}}, []string{"--type color=numeric", "no cell fits", `"a"`}},
		{"unfit date", Options{Types: map[string]Type{"when": Numeric}}, []string{"--type when=numeric", "no cell fits"}},
		{"ignore nothing", Options{Ignore: []string{"prize"}}, []string{"--ignore prize", `"price"`}},
		{"ignore target", Options{Target: "price", Ignore: []string{"price"}}, []string{"it is the target"}},
		{"nothing left", Options{Target: "price", Ignore: []string{"color", "when"}}, []string{"no column to learn from"}},
		{"only identifiers", Options{Target: "price", Ignore: []string{"when"}, Types: map[string]Type{"color": Identifier}}, []string{`"color" (identifier)`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Infer(tab, c.o)
			wantError(t, err, c.want...)
		})
	}
}

func TestPlanJSON(t *testing.T) {
	t.Parallel()
	tab := table(t, numbers("a", 1, 2.5, 3), words("b", "x", "y", "x"),
		words("d", "2020-01-02", "2020-01-03", "2021-01-02"))
	p, err := Infer(tab, Options{Target: "a", Types: map[string]Type{"d": Datetime}})
	if err != nil {
		t.Fatal(err)
	}
	b := mustJSON(t, p)
	again, err := DecodePlan(b)
	if err != nil {
		t.Fatal(err)
	}
	if again.Digest() != p.Digest() || string(mustJSON(t, again)) != string(b) {
		t.Errorf("the plan changes: %s", b)
	}
	again.Columns[0].Type = Text
	if again.Digest() == p.Digest() {
		t.Error("another plan has the same digest")
	}
	for _, s := range []string{
		`{"version":1,"columns":[],"rows":1,"colums":[]}`,
		`{"version":2,"columns":[]}`,
		`{"version":1,"columns":[{"name":"","type":"text"}]}`,
		`{"version":1,"columns":[{"name":"a","type":"text"},{"name":"a","type":"text"}]}`,
		`{"version":1,"columns":[{"name":"a","type":"factor"}]}`,
		`{`,
	} {
		if _, err := DecodePlan([]byte(s)); err == nil {
			t.Errorf("%s is accepted", s)
		}
	}
	again.Columns[0].Type = Categorical
	again.Columns[0].Transforms = []Step{{Kind: "embedding"}}
	_, err = again.Fit(tab, 0, 1)
	wantError(t, err, `column "b"`, `"embedding"`)
	again.Columns[0].Transforms = []Step{{Kind: "datetime", Params: []byte(`{"format":"x"}`)}}
	_, err = again.Fit(tab, 0, 1)
	wantError(t, err, `column "b"`, "format")
}
