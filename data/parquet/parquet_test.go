package parquet

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
	"go.uber.org/goleak"

	"github.com/seed-09a2cce4/automl/data"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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

// file writes rows of structs as Parquet.
func file[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readBytes(raw []byte, o Options) (*data.Table, error) {
	return Read(bytes.NewReader(raw), int64(len(raw)), o)
}

type everything struct {
	Bool   bool             `parquet:"bool"`
	I8     int8             `parquet:"i8"`
	I32    int32            `parquet:"i32"`
	U32    uint32           `parquet:"u32"`
	I64    int64            `parquet:"i64"`
	ID     int64            `parquet:"id"`
	U64    uint64           `parquet:"u64"`
	F32    float32          `parquet:"f32"`
	F64    float64          `parquet:"f64"`
	Text   string           `parquet:"text,dict"`
	Bytes  []byte           `parquet:"bytes"`
	Enum   string           `parquet:"enum,enum"`
	Null   *float64         `parquet:"null,optional"`
	NoText *string          `parquet:"notext,optional"`
	Date   int32            `parquet:"date,date"`
	Milli  int64            `parquet:"milli,timestamp(millisecond)"`
	Micro  int64            `parquet:"micro,timestamp(microsecond:local)"`
	Nano   int64            `parquet:"nano,timestamp(nanosecond)"`
	Clock  int64            `parquet:"clock,time(microsecond)"`
	Dec    int64            `parquet:"dec,decimal(2:18)"`
	DecF   [3]byte          `parquet:"decf,decimal(1:6)"`
	UUID   [16]byte         `parquet:"uuid,uuid"`
	Int96  deprecated.Int96 `parquet:"int96"`
	Far    int64            `parquet:"far,timestamp(microsecond)"`
	Str    string           `parquet:"str"`
	Day    string           `parquet:"day"`
}

func TestReadEveryType(t *testing.T) {
	t.Parallel()
	half := 0.5
	word := "w"
	moment := time.Date(2024, 2, 29, 1, 2, 3, 4_000_000, time.UTC)
	far := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	rows := []everything{
		{Bool: true, I8: -8, I32: -32, U32: math.MaxUint32, I64: 1 << 53, ID: 1<<53 + 1, U64: math.MaxUint64, F32: 0.1, F64: math.Inf(1),
			Text: "x", Bytes: []byte("y"), Enum: "E", Null: &half, NoText: &word, Date: 19782, Milli: moment.UnixMilli(), Micro: moment.UnixMicro(),
			Nano: moment.UnixNano(), Clock: 90e6 + 5e5, Dec: -5, DecF: [3]byte{0xff, 0xff, 0xf6}, UUID: [16]byte{0x12, 15: 0xff},
			Int96: deprecated.Int96{0, 0, 2440588}, Far: far.UnixMicro(), Str: "00501", Day: "2024-01-02"},
		{U64: 7, ID: 7, Text: "NA", Enum: "F", Date: -1, Milli: -1, Dec: 12345, Str: "501", Day: "2024-01-03",
			Int96: deprecated.Int96{1, 0, 2440589}},
	}
	want := strings.Join([]string{
		"bool:S|true|false", "i8:N|-8|0", "i32:N|-32|0", "u32:N|4294967295|0", "i64:N|9007199254740992|0", "id:S|9007199254740993|7",
		"u64:S|18446744073709551615|7", "f32:N|0.1|0", "f64:N||0", "text:S|x|", "bytes:S|y|", "enum:S|E|F", "null:N|0.5|", "notext:S|w|",
		"date:T|2024-02-29|1969-12-31", "milli:T|2024-02-29T01:02:03.004Z|1969-12-31T23:59:59.999Z",
		"micro:T|2024-02-29 01:02:03.004|1970-01-01 00:00:00", "nano:T|2024-02-29T01:02:03.004Z|1970-01-01T00:00:00Z", "clock:N|90.5|0",
		"dec:N|-0.05|123.45", "decf:N|-1|0", "uuid:S|12000000-0000-0000-0000-0000000000ff|00000000-0000-0000-0000-000000000000",
		"int96:T|1970-01-01T00:00:00Z|1970-01-02T00:00:00.000000001Z", "far:S|9999-12-31T00:00:00Z|1970-01-01T00:00:00Z",
		"str:S|00501|501", "day:T|2024-01-02|2024-01-03", "",
	}, "\n")
	for _, threads := range []int{1, 4} {
		tab, err := readBytes(file(t, rows), Options{Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		if got := dump(tab); got != want {
			t.Errorf("got\n%s", got)
		}
		if tab.Column("f64").Infinite != 1 {
			t.Error("the infinite cell is not counted")
		}
	}
}

func TestHalfNumber(t *testing.T) {
	t.Parallel()
	for bits, want := range map[uint16]float64{
		0x0000: 0, 0x3c00: 1, 0xc000: -2, 0x3555: 0.333251953125, 0x7bff: 65504, 0x0001: 5.960464477539063e-08, 0x7c00: math.Inf(1),
	} {
		got := halfNumber(parquet.FixedLenByteArrayValue([]byte{byte(bits), byte(bits >> 8)}))
		if got != want {
			t.Errorf("%#x = %v, want %v", bits, got, want)
		}
	}
	if got := halfNumber(parquet.FixedLenByteArrayValue([]byte{1, 0x7c})); !math.IsNaN(got) {
		t.Errorf("NaN = %v", got)
	}
}

type cell struct {
	N float64 `parquet:"n"`
	S string  `parquet:"s,dict"`
	T string  `parquet:"t"`
}

// TestCodecs: several pages and row groups of each codec, of texts that shrink
// well and of such that don't.
func TestCodecs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	rows := make([]cell, 5000)
	for i := range rows {
		noise := make([]byte, 20)
		for k := range noise {
			noise[k] = byte('!' + r.IntN(90))
		}
		rows[i] = cell{N: r.NormFloat64(), S: strings.Repeat("s", i%7+1), T: string(noise)}
	}
	for name, codec := range map[string]compress.Codec{
		"none": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip, "zstd": &parquet.Zstd, "brotli": &parquet.Brotli,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for version := 1; version <= 2; version++ {
				raw := file(t, rows, parquet.Compression(codec), parquet.DataPageVersion(version), parquet.PageBufferSize(4096), parquet.MaxRowsPerRowGroup(1700))
				tab, err := readBytes(raw, Options{})
				if err != nil {
					t.Fatal(err)
				}
				for i, want := range rows {
					if tab.Column("n").Floats[i] != want.N || tab.Column("s").Text(i) != want.S || tab.Column("t").Text(i) != want.T {
						t.Fatalf("row %d is %v, %q, %q", i, tab.Column("n").Floats[i], tab.Column("s").Text(i), tab.Column("t").Text(i))
					}
				}
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	type group struct {
		A int
		B struct{ C int }
	}
	type list struct{ L []int }
	good := file(t, []cell{{1, "a", "b"}, {2, "c", "d"}})
	for name, c := range map[string]struct {
		raw  []byte
		o    Options
		is   error
		want string
	}{
		"empty":            {raw: nil, is: ErrFormat},
		"text":             {raw: []byte("a,b,c\n1,2,3\n4,5,6\n"), is: ErrFormat},
		"truncated":        {raw: good[:len(good)-5], is: ErrFormat, want: "truncated"},
		"footer too large": {raw: append(append([]byte("PAR1"), make([]byte, 8)...), 0xff, 0xff, 0xff, 0xff, 'P', 'A', 'R', '1'), is: ErrFormat},
		"encrypted":        {raw: append(append([]byte{}, good[:len(good)-4]...), "PARE"...), is: ErrFormat, want: "encrypted"},
		"no rows":          {raw: file(t, []cell{}), is: ErrNoRows},
		"a group":          {raw: file(t, []group{{}}), is: ErrNested, want: `"B"`},
		"a list":           {raw: file(t, []list{{}}), is: ErrNested, want: `"L"`},
		"not text":         {raw: file(t, []cell{{1, "\xff", ""}}), want: `column "s"`},
		"LZ4":              {raw: file(t, []cell{{1, "a", ""}}, parquet.Compression(&parquet.Lz4Raw)), is: ErrFormat, want: "LZ4"},
		"too many bytes":   {raw: good, o: Options{MaxBytes: 100}, is: ErrTooLarge},
		"too many columns": {raw: good, o: Options{MaxColumns: 2}, is: ErrTooLarge},
		"too many rows":    {raw: good, o: Options{MaxRows: 1}, is: ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.o.Name = "some.parquet"
			tab, err := readBytes(c.raw, c.o)
			if err == nil {
				t.Fatalf("accepted:\n%s", dump(tab))
			}
			if c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "some.parquet") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.parquet")
	if _, err := ReadFile(path, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if err := os.WriteFile(path, file(t, []cell{{1, "a", "b"}}), 0o600); err != nil {
		t.Fatal(err)
	}
	tab, err := ReadFile(path, Options{})
	if err != nil || dump(tab) != "n:N|1\ns:S|a\nt:S|b\n" {
		t.Errorf("%v %s", err, dump(tab))
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	day := int64(24 * time.Hour)
	tab, err := data.NewTable(
		&data.Column{Name: "z", Floats: []float64{1, math.NaN(), -0.5}},
		&data.Column{Name: "a b", Kind: data.String, Dict: []string{"x", ""}, Codes: []int32{0, -1, 0}},
		&data.Column{Name: "d", Kind: data.Time, Layout: "2006-01-02", Times: []int64{19782 * day, data.MissingTime, -day}},
		&data.Column{Name: "t", Kind: data.Time, Times: []int64{1, data.MissingTime, -1}},
	)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Write(&b, tab); err != nil {
		t.Fatal(err)
	}
	got, err := readBytes(b.Bytes(), Options{})
	if err != nil || dump(got) != dump(tab) {
		t.Errorf("%v, got\n%swant\n%s", err, dump(got), dump(tab))
	}
}

func TestWriteManyRows(t *testing.T) {
	t.Parallel()
	const rows = groupRows + 300 // more than one group and batch
	c := &data.Column{Name: "n", Floats: make([]float64, rows)}
	for i := range c.Floats {
		c.Floats[i] = float64(i)
	}
	tab, _ := data.NewTable(c)
	var b bytes.Buffer
	if err := Write(&b, tab); err != nil {
		t.Fatal(err)
	}
	got, err := readBytes(b.Bytes(), Options{})
	if err != nil || got.Digest() != tab.Digest() {
		t.Errorf("%v: the table changed", err)
	}
}

func TestWriteRefusesNoColumns(t *testing.T) {
	t.Parallel()
	tab, _ := data.NewTable()
	if err := Write(&bytes.Buffer{}, tab); err == nil {
		t.Error("a file of no columns")
	}
}

// FuzzRead: no bytes make Read panic or give a table that breaks its promises.
func FuzzRead(f *testing.F) {
	f.Add(file(f, []cell{{1, "a", "b"}, {2, "c", "d"}}))
	f.Add(file(f, []everything{{}, {Text: "x"}}, parquet.Compression(&parquet.Snappy)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		tab, err := readBytes(raw, Options{MaxBytes: 1 << 16, MaxRows: 1 << 12, MaxColumns: 64, Threads: 2})
		if err != nil {
			return
		}
		for _, c := range tab.Columns() {
			if c.Len() != tab.Rows() || tab.Rows() == 0 {
				t.Fatalf("column %q has %d of %d rows", c.Name, c.Len(), tab.Rows())
			}
			for i := range c.Len() {
				c.Text(i)
			}
		}
	})
}
