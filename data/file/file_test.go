package file

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/csv"
	"github.com/seed-09a2cce4/automl/data/parquet"
)

func table(t *testing.T) *data.Table {
	t.Helper()
	tab, err := data.FromRows([]map[string]any{{"n": 1.5, "s": "a"}, {"n": nil, "s": "b,c"}})
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestWriteAndReadByName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := table(t)
	for _, name := range []string{"x.csv", "x.parquet", "x.PARQUET", "x"} {
		path := filepath.Join(dir, name)
		for range 2 { // the second time over the first
			if err := WriteFile(path, want); err != nil {
				t.Fatal(err)
			}
		}
		got, err := ReadFile(path, Options{})
		if err != nil || got.Digest() != want.Digest() {
			t.Errorf("%s: %v", name, err)
		}
		raw, err := os.ReadFile(path)
		if err != nil || bytes.HasPrefix(raw, []byte(parquetMagic)) != isParquet(path) {
			t.Errorf("%s: %v, begins %q", name, err, raw[:4])
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 4 {
		t.Errorf("%d files are left", len(files))
	}
}

func TestContentDecides(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var raw bytes.Buffer
	if err := parquet.Write(&raw, table(t)); err != nil {
		t.Fatal(err)
	}
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if tab, err := ReadFile(write("p.csv", raw.String()), Options{}); err != nil || tab.Rows() != 2 {
		t.Errorf("Parquet named .csv: %v", err)
	}
	path := write("c.parquet", "a,b\n1,2\n")
	if _, err := ReadFile(path, Options{}); !errors.Is(err, parquet.ErrFormat) || !strings.Contains(err.Error(), path) {
		t.Errorf("CSV named .parquet: %v", err)
	}
	if _, err := ReadFile(write("e.csv", ""), Options{}); !errors.Is(err, csv.ErrEmpty) {
		t.Errorf("empty: %v", err)
	}
	if _, err := ReadFile(filepath.Join(dir, "absent"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if _, err := ReadFile(dir, Options{}); err == nil || !strings.Contains(err.Error(), "directory") {
		t.Errorf("directory: %v", err)
	}
}

func TestReadStream(t *testing.T) {
	t.Parallel()
	want := table(t)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"CSV":     func(b *bytes.Buffer) error { return csv.Write(b, want) },
		"Parquet": func(b *bytes.Buffer) error { return parquet.Write(b, want) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		size := int64(b.Len())
		got, err := Read(bytes.NewReader(b.Bytes()), Options{})
		if err != nil || got.Digest() != want.Digest() {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Read(&b, Options{MaxBytes: size - 1, Name: "up"}); err == nil || !strings.Contains(err.Error(), "too large") {
			t.Errorf("%s beyond the limit: %v", name, err)
		}
	}
}

func TestWriteFileLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty, err := data.NewTable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "x.parquet")
	if err := os.WriteFile(path, []byte("older"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, empty); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("no columns: %v", err)
	}
	files, _ := os.ReadDir(dir)
	raw, err := os.ReadFile(path)
	if len(files) != 1 || err != nil || string(raw) != "older" {
		t.Errorf("%d files, %q, %v", len(files), raw, err)
	}
	if err := WriteFile(filepath.Join(dir, "absent", "x.csv"), table(t)); err == nil {
		t.Error("written into an absent directory")
	}
}

func TestWriteToDevice(t *testing.T) {
	t.Parallel()
	if err := WriteFile(os.DevNull, table(t)); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Error("the device was replaced")
	}
}
