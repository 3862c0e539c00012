package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/parquet-go/parquet-go"

	"github.com/seed-09a2cce4/automl/data"
)

// Default limits of Options.
const (
	DefaultMaxBytes   = 16 << 30
	DefaultMaxColumns = 60_000
	DefaultMaxRows    = math.MaxInt32
)

// Options of Read; the zero value is the default.
type Options struct {
	// Name is the file's name in errors, "input" when empty.
	Name string
	// MaxBytes bounds the file, and at eight times that what it unpacks to.
	// 0 = DefaultMaxBytes.
	MaxBytes int64
	// MaxColumns and MaxRows bound the table. 0 = the default of that name.
	MaxColumns, MaxRows int
	// Threads bounds the goroutines that read. 0 = GOMAXPROCS.
	Threads int
}

// Errors that Read wraps, for errors.Is.
var (
	ErrFormat   = errors.New("not a readable Parquet file")
	ErrNested   = errors.New("nested column")
	ErrNoRows   = errors.New("the file has no rows")
	ErrTooLarge = errors.New("too large")
)

func (o Options) withDefaults() Options {
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
	return o
}

// maxUnpacked is how many bytes the cells may take.
func (o Options) maxUnpacked() int64 {
	if o.MaxBytes > math.MaxInt64/8 {
		return math.MaxInt64
	}
	return 8 * o.MaxBytes
}

// ReadFile reads the table in a file. Options.Name is the path unless given.
func ReadFile(path string, o Options) (*data.Table, error) {
	if o.Name == "" {
		o.Name = path
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err // names the path
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return Read(f, info.Size(), o)
}

// Read reads a table of flat columns, null where missing:
//
//   - numbers and decimals are Number; a column that holds an integer beyond
//     2^53 is String, so that identifiers stay apart; times of day are seconds
//   - dates and timestamps of all units are Time; a column with one before 1678
//     or after 2261 is String
//   - booleans are String, true and false; text (UTF-8), enums, JSON and UUIDs
//     are String, or Time if every value reads as a time; the texts that mean
//     missing in a CSV file mean so here too
//
// A nested or repeated column is an error that names it. Infinite numbers are
// missing, counted in Column.Infinite.
func Read(r io.ReaderAt, size int64, o Options) (*data.Table, error) {
	o = o.withDefaults()
	t, err := read(r, size, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	return t, nil
}

func read(r io.ReaderAt, size int64, o Options) (t *data.Table, err error) {
	defer recovered(&err)
	if size > o.MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, size, o.MaxBytes)
	}
	if err := checkEnds(r, size); err != nil {
		return nil, err
	}
	f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	rows, err := checkShape(f, o)
	if err != nil {
		return nil, err
	}
	leaves := f.Root().Columns()
	cols := make([]*data.Column, len(leaves))
	errs := make([]error, len(leaves))
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(o.Threads, len(leaves)) {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(leaves) {
					return
				}
				cols[i], errs[i] = readColumn(r, f, leaves[i], rows)
			}
		})
	}
	group.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", leaves[i].Name(), err)
		}
	}
	return data.NewTable(cols...)
}

// recovered turns a panic, which parquet-go raises on some damaged files, into
// an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", ErrFormat, p)
	}
}

// checkEnds checks the magic bytes and that the footer lies within the file.
func checkEnds(r io.ReaderAt, size int64) error {
	var head [4]byte
	var tail [8]byte
	if size < 12 {
		return fmt.Errorf("%w: only %d bytes", ErrFormat, size)
	}
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if _, err := r.ReadAt(tail[:], size-8); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if string(head[:]) == "PARE" || string(tail[4:]) == "PARE" {
		return fmt.Errorf("%w: it is encrypted", ErrFormat)
	}
	if string(head[:]) != "PAR1" || string(tail[4:]) != "PAR1" {
		return fmt.Errorf("%w: it doesn't begin and end with PAR1; is it truncated?", ErrFormat)
	}
	if int64(binary.LittleEndian.Uint32(tail[:])) > size-12 {
		return fmt.Errorf("%w: truncated or damaged", ErrFormat)
	}
	return nil
}

