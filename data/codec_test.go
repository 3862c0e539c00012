package data

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func encode(t testing.TB, tab *Table) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tab.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// anyColumn draws a column of any kind, with values at the limits.
func anyColumn(t *rapid.T, name string, rows int) *Column {
	c := &Column{Name: name, Kind: Kind(rapid.IntRange(0, 2).Draw(t, "kind")), Infinite: rapid.IntRange(0, rows).Draw(t, "infinite")}
	switch c.Kind {
	case Number:
		value := rapid.OneOf(rapid.Float64(), rapid.Just(math.NaN()), rapid.Just(math.Copysign(0, -1)))
		if rapid.Bool().Draw(t, "whole") {
			value = rapid.Map(rapid.Int64Range(-1<<rapid.IntRange(1, 53).Draw(t, "bits"), 1<<53), func(v int64) float64 { return float64(v) })
			value = rapid.OneOf(value, rapid.Just(math.NaN()))
		}
		c.Floats = rapid.SliceOfN(value, rows, rows).Draw(t, "floats")
	case Time:
		c.Layout = rapid.SampledFrom(timeLayouts).Draw(t, "layout")
		value := rapid.OneOf(rapid.Int64(), rapid.Int64Range(0, 300), rapid.Just[int64](MissingTime))
		c.Times = rapid.SliceOfN(value, rows, rows).Draw(t, "times")
	default:
		c.Dict = rapid.SliceOfDistinct(rapid.String(), rapid.ID).Draw(t, "dict")
		c.Codes = rapid.SliceOfN(rapid.Int32Range(-1, int32(len(c.Dict))-1), rows, rows).Draw(t, "codes")
	}
	return c
}

func anyTable(t *rapid.T) *Table {
	rows := rapid.IntRange(0, 20).Draw(t, "rows")
	names := rapid.SliceOfNDistinct(rapid.StringN(1, 5, -1), 0, 4, rapid.ID).Draw(t, "names")
	var cols []*Column
	for _, n := range names {
		cols = append(cols, anyColumn(t, n, rows))
	}
	tab, err := tableOf(cols, rows)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// same compares two tables cell by cell, bit by bit.
func same(a, b *Table) bool {
	if a.Rows() != b.Rows() || len(a.Columns()) != len(b.Columns()) {
		return false
	}
	for j, c := range a.Columns() {
		d := b.Columns()[j]
		if c.Name != d.Name || c.Kind != d.Kind || c.Layout != d.Layout || c.Infinite != d.Infinite ||
			!slices.Equal(c.Dict, d.Dict) || !slices.Equal(c.Codes, d.Codes) || !slices.Equal(c.Times, d.Times) ||
			len(c.Floats) != len(d.Floats) {
			return false
		}
		for i, v := range c.Floats {
			if math.IsNaN(v) != math.IsNaN(d.Floats[i]) || !math.IsNaN(v) && math.Float64bits(v) != math.Float64bits(d.Floats[i]) {
				return false
			}
		}
	}
	return true
}

func TestEncodeDecode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		tab := anyTable(rt)
		raw := encode(t, tab)
		got, err := Decode(iotest.OneByteReader(bytes.NewReader(raw)), int64(len(raw)))
		if err != nil || !same(tab, got) {
			rt.Fatalf("%v: %v, want %v", err, got, tab)
		}
		if got.Digest() != tab.Digest() {
			rt.Fatal("the digest changed")
		}
	})
}

func TestDecodeRefusesDamage(t *testing.T) {
	t.Parallel()
	raw := encode(t, sampleTable(t))
	for i := range raw {
		bad := slices.Clone(raw)
		bad[i] ^= 1 << (i % 8)
		if _, err := Decode(bytes.NewReader(bad), 0); !errors.Is(err, ErrFormat) {
			t.Fatalf("bit flipped in byte %d of %d: %v", i, len(raw), err)
		}
		if _, err := Decode(bytes.NewReader(raw[:i]), 0); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "truncated") {
			t.Fatalf("cut at byte %d: %v", i, err)
		}
		if _, err := Decode(bytes.NewReader(raw), int64(max(i, 1))); i > 0 && (!errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "limit")) {
			t.Fatalf("limited to %d bytes: %v", i, err)
		}
	}
}

func TestDecodeSaysNewerVersion(t *testing.T) {
	t.Parallel()
	raw := encode(t, sampleTable(t))
	raw[len(codecMagic)]++
	if _, err := Decode(bytes.NewReader(raw), 0); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "version 2") {
		t.Error(err)
	}
}

