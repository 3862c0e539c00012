package featurize

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data"
)

// sides are the columns that the transforms of a plan are tried on, by type; "other"
// is a second column of dates.
func sides(t testing.TB) map[Type]*data.Table {
	t.Helper()
	nan, inf := math.NaN(), math.Inf(1)
	other := func(n int) *data.Column {
		return times(t, "other", "2006-01-02", generate(n, func(i int) string { return day(3 * i % 50) })...)
	}
	odd := numbers("x", 1, nan, 2, inf, 2, -inf, 1e308, -1e308, 0, math.Copysign(0, -1), 1e-320, 5, 5, 7, nan, 3)
	odd.Name = "x"
	return map[Type]*data.Table{
		Numeric:     table(t, odd, other(16)),
		Boolean:     table(t, words("x", "1", "0", "", "0", "1", "yes", "2", "x"), other(8)),
		Categorical: table(t, words("x", "a", "b", "a", "", "c", "a, b", `["a", "d"]`, "[1, 2]", "\xff", "True", "a\tb", "[", "b", "a"), other(14)),
		Datetime:    table(t, times(t, "x", "2006-01-02", day(1), day(90), "", day(2), "1700-01-01", "2250-12-31", day(59)), other(7)),
		Text:        table(t, words("x", "The cat, sat.", "a CAT sat 12 times!", "", "dogs, cats", "the the the", "Katze 猫", "one two"), other(7)),
	}
}

// kindParams are the parameters that a kind is tried with, none where it is not named.
var kindParams = map[string][]string{
	"impute": {"", `{"by":"mean","indicator":true}`, `{"by":"constant","value":-7}`}, "robust": {"", `{"clip":0}`},
	"quantile": {"", `{"points":5,"output":"normal"}`}, "discretise": {"", `{"bins":3,"by":"width"}`}, "cap": {"", `{"lower":0,"upper":0.5}`},
	"onehot": {"", `{"most":2}`}, "ordinal": {"", `{"order":["b","a"]}`}, "hashing": {"", `{"buckets":3}`}, "rare": {"", `{"least":2}`},
	"cyclic": {"", `{"cycles":["day","year"],"zone":"America/New_York"}`}, "since": {`{"from":"other"}`}, "tags": {"", `{"separator":" ","most":2}`},
	"chars": {"", `{"least":1,"most":2,"buckets":16}`}, "svd": {`{"components":2,"buckets":64}`},
	"holidays": {`{"days":["12-25","2020-01-03"]}`}, "datetime": {"", `{"zone":"Asia/Tokyo"}`},
}

// TestEveryKind is what every transform has to keep to, on training rows that are
// ordinary, none with a value, or one alone.
func TestEveryKind(t *testing.T) {
	t.Parallel()
	tables := sides(t)
	for _, name := range kindNames {
		k, err := kindOf(name)
		if err != nil {
			t.Fatal(err)
		}
		params := kindParams[name]
		if params == nil {
			params = []string{""}
		}
		for _, as := range k.types {
			for _, p := range params {
				t.Run(fmt.Sprintf("%s %s%s", name, as, p), func(t *testing.T) {
					t.Parallel()
					for _, rows := range []int{0, 1, 3} {
						conform(t, tables[as], tables, Step{Kind: name, Params: json.RawMessage(p)}, rows)
					}
				})
			}
		}
		if _, err := (&Plan{Columns: []ColumnPlan{{Name: "x", Transforms: []Step{{Kind: name, Params: []byte(`{"nope":1}`)}}}}}).Fit(tables[Datetime], 0, 1); name != "numeric" && name != "boolean" && name != "category" && name != "frequency" && name != "text" {
			wantError(t, err, `column "x": transform `+name, "nope")
		}
	}
}

