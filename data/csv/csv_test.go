package csv

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/seed-09a2cce4/automl/data"
)

// dump is a table as text, one line a column: name, kind, cells.
func dump(t *data.Table) string {
	if t == nil {
		return "no table"
	}
	var b strings.Builder
	for _, c := range t.Columns() {
		b.WriteString(c.Name + ":" + string("NTS"[c.Kind]))
		for i := range c.Len() {
			b.WriteString("|" + c.Text(i))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		o    Options
		want string
	}{
		"plain":                     {in: "a,b\n1,x\n2,y\n", want: "a:N|1|2\nb:S|x|y\n"},
		"no line end at the end":    {in: "a,b\n1,x\n2,y", want: "a:N|1|2\nb:S|x|y\n"},
		"CR LF":                     {in: "a,b\r\n1,x\r\n2,y\r\n", want: "a:N|1|2\nb:S|x|y\n"},
		"CR LF, none at the end":    {in: "a,b\r\n1,x\r\n2,y\r", want: "a:N|1|2\nb:S|x|y\n"},
		"CR alone":                  {in: "a,b\r1,x\r2,y\r", want: "a:N|1|2\nb:S|x|y\n"},
		"byte order mark":           {in: "\ufeffa,b\n1,x\n", want: "a:N|1\nb:S|x\n"},
		"mark and quotes":           {in: "\ufeff\"a\",b\n1,x\n", want: "a:N|1\nb:S|x\n"},
		"blank lines":               {in: "\n\r\n  \na,b\n\n1,x\n \t\r\n2,y\n\n\n", want: "a:N|1|2\nb:S|x|y\n"},
		"missing":                   {in: "a,b\nNA,x\n,null\n3,\"\"\n", want: "a:N|||3\nb:S|x||\n"},
		"a row of missing cells":    {in: "a,b\n,\n1,2\n", want: "a:N||1\nb:N||2\n"},
		"quotes":                    {in: "a,b\n\"1\",\"x, \"\"y\"\"\"\n2,\"\"\"\"\n", want: "a:N|1|2\nb:S|x, \"y\"|\"\n"},
		"lines in quotes":           {in: "a,b\n1,\"x\ny\r\n\"\n2,\"\n\"\n", want: "a:N|1|2\nb:S|x\ny\r\n|\n"},
		"quoted header":             {in: "\"a\nb\",\"c\"\"d\"\n1,2\n", want: "a\nb:N|1\nc\"d:N|2\n"},
		"quotes after space":        {in: "a, b\n1, \"x,y\" \n2,\t\"z\"\n", want: "a:N|1|2\nb:S|x,y|z\n"},
		"a bare quote":              {in: "a,b\n5\" pipe,1\n6' \"q\",2\n", want: "a:S|5\" pipe|6' \"q\"\nb:N|1|2\n"},
		"text after a quote":        {in: "a,b\n\"x\"y,1\n\"x\" \"y\",2\n", want: "a:S|xy|x \"y\"\nb:N|1|2\n"},
		"single quotes":             {in: "a,b\n'x',1\n", want: "a:S|'x'\nb:N|1\n"},
		"space around cells":        {in: "a , b\n 1 , x \n2,\" y \"\n", want: "a:N|1|2\nb:S|x| y \n"},
		"semicolons":                {in: "a;b\n1,5;x\n2,5;y\n", want: "a:S|1,5|2,5\nb:S|x|y\n"},
		"tabs":                      {in: "a\tb\n1\tx y\n\ty,z\n", want: "a:N|1|\nb:S|x y|y,z\n"},
		"tabs, the last cell empty": {in: "a\tb\n1\t\n2\ty\n", want: "a:N|1|2\nb:S||y\n"},
		"bars":                      {in: "a|b\n1|x,y\n", want: "a:N|1\nb:S|x,y\n"},
		"commas within quotes":      {in: "a;b\n\"1,2,3\";x\n\"4,5,6\";y\n", want: "a:S|1,2,3|4,5,6\nb:S|x|y\n"},
		"delimiter given":           {in: "a,b;c\n1,2;3\n", o: Options{Delimiter: ';'}, want: "a,b:S|1,2\nc:N|3\n"},
		"one column":                {in: "a\n1\n\n2\n", want: "a:N|1|2\n"},
		"one column, missing cells": {in: "a\nx\n \n\"\"\ny\n", want: "a:S|x|||y\n"},
		"delimiter at line ends":    {in: "a,b,\n1,x,\n2,y,\n", want: "a:N|1|2\nb:S|x|y\n"},
		"at the header's end alone": {in: "a,b,\n1,x\n2,y\n", want: "a:N|1|2\nb:S|x|y\n"},
		"at the rows' ends alone":   {in: "a,b\n1,x,\n2,y, \r\n", want: "a:N|1|2\nb:S|x|y\n"},
		"last column without name":  {in: "a,b,\n1,x,7\n2,y\n", want: "a:N|1|2\nb:S|x|y\ncolumn_3:N|7|\n"},
		"first column without name": {in: ",b\n1,x\n", want: "column_1:N|1\nb:S|x\n"},
		"its name is taken":         {in: ",column_1,column_1_\n1,2,3\n", want: "column_1__:N|1\ncolumn_1:N|2\ncolumn_1_:N|3\n"},
		"no header":                 {in: "1,2\n3,4\n", want: "c1:N|1|3\nc2:N|2|4\n"},
		"no header, missing":        {in: ",2,NA\n3,4,5\n", want: "c1:N||3\nc2:N|2|4\nc3:N||5\n"},
		"no header, said":           {in: "x,y\nz,w\n", o: Options{Header: HeaderNo}, want: "c1:S|x|z\nc2:S|y|w\n"},
		"numbers as header, said":   {in: "2019,2020\n3,4\n", o: Options{Header: HeaderYes}, want: "2019:N|3\n2020:N|4\n"},
		"one row of data":           {in: "1,2\n", want: "c1:N|1\nc2:N|2\n"},
		"Latin-1":                   {in: "stra\xdfe,x\nM\xfcnchen,1\n\x80\x93,2\n", want: "straße:S|München|€“\nx:N|1|2\n"},
		"UTF-8":                     {in: "straße,x\n日本,1\n", want: "straße:S|日本\nx:N|1\n"},
		"UTF-16 LE":                 {in: toUTF16("ä,b\n1,𝄞\n", binary.LittleEndian), want: "ä:N|1\nb:S|𝄞\n"},
		"UTF-16 BE":                 {in: toUTF16("ä,b\n1,𝄞\n", binary.BigEndian), want: "ä:N|1\nb:S|𝄞\n"},
		"gzip":                      {in: zip("a,b\n1,x\n"), want: "a:N|1\nb:S|x\n"},
		"gzip in parts":             {in: zip("a,b\n1,") + zip("x\n"), want: "a:N|1\nb:S|x\n"},
		"dates":                     {in: "d\n2024-01-02\n\" 2024-01-03\"\n", want: "d:T|2024-01-02|2024-01-03\n"},
		"zip codes":                 {in: "z\n00501\n10001\n", want: "z:S|00501|10001\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, threads := range []int{1, 3} {
				o := c.o
				o.Threads = threads
				got, err := Read(iotest.HalfReader(strings.NewReader(c.in)), o)
				if err != nil || dump(got) != c.want {
					t.Errorf("%v, got\n%s", err, dump(got))
				}
			}
		})
	}
}