func TestDecodePassesReadErrorsOn(t *testing.T) {
	t.Parallel()
	if _, err := Decode(iotest.ErrReader(io.ErrClosedPipe), 0); !errors.Is(err, io.ErrClosedPipe) || errors.Is(err, ErrFormat) {
		t.Error(err)
	}
	if err := sampleTable(t).Encode(failingWriter{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestDecodeTakesNoMemoryOnTrust: a few bytes that claim a huge table are
// refused for what they lack, before anything of that size is made.
//
// Not parallel: it counts what is allocated meanwhile.
func TestDecodeTakesNoMemoryOnTrust(t *testing.T) {
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0x07} // 2^31-1
	for name, tail := range map[string][]byte{
		"columns":    slices.Concat(huge, huge),
		"rows":       slices.Concat([]byte{1}, huge, []byte{1, 'x', 0, 0, 0, 8}, make([]byte, 64)),
		"name":       slices.Concat([]byte{1, 1}, huge, []byte("abc")),
		"dictionary": slices.Concat([]byte{1, 1, 1, 'x', 2, 0, 0}, huge, []byte{1, 'a'}),
	} {
		raw := append([]byte(codecMagic), codecVersion)
		raw = append(raw, tail...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Decode(bytes.NewReader(raw), 0); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		allocated := after.TotalAlloc - before.TotalAlloc
		if allocated > 4<<20 {
			t.Errorf("%s: %d bytes allocated", name, allocated)
		}
	}
}

func sampleTable(t testing.TB) *Table {
	return table(t, []string{"n", "1", "", "300"}, []string{"f", "0.5", "1e300", ""}, []string{"s", "a", "b", ""},
		[]string{"d", "2024-01-01", "", "2024-01-03"})
}

// sealed puts a right checksum behind the bytes, so that a fuzzer gets past it.
func sealed(body []byte) []byte {
	sum := crc32.New(castagnoli)
	sum.Write(body)
	return sum.Sum(slices.Clone(body))
}

// FuzzDecode: no bytes make Decode panic, and what it accepts is a table that
// keeps its invariants and encodes again to the same cells.
func FuzzDecode(f *testing.F) {
	raw := encode(f, sampleTable(f))
	f.Add(raw[:len(raw)-4])
	f.Add([]byte(codecMagic + "\x01\x00\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := Decode(bytes.NewReader(body), 0); err == nil && len(body) < 14 {
			t.Error("too short to be a table")
		}
		tab, err := Decode(bytes.NewReader(sealed(body)), 1<<20)
		if err != nil {
			return
		}
		if tab.Rows() > 1<<20 { // only without columns
			if len(tab.Columns()) > 0 {
				t.Fatalf("%d rows of %d bytes", tab.Rows(), len(body))
			}
			return
		}
		for _, c := range tab.Columns() {
			if c.Len() != tab.Rows() {
				t.Fatalf("column %q has %d of %d rows", c.Name, c.Len(), tab.Rows())
			}
			for i := range c.Len() {
				c.Text(i)
			}
			c.NumericView()
		}
		again, err := Decode(bytes.NewReader(encode(t, tab)), 0)
		if err != nil || !same(tab, again) || tab.Digest() != again.Digest() {
			t.Fatalf("not the same again: %v", err)
		}
	})
}

func TestDigest(t *testing.T) {
	t.Parallel()
	base := sampleTable(t)
	const golden = "be79ac783ff46a3ebf560bc331b19fdb2cb6cadf5615cd44bf453ea882378eb1" // digests name stored tables: changing them orphans those
	if got := base.Digest(); got != golden {
		t.Errorf("digest %s", got)
	}
	different := map[string]*Table{
		"rows":    base.Take([]int32{0, 1}),
		"order":   base.Take([]int32{1, 0, 2}),
		"columns": base.Drop("n"),
		"value":   table(t, []string{"n", "1", "", "301"}, []string{"f", "0.5", "1e300", ""}, []string{"s", "a", "b", ""}, []string{"d", "2024-01-01", "", "2024-01-03"}),
		"name":    table(t, []string{"m", "1", "", "300"}, []string{"f", "0.5", "1e300", ""}, []string{"s", "a", "b", ""}, []string{"d", "2024-01-01", "", "2024-01-03"}),
		"text":    table(t, []string{"n", "1", "", "300"}, []string{"f", "0.5", "1e300", ""}, []string{"s", "a", "c", ""}, []string{"d", "2024-01-01", "", "2024-01-03"}),
	}
	seen := map[string]string{base.Digest(): "base"}
	for name, tab := range different {
		if other, dup := seen[tab.Digest()]; dup {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[tab.Digest()] = name
	}
}

func TestDigestIgnoresTheDictionarysOrder(t *testing.T) {
	t.Parallel()
	a := &Column{Name: "c", Kind: String, Dict: []string{"x", "y"}, Codes: []int32{0, 1, -1, 0}}
	b := &Column{Name: "c", Kind: String, Dict: []string{"unused", "y", "x"}, Codes: []int32{2, 1, -1, 2}}
	nan2 := math.Float64frombits(math.Float64bits(math.NaN()) ^ 1)
	c := &Column{Name: "n", Floats: []float64{math.NaN(), 1, 2, 3}}
	d := &Column{Name: "n", Floats: []float64{nan2, 1, 2, 3}}
	t1, _ := NewTable(a, c)
	t2, _ := NewTable(b, d)
	if t1.Digest() != t2.Digest() {
		t.Error("equal tables have different digests")
	}
}
