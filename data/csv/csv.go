package csv

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/seed-09a2cce4/automl/data"
)

// Header says whether the first record holds the column names.
type Header uint8

// Values of Options.Header.
const (
	// HeaderAuto takes the first record as names unless it looks like data: some
	// of its cells are numbers and all others missing.
	HeaderAuto Header = iota
	HeaderYes
	// HeaderNo names the columns c1, c2 and so on.
	HeaderNo
)

// Default limits of Options.
const (
	DefaultMaxBytes   = 16 << 30
	DefaultMaxColumns = 100_000
	DefaultMaxRows    = math.MaxInt32
)

// Options of Read; the zero value is the default.
type Options struct {
	// Name is the file's name in errors, "input" when empty.
	Name string
	// Delimiter is an ASCII character; 0 finds it out among comma, semicolon,
	// tab and bar.
	Delimiter rune
	// Header says whether the first record holds the column names.
	Header Header
	// MaxBytes bounds the text, after decompression. 0 = DefaultMaxBytes.
	MaxBytes int64
	// MaxColumns and MaxRows bound the table. 0 = the default of that name.
	MaxColumns, MaxRows int
	// Threads bounds the goroutines that parse. 0 = GOMAXPROCS.
	Threads int
	// Report, if not nil, is filled with what was found out about the file.
	Report *Report
}

// Report says what Read found out about a file.
type Report struct {
	Delimiter rune
	Header    bool   // the first record was taken as column names
	Encoding  string // utf-8, utf-16le, utf-16be or windows-1252 (which is Latin-1 for all that is printable)
	Gzip      bool
	// Warnings are sentences about what a user might not expect.
	Warnings []string

	bytes int // of text
}

// Errors that Read wraps, for errors.Is.
var (
	ErrEmpty           = errors.New("the file is empty")
	ErrNoRows          = errors.New("the file has a header but no rows")
	ErrBinary          = errors.New("not a text file")
	ErrTooLarge        = errors.New("too large")
	ErrDuplicateColumn = errors.New("duplicate column name")
	ErrQuote           = errors.New("a quoted cell is never closed")
)

// RaggedError is wrapped by Read's error when a record has more or fewer cells
// than the first one.
type RaggedError struct {
	Line      int // of the file, counted from 1, where the record begins
	Want, Got int // cells
	Delimiter rune
}

// Error names the line and both numbers of cells.
func (e *RaggedError) Error() string {
	return fmt.Sprintf("line %d has %d cells, the first line has %d (delimiter %q; a cell that holds the delimiter must be quoted)",
		e.Line, e.Got, e.Want, e.Delimiter)
}

