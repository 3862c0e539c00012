package parquet

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/seed-09a2cce4/automl/data"
)

// maxExact is the largest integer up to which float64 holds every integer.
const maxExact = 1 << 53

// gatherer gathers a column's values and makes the column of them.
type gatherer interface {
	add([]parquet.Value) error
	column() (*data.Column, error)
}

// newGatherer picks the gatherer for a column's type.
func newGatherer(leaf *parquet.Column, rows int) (gatherer, error) {
	name, kind := leaf.Name(), leaf.Type().Kind()
	var logical format.LogicalTypeValue
	if l := leaf.Type().LogicalType(); l != nil {
		logical = l.Value
	}
	text := func(toText func([]byte, parquet.Value) ([]byte, error)) gatherer {
		return &texts{builder: data.NewTextBuilder(name, rows), toText: toText}
	}
	integer := func(finish func(*integers) *data.Column) gatherer {
		return &integers{name: name, rows: rows, narrow: kind == parquet.Int32, finish: finish}
	}
	number := func(toNumber func(parquet.Value) float64) gatherer {
		return &floats{name: name, values: make([]float64, 0, rows), toNumber: toNumber}
	}
	whole := kind == parquet.Int32 || kind == parquet.Int64
	bytes := kind == parquet.ByteArray || kind == parquet.FixedLenByteArray
	switch l := logical.(type) {
	case *format.DecimalType:
		if !whole && !bytes || l.Scale < 0 || l.Scale > 1000 {
			break
		}
		return &decimals{texts: texts{builder: data.NewTextBuilder(name, rows)}, name: name, scale: int(l.Scale)}, nil
	case *format.DateType:
		if whole {
			return integer((*integers).dates), nil
		}
	case *format.TimestampType:
		if !whole {
			break
		}
		unit := unitOf(l.Unit)
		layout := "" // RFC 3339
		if !l.IsAdjustedToUTC {
			layout = localLayout
		}
		return integer(func(v *integers) *data.Column { return v.timestamps(unit, layout) }), nil
	case *format.TimeType:
		if !whole {
			break
		}
		perSecond := float64(time.Second / unitOf(l.Unit))
		return integer(func(v *integers) *data.Column { return v.numbers(perSecond) }), nil
	case *format.IntType:
		if whole {
			return &integers{name: name, rows: rows, narrow: kind == parquet.Int32, unsigned: !l.IsSigned, finish: (*integers).plain}, nil
		}
	case *format.UUIDType:
		if kind == parquet.FixedLenByteArray && leaf.Type().Length() == 16 {
			return text(uuidText), nil
		}
	case *format.Float16Type:
		if kind == parquet.FixedLenByteArray && leaf.Type().Length() == 2 {
			return number(halfNumber), nil
		}
	case nil, *format.StringType, *format.EnumType, *format.JsonType:
		switch kind {
		case parquet.Boolean:
			return text(boolText), nil
		case parquet.Int32, parquet.Int64:
			return integer((*integers).plain), nil
		case parquet.Float:
			return number(floatNumber), nil
		case parquet.Double:
			return number(parquet.Value.Double), nil
		case parquet.Int96:
			return &integers{name: name, rows: rows, int96: true, finish: func(v *integers) *data.Column {
				return v.timestamps(time.Nanosecond, "")
			}}, nil
		case parquet.ByteArray, parquet.FixedLenByteArray:
			return text(plainText), nil
		}
	case *format.NullType:
		return number(func(parquet.Value) float64 { return math.NaN() }), nil
	}
	return nil, fmt.Errorf("values of type %v cannot be read: convert them or leave the column out", leaf.Type())
}

func unitOf(u format.TimeUnit) time.Duration {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return time.Millisecond
	case *format.MicroSeconds:
		return time.Microsecond
	default:
		return time.Nanosecond
	}
}

// texts gathers values as text.
type texts struct {
	builder *data.Builder
	toText  func(dst []byte, v parquet.Value) ([]byte, error)
	buf     []byte
}

