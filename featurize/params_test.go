package featurize_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/featurize/featurizetest"
)

// wrongParams are steps that are wrong whatever the table, and what is said of them.
var wrongParams = []struct {
	as         featurize.Type
	step, want string
}{
	{featurize.Numeric, `{"kind":"impute","params":{"by":"meen"}}`, `transform impute: parameters: by "meen": use median, mean, or constant with a value`},
	{featurize.Numeric, `{"kind":"impute","params":{"byy":"mean"}}`, `unknown field "byy": did you mean "by"?: there are by, value, indicator`},
	{featurize.Numeric, `{"kind":"impute","params":{"value":"0"}}`, `value: use a number, not text`},
	{featurize.Numeric, `{"kind":"impute","params":{"indicator":1}}`, `indicator: use true or false, not a number`},
	{featurize.Numeric, `{"kind":"impute","params":{"by":null,"value":1}}`, `a value goes with by constant`},
	{featurize.Numeric, `{"kind":"impute","params":{"by":"constant"}}`, "by \"constant\": use median, mean, or constant with a value"},
	{featurize.Numeric, `{"kind":"quantile","params":{"output":"gauss"}}`, `output "gauss": use 2 to 10000, and uniform or normal`},
	{featurize.Numeric, `{"kind":"discretise","params":{"by":"height"}}`, `by "height": use 2 to 256, by quantile or width`},
	{featurize.Numeric, `{"kind":"log","params":{"base":10}}`, `unknown field "base": there are none here`},
	{featurize.Numeric, `{"kind":"robust","params":{"clip":-1}}`, "clip -1: use a number above 0"},
	{featurize.Numeric, `{"kind":"quantile","params":{"points":2.5}}`, "points: use a whole number, not 2.5"},
	{featurize.Numeric, `{"kind":"discretise","params":{"bins":"ten"}}`, "bins: use a whole number, not text"},
	{featurize.Numeric, `{"kind":"discretise","params":{"bins":257}}`, "bins 257"},
	{featurize.Numeric, `{"kind":"cap","params":{"upper":2}}`, "upper 2: use shares of the values"},
	{featurize.Numeric, `{"kind":"cap","params":[0.1]}`, "a list in place of an object of names and values"},
	{featurize.Numeric, `{"kind":"cap","params":"0.1"}`, "text in place of an object of names and values"},
	{featurize.Numeric, `{"kind":"arithmetic","params":{"op":"power","with":"plain"}}`, `op "power": use sum`},
	{featurize.Numeric, `{"kind":"arithmetic","params":{"op":"sum"}}`, "with is missing"},
	{featurize.Categorical, `{"kind":"cross"}`, "with is missing"},
	{featurize.Categorical, `{"kind":"onehot","params":{"most":1001}}`, "most 1001: use 1 to 1000"},
	{featurize.Categorical, `{"kind":"ordinal","params":{"order":["a","b","a"]}}`, `order has "a" twice`},
	{featurize.Categorical, `{"kind":"ordinal","params":{"order":["a","NA"]}}`, `order: "NA" stands for a missing value`},
	{featurize.Categorical, `{"kind":"ordinal","params":{"order":"a"}}`, "order: use a list, each part text in quotes, not text"},
	{featurize.Categorical, `{"kind":"hashing","params":{"buckets":1}}`, "buckets 1: use 2 to 4096"},
	{featurize.Categorical, `{"kind":"rare","params":{"least":0}}`, "least 0"},
	{featurize.Categorical, `{"kind":"target","params":{"smooth":-1}}`, "smooth -1: use a number of rows"},
	{featurize.Categorical, `{"kind":"ordered","params":{"smooth":1e308}}`, "smooth 1e+308: use a number of rows from 0 to 1e+12"},
	{featurize.Categorical, `{"kind":"tags","params":{"most":0}}`, "most 0"},
	{featurize.Datetime, `{"kind":"datetime","params":{"zone":"Mars/Olympus"}}`, `time zone "Mars/Olympus"`},
	{featurize.Datetime, `{"kind":"datetime","params":{"zone":"Local"}}`, `time zone "Local": it depends on the machine`},
	{featurize.Datetime, `{"kind":"datetime","params":{"layout":"dd.mm.yyyy"}}`, `layout "dd.mm.yyyy": write the 2nd of January 2006 as the dates are, such as 02.01.2006`},
	{featurize.Datetime, `{"kind":"cyclic","params":{"cycles":["week","fortnight"]}}`, `cycle "fortnight" is unknown or there twice: use some of year, month, week, day`},
	{featurize.Datetime, `{"kind":"cyclic","params":{"zone":3}}`, `zone: use text in quotes, not a number`},
	{featurize.Datetime, `{"kind":"since"}`, "from is missing"},
	{featurize.Datetime, `{"kind":"since","params":{"from":"other","from_layout":"15:04"}}`, `from_layout "15:04"`},
	{featurize.Datetime, `{"kind":"holidays"}`, "days is missing"},
	{featurize.Datetime, `{"kind":"holidays","params":{"days":["25.12."]}}`, `day "25.12."`},
	{featurize.Text, `{"kind":"text","params":{"stop_words":7}}`, "stop_words: use a list of words or one of english"},
	{featurize.Text, `{"kind":"chars","params":{"least":4,"most":3}}`, "least 4, most 3: use 1 to 10 characters"},
	{featurize.Text, `{"kind":"svd","params":{"components":101}}`, "components 101: use 1 to 100"},
	{featurize.Text, `{"kind":"svd","params":{"buckets":8}}`, "buckets 8: use 16 to 65536"},
	{featurize.Text, `{"kind":"chars","then":[{"kind":"svd","params":{"buckets":64}}]}`, `then svd: parameters: unknown field "buckets": there are components`},
	{featurize.Numeric, `{"kind":"onehot","then":[{"kind":"log"},{"kind":"cap","params":{"lower":-1}}]}`, "then cap: parameters: lower -1"},
	{featurize.Numeric, `{"kind":"category","then":[{"kind":"target"},{"kind":"log"}]}`, "then log: nothing can follow what is made of the target"},
	{featurize.Numeric, `{"kind":"datetime"}`, "it is for columns of type datetime, not numeric"},
	{featurize.Categorical, `{"kind":"vowels","params":{"loud":true}}`, `unknown field "loud": did you mean "load"?`},
	{featurize.Categorical, `{"kind":"vowels","params":{"load":-1}}`, `load -1`},
}

