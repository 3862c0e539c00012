package data

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// The binary form of a table, version 1. Numbers are little-endian, lengths
// unsigned varints.
//
//	"automlT" version(1 byte)
//	body: columns, rows, then each column:
//	  name, kind(1 byte), layout, infinite
//	  Number, Time: a block of words
//	  String: dictionary size, its texts, then a block of words (codes)
//	CRC-32C of all before it (4 bytes)
//
// A text is its length and its bytes. A block is width(1 byte), base(8 bytes),
// and width bytes a cell: width 8 holds the words as they are, 1, 2 and 4 hold
// word−base for columns of integers, the greatest value meaning missing.
const (
	codecMagic   = "automlT"
	codecVersion = 1
)

// ErrFormat is wrapped by Decode's error for bytes that are no table, are
// damaged or truncated, or come from a newer version.
var ErrFormat = errors.New("not a readable table")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encode writes the table in a compact, versioned and checksummed binary form.
func (t *Table) Encode(w io.Writer) error {
	sum := crc32.New(castagnoli)
	e := &encoder{w: bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16)}
	e.w.WriteString(codecMagic)
	e.w.WriteByte(codecVersion)
	e.uint(uint64(len(t.cols)))
	e.uint(uint64(t.rows))
	for _, c := range t.cols {
		e.column(c)
	}
	if err := e.w.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	if _, err := w.Write(sum.Sum(nil)); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// encoder writes through a bufio.Writer, which keeps the first error.
type encoder struct{ w *bufio.Writer }

func (e *encoder) uint(v uint64) {
	e.w.Write(binary.AppendUvarint(e.w.AvailableBuffer(), v))
}

func (e *encoder) text(s string) {
	e.uint(uint64(len(s)))
	e.w.WriteString(s)
}

func (e *encoder) column(c *Column) {
	e.text(c.Name)
	e.w.WriteByte(byte(c.Kind))
	e.text(c.Layout)
	e.uint(uint64(c.Infinite))
	switch c.Kind {
	case Number:
		e.numbers(c.Floats)
	case Time:
		words(e, c.Times, func(v int64) (int64, bool) { return v, v != MissingTime })
	default:
		e.uint(uint64(len(c.Dict)))
		for _, s := range c.Dict {
			e.text(s)
		}
		words(e, c.Codes, func(v int32) (int64, bool) { return int64(v), v >= 0 })
	}
}

// numbers writes a column of integers as words, any other as the bits of its
// float64 values.
func (e *encoder) numbers(values []float64) {
	for _, v := range values {
		if v == v && (v != math.Trunc(v) || math.Abs(v) > maxExact || v == 0 && math.Signbit(v)) {
			e.raw(len(values), func(i int) uint64 { return math.Float64bits(values[i]) })
			return
		}
	}
	words(e, values, func(v float64) (int64, bool) {
		if v != v {
			return 0, false
		}
		return int64(v), true
	})
}

// wideFloats marks a block of width 8 that holds the bits of float64 values.
const wideFloats = math.MaxUint64

func (e *encoder) raw(n int, bits func(int) uint64) {
	e.w.WriteByte(8)
	e.word(8, wideFloats)
	for i := range n {
		e.word(8, bits(i))
	}
}

func (e *encoder) word(width int, v uint64) {
	var buf [8]byte
	binary.LittleEndian.PutUint64(buf[:], v)
	e.w.Write(buf[:width])
}

// words writes integers in the least width that holds their range and one value
// more, for missing.
func words[T any](e *encoder, values []T, integer func(T) (int64, bool)) {
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for _, v := range values {
		if n, ok := integer(v); ok {
			low, high = min(low, n), max(high, n)
		}
	}
	if low > high {
		low, high = 0, 0
	}
	width := 8
	switch span := uint64(high) - uint64(low); {
	case span < math.MaxUint8:
		width = 1
	case span < math.MaxUint16:
		width = 2
	case span < math.MaxUint32:
		width = 4
	default:
		low = 0
	}
	e.w.WriteByte(byte(width))
	e.word(8, uint64(low))
	missing := missingWord(width)
	for _, v := range values {
		word := missing
		if n, ok := integer(v); ok {
			word = uint64(n) - uint64(low)
		}
		e.word(width, word)
	}
}