func (t *texts) add(values []parquet.Value) error {
	for _, v := range values {
		t.buf = t.buf[:0]
		if !v.IsNull() {
			var err error
			if t.buf, err = t.toText(t.buf, v); err != nil {
				return err
			}
		}
		t.builder.Append(t.buf) // always true: the builder is one of text
	}
	return nil
}

func (t *texts) column() (*data.Column, error) { return t.builder.Column(), nil }

func boolText(dst []byte, v parquet.Value) ([]byte, error) {
	return strconv.AppendBool(dst, v.Boolean()), nil
}

func plainText(dst []byte, v parquet.Value) ([]byte, error) {
	if !utf8.Valid(v.ByteArray()) {
		return nil, fmt.Errorf("a value is not UTF-8 text: leave the column out")
	}
	return append(dst, v.ByteArray()...), nil
}

func uuidText(dst []byte, v parquet.Value) ([]byte, error) {
	b := v.ByteArray()
	return fmt.Appendf(dst, "%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// floats gathers numbers.
type floats struct {
	name     string
	values   []float64
	infinite int
	toNumber func(parquet.Value) float64
}

func (f *floats) add(values []parquet.Value) error {
	for _, v := range values {
		x := math.NaN()
		if !v.IsNull() {
			x = f.toNumber(v)
		}
		if math.IsInf(x, 0) {
			f.infinite++
			x = math.NaN()
		}
		f.values = append(f.values, x)
	}
	return nil
}

func (f *floats) column() (*data.Column, error) {
	return &data.Column{Name: f.name, Kind: data.Number, Floats: f.values, Infinite: f.infinite}, nil
}

// floatNumber reads a float32 by its shortest decimal form, so that 0.1 is 0.1
// here as in a CSV file of the same table.
func floatNumber(v parquet.Value) float64 {
	var buf [24]byte
	x, _ := strconv.ParseFloat(string(strconv.AppendFloat(buf[:0], float64(v.Float()), 'g', -1, 32)), 64)
	return x
}

// halfNumber reads an IEEE 754 half.
func halfNumber(v parquet.Value) float64 {
	bits := binary.LittleEndian.Uint16(v.ByteArray())
	fraction, exponent := float64(bits&0x3ff), int(bits>>10&0x1f)
	var x float64
	switch exponent {
	case 0:
		x = math.Ldexp(fraction, -24)
	case 0x1f:
		x = math.Inf(1)
		if fraction != 0 {
			x = math.NaN()
		}
	default:
		x = math.Ldexp(1024+fraction, exponent-25)
	}
	if bits>>15 == 1 {
		x = -x
	}
	return x
}

// integers gathers whole numbers of any meaning, which finish gives them.
type integers struct {
	name                    string
	rows                    int
	narrow, unsigned, int96 bool
	values                  []int64
	null                    []bool
	finish                  func(*integers) *data.Column
}

func (n *integers) add(values []parquet.Value) error {
	if n.values == nil {
		n.values, n.null = make([]int64, 0, n.rows), make([]bool, 0, n.rows)
	}
	for _, v := range values {
		var x int64
		switch {
		case v.IsNull():
		case n.int96:
			i := v.Int96()
			const epoch = 2_440_588 // Julian day of 1970-01-01
			days := int64(i[2]) - epoch
			if days < -106_000 || days > 106_000 { // the years 1680 to 2260
				return fmt.Errorf("a timestamp is before 1680 or after 2260: leave the column out")
			}
			x = days*int64(24*time.Hour) + int64(uint64(i[1])<<32|uint64(i[0]))
		case n.narrow && n.unsigned:
			x = int64(v.Uint32())
		case n.narrow:
			x = int64(v.Int32())
		default:
			x = v.Int64()
		}
		n.values = append(n.values, x)
		n.null = append(n.null, v.IsNull())
	}
	return nil
}

func (n *integers) column() (*data.Column, error) { return n.finish(n), nil }

// plain makes numbers, or text if one is beyond 2^53.
func (n *integers) plain() *data.Column {
	for _, v := range n.values {
		if v > maxExact || v < -maxExact || n.unsigned && v < 0 { // from 2^63 on unsigned
			return n.asText(func(dst []byte, v int64) []byte {
				if n.unsigned {
					return strconv.AppendUint(dst, uint64(v), 10)
				}
				return strconv.AppendInt(dst, v, 10)
			})
		}
	}
	return n.numbers(1)
}

func (n *integers) numbers(divisor float64) *data.Column {
	out := make([]float64, len(n.values))
	for i, v := range n.values {
		out[i] = float64(v) / divisor
		if n.null[i] {
			out[i] = math.NaN()
		}
	}
	return &data.Column{Name: n.name, Kind: data.Number, Floats: out}
}

// The layouts of dates and of timestamps without a zone, as in CSV files.
const (
	dateLayout  = "2006-01-02"
	localLayout = "2006-01-02 15:04:05.999999999"
)

func (n *integers) dates() *data.Column {
	return n.times(dateLayout, func(days int64) time.Time {
		return time.Unix(0, 0).UTC().AddDate(0, 0, int(days))
	})
}

func (n *integers) timestamps(unit time.Duration, layout string) *data.Column {
	perSecond := int64(time.Second / unit)
	return n.times(layout, func(v int64) time.Time {
		return time.Unix(v/perSecond, v%perSecond*int64(unit)).UTC()
	})
}

// times makes times, or text if one is out of range.
func (n *integers) times(layout string, at func(int64) time.Time) *data.Column {
	out := make([]int64, len(n.values))
	for i, v := range n.values {
		if n.null[i] {
			out[i] = data.MissingTime
			continue
		}
		t := at(v)
		if t.Year() < 1678 || t.Year() > 2261 {
			return n.asText(func(dst []byte, v int64) []byte {
				if layout == "" {
					return at(v).AppendFormat(dst, time.RFC3339Nano)
				}
				return at(v).AppendFormat(dst, layout)
			})
		}
		out[i] = t.UnixNano()
	}
	return &data.Column{Name: n.name, Kind: data.Time, Times: out, Layout: layout}
}

func (n *integers) asText(format func([]byte, int64) []byte) *data.Column {
	b := data.NewTextBuilder(n.name, len(n.values))
	var buf []byte
	for i, v := range n.values {
		buf = buf[:0]
		if !n.null[i] {
			buf = format(buf, v)
		}
		b.Append(buf)
	}
	return b.Column()
}

// decimals gathers decimal numbers as their exact texts.
type decimals struct {
	texts
	name  string
	scale int
	big   bool // one is an integer beyond 2^53
}

func (d *decimals) add(values []parquet.Value) error {
	for _, v := range values {
		d.buf = d.buf[:0]
		if !v.IsNull() {
			d.buf = d.appendDecimal(d.buf, unscaled(v))
		}
		d.builder.Append(d.buf)
	}
	return nil
}

// unscaled is the integer that a decimal is stored as.
func unscaled(v parquet.Value) *big.Int {
	switch v.Kind() {
	case parquet.Int32:
		return big.NewInt(int64(v.Int32()))
	case parquet.Int64:
		return big.NewInt(v.Int64())
	}
	b := v.ByteArray() // big-endian two's complement
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

func (d *decimals) appendDecimal(dst []byte, n *big.Int) []byte {
	if d.scale == 0 {
		if n.CmpAbs(big.NewInt(maxExact)) > 0 {
			d.big = true
		}
		return n.Append(dst, 10)
	}
	if n.Sign() < 0 {
		dst = append(dst, '-')
		n = n.Neg(n)
	}
	digits := n.String()
	for len(digits) <= d.scale {
		digits = "0" + digits
	}
	point := len(digits) - d.scale
	dst = append(dst, digits[:point]...)
	dst = append(dst, '.')
	return append(dst, digits[point:]...)
}

func (d *decimals) column() (*data.Column, error) {
	c := d.builder.Column()
	if d.big {
		return c, nil
	}
	values, _ := c.NumericView()
	return &data.Column{Name: d.name, Kind: data.Number, Floats: values}, nil
}
