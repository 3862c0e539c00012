package featurize

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// ofTwo is what transforms of two columns without sparse outputs share.
type ofTwo struct {
	Column string `json:"column"`
	With   string `json:"with"`
}

// Inputs are the two columns.
func (c ofTwo) Inputs() []string { return []string{c.Column, c.With} }

// SparseCols is 0.
func (c ofTwo) SparseCols() int { return 0 }

// Supervised is false.
func (c ofTwo) Supervised() bool { return false }

// pair finds the other column, which a parameter names.
func (f *Fitting) pair(parameter, name string) (*data.Column, error) {
	switch name {
	case f.col.Name:
		return nil, fmt.Errorf("parameters: %s %q: it is the column itself", parameter, name)
	case f.target:
		return nil, fmt.Errorf("parameters: %s %q: it is the target", parameter, name)
	}
	other, err := Find(f.table, name)
	if err != nil {
		return nil, fmt.Errorf("parameters: %s: %w", parameter, err)
	}
	return other, nil
}

// unread is the first of the training cells if none can be read, "" if one can or all are
// missing.
func unread(c *data.Column, rows int, reads func(Cell) bool) (example string) {
	for i := range rows {
		cell := cellAt(c, i)
		if reads(cell) {
			return ""
		}
		if example == "" {
			example = shorten(cell.text(nil))
		}
	}
	return example
}

var errNoWith = errors.New("with is missing: name another column")

// arithmetic is the sum, difference, product or ratio of two numbers; missing where one
// of them is, and where the divisor is 0.
type arithmetic struct {
	ofTwo
	Op string `json:"op"`
}

// arithmeticParams: With is the other column.
type arithmeticParams struct {
	Op   string `json:"op"`
	With string `json:"with"`
}

// signs are how the names of features write the operations.
var signs = map[string]string{"sum": "+", "difference": "-", "product": "*", "ratio": "/"}

func (p *arithmeticParams) check() error {
	if p.With == "" {
		return errNoWith
	}
	if signs[p.Op] == "" {
		return fmt.Errorf("op %q: use sum, difference, product or ratio", p.Op)
	}
	return nil
}

// other fails if none of the training cells of the column is a number.
func (p *arithmeticParams) other(f Fitting) (*data.Column, error) {
	c, err := f.pair("with", p.With)
	if err != nil || c.Kind == data.Number {
		return c, err
	}
	example := unread(c, f.rows, func(cell Cell) bool {
		v, _ := cell.number()
		return v == v
	})
	if example == "" {
		return c, nil
	}
	return nil, fmt.Errorf("parameters: with %q: none of its cells is a number, such as %q", p.With, example)
}

func (p *arithmeticParams) fit(f Fitting) (Transform, error) {
	if _, err := p.other(f); err != nil {
		return nil, err
	}
	t := &arithmetic{ofTwo{f.col.Name, p.With}, p.Op}
	return t, t.ready()
}

func (t *arithmetic) ready() error {
	if signs[t.Op] == "" {
		return fmt.Errorf("column %q: unknown operation %q", t.Column, t.Op)
	}
	return nil
}

func (t *arithmetic) Kind() string { return "arithmetic" }

func (t *arithmetic) Features() []matrix.Feature {
	return []matrix.Feature{{Name: t.Column + signs[t.Op] + t.With, Sources: t.Inputs()}}
}

func (t *arithmetic) Row(in []Cell, out []float32, _ *Entries) error {
	a, ok := in[0].number()
	b, also := in[1].number()
	if !ok || !also {
		return errDate
	}
	a, b = bounded(a), bounded(b)
	switch t.Op {
	case "sum":
		out[0] = clamp(a + b)
	case "difference":
		out[0] = clamp(a - b)
	case "product":
		out[0] = clamp(a * b)
	case "ratio":
		if out[0] = float32(math.NaN()); b != 0 {
			out[0] = clamp(a / b)
		}
	}
	return nil
}

// cross makes a category of the values of two columns together. Pairs of one training
// row and those that training did not have are missing.
type cross struct {
	ofTwo
	Layout *string `json:"layout,omitempty"` // as in category
	Other  *string `json:"other,omitempty"`  // the same for With
	// Levels are the pairs, the most frequent first.
	Levels [][2]string `json:"levels"`

	codes map[[2]string]float32
}

// crossParams: With is the other column.
type crossParams struct {
	With string `json:"with"`
}

func (p *crossParams) check() error {
	if p.With == "" {
		return errNoWith
	}
	return nil
}

func (p *crossParams) other(f Fitting) (*data.Column, error) { return f.pair("with", p.With) }

func (p *crossParams) fit(f Fitting) (Transform, error) {
	other, err := p.other(f)
	if err != nil {
		return nil, err
	}
	t := &cross{ofTwo: ofTwo{f.col.Name, p.With}, Layout: layoutOf(f.col), Other: layoutOf(other), Levels: [][2]string{}}
	counts := map[[2]string]int{}
	for i := range f.rows {
		if k, ok := t.key(cellAt(f.col, i), cellAt(other, i)); ok {
			counts[k]++
		}
	}
	for k, n := range counts {
		if n > 1 {
			t.Levels = append(t.Levels, k)
		}
	}
	slices.SortFunc(t.Levels, func(a, b [2]string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), slices.Compare(a[:], b[:]))
	})
	t.Levels = t.Levels[:min(len(t.Levels), maxLevels)]
	return t, t.ready()
}

func (t *cross) key(a, b Cell) (k [2]string, ok bool) {
	return [2]string{a.key(t.Layout), b.key(t.Other)}, a.kind != missing && b.kind != missing
}

func (t *cross) ready() error {
	t.codes = make(map[[2]string]float32, len(t.Levels))
	for i, k := range t.Levels {
		t.codes[k] = float32(i)
	}
	if len(t.codes) != len(t.Levels) || len(t.Levels) > maxLevels {
		return fmt.Errorf("column %q: pairs that repeat, or more than %d", t.Column, maxLevels)
	}
	return nil
}

func (t *cross) Kind() string { return "cross" }

func (t *cross) Features() []matrix.Feature {
	return []matrix.Feature{{Name: t.Column + "×" + t.With, Sources: t.Inputs(), Levels: len(t.Levels)}}
}

func (t *cross) Row(in []Cell, out []float32, _ *Entries) error {
	out[0] = float32(math.NaN())
	if k, ok := t.key(in[0], in[1]); ok {
		if code, known := t.codes[k]; known {
			out[0] = code
		}
	}
	return nil
}
