package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-09a2cce4/automl/data"
)

// FuzzRead: no bytes make Read panic; its result doesn't depend on how the text is
// cut into blocks nor on the number of threads; and where encoding/csv reads the same text as records of one width,
// so does Read, with the same cells.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "a,b\r\n\"x\"\"y\",\"z\n\"\r\n", "a,b,\n1,2,\n", "\ufeffa;b\n1;2", "a\n\n\"\"\n ", "1,2\n3,4\n",
		"a,b\n\"x\"y, \"z\" \n", "\xff\xfea\x00\n\x001\x00", "a\rb\rc", "\xe9,b\n1,2\n", "a,a\n1,2\n", "a,\"b\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o := Options{MaxBytes: 1 << 16, Threads: 1, Name: "f"}
		sniffed, err := Read(bytes.NewReader(text), o)
		small, _ := o.withDefaults()
		small.Threads = 3
		again, err2 := read(bytes.NewReader(text), small, 1)
		if (err == nil) != (err2 == nil) || err == nil && sniffed.Digest() != again.Digest() || err != nil && err.Error() != "f: "+err2.Error() {
			t.Fatalf("in one block: %v, in blocks of a record: %v", err, err2)
		}
		if err == nil {
			checkWritten(t, sniffed)
		}
		o.Delimiter, o.Header = ',', HeaderNo
		got, err := Read(bytes.NewReader(text), o)
		want := standard(text)
		if want == nil {
			return
		}
		if err != nil {
			t.Fatalf("encoding/csv reads %q, Read says %v", want, err)
		}
		if got.Rows() != len(want) || len(got.Columns()) != len(want[0]) {
			t.Fatalf("%d rows of %d, encoding/csv reads %q", got.Rows(), len(got.Columns()), want)
		}
		for j, c := range got.Columns() {
			for i := range c.Len() {
				compareCell(t, c, i, want[i][j])
			}
		}
	})
}

// standard reads with encoding/csv; nil where the two differ by intent or the
// text is in error.
func standard(text []byte) [][]string {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) || bytes.HasPrefix(text, []byte("\x1f\x8b")) || bytes.IndexByte(text, 0) >= 0 ||
		bytes.IndexByte(text, '\n') < 0 || len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	// A lone carriage return is treated apart at the ends of lines and files.
	if strings.Contains(strings.ReplaceAll(string(text), "\r\n", "\n"), "\r") {
		return nil
	}
	var lines []string // blank lines of spaces are skipped in files of several columns
	for line := range strings.Lines(string(text)) {
		if strings.TrimSpace(line) == "" && strings.Trim(line, "\r\n") != "" {
			return nil
		}
		lines = append(lines, line)
	}
	records, err := stdcsv.NewReader(strings.NewReader(strings.Join(lines, ""))).ReadAll()
	if err != nil || len(records) == 0 {
		return nil
	}
	return records
}

func compareCell(t *testing.T, c *data.Column, i int, want string) {
	t.Helper()
	want = strings.ReplaceAll(want, "\r\n", "\n") // encoding/csv does this within quotes
	got := strings.ReplaceAll(c.Text(i), "\r\n", "\n")
	switch v, _ := data.ParseNumber(want); {
	case data.IsMissing(want):
		if !c.Missing(i) {
			t.Fatalf("%q became %q", want, got)
		}
	case c.Kind == data.Number && !c.Missing(i):
		if c.Floats[i] != v {
			t.Fatalf("%q became %v", want, c.Floats[i])
		}
	case c.Kind == data.Number:
		if v < 1e300 && v > -1e300 {
			t.Fatalf("%q became missing", want)
		}
	case c.Kind == data.Time:
		if ns, ok := data.ParseTime(want, c.Layout); !ok || ns != c.Times[i] {
			t.Fatalf("%q became %q", want, got)
		}
	case strings.Trim(got, " \t") != strings.Trim(want, " \t"):
		t.Fatalf("%q became %q", want, got)
	}
}

// checkWritten: what Write writes reads back as the same table.
func checkWritten(t *testing.T, tab *data.Table) {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, tab); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	again, err := Read(&b, Options{Delimiter: ',', Header: HeaderYes})
	if err != nil {
		t.Fatalf("written as %q: %v", text, err)
	}
	if got, want := dump(again), dump(tab); got != want {
		t.Fatalf("written as %q, read as\n%swant\n%s", text, got, want)
	}
}