func conform(t *testing.T, train *data.Table, all map[Type]*data.Table, s Step, rows int) {
	t.Helper()
	plan := &Plan{Columns: []ColumnPlan{{Name: "x", Transforms: []Step{s}}}}
	pl, err := plan.Fit(train, rows, 1)
	if err != nil {
		t.Fatalf("%d rows: %v", rows, err)
	}
	again := roundTrip(t, pl)
	if !bytes.Equal(mustJSON(t, pl), mustJSON(t, again)) {
		t.Error("the state changes on its way")
	}
	for _, f := range pl.Features() {
		if len(f.Sources) == 0 || !strings.HasPrefix(f.Name, "x") || slices.ContainsFunc(f.Sources, func(in string) bool { return !slices.Contains(pl.Columns(), in) }) {
			t.Errorf("feature %+v is not traceable to %v", f, pl.Columns())
		}
	}
	for as, other := range all { // whatever comes in later
		f, err := pl.Frame(other, 1)
		if err != nil {
			if as != Datetime || !strings.Contains(err.Error(), errDate.Error()) {
				t.Errorf("on %s: %v", as, err)
			}
			continue
		}
		if g, err := again.Frame(other, 3); err != nil || !same(f, g) {
			t.Errorf("on %s: other bits after a round trip: %v", as, err)
		}
		for j, col := range f.Cols {
			for i, v := range col {
				if math.IsInf(float64(v), 0) || f.Features[j].Levels > 0 && !(math.IsNaN(float64(v)) || v >= 0 && int(v) < f.Features[j].Levels) {
					t.Errorf("on %s: row %d of %q is %v", as, i, f.Features[j].Name, v)
				}
			}
		}
		x := make([]float32, len(f.Cols))
		for i := range f.Rows {
			if _, err := pl.Row(cellsOf(other, i), x); err != nil {
				t.Errorf("on %s, row %d: %v", as, i, err)
			}
			for j := range x {
				if math.Float32bits(x[j]) != math.Float32bits(f.Cols[j][i]) {
					t.Errorf("on %s: row %d of %q is %v alone, %v in the frame", as, i, f.Features[j].Name, x[j], f.Cols[j][i])
				}
			}
		}
	}
}

// cellsOf is a row as JSON would have it, dates as they are written.
func cellsOf(tab *data.Table, i int) map[string]any {
	row := map[string]any{}
	for _, c := range tab.Columns() {
		row[c.Name] = nil
		switch {
		case c.Kind == data.Number:
			row[c.Name] = c.Floats[i]
		case c.Kind == data.Time && c.Times[i] != data.MissingTime:
			row[c.Name] = c.Text(i)
		case c.Kind == data.String && c.Codes[i] >= 0:
			row[c.Name] = c.Dict[c.Codes[i]]
		}
	}
	return row
}

// TestKindValues holds some outputs against what they should be.
func TestKindValues(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	n := numbers("x", 1, 2, 3, 4, math.NaN(), 10)
	w := words("x", "b", "a", "b", "", "c", "b")
	d := times(t, "x", "2006-01-02", "2020-12-25", "2020-12-24", "", "2021-07-01", "2020-01-01", "2021-01-01")
	tagged := words("x", "a,b", `["b"]`, "", "b, c", "d", "a")
	other := times(t, "other", "2006-01-02", "2020-12-20", "", "2020-01-01", "2021-06-30", "2020-01-01", "2021-01-08")
	for _, c := range []struct {
		col          *data.Column
		kind, params string
		feature      string
		want         []float32
	}{
		{n, "impute", `{"indicator":true}`, "x.filled", []float32{1, 2, 3, 4, 3, 10}},
		{n, "impute", `{"indicator":true}`, "x.missing", []float32{0, 0, 0, 0, 1, 0}},
		{n, "impute", `{"by":"mean"}`, "x.filled", []float32{1, 2, 3, 4, 4, 10}},
		{n, "standard", "", "x.standard", []float32{-.9486833, -.6324555, -.31622776, 0, nan, 1.8973666}},
		{n, "robust", `{"clip":0}`, "x.robust", []float32{-1, -.5, 0, .5, nan, 3.5}},
		{n, "robust", `{"clip":3.5}`, "x.robust", []float32{-.9615239, -.4949747, 0, .4949747, nan, 2.474874}},
		{n, "quantile", `{"points":5}`, "x.quantile", []float32{0, .25, .5, .75, nan, 1}},
		{n, "quantile", `{"points":5,"output":"normal"}`, "x.quantile", []float32{-5.199338, -.6744898, 0, .6744898, nan, 5.199338}},
		{n, "log", "", "x.log", []float32{.6931472, 1.0986123, 1.3862944, 1.609438, nan, 2.3978953}},
		{n, "discretise", `{"bins":3,"by":"width"}`, "x.bin", []float32{0, 0, 0, 1, nan, 2}},
		{n, "cap", `{"lower":0.25,"upper":0.75}`, "x.cap", []float32{2, 2, 3, 4, nan, 4}},
		{w, "onehot", `{"most":1}`, "x=b", []float32{1, 0, 1, 0, 0, 1}},
		{w, "onehot", `{"most":1}`, "x.other", []float32{0, 1, 0, 0, 1, 0}},
		{w, "ordinal", "", "x.ordinal", []float32{1, 0, 1, nan, 2, 1}},
		{w, "ordinal", `{"order":["c","b"]}`, "x.ordinal", []float32{1, nan, 1, nan, 0, 1}},
		{w, "rare", `{"least":2}`, "x.pooled", []float32{0, 1, 0, nan, 1, 0}},
		{d, "cyclic", `{"cycles":["month"]}`, "x.month.sin", []float32{-.9884683, -.9987165, nan, 0, 0, 0}},
		{d, "holidays", `{"days":["12-25","2021-01-01"]}`, "x.holiday", []float32{1, 0, nan, 0, 0, 1}},
		{d, "holidays", `{"days":["12-25","2021-01-01"]}`, "x.holiday.next", []float32{0, 1, nan, 31, 31, 0}},
		{d, "since", `{"from":"other"}`, "x.since.other", []float32{5, nan, nan, 1, 0, -7}},
		{d, "datetime", `{"zone":"America/New_York"}`, "x.day", []float32{24, 23, nan, 30, 31, 31}},
		{tagged, "tags", "", "x=b", []float32{1, 1, 0, 1, 0, 0}},
		{tagged, "tags", "", "x.length", []float32{2, 1, nan, 2, 1, 1}},
		{words("x", "Ab 1!", "", "x", "x", "x", "x"), "length", "", "x.marks", []float32{1, nan, 0, 0, 0, 0}},
	} {
		tab := table(t, c.col, other)
		pl, err := (&Plan{Columns: []ColumnPlan{{Name: "x", Transforms: []Step{{Kind: c.kind, Params: json.RawMessage(c.params)}}}}}).Fit(tab, 0, 1)
		if err != nil {
			t.Errorf("%s: %v", c.kind, err)
			continue
		}
		close := cmp.Comparer(func(a, b float32) bool { return a == b || a != a && b != b || math.Abs(float64(a-b)) < 1e-6 })
		if d := cmp.Diff(c.want, feature(t, frameOf(t, pl, tab), c.feature), close); d != "" {
			t.Errorf("%s %s: %s", c.kind, c.params, d)
		}
	}
}

