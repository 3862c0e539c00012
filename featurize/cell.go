package featurize

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl/data"
)

// Cell is one value of an input column, as transforms see it: from a table's
// column or from a single row, the same value makes the same cell.
type Cell struct {
	kind cellKind
	f    float64
	t    int64
	s    string
}

type cellKind uint8

const (
	missing cellKind = iota
	number           // f, finite
	moment           // t, nanoseconds since 1970 UTC; s is its column's layout
	word             // s, not blank
)

func numberCell(f float64) Cell {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Cell{}
	}
	return Cell{kind: number, f: f + 0} // -0 is 0
}

// orNaN is the number of a numberCell, NaN if it is missing.
func (c Cell) orNaN() float64 {
	if c.kind == missing {
		return math.NaN()
	}
	return c.f
}

func wordCell(s string) Cell {
	if data.IsMissing(s) {
		return Cell{}
	}
	return Cell{kind: word, s: s}
}

func momentCell(ns int64, layout string) Cell {
	if ns == data.MissingTime {
		return Cell{}
	}
	return Cell{kind: moment, t: ns, s: layout}
}

// cellAt reads row i of a column.
func cellAt(c *data.Column, i int) Cell {
	switch c.Kind {
	case data.Number:
		return numberCell(c.Floats[i])
	case data.Time:
		return momentCell(c.Times[i], c.Layout)
	}
	if k := c.Codes[i]; k >= 0 {
		return wordCell(c.Dict[k])
	}
	return Cell{}
}

// maxInteger is the largest integer below which float64 merges no two.
const maxInteger = 1 << 53

func intCell(v int64) Cell {
	if v >= -maxInteger && v <= maxInteger {
		return Cell{kind: number, f: float64(v)}
	}
	return Cell{kind: word, s: strconv.FormatInt(v, 10)}
}

func uintCell(v uint64) Cell {
	if v <= maxInteger {
		return Cell{kind: number, f: float64(v)}
	}
	return Cell{kind: word, s: strconv.FormatUint(v, 10)}
}

// cellOf reads a value as it comes from Go or JSON: the cell that a table made
// of such values would hold.
func cellOf(v any) (Cell, error) {
	switch v := v.(type) {
	case nil:
		return Cell{}, nil
	case string:
		return wordCell(v), nil
	case float64:
		return numberCell(v), nil
	case bool:
		return wordCell(strconv.FormatBool(v)), nil
	case int:
		return intCell(int64(v)), nil
	case json.Number:
		return jsonCell(v.String()), nil
	case time.Time:
		if y := v.UTC().Year(); y < 1678 || y > 2261 {
			return Cell{}, fmt.Errorf("the time %s is outside the years 1678 to 2261", v.Format(time.RFC3339))
		}
		return momentCell(v.UnixNano(), ""), nil
	}
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.Pointer && r.IsNil():
		return Cell{}, nil
	case r.Kind() == reflect.Pointer && r.Elem().Kind() != reflect.Pointer:
		return cellOf(r.Elem().Interface())
	case r.Kind() == reflect.Bool:
		return wordCell(strconv.FormatBool(r.Bool())), nil
	case r.Kind() == reflect.String:
		return wordCell(r.String()), nil
	case r.Kind() == reflect.Float64:
		return numberCell(r.Float()), nil
	case r.Kind() == reflect.Float32: // 0.1 stays 0.1
		f, err := strconv.ParseFloat(strconv.FormatFloat(r.Float(), 'g', -1, 32), 64)
		if err != nil {
			return Cell{}, err
		}
		return numberCell(f), nil
	case r.CanInt():
		return intCell(r.Int()), nil
	case r.CanUint():
		return uintCell(r.Uint()), nil
	}
	return Cell{}, fmt.Errorf("a value of type %T: use a string, a number, a boolean, a time or nil", v)
}

