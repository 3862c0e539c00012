package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/data"
)

// readTable reads DATA, "-" for standard input; it returns as soon as ctx ends,
// also while nothing comes in.
func readTable(ctx context.Context, path string) (*data.Table, error) {
	type result struct {
		table *data.Table
		err   error
	}
	done := make(chan result, 1)
	go func() {
		t, err := automl.ReadFile(path)
		done <- result{t, err}
	}()
	select {
	case r := <-done:
		return r.table, absent(path, r.err)
	case <-ctx.Done():
		return nil, errInterrupted
	}
}

// loadModel opens MODEL.
func loadModel(path string) (*automl.Model, error) {
	m, err := automl.Load(path)
	return m, absent(path, err)
}

// absent says in plain words that a file is not there; other errors stay.
func absent(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return userf("%s: no such file: check the path", path)
	}
	return err
}

// checkWritable makes sure that path can be written before time is spent on
// what to write there.
func checkWritable(path string) error { return checkWritableBy("out", path) }

// checkWritableBy is checkWritable of a path that the named flag gave.
func checkWritableBy(flag, path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return userf("--%s %s: is a directory: give a file name", flag, path)
	}
	if special(path) {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), tempPattern(path))
	if err != nil {
		return userf("--%s %s: cannot write there: %w: choose another place", flag, path, cause(err))
	}
	name := f.Name()
	return errors.Join(f.Close(), os.Remove(name))
}

// special reports whether path is a device or a pipe, which is written to and
// never replaced.
func special(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && !info.Mode().IsRegular()
}

// saveModel writes a model to a file, whole or not at all, or to a device.
func saveModel(m *automl.Model, path string) error {
	if !special(path) {
		return m.Save(path)
	}
	return writeSpecial(path, func(w io.Writer) error {
		_, err := m.WriteTo(w)
		return err
	})
}

func writeSpecial(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return userf("--out: %w", err)
	}
	return errors.Join(write(f), f.Close())
}

// writeAtomic writes a file beside path and renames it, so that path is either
// whole or as it was.
func writeAtomic(path string, write func(io.Writer) error) (err error) {
	if special(path) {
		return writeSpecial(path, write)
	}
	f, err := os.CreateTemp(filepath.Dir(path), tempPattern(path))
	if err != nil {
		return userf("--out %s: cannot write there: %w: choose another place", path, cause(err))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	buffered := bufio.NewWriterSize(f, 1<<18)
	if err := write(buffered); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	if err := f.Chmod(0o644); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	return os.Rename(f.Name(), path)
}

func tempPattern(path string) string { return "." + filepath.Base(path) + ".*.tmp" }

// cause drops the name of the temporary file from an error.
func cause(err error) error {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// modelName is the default name of the model made from the data at path: the
// base name without what tells the format.
func modelName(path string) string {
	if path == "-" {
		return "model.automl"
	}
	base := filepath.Base(path)
	for _, ext := range []string{".gz", ".csv", ".tsv", ".txt", ".parquet"} {
		if strings.EqualFold(filepath.Ext(base), ext) && len(base) > len(ext) {
			base = base[:len(base)-len(ext)]
		}
	}
	return base + ".automl"
}

// readToken reads the first line of a token file.
func readToken(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", userf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(content))
	if token == "" || strings.ContainsAny(token, "\r\n") {
		return "", userf("--token-file %s: must hold one token on one line", path)
	}
	return token, nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
