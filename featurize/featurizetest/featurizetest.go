package featurizetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/featurize"
)

// Run checks a kind of transform, by its name, on a column of each type that it is for,
// with each of the parameters given: JSON, or "" for none. Parameters may name a second
// column "other", of dates, or "plain", of numbers.
func Run(t *testing.T, kind string, params ...string) {
	t.Helper()
	tables := Tables(t)
	if len(params) == 0 {
		params = []string{""}
	}
	tried := false
	for as, tab := range tables {
		for _, p := range params {
			step := featurize.Step{Kind: kind, Params: json.RawMessage(p)}
			plan := featurize.NewPlan([]featurize.ColumnPlan{{Name: "x", Type: as, Transforms: []featurize.Step{step}}})
			if _, err := plan.For(tab, featurize.Options{}); err != nil {
				if !strings.Contains(err.Error(), "it is for columns of type") {
					t.Errorf("on %s: %v", as, err)
				}
				continue
			}
			tried = true
			t.Run(fmt.Sprintf("%s %s%s", kind, as, p), func(t *testing.T) {
				t.Parallel()
				for _, rows := range []int{0, 1, 3} {
					Check(t, plan, tab, rows, tables)
				}
			})
		}
	}
	if !tried {
		t.Errorf("%s is for no type of columns", kind)
	}
	unknown := featurize.Step{Kind: kind, Params: json.RawMessage(`{"no such parameter":1}`)}
	plan := featurize.NewPlan([]featurize.ColumnPlan{{Name: "x", Transforms: []featurize.Step{unknown}}})
	if _, err := plan.Fit(tables[featurize.Datetime], 0, 1); err == nil || !strings.Contains(err.Error(), `column "x": transform `+kind) || !strings.Contains(err.Error(), "no such parameter") {
		t.Errorf("an unknown parameter gives %v", err)
	}
}

// Check fits a plan to the first rows rows (0: all) of a table and checks what it makes of
// that and of the others. That dates come where there were none may be an error.
func Check(t *testing.T, plan *featurize.Plan, train *data.Table, rows int, others map[featurize.Type]*data.Table) {
	t.Helper()
	pl, err := plan.Fit(train, rows, 1)
	if err != nil {
		t.Errorf("%d rows: %v", rows, err)
		return
	}
	state, err := json.Marshal(pl)
	if err != nil {
		t.Fatal(err)
	}
	again := &featurize.Pipeline{}
	if err := json.Unmarshal(state, again); err != nil {
		t.Fatalf("%s: %v", state, err)
	}
	if b, err := json.Marshal(again); err != nil || !bytes.Equal(state, b) {
		t.Errorf("the state changes on its way: %v", err)
	}
	for _, f := range pl.Features() {
		if len(f.Sources) == 0 || slices.ContainsFunc(f.Sources, func(in string) bool { return !slices.Contains(pl.Columns(), in) }) {
			t.Errorf("feature %+v is not traceable to %v", f, pl.Columns())
		}
	}
	if err := use(pl, again, train); err != nil {
		t.Errorf("on its training rows: %v", err)
	}
	for as, other := range others {
		if err := use(pl, again, other); err != nil && (as != featurize.Datetime || !strings.Contains(err.Error(), "holds dates")) {
			t.Errorf("on %s: %v", as, err)
		}
	}
}

// use makes the features of a table by a pipeline and by its copy, as a whole and row by
// row.
func use(pl, again *featurize.Pipeline, tab *data.Table) error {
	f, err := pl.Frame(tab, 1)
	if err != nil {
		return err
	}
	g, err := again.Frame(tab, 3)
	if err != nil || !Same(f, g) {
		return fmt.Errorf("other bits after a round trip: %v", err)
	}
	for j, col := range f.Cols {
		for i, v := range col {
			if math.IsInf(float64(v), 0) || f.Features[j].Levels > 0 && v == v && !(v >= 0 && int(v) < f.Features[j].Levels) {
				return fmt.Errorf("row %d of %q is %v", i, f.Features[j].Name, v)
			}
		}
	}
	if err := useSparse(f); err != nil {
		return err
	}
	x := make([]float32, len(f.Cols))
	for i := range f.Rows {
		sparse, err := pl.Row(rowOf(tab, i), x)
		if err != nil {
			return fmt.Errorf("row %d alone: %w", i, err)
		}
		for j := range x {
			if math.Float32bits(x[j]) != math.Float32bits(f.Cols[j][i]) {
				return fmt.Errorf("row %d of %q is %v alone, %v in the frame", i, f.Features[j].Name, x[j], f.Cols[j][i])
			}
		}
		if s := f.Sparse; s != nil && !slices.Equal(sparse.Value, s.Value[s.Start[i]:s.Start[i+1]]) {
			return fmt.Errorf("row %d has other sparse values alone", i)
		}
	}
	return nil
}

