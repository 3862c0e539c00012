package data

import "errors"

// Take returns a table of the given rows, in that order; row numbers may repeat.
func (t *Table) Take(rows []int32) *Table { return t }

// Drop returns the table without the named columns; names that are absent are ignored.
func (t *Table) Drop(names ...string) *Table { return t }

// Select returns the named columns in that order.
func (t *Table) Select(names ...string) (*Table, error) { return nil, errors.New("unwritten") }

// Concat returns the rows of a followed by those of b.
func Concat(a, b *Table) (*Table, error) { return nil, errors.New("unwritten") }

// NearestName returns the name most like the given one, "" when none is near.
func NearestName(name string, names []string) string { return "" }