// The power transform undoes an exponential.
func TestPower(t *testing.T) {
	t.Parallel()
	x := generate(400, func(i int) float64 { return math.Exp(4+math.Sqrt2*math.Erfinv(2*(float64(i)+.5)/400-1)) - 1 })
	tab := table(t, numbers("x", x...))
	pl, err := (&Plan{Columns: []ColumnPlan{{Name: "x", Transforms: []Step{{Kind: "power"}}}}}).Fit(tab, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	p := pl.Transforms()[0].(*power)
	if math.Abs(p.Lambda) > 0.1 {
		t.Errorf("λ is %v", p.Lambda)
	}
	for i, v := range frameOf(t, pl, tab).Cols[0] {
		if want := math.Sqrt2 * math.Erfinv(2*(float64(i)+.5)/400-1); math.Abs(float64(v)-want) > 0.1 {
			t.Errorf("row %d is %v, want about %v", i, v, want)
		}
	}
}

// The directions are those of a decomposition by definition: eigenvectors of AᵀA.
func TestDirections(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	const width = 40
	var rows []Entries
	for range 60 {
		var e Entries
		topic := rng.IntN(3)
		for b := range width {
			if v := rng.Float64(); b%3 == topic && v < 0.7 || v < 0.05 {
				e.add(int32(b), float32(v+0.1))
			}
		}
		rows = append(rows, e)
	}
	got := directions(rows, width, 4)
	if len(got) != 4 {
		t.Fatalf("%d directions", len(got))
	}
	last := math.Inf(1)
	for k, d := range got {
		s := spread(rows, d)
		value := dot(d, s)
		if value > last {
			t.Errorf("direction %d has %v after %v", k, value, last)
		}
		last = value
		for b := range d {
			if k < 3 && math.Abs(s[b]-value*d[b]) > 1e-3*value {
				t.Errorf("direction %d is no eigenvector: %v at %d, not %v", k, s[b], b, value*d[b])
			}
		}
		for j := range k {
			if math.Abs(dot(got[j], d)) > 1e-9 {
				t.Errorf("directions %d and %d are not orthogonal", j, k)
			}
		}
	}
	if all := directions(rows[:2], width, 4); len(all) != 2 {
		t.Errorf("two rows have %d directions", len(all))
	}
}

func TestChars(t *testing.T) {
	t.Parallel()
	tr := &chars{Least: 2, Most: 3}
	a, b := tr.runs("Abc  d", nil), tr.runs("D abC", nil)
	slices.Sort(a)
	slices.Sort(b)
	// " abc ": 4 runs of two and 3 of three; " d ": 2 and 1.
	if len(a) != 10 || !slices.Equal(a, b) {
		t.Errorf("%d and %d runs", len(a), len(b))
	}
}

func TestKindErrors(t *testing.T) {
	t.Parallel()
	tables := sides(t)
	for _, c := range []struct {
		as           Type
		kind, params string
		want         string
	}{
		{Numeric, "impute", `{"by":"mode"}`, `by "mode"`}, {Numeric, "impute", `{"by":"constant"}`, "with a value"}, {Numeric, "impute", `{"value":3}`, "a value goes with"},
		{Numeric, "robust", `{"clip":-1}`, "clip -1"}, {Numeric, "quantile", `{"points":1}`, "points 1"}, {Numeric, "quantile", `{"output":"x"}`, `output "x"`},
		{Numeric, "discretise", `{"bins":1}`, "bins 1"}, {Numeric, "cap", `{"lower":0.9,"upper":0.1}`, "lower 0.9"},
		{Categorical, "onehot", `{"most":0}`, "most 0"}, {Categorical, "ordinal", `{"order":["a","a"]}`, "twice"}, {Categorical, "hashing", `{"buckets":1}`, "buckets 1"},
		{Categorical, "rare", `{"least":0}`, "least 0"}, {Categorical, "tags", `{"separator":""}`, `separator ""`},
		{Text, "chars", `{"least":4,"most":3}`, "least 4"}, {Text, "chars", `{"buckets":3}`, "buckets 3"}, {Text, "svd", `{"components":0}`, "components 0"},
		{Datetime, "cyclic", `{"cycles":["fortnight"]}`, "fortnight"}, {Datetime, "cyclic", `{"zone":"Mars"}`, `zone "Mars"`}, {Datetime, "datetime", `{"zone":"Mars"}`, `zone "Mars"`},
		{Datetime, "since", ``, "from is missing"}, {Datetime, "since", `{"from":"othe"}`, `"other"`}, {Datetime, "since", `{"from":"y"}`, "it is the target"},
		{Datetime, "holidays", ``, "days is missing"}, {Datetime, "holidays", `{"days":["25.12."]}`, `day "25.12."`},
	} {
		p := &Plan{Target: "y", Columns: []ColumnPlan{{Name: "x", Transforms: []Step{{Kind: c.kind, Params: json.RawMessage(c.params)}}}}}
		_, err := p.Fit(tables[c.as], 0, 1)
		wantError(t, err, `column "x": transform `+c.kind, c.want)
	}
}

// FuzzPlan reads plan files and uses them.
func FuzzPlan(f *testing.F) {
	for _, name := range kindNames {
		params := kindParams[name]
		if params == nil {
			params = []string{`{}`}
		}
		for _, p := range params {
			if p == "" {
				p = "{}"
			}
			k, _ := kindOf(name)
			f.Add(fmt.Appendf(nil, `{"version":1,"rows":0,"columns":[{"name":"x","type":%q,"transforms":[{"kind":%q,"params":%s}]}]}`, k.types[0], name, p))
		}
	}
	tables := sides(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := DecodePlan(b)
		if err != nil {
			return
		}
		for _, tab := range tables {
			if done, err := p.For(tab, Options{Target: p.Target}); err == nil {
				useFuzzed(t, done, tab)
			}
		}
	})
}