// jsonCell is a number unless its text says more than float64 can hold.
func jsonCell(s string) Cell {
	if v, ok := data.ParseNumber(s); ok && (math.IsInf(v, 0) || data.Key(s) == data.NumberKey(v)) {
		return numberCell(v)
	}
	return wordCell(s)
}

// key is the cell as a category; it is valid UTF-8, so that JSON keeps it. Times
// are written in the given layout, if not nil, or else in their own.
func (c Cell) key(layout *string) string {
	switch c.kind {
	case number:
		return data.NumberKey(c.f)
	case word:
		return strings.ToValidUTF8(data.Key(c.s), "\uFFFD")
	case moment:
		l := c.s
		if layout != nil {
			l = *layout
		}
		if l == "" {
			l = time.RFC3339Nano
		}
		return time.Unix(0, c.t).UTC().Format(l)
	}
	return ""
}

// text is the cell as words, times as in key.
func (c Cell) text(layout *string) string {
	if c.kind == word {
		return c.s
	}
	return c.key(layout)
}

// number is the cell as a number, NaN if it is none; ok is false for a date,
// which no number stands for.
func (c Cell) number() (v float64, ok bool) {
	switch c.kind {
	case number:
		return c.f, true
	case word:
		if v, isNumber := data.ParseNumber(c.s); isNumber && !math.IsInf(v, 0) {
			return v, true
		}
	case moment:
		return math.NaN(), false
	}
	return math.NaN(), true
}

// boolean is the cell as a number, 0 or 1 for words that mean false and true.
func (c Cell) boolean() (v float64, ok bool) {
	if c.kind == word {
		if v, isTruth := truths[strings.ToLower(strings.TrimSpace(c.s))]; isTruth {
			return v, true
		}
	}
	return c.number()
}

var truths = map[string]float64{
	"true": 1, "t": 1, "yes": 1, "y": 1, "on": 1,
	"false": 0, "f": 0, "no": 0, "n": 0, "off": 0,
}

// time is the cell as nanoseconds since 1970; words are read in the first of
// the layouts that fits. Numbers are years, dates written yyyymmdd, or seconds
// or milliseconds since 1970. ok is false if it is no time.
func (c Cell) time(layouts []string) (ns int64, ok bool) {
	switch c.kind {
	case moment:
		return c.t, true
	case number:
		return numberTime(c.f)
	case word:
		if !mayBeTime(c.s) {
			return 0, false
		}
		for _, l := range layouts {
			if ns, ok := data.ParseTime(c.s, l); ok {
				return ns, true
			}
		}
		if v, isNumber := data.ParseNumber(c.s); isNumber {
			return numberTime(v)
		}
	}
	return 0, false
}

// mayBeTime spares other words the trial of every layout.
func mayBeTime(s string) bool {
	return len(s) >= 4 && len(s) <= 64 && strings.ContainsAny(s, "0123456789")
}

// layoutsAfter are the layouts that words are read in where training had the
// given one: that one, then those that begin with the year and so can be
// mistaken for no other.
func layoutsAfter(layout string) []string {
	list := []string{layout}
	for _, l := range data.TimeLayouts() {
		if l != layout && (l == "" || strings.HasPrefix(l, "2006")) {
			list = append(list, l)
		}
	}
	return list
}

func numberTime(v float64) (int64, bool) {
	whole := v == math.Trunc(v)
	switch {
	case whole && v >= 1678 && v <= 2261:
		return time.Date(int(v), 1, 1, 0, 0, 0, 0, time.UTC).UnixNano(), true
	case whole && v >= 16780101 && v <= 22611231:
		y, m, d := int(v)/10000, int(v)/100%100, int(v)%100
		t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
		return t.UnixNano(), t.Day() == d && int(t.Month()) == m
	case v >= 1e8 && v < 9e9:
		return int64(v) * int64(time.Second), true
	case v >= 1e11 && v < 9e12:
		return int64(v) * int64(time.Millisecond), true
	}
	return 0, false
}
