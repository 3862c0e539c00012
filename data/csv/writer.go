package csv

import (
	"bufio"
	"io"
	"strings"

	"github.com/seed-09a2cce4/automl/data"
)

// Writer writes comma-separated records cell by cell (RFC 4180, lines ended by
// LF). It keeps the first error, which Flush returns.
type Writer struct {
	w     *bufio.Writer
	cells int  // of the record so far
	blank bool // the record so far is one empty cell
	buf   []byte
}

// NewWriter returns a writer; call Flush at the end.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: bufio.NewWriterSize(w, 1<<16)}
}

// Text adds a cell, quoted where it must be.
func (w *Writer) Text(s string) {
	w.begin(s == "")
	if !needsQuotes(s) {
		w.w.WriteString(s)
		return
	}
	w.w.WriteByte('"')
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		w.w.WriteString(s[:i])
		w.w.WriteString(`""`)
		s = s[i+1:]
	}
	w.w.WriteString(s)
	w.w.WriteByte('"')
}

// needsQuotes reports what a reader would else take apart or trim.
func needsQuotes(s string) bool {
	if s == "" {
		return false
	}
	first, last := s[0], s[len(s)-1]
	return strings.ContainsAny(s, ",\"\r\n") || first == ' ' || first == '\t' || last == ' ' || last == '\t' ||
		strings.HasPrefix(s, "\ufeff")
}

// Number adds a number in its shortest form, blank for NaN.
func (w *Writer) Number(v float64) { w.append(data.AppendNumber(w.buf[:0], v)) }

// Number32 adds a number in the shortest form that gives back the float32.
func (w *Writer) Number32(v float32) { w.append(data.AppendNumber32(w.buf[:0], v)) }

// Cell adds row i of a column, blank when missing.
func (w *Writer) Cell(c *data.Column, i int) {
	if c.Kind == data.Number {
		w.Number(c.Floats[i])
		return
	}
	w.Text(c.Text(i))
}

// append adds a cell that needs no quotes.
func (w *Writer) append(cell []byte) {
	w.buf = cell
	w.begin(len(cell) == 0)
	w.w.Write(cell)
}

func (w *Writer) begin(empty bool) {
	if w.cells > 0 {
		w.w.WriteByte(',')
	}
	w.blank = w.cells == 0 && empty
	w.cells++
}

// EndRow ends the record. A record of one empty cell is written as quotes, since
// readers skip blank lines.
func (w *Writer) EndRow() {
	if w.blank {
		w.w.WriteString(`""`)
	}
	w.w.WriteByte('\n')
	w.cells, w.blank = 0, false
}

// Flush writes what is buffered and returns the first error met.
func (w *Writer) Flush() error { return w.w.Flush() }

// Write writes a table with its header.
func Write(out io.Writer, t *data.Table) error {
	w := NewWriter(out)
	for _, c := range t.Columns() {
		w.Text(c.Name)
	}
	w.EndRow()
	for i := range t.Rows() {
		for _, c := range t.Columns() {
			w.Cell(c, i)
		}
		w.EndRow()
	}
	return w.Flush()
}