// missingWord stands for a missing cell in a block of that width.
func missingWord(width int) uint64 {
	if width == 8 {
		return 1 << 63 // math.MinInt64, which is MissingTime
	}
	return 1<<(8*width) - 1
}

// Decode reads a table that Encode wrote and checks all of it, so that bytes
// from an untrusted place do no harm: it reads at most maxBytes (0 or less = no
// limit) and allocates no more than a small multiple of what it has read. Bytes
// after the table are left unread or ignored. Its errors wrap ErrFormat, or the
// reader's own error.
func Decode(r io.Reader, maxBytes int64) (*Table, error) {
	if maxBytes <= 0 {
		maxBytes = math.MaxInt64 - 1
	}
	limited := &io.LimitedReader{R: r, N: maxBytes}
	d := &decoder{r: bufio.NewReaderSize(limited, 1<<16)}
	t, err := d.table()
	if err == nil {
		return t, nil
	}
	if limited.N == 0 && errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%w: longer than the limit of %d bytes, or truncated there", ErrFormat, maxBytes)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%w: truncated", ErrFormat)
	}
	return nil, fmt.Errorf("read table: %w", err)
}

// decoder reads bytes and keeps their checksum.
type decoder struct {
	r    *bufio.Reader
	sum  uint32
	rows int
	buf  []byte
}

func (d *decoder) table() (*Table, error) {
	head, err := d.bytes(len(codecMagic) + 1)
	if err != nil {
		return nil, err
	}
	if string(head[:len(codecMagic)]) != codecMagic {
		return nil, fmt.Errorf("%w: it does not begin like one", ErrFormat)
	}
	if v := head[len(codecMagic)]; v != codecVersion {
		return nil, fmt.Errorf("%w: version %d, this program reads %d", ErrFormat, v, codecVersion)
	}
	columns, err := d.uint(math.MaxInt32)
	if err != nil {
		return nil, err
	}
	if d.rows, err = d.uint(math.MaxInt32); err != nil {
		return nil, err
	}
	var cols []*Column
	for range columns {
		c, err := d.column()
		if err != nil {
			return nil, err
		}
		cols = append(cols, c)
	}
	want := d.sum
	tail, err := d.bytes(4)
	if err != nil {
		return nil, err
	}
	if binary.BigEndian.Uint32(tail) != want {
		return nil, fmt.Errorf("%w: the checksum does not fit", ErrFormat)
	}
	t, err := tableOf(cols, d.rows)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return t, nil
}

// pieceBytes bounds what is allocated ahead of the bytes that fill it.
const pieceBytes = 1 << 16

// bytes reads n bytes into a buffer that the next call reuses; n is at most pieceBytes.
func (d *decoder) bytes(n int) ([]byte, error) {
	if cap(d.buf) < pieceBytes {
		d.buf = make([]byte, pieceBytes)
	}
	b := d.buf[:n]
	if _, err := io.ReadFull(d.r, b); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	d.sum = crc32.Update(d.sum, castagnoli, b)
	return b, nil
}

