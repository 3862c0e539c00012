package data

import (
	"math"
	"strings"
	"testing"
)

// table makes a table of columns given as name and cells.
func table(t testing.TB, cols ...[]string) *Table {
	t.Helper()
	var list []*Column
	for _, c := range cols {
		list = append(list, build(NewBuilder(c[0], len(c)-1), c[1:]...))
	}
	tab, err := NewTable(list...)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// dump is the table as text, one line a column.
func dump(t *Table) string {
	var b strings.Builder
	for _, c := range t.Columns() {
		b.WriteString(c.Name + string(" NTS"[c.Kind+1]))
		for i := range c.Len() {
			b.WriteString("|" + c.Text(i))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestTakeDropSelect(t *testing.T) {
	t.Parallel()
	tab := table(t, []string{"n", "1", "", "3"}, []string{"s", "a", "b", ""}, []string{"d", "2024-01-01", "", "2024-01-03"})
	if got, want := dump(tab.Take([]int32{2, 0, 2})), "nN|3|1|3\nsS||a|\ndT|2024-01-03|2024-01-01|2024-01-03\n"; got != want {
		t.Errorf("Take: %s", got)
	}
	if got := tab.Take(nil); got.Rows() != 0 || len(got.Columns()) != 3 {
		t.Errorf("Take of nothing: %v", got)
	}
	if got := dump(tab.Drop("s", "absent")); got != "nN|1||3\ndT|2024-01-01||2024-01-03\n" {
		t.Errorf("Drop: %s", got)
	}
	sel, err := tab.Select("d", "n")
	if err != nil || dump(sel) != "dT|2024-01-01||2024-01-03\nnN|1||3\n" || sel.Column("n") == nil || sel.Column("s") != nil {
		t.Errorf("Select: %v", err)
	}
	if _, err := tab.Select("n", "S2"); err == nil || !strings.Contains(err.Error(), `did you mean "s"`) {
		t.Errorf("Select of an absent column: %v", err)
	}
	if _, err := tab.Select("n", "n"); err == nil {
		t.Error("a column was selected twice")
	}
}

func TestNewTableRefuses(t *testing.T) {
	t.Parallel()
	n := func(name string, rows int) *Column { return &Column{Name: name, Floats: make([]float64, rows)} }
	for name, cols := range map[string][]*Column{
		"no name":   {n("", 1)},
		"one twice": {n("a", 1), n("a", 1)},
		"lengths":   {n("a", 1), n("b", 2)},
	} {
		if _, err := NewTable(cols...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestConcat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b []string
		want string
	}{
		"numbers":            {[]string{"1"}, []string{"2"}, "N|1|2"},
		"texts":              {[]string{"x", "y"}, []string{"z", "x", ""}, "S|x|y|z|x|"},
		"times":              {[]string{"2024-01-01"}, []string{"2024-01-02"}, "T|2024-01-01|2024-01-02"},
		"times of layouts":   {[]string{"2024-01-01"}, []string{"02-Jan-2024"}, "T|2024-01-01|2024-01-02"},
		"number and text":    {[]string{"1", ""}, []string{"x"}, "S|1||x"},
		"text and number":    {[]string{"x"}, []string{"1.0", "2.5"}, "S|x|1|2.5"},
		"time and text":      {[]string{"2024-01-01"}, []string{"x"}, "S|2024-01-01|x"},
		"time and number":    {[]string{"2024-01-01"}, []string{"5"}, "S|2024-01-01|5"},
		"missing and text":   {[]string{""}, []string{"x"}, "S||x"},
		"time and missing":   {[]string{"2024-01-01"}, []string{"", ""}, "T|2024-01-01||"},
		"missing and number": {[]string{""}, []string{"1"}, "N||1"},
	} {
		a, b := table(t, append([]string{"c"}, c.a...)), table(t, append([]string{"c"}, c.b...))
		got, err := Concat(a, b)
		if err != nil || dump(got) != "c"+c.want+"\n" || got.Rows() != a.Rows()+b.Rows() {
			t.Errorf("%s: %v %v", name, dump(got), err)
		}
	}
}

func TestConcatMatchesByName(t *testing.T) {
	t.Parallel()
	a := table(t, []string{"x", "1"}, []string{"y", "a"})
	got, err := Concat(a, table(t, []string{"y", "b"}, []string{"x", "2"}))
	if err != nil || dump(got) != "xN|1|2\nyS|a|b\n" {
		t.Errorf("%v %v", got, err)
	}
	for _, b := range []*Table{table(t, []string{"x", "1"}), table(t, []string{"x", "1"}, []string{"y", "1"}, []string{"z", "1"})} {
		if _, err := Concat(a, b); err == nil {
			t.Error("tables of other columns were joined")
		}
	}
}

func TestConcatLeavesItsTablesAlone(t *testing.T) {
	t.Parallel()
	a, b := table(t, []string{"x", "a", "b"}), table(t, []string{"x", "c"})
	before := dump(a) + a.Digest() + b.Digest()
	if _, err := Concat(a, b); err != nil {
		t.Fatal(err)
	}
	if _, err := Concat(a, table(t, []string{"x", "d"})); err != nil {
		t.Fatal(err)
	}
	if dump(a)+a.Digest()+b.Digest() != before {
		t.Error("a table changed")
	}
}

func TestNearestName(t *testing.T) {
	t.Parallel()
	names := []string{"Survived", "Pclass", "Age", "SibSp", "median_house_value"}
	for name, want := range map[string]string{
		"survived": "Survived", "Surived": "Survived", "class": "Pclass", "median_house_vlaue": "median_house_value",
		"ag": "Age", "Aeg": "Age", "target": "", "": "", strings.Repeat("x", 1000): "", "Zürich": "",
	} {
		if got := NearestName(name, names); got != want {
			t.Errorf("NearestName(%q) = %q, want %q", name, got, want)
		}
	}
	if got := NearestName("a", nil); got != "" {
		t.Errorf("of no names: %q", got)
	}
}

func TestTextOfCells(t *testing.T) {
	t.Parallel()
	c := &Column{Name: "x", Kind: Number, Floats: []float64{52, 0.1, math.NaN(), -3, 1e21, math.Copysign(0, -1)}}
	for i, want := range []string{"52", "0.1", "", "-3", "1e+21", "-0"} {
		if got := c.Text(i); got != want {
			t.Errorf("cell %d: %q, want %q", i, got, want)
		}
	}
}
