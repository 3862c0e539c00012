package featurize

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/metrics"
)

// tableAndPlan is a table of many kinds of columns, and a plan of it.
func tableAndPlan(t testing.TB) (*data.Table, *Plan) {
	t.Helper()
	tab := table(t,
		numbers("n", generate(60, func(i int) float64 { return math.Sin(float64(i)) })...),
		words("c", generate(60, func(i int) string { return string(rune('a' + i%5)) })...),
		words("many", generate(60, func(i int) string { return string(rune('a'+i%26)) + string(rune('a'+i%40/26)) })...),
		times(t, "d", "2006-01-02", generate(60, func(i int) string { return day(1 + i%20) })...),
		words("id", generate(60, func(i int) string { return "x" + string(rune('A'+i)) })...),
		numbers("twin", generate(60, func(i int) float64 { return math.Sin(float64(i)) })...),
		numbers("y", generate(60, func(i int) float64 { return float64(i % 3) })...))
	p, err := Infer(tab, Options{Target: "y"})
	if err != nil {
		t.Fatal(err)
	}
	return tab, p
}

// A plan that is printed, read and completed is the same.
func TestPlanStays(t *testing.T) {
	t.Parallel()
	tab, p := tableAndPlan(t)
	read, err := DecodePlan(mustJSON(t, p))
	if err != nil {
		t.Fatal(err)
	}
	again, err := read.For(tab, Options{Target: "y"})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p, again); d != "" || p.Digest() != again.Digest() {
		t.Error(d)
	}
}