// checkShape checks the columns and the declared numbers of rows and cells.
func checkShape(f *parquet.File, o Options) (rows int, err error) {
	leaves := f.Root().Columns()
	if len(leaves) == 0 {
		return 0, fmt.Errorf("%w: it has no columns", ErrFormat)
	}
	if len(leaves) > o.MaxColumns {
		return 0, fmt.Errorf("%w: %d columns, the limit is %d", ErrTooLarge, len(leaves), o.MaxColumns)
	}
	for _, l := range leaves {
		if !l.Leaf() || l.Repeated() {
			return 0, fmt.Errorf("%w %q: only columns of plain values can be read; flatten it or leave it out", ErrNested, l.Name())
		}
	}
	var total int64
	for _, g := range f.Metadata().RowGroups {
		if g.NumRows < 0 || len(g.Columns) != len(leaves) {
			return 0, fmt.Errorf("%w: a row group of %d rows and %d columns", ErrFormat, g.NumRows, len(g.Columns))
		}
		if total += g.NumRows; g.NumRows > int64(o.MaxRows) || total > int64(o.MaxRows) {
			return 0, fmt.Errorf("%w: more than %d rows", ErrTooLarge, o.MaxRows)
		}
		for i := range g.Columns {
			if n := g.Columns[i].MetaData.NumValues; n != g.NumRows {
				return 0, fmt.Errorf("%w: column %q has %d values in a group of %d rows", ErrFormat, leaves[i].Name(), n, g.NumRows)
			}
		}
	}
	if total == 0 {
		return 0, fmt.Errorf("%w: nothing to learn from or to predict", ErrNoRows)
	}
	if total > o.maxUnpacked()/8/int64(len(leaves)) {
		return 0, fmt.Errorf("%w: %d rows of %d columns", ErrTooLarge, total, len(leaves))
	}
	return int(total), nil
}

// readColumn reads one column from all row groups.
func readColumn(r io.ReaderAt, f *parquet.File, leaf *parquet.Column, rows int) (c *data.Column, err error) {
	defer recovered(&err)
	gather, err := newGatherer(leaf, rows)
	if err != nil {
		return nil, err
	}
	got := 0
	for i, g := range f.RowGroups() {
		meta := f.Metadata().RowGroups[i].Columns[leaf.Index()]
		if err := checkPages(r, f.Size(), meta.MetaData); err != nil {
			return nil, err
		}
		n, err := readPages(g.ColumnChunks()[leaf.Index()], gather, rows-got)
		if err != nil {
			return nil, err
		}
		got += n
	}
	if got != rows {
		return nil, fmt.Errorf("%w: %d values instead of %d", ErrFormat, got, rows)
	}
	return gather.column()
}

// readPages hands the values of a chunk to the gatherer, at most limit of them.
func readPages(chunk parquet.ColumnChunk, gather gatherer, limit int) (got int, err error) {
	pages := chunk.Pages()
	defer pages.Close()
	values := make([]parquet.Value, 1024)
	for {
		page, err := pages.ReadPage()
		if err == io.EOF {
			return got, nil
		}
		if err != nil {
			return got, fmt.Errorf("%w: %w", ErrFormat, err)
		}
		reader := page.Values()
		for {
			n, err := reader.ReadValues(values)
			if got += n; got > limit {
				parquet.Release(page)
				return got, fmt.Errorf("%w: more values than rows", ErrFormat)
			}
			if err := gather.add(values[:n]); err != nil {
				parquet.Release(page)
				return got, err
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				parquet.Release(page)
				return got, fmt.Errorf("%w: %w", ErrFormat, err)
			}
			if n == 0 {
				parquet.Release(page)
				return got, fmt.Errorf("%w: a page ends early", ErrFormat)
			}
		}
		parquet.Release(page)
	}
}