// useSparse checks the sparse block of a frame.
func useSparse(f *matrix.Frame) error {
	if f.Sparse == nil {
		return nil
	}
	for i := range f.Rows {
		last := int32(-1)
		for k := f.Sparse.Start[i]; k < f.Sparse.Start[i+1]; k++ {
			at, v := f.Sparse.Index[k], float64(f.Sparse.Value[k])
			if at <= last || int(at) >= f.Sparse.Cols || v-v != 0 {
				return fmt.Errorf("row %d has the sparse value %v at %d of %d", i, v, at, f.Sparse.Cols)
			}
			last = at
		}
	}
	return nil
}

// Same reports whether two frames have equal bits.
func Same(a, b *matrix.Frame) bool {
	bits := func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) }
	if a.Rows != b.Rows || len(a.Cols) != len(b.Cols) || (a.Sparse == nil) != (b.Sparse == nil) {
		return false
	}
	for j := range a.Cols {
		if !slices.EqualFunc(a.Cols[j], b.Cols[j], bits) {
			return false
		}
	}
	x, y := a.Sparse, b.Sparse
	return x == nil || x.Cols == y.Cols && slices.Equal(x.Start, y.Start) && slices.Equal(x.Index, y.Index) && slices.EqualFunc(x.Value, y.Value, bits)
}

// Tables have a column "x" of each type, missing cells and odd values among them, and
// further columns "other", of dates, and "plain", of numbers.
func Tables(t testing.TB) map[featurize.Type]*data.Table {
	t.Helper()
	nan, inf := math.NaN(), math.Inf(1)
	with := func(x *data.Column) *data.Table {
		x.Name = "x"
		other := &data.Column{Name: "other", Kind: data.Time, Layout: time.DateOnly}
		plain := &data.Column{Name: "plain", Kind: data.Number}
		for i := range x.Len() {
			other.Times = append(other.Times, time.Date(2020, 1, 1+3*i%50, 0, 0, 0, 0, time.UTC).UnixNano())
			plain.Floats = append(plain.Floats, float64(i%4))
		}
		tab, err := data.NewTable(x, other, plain)
		if err != nil {
			t.Fatal(err)
		}
		return tab
	}
	return map[featurize.Type]*data.Table{
		featurize.Numeric:     with(&data.Column{Floats: []float64{1, nan, 2, inf, 2, -inf, 1e308, -1e308, 0, math.Copysign(0, -1), 1e-320, 5, 5, 7, nan, 3}}),
		featurize.Boolean:     with(words("1", "0", "", "0", "1", "yes", "2", "x")),
		featurize.Categorical: with(words("a", "b", "a", "", "c", "a, b", `["a", "d"]`, "[1, 2]", "\xff", "True", "a\tb", "[", "b", "a")),
		featurize.Datetime:    with(dates(t, "2020-01-02", "2020-03-31", "", "2020-01-03", "1700-01-01", "2250-12-31", "2020-02-29")),
		featurize.Text:        with(words("The cat, sat.", "a CAT sat 12 times!", "", "dogs, cats", "the the the", "Katze 猫", "one two")),
	}
}

// words makes a column of text; "" is missing.
func words(cells ...string) *data.Column {
	c := &data.Column{Kind: data.String}
	for _, s := range cells {
		k := slices.Index(c.Dict, s)
		if s != "" && k < 0 {
			k, c.Dict = len(c.Dict), append(c.Dict, s)
		}
		c.Codes = append(c.Codes, int32(k))
	}
	return c
}

// dates makes a column of dates; "" is missing.
func dates(t testing.TB, cells ...string) *data.Column {
	c := &data.Column{Kind: data.Time, Layout: time.DateOnly}
	for _, s := range cells {
		ns, ok := data.ParseTime(s, time.DateOnly)
		if s == "" {
			ns = data.MissingTime
		} else if !ok {
			t.Fatalf("no date: %q", s)
		}
		c.Times = append(c.Times, ns)
	}
	return c
}

// rowOf is a row as JSON would have it, dates as they are written.
func rowOf(tab *data.Table, i int) map[string]any {
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
