package file

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/csv"
	"github.com/seed-09a2cce4/automl/data/parquet"
)

// Options of ReadFile: those of CSV; Name, the limits and Threads hold for
// Parquet too.
type Options = csv.Options

const parquetMagic = "PAR1"

// ReadFile reads the table in a file, "-" being standard input. A file that
// begins like Parquet is read as such, whatever its name; one named .parquet
// that doesn't is refused; all else is CSV, gzip or not.
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
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: a directory: give a file", path)
	}
	if !info.Mode().IsRegular() { // a pipe cannot be read from its end
		return Read(f, o)
	}
	magic := make([]byte, len(parquetMagic))
	n, err := f.ReadAt(magic, 0)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: read: %w", o.Name, err)
	}
	if string(magic[:n]) == parquetMagic {
		return parquet.Read(f, info.Size(), parquetOptions(o))
	}
	if isParquet(path) && n > 0 {
		return nil, fmt.Errorf("%s: %w: it doesn't begin like one; is the name right?", o.Name, parquet.ErrFormat)
	}
	return csv.Read(f, o)
}

// Read reads a table from a stream, CSV or Parquet by its first bytes; Parquet
// is gathered in memory first.
func Read(r io.Reader, o Options) (*data.Table, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if magic, _ := b.Peek(len(parquetMagic)); string(magic) != parquetMagic {
		return csv.Read(b, o)
	}
	p := parquetOptions(o)
	limit := p.MaxBytes
	if limit <= 0 {
		limit = parquet.DefaultMaxBytes
	}
	raw, err := io.ReadAll(io.LimitReader(b, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: read: %w", o.Name, err)
	}
	return parquet.Read(bytes.NewReader(raw), int64(len(raw)), p)
}

func parquetOptions(o Options) parquet.Options {
	return parquet.Options{Name: o.Name, MaxBytes: o.MaxBytes, MaxColumns: o.MaxColumns, MaxRows: o.MaxRows, Threads: o.Threads}
}

func isParquet(path string) bool { return strings.EqualFold(filepath.Ext(path), ".parquet") }

// WriteFile writes a table as Parquet if the path ends in .parquet, else as CSV.
// It writes beside the path and renames at the end, so that an error leaves
// nothing behind and an older file untouched. A path that is no regular file,
// such as a pipe, is written directly.
func WriteFile(path string, t *data.Table) error {
	write := csv.Write
	if isParquet(path) {
		write = parquet.Write
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return writeDirectly(path, t, write)
	}
	// Not os.CreateTemp: the mode is to follow the user's umask.
	temp := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s.%08x", filepath.Base(path), rand.Uint32()))
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = errors.Join(write(f, t), f.Close())
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp)
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func writeDirectly(path string, t *data.Table, write func(io.Writer, *data.Table) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err // names the path
	}
	if err := errors.Join(write(f, t), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
