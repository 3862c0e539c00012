package featurize

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Limits of vocabularies.
const (
	// maxLevels is the number of levels with a code of their own.
	maxLevels = 4096
	// maxCounted is the number of levels whose frequency is kept.
	maxCounted = 1 << 16
	// manyLevels: above it, a categorical column gets its frequency as well.
	manyLevels = 30
)

// level is a value of a categorical column and its number of training rows.
type level struct {
	key   string
	count int
}

// levels counts the keys of a column, most frequent first, ties in the order of
// keys.
func levels(f Fitting) []level {
	counts := map[string]int{}
	layout := layoutOf(f.col)
	if f.col.Codes != nil {
		byCode := make([]int, len(f.col.Dict))
		for _, k := range f.col.Codes[:f.rows] {
			if k >= 0 {
				byCode[k]++
			}
		}
		for k, n := range byCode {
			if c := wordCell(f.col.Dict[k]); n > 0 && c.kind != missing {
				counts[c.key(layout)] += n
			}
		}
	} else {
		// Dates are told apart as the numbers they are.
		same := map[int64]int{}
		at := map[int64]int{} // a row that has it
		for i := range f.rows {
			c := cellAt(f.col, i)
			bits := c.t
			if c.kind == number {
				bits = int64(math.Float64bits(c.f))
			}
			if c.kind != missing {
				same[bits]++
				at[bits] = i
			}
		}
		for bits, n := range same {
			counts[cellAt(f.col, at[bits]).key(layout)] += n
		}
	}
	ls := make([]level, 0, len(counts))
	for k, n := range counts {
		ls = append(ls, level{k, n})
	}
	slices.SortFunc(ls, func(a, b level) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.key, b.key))
	})
	return ls
}

// layoutOf is the layout in which a column's times are category keys, nil if it
// holds no times.
func layoutOf(c *data.Column) *string {
	if c.Kind != data.Time {
		return nil
	}
	return &c.Layout
}

// category gives the rank of a value by its training frequency; values that
// training did not have, or beyond the most frequent 4,096, are missing.
type category struct {
	Column string `json:"column"`
	// Layout of the keys of a column of times.
	Layout *string  `json:"layout,omitempty"`
	Levels []string `json:"levels"`

	codes map[string]float32
}

func fitCategory(f Fitting) (Transform, error) {
	c := &category{Column: f.col.Name, Layout: layoutOf(f.col), Levels: []string{}}
	for _, l := range levels(f) {
		if len(c.Levels) == maxLevels {
			break
		}
		c.Levels = append(c.Levels, l.key)
	}
	return c, c.ready()
}

func (c *category) ready() error {
	if len(c.Levels) > maxLevels {
		return fmt.Errorf("column %q has %d levels, more than %d", c.Column, len(c.Levels), maxLevels)
	}
	c.codes = make(map[string]float32, len(c.Levels))
	for i, k := range c.Levels {
		if _, dup := c.codes[k]; dup {
			return fmt.Errorf("column %q has level %q twice", c.Column, k)
		}
		c.codes[k] = float32(i)
	}
	return nil
}

func (c *category) Kind() string     { return "category" }
func (c *category) Inputs() []string { return []string{c.Column} }
func (c *category) SparseCols() int  { return 0 }
func (c *category) Supervised() bool { return false }

func (c *category) Features() []matrix.Feature {
	// A column without any level is numeric and always missing.
	return []matrix.Feature{{Name: c.Column, Sources: []string{c.Column}, Levels: len(c.Levels)}}
}

func (c *category) Row(in []Cell, out []float32, _ *Entries) error {
	out[0] = find(c.codes, in[0].key(c.Layout), float32(math.NaN()))
	return nil
}

// find looks a key up; "" is missing. A boolean of Go or JSON is also found as
// True or TRUE, which other programs write.
func find(m map[string]float32, key string, unseen float32) float32 {
	if key == "" {
		return float32(math.NaN())
	}
	if v, ok := m[key]; ok {
		return v
	}
	if key == "true" || key == "false" {
		for _, name := range []string{strings.ToUpper(key[:1]) + key[1:], strings.ToUpper(key)} {
			if v, ok := m[name]; ok {
				return v
			}
		}
	}
	return unseen
}

// frequency gives log(1+n) of the number n of training rows with the value. A
// value that training did not have counts as one that it had once, so that new
// values look like the rarest known ones.
type frequency struct {
	Column string   `json:"column"`
	Layout *string  `json:"layout,omitempty"` // as in category
	Levels []string `json:"levels"`           // seen twice or more
	Counts []int    `json:"counts"`

	logs map[string]float32
}

func fitFrequency(f Fitting) (Transform, error) {
	t := &frequency{Column: f.col.Name, Layout: layoutOf(f.col), Levels: []string{}, Counts: []int{}}
	for _, l := range levels(f) {
		if l.count < 2 || len(t.Levels) == maxCounted {
			break
		}
		t.Levels = append(t.Levels, l.key)
		t.Counts = append(t.Counts, l.count)
	}
	return t, t.ready()
}

func (t *frequency) ready() error {
	if len(t.Levels) != len(t.Counts) {
		return fmt.Errorf("column %q has %d levels and %d counts", t.Column, len(t.Levels), len(t.Counts))
	}
	t.logs = make(map[string]float32, len(t.Levels))
	for i, k := range t.Levels {
		if t.Counts[i] < 0 {
			return fmt.Errorf("column %q has a negative count", t.Column)
		}
		t.logs[k] = float32(math.Log1p(float64(t.Counts[i])))
	}
	return nil
}

func (t *frequency) Kind() string               { return "frequency" }
func (t *frequency) Inputs() []string           { return []string{t.Column} }
func (t *frequency) SparseCols() int            { return 0 }
func (t *frequency) Supervised() bool           { return false }
func (t *frequency) Features() []matrix.Feature { return one(t.Column+".count", t.Column) }

func (t *frequency) Row(in []Cell, out []float32, _ *Entries) error {
	out[0] = find(t.logs, in[0].key(t.Layout), float32(math.Log1p(1)))
	return nil
}
