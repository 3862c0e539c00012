package featurize_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/featurize/featurizetest"
)

// kindParams are the parameters that a kind is tried with, none where it is not named.
var kindParams = map[string][]string{
	"impute": {"", `{"by":"mean","indicator":true}`, `{"by":"constant","value":-7}`}, "robust": {"", `{"clip":0}`},
	"quantile": {"", `{"points":5,"output":"normal"}`}, "discretise": {"", `{"bins":3,"by":"width"}`}, "cap": {"", `{"lower":0,"upper":0.5}`},
	"onehot": {"", `{"most":2}`}, "ordinal": {"", `{"order":["b","a","1","2020-01-02","one two"]}`}, "hashing": {"", `{"buckets":3}`}, "rare": {"", `{"least":2}`},
	"cyclic": {"", `{"cycles":["day","year"],"zone":"America/New_York"}`}, "since": {`{"from":"other"}`}, "tags": {"", `{"separator":" ","most":2}`},
	"chars": {"", `{"least":1,"most":2,"buckets":16}`}, "svd": {`{"components":2,"buckets":64}`, `{"stop_words":["the"],"components":1,"buckets":16}`},
	"holidays": {`{"days":["12-25","2020-01-03"]}`}, "datetime": {"", `{"zone":"Asia/Tokyo"}`}, "text": {"", `{"stop_words":"english"}`},
	"arithmetic": {`{"op":"ratio","with":"plain"}`, `{"op":"product","with":"plain"}`}, "cross": {`{"with":"other"}`},
	"target": {"", `{"smooth":0}`},
}

// TestEveryKind is what every transform has to keep to.
func TestEveryKind(t *testing.T) {
	t.Parallel()
	for _, kind := range featurize.Kinds() {
		featurizetest.Run(t, kind, kindParams[kind]...)
	}
}

// chains are steps that others follow, each for a column of a type.
var chains = []struct {
	as   featurize.Type
	step string
}{
	{featurize.Numeric, `{"kind":"impute","then":[{"kind":"quantile"},{"kind":"standard"}]}`},
	{featurize.Numeric, `{"kind":"impute","params":{"indicator":true},"then":[{"kind":"robust"}]}`},
	{featurize.Numeric, `{"kind":"discretise","params":{"bins":3},"then":[{"kind":"onehot"},{"kind":"numeric"}]}`},
	{featurize.Numeric, `{"kind":"arithmetic","params":{"op":"sum","with":"plain"},"then":[{"kind":"log"}]}`},
	{featurize.Datetime, `{"kind":"cyclic","then":[{"kind":"impute"}]}`},
	{featurize.Datetime, `{"kind":"since","params":{"from":"other"},"then":[{"kind":"cap"}]}`},
	{featurize.Text, `{"kind":"text","params":{"stop_words":["the"]},"then":[{"kind":"svd","params":{"components":2}},{"kind":"standard"}]}`},
	{featurize.Text, `{"kind":"chars","params":{"buckets":64},"then":[{"kind":"svd","params":{"components":3}}]}`},
	{featurize.Categorical, `{"kind":"frequency","then":[{"kind":"impute"},{"kind":"standard"}]}`},
	{featurize.Categorical, `{"kind":"category","then":[{"kind":"hashing"}]}`},
	{featurize.Categorical, `{"kind":"cross","params":{"with":"other"},"then":[{"kind":"target"}]}`},
}

func TestChains(t *testing.T) {
	t.Parallel()
	tables := featurizetest.Tables(t)
	for _, c := range chains {
		t.Run(c.step, func(t *testing.T) {
			t.Parallel()
			plan := planOf(t, c.as, c.step)
			if _, err := plan.For(tables[c.as], featurize.Options{}); err != nil {
				t.Error(err)
			}
			for _, rows := range []int{0, 1, 3} {
				featurizetest.Check(t, plan, tables[c.as], rows, tables)
			}
		})
	}
}