// FuzzTransform makes features of random tables.
func FuzzTransform(f *testing.F) {
	for i := range kindNames {
		f.Add(uint8(i), "a,b,1\n2\n2020-01-01,,x y\n-1e300", uint8(2))
	}
	f.Fuzz(func(t *testing.T, which uint8, cells string, rows uint8) {
		b := data.NewBuilder("x", 0)
		lines := strings.Split(cells, "\n")
		for _, line := range lines {
			b.Append([]byte(line))
		}
		tab, err := data.NewTable(b.Column(), &data.Column{Name: "other", Kind: data.Time, Times: make([]int64, len(lines))})
		if err != nil {
			return
		}
		name := kindNames[int(which)%len(kindNames)]
		for _, params := range append(kindParams[name], "") {
			useFuzzed(t, &Plan{Rows: int(rows), Columns: []ColumnPlan{{Name: "x", Transforms: []Step{{Kind: name, Params: json.RawMessage(params)}}}}}, tab)
		}
	})
}

// useFuzzed fits a plan and checks that what comes out is finite, and the same after
// a round trip.
func useFuzzed(t *testing.T, p *Plan, tab *data.Table) {
	t.Helper()
	pl, err := p.Fit(tab, p.Rows, 1)
	if err != nil {
		return
	}
	f := frameOf(t, pl, tab)
	for j, col := range f.Cols {
		if slices.ContainsFunc(col, func(v float32) bool { return math.IsInf(float64(v), 0) }) {
			t.Errorf("feature %q has an infinity", f.Features[j].Name)
		}
	}
	if !same(f, frameOf(t, roundTrip(t, pl), tab)) {
		t.Error("other bits after a round trip")
	}
}
