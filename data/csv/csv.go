package csv

import (
	"errors"
	"io"

	"github.com/seed-09a2cce4/automl/data"
)

// Header says whether the first record holds the column names.
type Header uint8

// Values of Options.Header.
const (
	HeaderAuto Header = iota
	HeaderYes
	HeaderNo
)

// Options of Read; the zero value is the default.
type Options struct {
	Name       string  // the file's name in errors
	Delimiter  rune    // 0 = found out among , ; tab and |
	Header     Header  // whether the first record holds names
	MaxBytes   int64   // uncompressed
	MaxColumns int     //
	MaxRows    int     //
	Threads    int     // 0 = GOMAXPROCS
	Report     *Report // filled when not nil
}

// Report says what Read found out about a file.
type Report struct {
	Delimiter rune
	Header    bool
	Encoding  string
	Gzip      bool
	Warnings  []string
}

// Read reads a table.
func Read(r io.Reader, o Options) (*data.Table, error) { return nil, errors.New("unwritten") }

// ReadFile reads the table in a file, "-" being standard input.
func ReadFile(path string, o Options) (*data.Table, error) { return nil, errors.New("unwritten") }

// Write writes a table with its header.
func Write(w io.Writer, t *data.Table) error { return errors.New("unwritten") }

// Writer writes CSV cell by cell.
type Writer struct{ w io.Writer }

// NewWriter returns a writer of comma-separated records.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Text adds a cell.
func (w *Writer) Text(s string) {}

// Number adds a cell in shortest form, blank when NaN.
func (w *Writer) Number(v float64) {}

// Number32 adds a cell in the shortest form that gives back the float32.
func (w *Writer) Number32(v float32) {}

// Cell adds row i of a column.
func (w *Writer) Cell(c *data.Column, i int) {}

// EndRow ends the record.
func (w *Writer) EndRow() {}

// Flush writes what is buffered and returns the first error met.
func (w *Writer) Flush() error { return nil }