// planOf is a plan of column x with one step.
func planOf(t testing.TB, as featurize.Type, step string) *featurize.Plan {
	t.Helper()
	var s featurize.Step
	if err := json.Unmarshal([]byte(step), &s); err != nil {
		t.Fatal(err)
	}
	return featurize.NewPlan([]featurize.ColumnPlan{{Name: "x", Type: as, Transforms: []featurize.Step{s}}})
}

// A chain is its transforms one after the other.
func TestChainValues(t *testing.T) {
	t.Parallel()
	tab, err := data.NewTable(&data.Column{Name: "x", Floats: []float64{1, 2, math.NaN(), 4}})
	if err != nil {
		t.Fatal(err)
	}
	pl, err := planOf(t, featurize.Numeric, `{"kind":"impute","params":{"by":"constant","value":1,"indicator":true},"then":[{"kind":"standard"},{"kind":"discretise","params":{"bins":2,"by":"width"}}]}`).Fit(tab, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	f, err := pl.Frame(tab, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]float32{"x.filled.standard.bin": {0, 0, 0, 1}, "x.missing.standard.bin": {0, 0, 1, 0}}
	for j, ft := range f.Features {
		if d := cmp.Diff(want[ft.Name], f.Cols[j]); d != "" || ft.Levels != 2 || !slices.Equal(ft.Sources, []string{"x"}) {
			t.Errorf("%+v: %s", ft, d)
		}
	}
}

func TestChainErrors(t *testing.T) {
	t.Parallel()
	tables := featurizetest.Tables(t)
	for _, c := range []struct {
		as         featurize.Type
		step, want string
	}{
		{featurize.Numeric, `{"kind":"impute","then":[{"kind":"quantil"}]}`, `unknown transform "quantil": did you mean "quantile"?`},
		{featurize.Numeric, `{"kind":"impute","then":[{"kind":"datetime"}]}`, "transform impute: then datetime: it cannot follow"},
		{featurize.Numeric, `{"kind":"impute","then":[{"kind":"text"}]}`, "then text: it cannot follow"},
		{featurize.Numeric, `{"kind":"impute","then":[{"kind":"log","then":[{"kind":"cap"}]}]}`, "then log: what follows it is to stand behind it"},
		{featurize.Numeric, `{"kind":"impute","then":[{"kind":"discretise","params":{"bins":1}}]}`, `then discretise: parameters: bins 1`},
		{featurize.Numeric, `{"kind":"impute","then":[{"kind":"arithmetic","params":{"op":"sum","with":"plain"}}]}`, "it cannot follow another transform, since it needs a second column"},
		{featurize.Text, `{"kind":"text","then":[{"kind":"length"}]}`, "only svd can follow"},
		{featurize.Text, `{"kind":"text","then":[{"kind":"svd","params":{"buckets":99}}]}`, `"buckets"`},
		{featurize.Text, `{"kind":"text","params":{"stop_words":"latin"}}`, `stop_words "latin": use a list of words or one of english, french`},
		{featurize.Categorical, `{"kind":"target","then":[{"kind":"numeric"}]}`, "then numeric: nothing can follow what is made of the target"},
		{featurize.Categorical, `{"kind":"leave_one_out","params":{"smooth":-1}}`, "smooth -1: use a number of rows"},
		{featurize.Numeric, `{"kind":"chain"}`, "it is no part of a plan"},
		{featurize.Numeric, `{"kind":"arithmetic","params":{"op":"power","with":"plain"}}`, `op "power"`},
		{featurize.Numeric, `{"kind":"arithmetic","params":{"op":"sum"}}`, "with is missing"},
		{featurize.Numeric, `{"kind":"cross","params":{"with":"x"}}`, "it is the column itself"},
		{featurize.Numeric, `{"kind":"cross","params":{"with":"y"}}`, "it is the target"},
	} {
		plan := planOf(t, c.as, c.step)
		plan.Target = "y"
		_, err := plan.Fit(tables[c.as], 0, 1)
		if err == nil || !strings.Contains(err.Error(), `column "x": transform `) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.step, err, c.want)
		}
	}
}

