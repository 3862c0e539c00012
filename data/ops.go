package data

import (
	"fmt"
	"strings"
)

// Take returns a table of the given rows, in that order; a row may be taken
// more than once. Each must be in 0..Rows()-1.
func (t *Table) Take(rows []int32) *Table {
	cols := make([]*Column, len(t.cols))
	for i, c := range t.cols {
		n := *c
		switch c.Kind {
		case Number:
			n.Floats = take(c.Floats, rows)
		case Time:
			n.Times = take(c.Times, rows)
		default:
			n.Codes = take(c.Codes, rows)
		}
		cols[i] = &n
	}
	return &Table{cols: cols, index: t.index, rows: len(rows)}
}

func take[T any](values []T, rows []int32) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = values[r]
	}
	return out
}

// Drop returns the table without the named columns; names of no column are
// ignored. The columns left are shared with t.
func (t *Table) Drop(names ...string) *Table {
	drop := make(map[string]bool, len(names))
	for _, n := range names {
		drop[n] = true
	}
	out := &Table{index: make(map[string]int, len(t.cols)), rows: t.rows}
	for _, c := range t.cols {
		if !drop[c.Name] {
			out.index[c.Name] = len(out.cols)
			out.cols = append(out.cols, c)
		}
	}
	return out
}

// Select returns the named columns in the order of the names, shared with t. A
// name of no column is an error that suggests the nearest one.
func (t *Table) Select(names ...string) (*Table, error) {
	out := &Table{index: make(map[string]int, len(names)), rows: t.rows}
	for _, n := range names {
		c := t.Column(n)
		if c == nil {
			return nil, t.noColumn(n)
		}
		if _, dup := out.index[n]; dup {
			return nil, fmt.Errorf("column %q is named twice", n)
		}
		out.index[n] = len(out.cols)
		out.cols = append(out.cols, c)
	}
	return out, nil
}

// Names returns the names of the columns in order.
func (t *Table) Names() []string {
	names := make([]string, len(t.cols))
	for i, c := range t.cols {
		names[i] = c.Name
	}
	return names
}

func (t *Table) noColumn(name string) error {
	if near := NearestName(name, t.Names()); near != "" {
		return fmt.Errorf("no column %q: did you mean %q?", name, near)
	}
	return fmt.Errorf("no column %q", name)
}

// Concat returns the rows of a followed by those of b, with the columns in the
// order of a. Both must have the same column names. A column that is of
// different kinds becomes String by the cells' text, unless all its cells are
// missing on one side: then it takes the other side's kind. Times keep a's layout.
func Concat(a, b *Table) (*Table, error) {
	for _, c := range b.cols {
		if a.Column(c.Name) == nil {
			return nil, fmt.Errorf("second table: %q is not a column of the first: %w", c.Name, a.noColumn(c.Name))
		}
	}
	cols := make([]*Column, len(a.cols))
	for i, c := range a.cols {
		d := b.Column(c.Name)
		if d == nil {
			return nil, fmt.Errorf("second table: %w", b.noColumn(c.Name))
		}
		cols[i] = concatColumns(c, d)
	}
	return &Table{cols: cols, index: a.index, rows: a.rows + b.rows}, nil
}

func concatColumns(a, b *Column) *Column {
	if a.Kind != b.Kind {
		switch {
		case a.allMissing():
			a = b.blank(a.Len())
		case b.allMissing():
			b = a.blank(b.Len())
		default:
			a, b = a.asText(), b.asText()
		}
	}
	out := &Column{Name: a.Name, Kind: a.Kind, Layout: a.Layout, Infinite: a.Infinite + b.Infinite}
	switch a.Kind {
	case Number:
		out.Floats = join(a.Floats, b.Floats)
	case Time:
		out.Times = join(a.Times, b.Times)
	default:
		joinText(out, a, b)
	}
	return out
}

func join[T any](a, b []T) []T {
	return append(append(make([]T, 0, len(a)+len(b)), a...), b...)
}

func joinText(out, a, b *Column) {
	out.Dict = a.Dict[:len(a.Dict):len(a.Dict)]
	index := make(map[string]int32, len(a.Dict))
	for code, s := range a.Dict {
		index[s] = int32(code)
	}
	codes := make([]int32, len(b.Dict))
	for code, s := range b.Dict {
		to, ok := index[s]
		if !ok {
			to = int32(len(out.Dict))
			out.Dict = append(out.Dict, s)
		}
		codes[code] = to
	}
	out.Codes = join(a.Codes, b.Codes)
	for i, code := range b.Codes {
		if code >= 0 {
			out.Codes[len(a.Codes)+i] = codes[code]
		}
	}
}

func (c *Column) allMissing() bool {
	for i := range c.Len() {
		if !c.Missing(i) {
			return false
		}
	}
	return true
}

// blank is a column of n missing cells like c.
func (c *Column) blank(n int) *Column {
	out := &Column{Name: c.Name, Kind: c.Kind, Layout: c.Layout}
	switch c.Kind {
	case Number:
		out.Floats = make([]float64, n)
		for i := range out.Floats {
			out.Floats[i] = nan
		}
	case Time:
		out.Times = make([]int64, n)
		for i := range out.Times {
			out.Times[i] = MissingTime
		}
	default:
		out.Codes = make([]int32, n)
		for i := range out.Codes {
			out.Codes[i] = -1
		}
	}
	return out
}

// asText is the column as String.
func (c *Column) asText() *Column {
	if c.Kind == String {
		return c
	}
	b := NewTextBuilder(c.Name, c.Len())
	var cell []byte
	for i := range c.Len() {
		cell = c.AppendText(cell[:0], i)
		b.Append(cell)
	}
	return &Column{Name: c.Name, Kind: String, Codes: b.codes, Dict: b.dict, Infinite: c.Infinite}
}

// longestName bounds the names that NearestName compares.
const longestName = 200

// NearestName returns the name most like the given one, for suggestions: the
// least edit distance (optimal string alignment: a swap of neighbours is one
// edit; case is ignored), the first of equals. It returns "" when none is
// within a third of the name's length, or when too little of the name is left.
func NearestName(name string, names []string) string {
	want := []rune(strings.ToLower(name))
	if len(want) > longestName {
		return ""
	}
	best, bound := "", min(max(1, len(want)/3)+1, max(1, len(want)))
	for _, n := range names {
		have := []rune(strings.ToLower(n))
		if d := len(have) - len(want); d >= bound || -d >= bound {
			continue
		}
		if d := editDistance(want, have); d < bound {
			best, bound = n, d
		}
	}
	return best
}

func editDistance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i, x := range a {
		row[0] = i + 1
		for j, y := range b {
			cost := last[j]
			if x != y {
				cost++
			}
			row[j+1] = min(cost, row[j]+1, last[j+1]+1)
			if i > 0 && j > 0 && x == b[j-1] && a[i-1] == y {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