func toUTF16(s string, order binary.AppendByteOrder) string {
	out := order.AppendUint16(nil, 0xfeff)
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

func zip(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s) // a bytes.Buffer takes all
	_ = w.Close()
	return b.String()
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		o    Options
		is   error
		want string // part of the message
	}{
		"empty":            {in: "", is: ErrEmpty},
		"blank":            {in: " \n\r\n\t\n", is: ErrEmpty},
		"mark alone":       {in: "\ufeff", is: ErrEmpty},
		"gzip of nothing":  {in: zip(""), is: ErrEmpty},
		"header only":      {in: "a,b\n\n", is: ErrNoRows},
		"binary":           {in: "a,b\n1,\x00\n", is: ErrBinary, want: "line 2"},
		"picture":          {in: "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", is: ErrBinary},
		"odd UTF-16":       {in: "\xff\xfea", is: ErrBinary},
		"broken gzip":      {in: zip("a,b\n1,2\n")[:20], want: "EOF"},
		"gzip header only": {in: "\x1f\x8b", want: "gzip"},
		"too few cells":    {in: "a,b,c\n1,2,3\n\n\"x\ny\",2\n", want: "line 4 has 2 cells, the first line has 3"},
		"too many cells":   {in: "a,b\n1,2,3\n", want: "line 2 has 3 cells, the first line has 2"},
		"two at the end":   {in: "a,b\n1,2,,\n", want: "line 2 has 4 cells"},
		"one name twice":   {in: "a,b, a\n1,2,3\n", is: ErrDuplicateColumn, want: `"a" is the name of columns 1 and 3`},
		"open quote":       {in: "a,b\n1,2\n3,\"x\n4,5\n", is: ErrQuote, want: "line 3"},
		"open in header":   {in: "a,\"b\n1,2\n", is: ErrQuote, want: "line 1"},
		"open after space": {in: "a,b\n1,2\n3, \"x\n", is: ErrQuote, want: "line 3"},
		"too many columns": {in: "a,b,c\n1,2,3\n", o: Options{MaxColumns: 2}, is: ErrTooLarge, want: "2 columns"},
		"too many rows":    {in: "a\n1\n2\n3\n", o: Options{MaxRows: 2}, is: ErrTooLarge, want: "3 rows"},
		"too many bytes":   {in: "a\n1\n2\n3\n", o: Options{MaxBytes: 7}, is: ErrTooLarge, want: "7 bytes"},
		"gzip bomb":        {in: zip(strings.Repeat("0", 1<<20)), o: Options{MaxBytes: 1 << 10}, is: ErrTooLarge},
		"delimiter quote":  {in: "a\n1\n", o: Options{Delimiter: '"'}, want: "delimiter"},
		"delimiter é":      {in: "a\n1\n", o: Options{Delimiter: 'é'}, want: "delimiter"},
		"delimiter LF":     {in: "a\n1\n", o: Options{Delimiter: '\n'}, want: "delimiter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.o.Name = "some.csv"
			tab, err := Read(strings.NewReader(c.in), c.o)
			if err == nil {
				t.Fatalf("accepted:\n%s", dump(tab))
			}
			if c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v", err)
			}
			if !strings.Contains(err.Error(), "some.csv") && !strings.Contains(name, "delimiter") {
				t.Errorf("the error doesn't name the file: %v", err)
			}
		})
	}
}

