package data

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// FromRows makes a table of rows given as maps from column name to value. The
// columns are those of all rows together, in order of name; a name that a row
// lacks is a missing cell. Values may be numbers of any Go type, json.Number,
// bool (as the texts true and false), string, time.Time, pointers to those, slices of
// texts, numbers and bools (as lists in JSON, see ListText), and nil (missing). A column of numbers alone is Number, of times alone Time; the
// kind of any other is found from the texts, as for a file.
func FromRows(rows []map[string]any) (*Table, error) {
	if len(rows) == 0 {
		return nil, fmt.Errorf("no rows")
	}
	names := map[string]bool{}
	for _, r := range rows {
		for name := range r {
			names[name] = true
		}
	}
	var cols []*Column
	for _, name := range slices.Sorted(maps.Keys(names)) {
		cells := make([]any, len(rows))
		for i, r := range rows {
			cells[i] = r[name]
		}
		c, err := columnOf(name, cells)
		if err != nil {
			return nil, err
		}
		cols = append(cols, c)
	}
	return tableOf(cols, len(rows))
}

// tableOf makes a table of the columns, which may be none.
func tableOf(cols []*Column, rows int) (*Table, error) {
	t, err := NewTable(cols...)
	if err != nil {
		return nil, err
	}
	t.rows = rows
	return t, nil
}

// FromStructs makes a table of a slice of structs or of pointers to structs:
// one column for each exported field, in order, those of embedded structs
// included. The tag `automl:"name"` names a column other than its field, and
// `automl:"-"` leaves a field out. Fields hold what FromRows takes.
func FromStructs(slice any) (*Table, error) {
	v := reflect.ValueOf(slice)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return nil, fmt.Errorf("%T is not a slice of structs", slice)
	}
	elem := v.Type().Elem()
	if elem.Kind() == reflect.Pointer {
		elem = elem.Elem()
	}
	if elem.Kind() != reflect.Struct || elem == timeType {
		return nil, fmt.Errorf("%T is not a slice of structs", slice)
	}
	if v.Len() == 0 {
		return nil, fmt.Errorf("no rows")
	}
	structs := make([]reflect.Value, v.Len())
	for i := range structs {
		structs[i] = reflect.Indirect(v.Index(i))
		if !structs[i].IsValid() {
			return nil, fmt.Errorf("row %d is nil", i+1)
		}
	}
	cols, err := structColumns(elem, structs)
	if err != nil {
		return nil, err
	}
	if len(cols) == 0 {
		return nil, fmt.Errorf("%v has no exported fields", elem)
	}
	return tableOf(cols, len(structs))
}

var timeType = reflect.TypeFor[time.Time]()

func structColumns(elem reflect.Type, structs []reflect.Value) ([]*Column, error) {
	var cols []*Column
	for _, f := range reflect.VisibleFields(elem) {
		name := f.Tag.Get("automl")
		if !f.IsExported() || name == "-" || f.Anonymous && f.Type.Kind() == reflect.Struct && f.Type != timeType {
			continue
		}
		if name == "" {
			name = f.Name
		}
		cells := make([]any, len(structs))
		for i, s := range structs {
			if v, err := s.FieldByIndexErr(f.Index); err == nil { // else an embedded pointer is nil
				cells[i] = v.Interface()
			}
		}
		c, err := columnOf(name, cells)
		if err != nil {
			return nil, err
		}
		cols = append(cols, c)
	}
	return cols, nil
}

// columnOf makes a column of Go values.
func columnOf(name string, cells []any) (*Column, error) {
	plain := make([]any, len(cells)) // nil, float64, time.Time or string
	numbers, times, texts := 0, 0, 0
	for i, cell := range cells {
		v, err := plainValue(cell)
		if err != nil {
			return nil, fmt.Errorf("row %d, column %q: %w", i+1, name, err)
		}
		plain[i] = v
		switch v.(type) {
		case float64:
			numbers++
		case time.Time:
			times++
		case string:
			texts++
		}
	}
	switch {
	case times+texts == 0:
		return columnOfNumbers(name, plain), nil
	case numbers+texts == 0:
		return columnOfTimes(name, plain)
	default:
		return columnOfTexts(name, plain), nil
	}
}

func columnOfNumbers(name string, cells []any) *Column {
	c := &Column{Name: name, Kind: Number, Floats: make([]float64, len(cells))}
	for i, cell := range cells {
		v, ok := cell.(float64)
		if ok && math.IsInf(v, 0) {
			c.Infinite++
			ok = false
		}
		if !ok {
			v = nan
		}
		c.Floats[i] = v
	}
	return c
}

func columnOfTimes(name string, cells []any) (*Column, error) {
	c := &Column{Name: name, Kind: Time, Times: make([]int64, len(cells))}
	for i, cell := range cells {
		c.Times[i] = MissingTime
		t, ok := cell.(time.Time)
		if !ok {
			continue
		}
		if y := t.UTC().Year(); y < minYear || y > maxYear {
			return nil, fmt.Errorf("row %d, column %q: the year %d is not within %d to %d", i+1, name, y, minYear, maxYear)
		}
		c.Times[i] = t.UnixNano()
	}
	return c, nil
}

func columnOfTexts(name string, cells []any) *Column {
	b := NewBuilder(name, len(cells))
	var text []byte
	for i := 0; i < len(cells); i++ {
		text = text[:0]
		switch v := cells[i].(type) {
		case float64:
			text = AppendNumber(text, v)
		case time.Time:
			text = v.UTC().AppendFormat(text, time.RFC3339Nano)
		case string:
			text = append(text, v...)
		}
		if !b.Append(text) {
			i = -1 // the builder wants all cells again, as text
		}
	}
	return b.Column()
}

// plainValue reduces a Go value to nil, float64, time.Time or string.
func plainValue(cell any) (any, error) {
	switch v := cell.(type) {
	case nil:
		return nil, nil
	case float64:
		return v, nil
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case time.Time:
		return v, nil
	case json.Number:
		if f, class := parseNumber(string(v)); class == plainNumber {
			return f, nil
		}
		return string(v), nil
	}
	switch v := reflect.ValueOf(cell); v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		if v.Elem().Kind() == reflect.Pointer {
			break
		}
		return plainValue(v.Elem().Interface())
	case reflect.Slice:
		if text, ok := ListText(cell); ok {
			return text, nil
		}
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case reflect.String:
		return v.String(), nil
	case reflect.Float32: // 0.1 stays 0.1
		f, _ := strconv.ParseFloat(strconv.FormatFloat(v.Float(), 'g', -1, 32), 64)
		return f, nil
	case reflect.Float64:
		return v.Float(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if n := v.Int(); n > maxExact || n < -maxExact {
			return strconv.FormatInt(n, 10), nil
		}
		return float64(v.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if n := v.Uint(); n > maxExact {
			return strconv.FormatUint(n, 10), nil
		}
		return float64(v.Uint()), nil
	}
	return nil, fmt.Errorf("a %T cannot be a cell: give a number, text, bool, time.Time, a pointer to one, a list of texts, numbers and bools, or nil", cell)
}
