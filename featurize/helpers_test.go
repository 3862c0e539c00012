package featurize

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// words makes a String column; "" is missing.
func words(name string, cells ...string) *data.Column {
	c := &data.Column{Name: name, Kind: data.String}
	codes := map[string]int32{"": -1}
	for _, s := range cells {
		if _, ok := codes[s]; !ok {
			codes[s] = int32(len(c.Dict))
			c.Dict = append(c.Dict, s)
		}
		c.Codes = append(c.Codes, codes[s])
	}
	return c
}

func numbers(name string, cells ...float64) *data.Column {
	return &data.Column{Name: name, Kind: data.Number, Floats: cells}
}

func times(t testing.TB, name, layout string, cells ...string) *data.Column {
	t.Helper()
	c := &data.Column{Name: name, Kind: data.Time, Layout: layout}
	for _, s := range cells {
		ns := int64(data.MissingTime)
		if s != "" {
			var ok bool
			if ns, ok = data.ParseTime(s, layout); !ok {
				t.Fatalf("no time in layout %q: %q", layout, s)
			}
		}
		c.Times = append(c.Times, ns)
	}
	return c
}

func table(t testing.TB, cols ...*data.Column) *data.Table {
	t.Helper()
	tab, err := data.NewTable(cols...)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// generate calls cell for 0…n-1.
func generate[T any](n int, cell func(i int) T) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = cell(i)
	}
	return out
}

func fit(t testing.TB, tab *data.Table, o Options) *Pipeline {
	t.Helper()
	p, err := Infer(tab, o)
	if err != nil {
		t.Fatal(err)
	}
	pl, err := p.Fit(tab, o.Rows, 2)
	if err != nil {
		t.Fatal(err)
	}
	return pl
}

func frameOf(t testing.TB, pl *Pipeline, tab *data.Table) *matrix.Frame {
	t.Helper()
	f, err := pl.Frame(tab, 2)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// feature returns a frame's column by name.
func feature(t testing.TB, f *matrix.Frame, name string) []float32 {
	t.Helper()
	for j, ft := range f.Features {
		if ft.Name == name {
			return f.Cols[j]
		}
	}
	t.Fatalf("no feature %q in %v", name, f.Features)
	return nil
}

// denseCells are the dense columns of all rows.
func denseCells(d *matrix.Dense) []float32 {
	x := make([]float32, d.Rows*d.Cols)
	for i := range d.Rows {
		d.Row(i, x[i*d.Cols:(i+1)*d.Cols])
	}
	return x
}

func sameFloats(a, b []float32) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return false
		}
	}
	return true
}

// same reports whether two frames have equal bits.
func same(a, b *matrix.Frame) bool {
	if a.Rows != b.Rows || len(a.Cols) != len(b.Cols) || (a.Sparse == nil) != (b.Sparse == nil) {
		return false
	}
	for j := range a.Cols {
		if !sameFloats(a.Cols[j], b.Cols[j]) {
			return false
		}
	}
	if a.Sparse == nil {
		return true
	}
	x, y := a.Sparse, b.Sparse
	if x.Cols != y.Cols || len(x.Index) != len(y.Index) || !sameFloats(x.Value, y.Value) {
		return false
	}
	for i := range x.Index {
		if x.Index[i] != y.Index[i] {
			return false
		}
	}
	for i := range x.Start {
		if x.Start[i] != y.Start[i] {
			return false
		}
	}
	return true
}

func roundTrip(t testing.TB, pl *Pipeline) *Pipeline {
	t.Helper()
	b, err := json.Marshal(pl)
	if err != nil {
		t.Fatal(err)
	}
	again := &Pipeline{}
	if err := json.Unmarshal(b, again); err != nil {
		t.Fatal(err)
	}
	return again
}

func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q lacks %q", err, p)
		}
	}
}

func day(n int) string {
	return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n).Format(time.DateOnly)
}
