// Package parquet reads and writes flat Parquet files.
package parquet

import (
	"errors"
	"io"

	"github.com/seed-09a2cce4/automl/data"
)

// Options of Read; the zero value is the default.
type Options struct {
	Name       string
	MaxBytes   int64
	MaxColumns int
	MaxRows    int
	Threads    int
}

// Read reads a table.
func Read(r io.ReaderAt, size int64, o Options) (*data.Table, error) {
	return nil, errors.New("unwritten")
}

// ReadFile reads the table in a file.
func ReadFile(path string, o Options) (*data.Table, error) { return nil, errors.New("unwritten") }

// Write writes a table.
func Write(w io.Writer, t *data.Table) error { return errors.New("unwritten") }