func (o Options) withDefaults() (Options, error) {
	if o.Name == "" {
		o.Name = "input"
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxColumns <= 0 {
		o.MaxColumns = DefaultMaxColumns
	}
	if o.MaxRows <= 0 {
		o.MaxRows = DefaultMaxRows
	}
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	if o.Report == nil {
		o.Report = new(Report)
	}
	*o.Report = Report{}
	d := o.Delimiter
	if d != 0 && d != '\t' && (d < ' ' || d > '~') || d == '"' || d == ' ' {
		return o, fmt.Errorf("delimiter %q: it must be one ASCII character, neither quote nor space", d)
	}
	return o, nil
}

// ReadFile reads the table in a file, gzip or not; "-" is standard input.
// Options.Name is the path unless given.
func ReadFile(path string, o Options) (*data.Table, error) {
	if o.Name == "" {
		o.Name = path
	}
	if path == "-" {
		if o.Name == "-" {
			o.Name = "standard input"
		}
		return Read(os.Stdin, o)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err // names the path
	}
	defer f.Close()
	return Read(f, o)
}

// collectFrom is the size of texts whose memory is collected as soon as they are read.
const collectFrom = 64 << 20

// Read reads a table. The first record settles the number of columns. What it
// accepts beyond RFC 4180:
//
//   - gzip (told by its first bytes), UTF-8 with or without byte order mark,
//     UTF-16 with one; a file that is not valid UTF-8 is read as Windows-1252
//   - records ended by LF, CR LF or, where the file has no LF, CR; blank lines
//     are skipped
//   - white space around a cell is cut off, unless it is quoted
//   - a quote inside an unquoted cell is an ordinary character; text after a
//     closing quote belongs to the cell
//   - a record may have one blank cell more than the header; if the last header
//     name is blank it may have one less, and a last column with neither name nor
//     values is left out: so a delimiter at the end of lines makes no column
//   - a column without a name gets "column_" and its position as its name, with a
//     warning; two columns of one name are an error
//
// The kind of a column is found from all its cells: see data.Builder. Infinite
// numbers are missing, counted in Column.Infinite. Errors name the file and,
// where there is one, the line.
func Read(r io.Reader, o Options) (*data.Table, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	t, err := read(r, o, blockBytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	if o.Report.bytes > collectFrom {
		runtime.GC() // what follows is not to come on top of the text
	}
	return t, nil
}

// read is Read with the size of blocks, which tests choose.
func read(r io.Reader, o Options, blockBytes int) (*data.Table, error) {
	text, err := load(r, o)
	if err != nil {
		return nil, err
	}
	if o.Delimiter == 0 {
		o.Delimiter = sniff(text)
	}
	o.Report.Delimiter, o.Report.bytes = o.Delimiter, len(text)
	// The places of all cells of a table of numbers take half as much as its text.
	s := &scanner{text: text, delimiter: byte(o.Delimiter), blockBytes: blockBytes, waveBytes: 64 * blockBytes}
	head, rest, err := s.header(o)
	if err != nil {
		return nil, err
	}
	blocks, err := s.blocks(rest, o.Threads)
	if err != nil {
		return nil, err
	}
	rows := 0
	for i := range blocks {
		rows += blocks[i].rows
	}
	if rows == 0 {
		return nil, fmt.Errorf("%w: nothing to learn from or to predict", ErrNoRows)
	}
	if rows > o.MaxRows {
		return nil, fmt.Errorf("%w: %d rows, the limit is %d", ErrTooLarge, rows, o.MaxRows)
	}
	cols := buildColumns(s, blocks, head, rows, o.Threads)
	if last := len(cols) - 1; s.mayBeShort && allMissing(cols[last]) {
		cols = cols[:last]
	}
	for i, c := range cols {
		if head[i] == "" {
			o.Report.Warnings = append(o.Report.Warnings, fmt.Sprintf("column %d has no name: it is called %q", i+1, c.Name))
		}
	}
	return data.NewTable(cols...)
}

func allMissing(c *data.Column) bool {
	for i := range c.Len() {
		if !c.Missing(i) {
			return false
		}
	}
	return true
}

// header reads the first record: it settles the width and the column names, and
// where the first data record begins.
func (s *scanner) header(o Options) (names []string, rest int, err error) {
	start, cells, next, err := s.first(o.MaxColumns)
	if err != nil {
		return nil, 0, err
	}
	s.width = len(cells)
	isHeader := o.Header == HeaderYes || o.Header == HeaderAuto && !looksLikeData(cells)
	o.Report.Header = isHeader
	if !isHeader {
		for i := range cells {
			cells[i] = "c" + strconv.Itoa(i+1)
		}
		return cells, start, nil
	}
	s.mayBeShort = len(cells) > 1 && cells[len(cells)-1] == ""
	if err := checkNames(cells); err != nil {
		return nil, 0, fmt.Errorf("line %d: %w", s.line(start), err)
	}
	return cells, next, nil
}

func looksLikeData(cells []string) bool {
	numbers := 0
	for _, c := range cells {
		if data.IsMissing(c) {
			continue
		}
		if _, ok := data.ParseNumber(c); !ok {
			return false
		}
		numbers++
	}
	return numbers > 0
}

// checkNames trims the names in place and refuses duplicates; blank ones get a
// name of their own.
func checkNames(names []string) error {
	at := make(map[string]int, len(names))
	for i, n := range names {
		n = strings.TrimSpace(n)
		names[i] = n
		if n == "" {
			continue
		}
		if first, dup := at[n]; dup {
			return fmt.Errorf("%w: %q is the name of columns %d and %d: rename one", ErrDuplicateColumn, n, first+1, i+1)
		}
		at[n] = i
	}
	return nil
}

// nameUnnamed returns the names with each blank one replaced.
func nameUnnamed(names []string) []string {
	taken := make(map[string]bool, len(names))
	for _, n := range names {
		taken[n] = true
	}
	out := make([]string, len(names))
	for i, n := range names {
		if n == "" {
			n = "column_" + strconv.Itoa(i+1)
			for taken[n] {
				n += "_"
			}
			taken[n] = true
		}
		out[i] = n
	}
	return out
}
