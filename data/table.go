package data

import (
	"fmt"
	"math"
)

// Kind is how a column is stored, not what it means: meaning (categorical,
// text, identifier …) is inferred by package featurize.
type Kind uint8

// Storage kinds.
const (
	Number Kind = iota // Floats, NaN where missing
	Time               // Times, nanoseconds since 1970 UTC, MissingTime where missing
	String             // Codes into Dict, -1 where missing
)

// MissingTime marks a missing cell of a Time column.
const MissingTime = math.MinInt64

var nan = math.NaN()

// Column is one named, immutable column. Exactly the slices of its Kind are
// set. A reader makes a column Number only if that merges no two values that
// differ: "00501" beside "501", identifiers beyond 2^53 and numbers mixed with
// words stay String, whose NumericView loses nothing.
type Column struct {
	Name   string
	Kind   Kind
	Floats []float64
	Times  []int64
	Layout string // Time: the Go layout the cells were read with, "" for RFC 3339
	Codes  []int32
	Dict   []string // String: distinct values in order of first appearance
	// Infinite counts cells that held ±Inf and were made missing.
	Infinite int
}

// Len is the number of rows.
func (c *Column) Len() int {
	switch c.Kind {
	case Number:
		return len(c.Floats)
	case Time:
		return len(c.Times)
	default:
		return len(c.Codes)
	}
}

// Missing reports whether row i has no value.
func (c *Column) Missing(i int) bool {
	switch c.Kind {
	case Number:
		return math.IsNaN(c.Floats[i])
	case Time:
		return c.Times[i] == MissingTime
	default:
		return c.Codes[i] < 0
	}
}

// Table is an immutable set of columns of equal length. Rows are never copied
// to be split: splits are index vectors.
type Table struct {
	cols  []*Column
	index map[string]int
	rows  int
}

// NewTable makes a table; the columns must have distinct, non-empty names and
// equal lengths, and are not to be changed afterwards.
func NewTable(cols ...*Column) (*Table, error) {
	t := &Table{cols: cols, index: make(map[string]int, len(cols))}
	for i, c := range cols {
		if c.Name == "" {
			return nil, fmt.Errorf("column %d has no name", i+1)
		}
		if _, dup := t.index[c.Name]; dup {
			return nil, fmt.Errorf("two columns are named %q", c.Name)
		}
		if i > 0 && c.Len() != t.rows {
			return nil, fmt.Errorf("column %q has %d rows, the others %d", c.Name, c.Len(), t.rows)
		}
		t.index[c.Name], t.rows = i, c.Len()
	}
	return t, nil
}

// Rows is the number of rows.
func (t *Table) Rows() int { return t.rows }

// Columns returns the columns in order; the slice is not to be changed.
func (t *Table) Columns() []*Column { return t.cols }

// Column returns the column of that name, nil if there is none.
func (t *Table) Column(name string) *Column {
	if i, ok := t.index[name]; ok {
		return t.cols[i]
	}
	return nil
}
