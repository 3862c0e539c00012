package featurize

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/data"
)

// SplitBy says in which way a column divides rows for validation.
type SplitBy string

// Rows of one group are validated together; rows are validated after the time
// that trained; or the column names each row's fold.
const (
	ByGroup SplitBy = "group"
	ByTime  SplitBy = "time"
	ByFold  SplitBy = "fold"
)

// SplitKeys reads a column that divides rows: a number for each row, from 0
// without gaps, equal for equal values. Times and folds are numbered in their own
// order: numbers as numbers, dates as dates, words (of folds) by text; groups by
// the rows in which they first appear, dates by their order. It fails, with the number of rows, where values
// are missing, and where times are neither numbers nor dates.
func SplitKeys(c *data.Column, by SplitBy) ([]int32, error) {
	absent := 0
	for i := range c.Len() {
		if cellAt(c, i).kind == missing {
			absent++
		}
	}
	if absent > 0 {
		return nil, fmt.Errorf("%s column %q: %d of %d rows have no value: fill them in or leave the rows out", by, c.Name, absent, c.Len())
	}
	switch {
	case c.Kind == data.Time:
		return ranks(c.Times), nil
	case by == ByTime && c.Kind == data.String:
		return timeRanks(c)
	case by == ByTime:
		return ranks(c.Floats), nil
	}
	keys, names := groups(c)
	if by == ByFold {
		order := slices.Clone(names)
		sortClasses(order)
		place := make(map[string]int32, len(order))
		for k, name := range order {
			place[name] = int32(k)
		}
		for i, k := range keys {
			keys[i] = place[names[k]]
		}
	}
	return keys, nil
}

// timeRanks reads times that are stored as text: dates of the layout that reads
// most of them, else numbers.
func timeRanks(c *data.Column) ([]int32, error) {
	values, bad := c.NumericView()
	if bad == 0 && !slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) }) {
		return ranks(values), nil
	}
	layout, _ := profileOf(c, c.Len()).bestLayout()
	times, wrong := make([]int64, c.Len()), c.Len()
	if layout != "" {
		times, wrong = c.TimeView(layout)
	}
	if wrong == 0 {
		return ranks(times), nil
	}
	example := c.Text(slices.IndexFunc(times, func(t int64) bool { return layout == "" || t == data.MissingTime }))
	return nil, fmt.Errorf("time column %q: %d of %d rows hold no date or number that goes with the others, such as %q", c.Name, wrong, c.Len(), shorten(example))
}

// ranks numbers values by their order among the distinct ones.
func ranks[T cmp.Ordered](values []T) []int32 {
	order := make([]int32, len(values))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(values[a], values[b]) })
	out := make([]int32, len(values))
	rank := int32(0)
	for k, i := range order {
		if k > 0 && values[i] != values[order[k-1]] {
			rank++
		}
		out[i] = rank
	}
	return out
}

// groups numbers values as they first appear, with the name of each.
func groups(c *data.Column) (keys []int32, names []string) {
	keys = make([]int32, c.Len())
	byName := map[string]int32{}
	of := func(i int) int32 {
		name := cellAt(c, i).key(nil)
		k, seen := byName[name]
		if !seen {
			k = int32(len(names))
			byName[name], names = k, append(names, name)
		}
		return k
	}
	if c.Kind == data.String { // a word is looked up once, not once a row
		byCode := make([]int32, len(c.Dict))
		for k := range byCode {
			byCode[k] = -1
		}
		for i, code := range c.Codes {
			if byCode[code] < 0 {
				byCode[code] = of(i)
			}
			keys[i] = byCode[code]
		}
		return keys, names
	}
	byNumber := map[float64]int32{}
	for i, v := range c.Floats {
		k, seen := byNumber[v]
		if !seen {
			k = of(i)
			byNumber[v] = k
		}
		keys[i] = k
	}
	return keys, names
}