// TestWrongParams: a plan, the same completed for a table and its fit say the same of a wrong
// step, the first two before anything is fitted.
func TestWrongParams(t *testing.T) {
	t.Parallel()
	tables := featurizetest.Tables(t)
	for _, c := range wrongParams {
		plan := planOf(t, c.as, c.step)
		err := plan.Check()
		if err == nil || !errors.Is(err, featurize.ErrPlan) || !strings.HasPrefix(err.Error(), `feature plan: column "x": transform `) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.step, err, c.want)
			continue
		}
		if _, again := plan.For(tables[c.as], featurize.Options{}); again == nil || again.Error() != err.Error() {
			t.Errorf("%s: of a table %v, not %v", c.step, again, err)
		}
		if strings.Contains(c.want, "for columns of type") {
			continue // a fit makes what it can of any column
		}
		if _, fitted := plan.Fit(tables[c.as], 0, 1); fitted == nil || "feature plan: "+fitted.Error() != err.Error() {
			t.Errorf("%s: fitted %v, not %v", c.step, fitted, err)
		}
		plan.Columns[0].Ignored = true
		if plan.Check() == nil {
			t.Errorf("%s: let pass where the column is ignored", c.step)
		}
	}
}

// TestUnknownParams: every kind refuses what it does not know before it is fitted.
func TestUnknownParams(t *testing.T) {
	t.Parallel()
	for _, kind := range featurize.Kinds() {
		as := featurize.Categorical
		if err := planOf(t, as, `{"kind":"`+kind+`"}`).Check(); err != nil && strings.Contains(err.Error(), "it is for columns of type ") {
			_, types, _ := strings.Cut(err.Error(), "it is for columns of type ")
			as = featurize.Type(strings.FieldsFunc(types, func(r rune) bool { return r == ',' || r == ' ' })[0])
		}
		err := planOf(t, as, `{"kind":"`+kind+`","params":{"no such":1}}`).Check()
		if err == nil || !strings.Contains(err.Error(), "transform "+kind+`: parameters: unknown field "no such"`) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestUnreadable: a step all of whose values would be missing in silence is an error of the
// plan for this table.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	named := func(name string, c *data.Column) *data.Column { c.Name = name; return c }
	column := func(cells ...string) *data.Column {
		c := &data.Column{Kind: data.String}
		for _, s := range cells {
			k := slices.Index(c.Dict, s)
			if k < 0 {
				k, c.Dict = len(c.Dict), append(c.Dict, s)
			}
			c.Codes = append(c.Codes, int32(k))
		}
		return c
	}
	tab, err := data.NewTable(
		named("truth", column("yes", "no", "yes")), named("city", column("Ulm", "Bonn", "Jena")),
		named("bars", column("31|12|2020", "01|02|2021", "02|02|2021")),
		named("german", column("31.12.2020", "01.02.2021", "unknown")),
		named("n", &data.Column{Kind: data.Number, Floats: []float64{1, 2, math.NaN()}}),
		named("d", &data.Column{Kind: data.Time, Layout: time.DateOnly, Times: []int64{0, 1e15, 2e15}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name       string
		as         featurize.Type
		step, want string // "" is right
	}{
		{"truth", featurize.Boolean, `{"kind":"impute"}`, `column "truth": transform impute: it reads numbers, and the cells are words such as "yes"`},
		{"truth", featurize.Boolean, `{"kind":"boolean","then":[{"kind":"impute"}]}`, ""},
		{"n", featurize.Numeric, `{"kind":"arithmetic","params":{"op":"sum","with":"city"}}`, `column "n": transform arithmetic: parameters: with "city": none of its cells is a number, such as "Ulm"`},
		{"n", featurize.Numeric, `{"kind":"arithmetic","params":{"op":"sum","with":"d"}}`, `with "d": none of its cells is a number`},
		{"n", featurize.Numeric, `{"kind":"arithmetic","params":{"op":"sum","with":"m"}}`, `with: there is no column "m"`},
		{"city", featurize.Categorical, `{"kind":"ordinal","params":{"order":["Rome","Paris"]}}`, `column "city": transform ordinal: parameters: order: none of the cells is in it, such as "Bonn"`},
		{"city", featurize.Categorical, `{"kind":"ordinal","params":{"order":["Ulm","Paris"]}}`, ""},
		{"bars", featurize.Datetime, `{"kind":"datetime"}`, `column "bars" cannot be datetime: no cell fits, such as "31|12|2020"`},
		{"bars", featurize.Datetime, `{"kind":"datetime","params":{"layout":"02|01|2006"}}`, ""},
		{"german", featurize.Datetime, `{"kind":"cyclic"}`, ""},
		{"d", featurize.Datetime, `{"kind":"since","params":{"from":"german"}}`, ""},
		{"d", featurize.Datetime, `{"kind":"since","params":{"from":"bars"}}`, `from "bars": none of its cells is a date, such as "31|12|2020"`},
		{"d", featurize.Datetime, `{"kind":"since","params":{"from":"bars","from_layout":"02|01|2006"}}`, ""},
		{"d", featurize.Datetime, `{"kind":"since","params":{"from":"bar"}}`, `from: there is no column "bar": did you mean "bars"?`},
		{"d", featurize.Datetime, `{"kind":"since","params":{"from":"d"}}`, `from "d": it is the column itself`},
	} {
		plan := planOf(t, c.as, c.step)
		plan.Columns[0].Name = c.name
		done, err := plan.For(tab, featurize.Options{})
		if c.want != "" {
			if err == nil || !errors.Is(err, featurize.ErrPlan) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %q", c.step, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.step, err)
			continue
		}
		pl, err := done.Fit(tab, 0, 1)
		if err != nil {
			t.Errorf("%s: %v", c.step, err)
			continue
		}
		f, err := pl.Frame(tab, 1)
		if err != nil {
			t.Fatal(err)
		}
		for j, ft := range f.Features {
			if f.Cols[j][0] != f.Cols[j][0] {
				t.Errorf("%s: %s of the first row is missing", c.step, ft.Name)
			}
		}
	}
}