func TestEditedPlan(t *testing.T) {
	t.Parallel()
	tab, _ := tableAndPlan(t)
	for _, c := range []struct {
		name string
		edit func(c *ColumnPlan) // of each column
		o    Options
		want []string // inputs of the pipeline
		err  []string
	}{
		{"as it is", func(*ColumnPlan) {}, Options{}, []string{"n", "c", "many", "d"}, nil},
		{"ignored", func(c *ColumnPlan) { c.Ignored = c.Name == "n" }, Options{}, []string{"c", "many", "d", "twin"}, nil},
		{"ignored by option", func(*ColumnPlan) {}, Options{Ignore: []string{"d"}}, []string{"n", "c", "many"}, nil},
		{"weight", func(*ColumnPlan) {}, Options{Weight: "n"}, []string{"c", "many", "d"}, nil},
		{"transforms of the type", func(c *ColumnPlan) { c.Transforms = nil }, Options{}, []string{"n", "c", "many", "d"}, nil},
		{"identifier kept", func(c *ColumnPlan) {
			if c.Name == "id" {
				c.Type = Text
			}
		}, Options{}, []string{"n", "c", "many", "d", "id"}, nil},
		{"constant", func(c *ColumnPlan) {
			if c.Name == "n" {
				c.Type, c.Transforms = Constant, nil
			}
		}, Options{}, []string{"c", "many", "d"}, nil},
		{"absent column", rename("n", "m"), Options{}, nil, []string{`there is no column "m"`}},
		{"target", rename("n", "y"), Options{}, nil, []string{`column "y" is the target`}},
		{"impossible", retype("c", Numeric, ""), Options{}, nil, []string{`column "c" cannot be numeric`, "no cell fits", `"a"`}},
		{"no date", retype("c", Datetime, ""), Options{}, nil, []string{`column "c" cannot be datetime`}},
		{"dates as numbers", retype("d", Numeric, "numeric"), Options{}, nil, []string{`column "d" cannot be numeric`}},
		{"unfit", retype("n", Numeric, "text"), Options{}, nil, []string{`column "n": transform text`, "not numeric"}},
		{"of nothing", retype("n", Identifier, "numeric"), Options{}, []string{"c", "many", "d", "twin"}, []string{`column "n": transform numeric`, "identifier"}},
		{"exact", retype("n", Numeric, "exact"), Options{}, nil, []string{`column "n": transform exact`}},
		{"types", func(*ColumnPlan) {}, Options{Types: map[string]Type{"n": Text}}, nil, []string{"exclude each other"}},
		{"nothing left", func(c *ColumnPlan) { c.Ignored = true }, Options{}, nil, []string{"no column to learn from"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, p := tableAndPlan(t)
			for i := range p.Columns {
				// An ignored column keeps its transforms when it is edited by hand.
				p.Columns[i].Ignored = p.Columns[i].SameAs != "" && c.name != "ignored" && c.name != "of nothing"
				c.edit(&p.Columns[i])
			}
			c.o.Target = "y"
			got, err := p.For(tab, c.o)
			if len(c.err) > 0 {
				wantError(t, err, c.err...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			pl, err := got.Fit(tab, 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, pl.Columns()); d != "" {
				t.Error(d)
			}
		})
	}
}

func rename(from, to string) func(c *ColumnPlan) {
	return func(c *ColumnPlan) {
		if c.Name == from {
			c.Name = to
		}
	}
}

func retype(name string, to Type, kind string) func(c *ColumnPlan) {
	return func(c *ColumnPlan) {
		if c.Name == name {
			if c.Type, c.Transforms = to, nil; kind != "" {
				c.Transforms = []Step{{Kind: kind}}
			}
		}
	}
}

func TestPlanOfFewerColumns(t *testing.T) {
	t.Parallel()
	tab, p := tableAndPlan(t)
	p.Columns = p.Columns[:2]
	got, err := p.For(tab, Options{Target: "y"})
	if err != nil {
		t.Fatal(err)
	}
	if w := strings.Join(got.Warnings, "; "); !strings.Contains(w, `not in the feature plan and not used: "many", "d", "id", "twin"`) {
		t.Error(w)
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	cols := []*data.Column{
		numbers("a", 0, 1, nan), numbers("b", math.Copysign(0, -1), 1, nan), numbers("c", 0, 1, 2),
		words("d", "x", "y", ""), {Name: "e", Kind: data.String, Dict: []string{"y", "x", "unused"}, Codes: []int32{1, 0, -1}}, words("f", "x", "y", "y"),
		times(t, "g", "2006-01-02", day(1), day(2), ""), times(t, "h", "2006-01-02", day(1), day(2), ""), numbers("i", 0, 1, 3),
	}
	if d := cmp.Diff([]int{-1, 0, -1, -1, 3, -1, -1, 6, -1}, duplicates(cols, 3)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]int{-1, 0, 0, -1, 3, 3, -1, 6, 0}, duplicates(cols, 2)); d != "" {
		t.Error(d)
	}
	p, err := Infer(table(t, cols...), Options{Types: map[string]Type{"b": Numeric}})
	if err != nil {
		t.Fatal(err)
	}
	if b, h := p.Columns[1], p.Columns[7]; b.Ignored || !h.Ignored || h.SameAs != "g" {
		t.Errorf("%+v %+v", b, h)
	}
}

// Columns that tell the target are found, those that only help are not.
func TestFindLeaks(t *testing.T) {
	t.Parallel()
	const n = 1200
	rng := rand.New(rand.NewPCG(1, 2))
	noise := func(int) float64 { return rng.NormFloat64() }
	target := generate(n, noise)
	class := generate(n, func(i int) string {
		if target[i] > 1.2 {
			return "yes"
		}
		return "no"
	})
	level := func(v float64) string { return string(rune('a' + int(min(25, max(0, 3*v+12))))) }
	cols := []*data.Column{
		numbers("told", generate(n, func(i int) float64 { return 3*target[i] - 1 })...),
		numbers("cubed", generate(n, func(i int) float64 { return math.Pow(target[i], 3) + 1e-3*noise(i) })...),
		numbers("helps", generate(n, func(i int) float64 { return target[i] + noise(i)/2 })...),
		numbers("noise", generate(n, noise)...),
		words("coded", generate(n, func(i int) string { return map[string]string{"yes": "1x", "no": "0x"}[class[i]] })...),
		words("level", generate(n, func(i int) string { return level(target[i]) })...),
		words("random", generate(n, func(i int) string { return level(noise(i)) })...),
		numbers("number", target...), words("class", class...),
	}
	tab := table(t, cols...)
	for _, c := range []struct {
		target string
		task   metrics.Task
		ignore []string
		want   []string
	}{
		{"number", metrics.Regression, []string{"class"}, []string{"told", "cubed"}},
		{"class", metrics.Binary, []string{"number"}, []string{"told", "cubed", "coded"}},
		{"class", metrics.Binary, []string{"number", "told"}, []string{"cubed", "coded"}},
	} {
		p, err := Infer(tab, Options{Target: c.target, Ignore: c.ignore})
		if err != nil {
			t.Fatal(err)
		}
		y, err := InferTarget(tab.Column(c.target), 0, c.task, "")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a second time changes nothing
			if err := p.FindLeaks(tab, y); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for _, col := range p.Columns {
			if col.Leak > 0 {
				got = append(got, col.Name)
				if len(col.Transforms) == 0 {
					t.Errorf("%s is not used", col.Name)
				}
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.target, d)
		}
		if w := p.Warnings[0]; !strings.Contains(w, "--ignore "+got[0]) {
			t.Error(w)
		}
	}
}

// Too few rows tell nothing.
func TestNoLeakOfFewRows(t *testing.T) {
	t.Parallel()
	a := numbers("a", generate(30, func(i int) float64 { return math.Sin(float64(i)) })...)
	tab := table(t, a, numbers("y", a.Floats...))
	p, err := Infer(tab, Options{Target: "y"})
	if err != nil {
		t.Fatal(err)
	}
	target, err := InferTarget(tab.Column("y"), 0, metrics.Regression, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.FindLeaks(tab, target); err != nil || p.Columns[0].Leak != 0 {
		t.Errorf("%+v %v", p.Columns[0], err)
	}
}