// Bundles may come from anywhere: chains that do not fit together are refused.
func TestChainRefusesBadState(t *testing.T) {
	t.Parallel()
	tables := featurizetest.Tables(t)
	pl, err := planOf(t, featurize.Text, `{"kind":"chars","params":{"buckets":64},"then":[{"kind":"svd","params":{"components":3}},{"kind":"cap"}]}`).Fit(tables[featurize.Text], 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	good, err := json.Marshal(pl)
	if err != nil {
		t.Fatal(err)
	}
	for old, new := range map[string]string{
		`"kind":"directions"`: `"kind":"svd"`,
		`"components":3`:      `"components":2`,
		`"kind":"chars"`:      `"kind":"length"`,
		`"stages":[`:          `"stages":[[],`,
		`"kind":"chain"`:      `"kind":"directions"`,
		`[{"kind":"cap"`:      `[{"kind":"chain","state":{}},{"kind":"cap"`,
	} {
		bad := strings.Replace(string(good), old, new, 1)
		if bad == string(good) {
			t.Errorf("%s is not in the state", old)
		}
		if err := json.Unmarshal([]byte(bad), &featurize.Pipeline{}); err == nil {
			t.Errorf("%s in place of %s: accepted", new, old)
		}
	}
}

// FuzzPlan reads plan files and uses them.
func FuzzPlan(f *testing.F) {
	add := func(as featurize.Type, step string) {
		f.Add(fmt.Appendf(nil, `{"version":1,"rows":0,"columns":[{"name":"x","type":%q,"transforms":[%s]}]}`, as, step))
	}
	types := []featurize.Type{featurize.Numeric, featurize.Boolean, featurize.Categorical, featurize.Datetime, featurize.Text}
	for i, kind := range featurize.Kinds() {
		for k, p := range append(kindParams[kind], "{}") {
			if p != "" {
				add(types[(i+k)%len(types)], fmt.Sprintf(`{"kind":%q,"params":%s}`, kind, p))
			}
		}
	}
	for _, c := range chains {
		add(c.as, c.step)
	}
	tables := featurizetest.Tables(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := featurize.DecodePlan(b)
		if err != nil {
			return
		}
		for _, tab := range tables {
			if done, err := p.For(tab, featurize.Options{Target: p.Target}); err == nil {
				useFuzzed(t, done, tab)
			}
		}
	})
}

// FuzzTransform makes features of random tables.
func FuzzTransform(f *testing.F) {
	var steps []featurize.Step
	for _, kind := range featurize.Kinds() {
		for _, params := range append(kindParams[kind], "") {
			steps = append(steps, featurize.Step{Kind: kind, Params: json.RawMessage(params)})
		}
	}
	for _, c := range chains {
		var step featurize.Step
		if err := json.Unmarshal([]byte(c.step), &step); err != nil {
			f.Fatal(err)
		}
		steps = append(steps, step)
	}
	for i := range steps {
		f.Add(uint8(i), "a,b,1\n2\n2020-01-01,,x y\n-1e300", uint8(2))
	}
	f.Fuzz(func(t *testing.T, which uint8, cells string, rows uint8) {
		b := data.NewBuilder("x", 0)
		lines := strings.Split(cells, "\n")
		plain := make([]float64, len(lines))
		for i, line := range lines {
			b.Append([]byte(line))
			plain[i] = float64(i % 3)
		}
		tab, err := data.NewTable(b.Column(), &data.Column{Name: "other", Kind: data.Time, Times: make([]int64, len(lines))}, &data.Column{Name: "plain", Floats: plain})
		if err != nil {
			return
		}
		plan := featurize.NewPlan([]featurize.ColumnPlan{{Name: "x", Transforms: []featurize.Step{steps[int(which)%len(steps)]}}})
		plan.Rows = int(rows)
		useFuzzed(t, plan, tab)
	})
}

// useFuzzed fits a plan, if it can be, and checks what comes out.
func useFuzzed(t *testing.T, p *featurize.Plan, tab *data.Table) {
	t.Helper()
	if _, err := p.Fit(tab, p.Rows, 1); err == nil {
		featurizetest.Check(t, p, tab, p.Rows, nil)
	}
}