func TestRaggedErrorIsTheFirst(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a,b\n")
	for i := range 400_000 { // several blocks
		if i == 200_000 || i == 390_000 {
			b.WriteString("only\n")
		}
		b.WriteString("123,456\n")
	}
	for _, threads := range []int{1, 4} {
		_, err := Read(strings.NewReader(b.String()), Options{Threads: threads})
		var ragged *RaggedError
		if !errors.As(err, &ragged) || *ragged != (RaggedError{Line: 200_002, Want: 2, Got: 1, Delimiter: ','}) {
			t.Errorf("%d threads: %v", threads, err)
		}
	}
}

func TestReadErrorIsPassedOn(t *testing.T) {
	t.Parallel()
	r := io.MultiReader(strings.NewReader("a,b\n1,2\n"), iotest.ErrReader(io.ErrClosedPipe))
	if _, err := Read(r, Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.csv")
	if _, err := ReadFile(path, Options{}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("absent: %v", err)
	}
	if _, err := ReadFile(t.TempDir(), Options{}); err == nil {
		t.Error("a directory was read")
	}
	if err := os.WriteFile(path, []byte(zip("a,b\n1,x\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	tab, err := ReadFile(path, Options{})
	if err != nil || dump(tab) != "a:N|1\nb:S|x\n" {
		t.Errorf("%v %s", err, dump(tab))
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFile(path, Options{}); !errors.Is(err, ErrEmpty) || !strings.Contains(err.Error(), path) {
		t.Errorf("empty: %v", err)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	report := Report{Warnings: []string{"old"}}
	if _, err := Read(strings.NewReader(zip(";b;\n\xe9;1;\n")), Options{Report: &report}); err != nil {
		t.Fatal(err)
	}
	if report.Delimiter != ';' || !report.Header || report.Encoding != "windows-1252" || !report.Gzip || len(report.Warnings) != 2 {
		t.Errorf("%+v", report)
	}
}

// TestBlocks reads a text of several blocks, with quoted line ends at random
// places, by other numbers of threads, and holds it against what was written.
func TestBlocks(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	words := []string{"x", "a,b", "say \"hi\"", "two\nlines", "", "quite a long text that fills the blocks up sooner", "\"", "\n\n"}
	var text bytes.Buffer
	w := NewWriter(&text)
	w.Text("id")
	w.Text("word")
	w.EndRow()
	var want []string
	for text.Len() < 3*blockBytes {
		word := words[r.IntN(len(words))]
		w.Number(float64(len(want)))
		w.Text(word)
		w.EndRow()
		want = append(want, word)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var digest string
	for _, threads := range []int{1, 2, 7} {
		tab, err := Read(bytes.NewReader(text.Bytes()), Options{Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := range tab.Rows() {
			got = append(got, tab.Column("word").Text(i))
			if tab.Column("id").Floats[i] != float64(i) {
				t.Fatalf("row %d has number %v", i, tab.Column("id").Floats[i])
			}
		}
		for i := range want {
			if data.IsMissing(want[i]) {
				want[i] = ""
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d threads: the words differ", threads)
		}
		if digest != "" && digest != tab.Digest() {
			t.Errorf("%d threads: another digest", threads)
		}
		digest = tab.Digest()
	}
}

// TestLateText: a column of numbers turns out to be text in the last block, and
// keeps the texts of all its cells.
func TestLateText(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("a,b\n")
	rows := 2 * blockBytes / 8
	for i := range rows {
		fmt.Fprintf(&b, "%d.0,%d\n", i%1000, i)
	}
	b.WriteString("x,1\n")
	tab, err := Read(strings.NewReader(b.String()), Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	a := tab.Column("a")
	if a.Kind != data.String || a.Len() != rows+1 || len(a.Dict) != 1001 || a.Text(7) != "7.0" || a.Text(rows) != "x" {
		t.Errorf("kind %d, %d rows, %d texts", a.Kind, a.Len(), len(a.Dict))
	}
}

func TestWideAndLong(t *testing.T) {
	t.Parallel()
	const columns = 3000
	names := make([]string, columns)
	cells := make([]string, columns)
	for i := range names {
		names[i], cells[i] = fmt.Sprintf("x%d", i), fmt.Sprint(i)
	}
	long := strings.Repeat("long text ", 1<<17)
	cells[7] = long
	text := strings.Join(names, ",") + "\n" + strings.Join(cells, ",") + "\n"
	tab, err := Read(strings.NewReader(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(tab.Columns()) != columns || tab.Column("x7").Text(0) != strings.TrimSpace(long) || tab.Column("x2999").Floats[0] != 2999 {
		t.Error("wrong cells")
	}
}

func TestSniff(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]rune{
		"a,b\n1,2\n":                       ',',
		"a;b;c\n1,0;2,0;3,0\n":             ';',
		"a\n1\n":                           ',',
		"a b\tc\nd\te,f,g\n":               '\t',
		"a|b\n1|2\n":                       '|',
		"text,y\n\"a;b;c\",1\nx;y;z,2\n":   ',',
		"\"a;b\",\"c;d\"\n1,2\n":           ',',
		"name;note\nx;a, b\ny;c, d, e\n":   ';',
		"a,b;c\n1,2;3\n":                   ',',
		"a;b\n" + strings.Repeat("x", 9e5): ';',
	} {
		if got := sniff([]byte(text + "\n")); got != want {
			t.Errorf("sniff(%.20q) = %q, want %q", text, got, want)
		}
	}
}
