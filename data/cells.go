package data

import "math"

// Text returns cell i as text: numbers in their shortest form, times in their
// layout, "" when missing.
func (c *Column) Text(i int) string {
	if c.Kind == String {
		if code := c.Codes[i]; code >= 0 {
			return c.Dict[code]
		}
		return ""
	}
	return string(c.AppendText(nil, i))
}

// AppendText appends the Text of cell i.
func (c *Column) AppendText(dst []byte, i int) []byte {
	switch {
	case c.Missing(i):
		return dst
	case c.Kind == Number:
		return AppendNumber(dst, c.Floats[i])
	case c.Kind == Time:
		return append(dst, formatTime(c.Times[i], c.Layout)...)
	default:
		return append(dst, c.Dict[c.Codes[i]]...)
	}
}

// NumericView returns the cells as numbers, NaN where they are missing, infinite
// or no numbers; bad counts the last. A Number column's own slice is returned;
// of a String column only the distinct values are parsed.
func (c *Column) NumericView() (values []float64, bad int) {
	if c.Kind == Number {
		return c.Floats, 0
	}
	values = make([]float64, c.Len())
	for i := range values {
		values[i] = math.NaN()
	}
	if c.Kind == Time {
		for _, ns := range c.Times {
			if ns != MissingTime {
				bad++
			}
		}
		return values, bad
	}
	parsed := make([]float64, len(c.Dict))
	isBad := make([]bool, len(c.Dict))
	for code, s := range c.Dict {
		v, class := parseNumber(s)
		isBad[code] = class == notNumber
		if class == notNumber || math.IsInf(v, 0) {
			v = math.NaN()
		}
		parsed[code] = v
	}
	for i, code := range c.Codes {
		if code < 0 {
			continue
		}
		values[i] = parsed[code]
		if isBad[code] {
			bad++
		}
	}
	return values, bad
}

// TimeView returns the cells as times read with the given layout, MissingTime
// where they are missing or no times; bad counts the last. So a column of
// another table is read as the one a model was fitted on: "03/04/2024" keeps
// its order of day and month, whatever that other table suggests. A Time column
// that the layout cannot read throughout keeps its times.
func (c *Column) TimeView(layout string) (times []int64, bad int) {
	switch c.Kind {
	case Number:
		times = make([]int64, len(c.Floats))
		for i := range times {
			times[i] = MissingTime
			if !c.Missing(i) {
				bad++
			}
		}
		return times, bad
	case Time:
		return c.timesAgain(layout), 0
	default:
		return c.timesOfText(layout)
	}
}

// timesAgain reads the column's own texts in another layout.
func (c *Column) timesAgain(layout string) []int64 {
	if c.Layout == layout {
		return c.Times
	}
	times := make([]int64, len(c.Times))
	for i, ns := range c.Times {
		times[i] = MissingTime
		if ns == MissingTime {
			continue
		}
		again, ok := ParseTime(formatTime(ns, c.Layout), layout)
		if !ok {
			return c.Times
		}
		times[i] = again
	}
	return times
}

func (c *Column) timesOfText(layout string) (times []int64, bad int) {
	parsed := make([]int64, len(c.Dict))
	for code, s := range c.Dict {
		ns, ok := ParseTime(s, layout)
		if !ok {
			ns = MissingTime
		}
		parsed[code] = ns
	}
	times = make([]int64, len(c.Codes))
	for i, code := range c.Codes {
		times[i] = MissingTime
		if code < 0 {
			continue
		}
		times[i] = parsed[code]
		if times[i] == MissingTime {
			bad++
		}
	}
	return times, bad
}