func (d *decoder) byte() (byte, error) {
	b, err := d.bytes(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// uint reads a varint of at most limit.
func (d *decoder) uint(limit uint64) (int, error) {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b, err := d.byte()
		if err != nil {
			return 0, err
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if v > limit {
				break
			}
			return int(v), nil
		}
	}
	return 0, fmt.Errorf("%w: a length is out of range", ErrFormat)
}

func (d *decoder) text() (string, error) {
	n, err := d.uint(math.MaxInt32)
	if err != nil {
		return "", err
	}
	if n <= pieceBytes {
		b, err := d.bytes(n)
		return string(b), err
	}
	var all []byte
	for len(all) < n {
		b, err := d.bytes(min(n-len(all), pieceBytes))
		if err != nil {
			return "", err
		}
		all = append(all, b...)
	}
	return string(all), nil
}

func (d *decoder) column() (*Column, error) {
	var c Column
	var err error
	if c.Name, err = d.text(); err != nil {
		return nil, err
	}
	kind, err := d.byte()
	if err != nil {
		return nil, err
	}
	c.Kind = Kind(kind)
	if c.Layout, err = d.text(); err != nil {
		return nil, err
	}
	if c.Infinite, err = d.uint(uint64(d.rows)); err != nil {
		return nil, err
	}
	switch c.Kind {
	case Number:
		err = d.numbers(&c)
	case Time:
		err = d.times(&c)
	case String:
		err = d.texts(&c)
	default:
		err = fmt.Errorf("%w: column %q is of unknown kind %d", ErrFormat, c.Name, kind)
	}
	return &c, err
}

func (d *decoder) numbers(c *Column) error {
	b, err := d.block(c.Name, Number)
	if err != nil {
		return err
	}
	cell := func(word uint64, missing bool) (float64, bool) {
		if missing {
			return nan, true
		}
		return float64(int64(word)), true
	}
	if b.floats {
		b.base = 0
		cell = func(word uint64, _ bool) (float64, bool) { return math.Float64frombits(word), true }
	}
	c.Floats, err = readWords(d, c.Name, b, cell)
	return err
}

func (d *decoder) times(c *Column) error {
	b, err := d.block(c.Name, Time)
	if err != nil {
		return err
	}
	c.Times, err = readWords(d, c.Name, b, func(word uint64, missing bool) (int64, bool) {
		if missing {
			return MissingTime, true
		}
		return int64(word), true
	})
	return err
}

// texts reads a dictionary of distinct texts and the codes into it.
func (d *decoder) texts(c *Column) error {
	size, err := d.uint(math.MaxInt32)
	if err != nil {
		return err
	}
	seen := make(map[string]bool)
	for range size {
		s, err := d.text()
		if err != nil {
			return err
		}
		if seen[s] {
			return fmt.Errorf("%w: column %q holds %q twice in its dictionary", ErrFormat, c.Name, s)
		}
		seen[s] = true
		c.Dict = append(c.Dict, s)
	}
	b, err := d.block(c.Name, String)
	if err != nil {
		return err
	}
	c.Codes, err = readWords(d, c.Name, b, func(word uint64, missing bool) (int32, bool) {
		if missing {
			return -1, true
		}
		return int32(word), word < uint64(size)
	})
	return err
}

// block is the head of a block of cells.
type block struct {
	width   int
	base    uint64
	missing uint64
	floats  bool // the words are the bits of float64 values
}

func (d *decoder) block(name string, kind Kind) (block, error) {
	width, err := d.byte()
	if err != nil {
		return block{}, err
	}
	head, err := d.bytes(8)
	if err != nil {
		return block{}, err
	}
	b := block{width: int(width), base: binary.LittleEndian.Uint64(head)}
	if b.width != 1 && b.width != 2 && b.width != 4 && b.width != 8 {
		return b, fmt.Errorf("%w: column %q has cells of %d bytes", ErrFormat, name, b.width)
	}
	b.missing = missingWord(b.width)
	b.floats = kind == Number && b.width == 8 && b.base == wideFloats
	return b, nil
}

// readWords reads one word a row. cell turns a word, or that a cell is missing,
// into a value and says whether it is in range.
func readWords[T any](d *decoder, name string, b block, cell func(word uint64, missing bool) (T, bool)) ([]T, error) {
	out := make([]T, 0, min(d.rows, pieceBytes))
	for len(out) < d.rows {
		piece, err := d.bytes(min((d.rows-len(out))*b.width, pieceBytes))
		if err != nil {
			return nil, err
		}
		for ; len(piece) > 0; piece = piece[b.width:] {
			word := wordAt(piece, b.width)
			v, ok := cell(word+b.base, word == b.missing)
			if !ok {
				return nil, fmt.Errorf("%w: column %q, row %d: the value is out of range", ErrFormat, name, len(out)+1)
			}
			out = append(out, v)
		}
	}
	return out, nil
}

func wordAt(b []byte, width int) uint64 {
	switch width {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	default:
		return binary.LittleEndian.Uint64(b)
	}
}
