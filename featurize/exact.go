package featurize

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Exact says how an imported model reads a column: numbers in double precision,
// infinities included, as they are. Words that are no numbers are missing, true
// and false are 1 and 0.
type Exact struct {
	Column string `json:"column"`
	// Single rounds numbers to float32 first, as XGBoost does.
	Single bool `json:"single,omitempty"`
	// Categorical columns hold codes from 0. With Levels, cells are looked up
	// there, and a level's place is its code; a cell that is no level is missing.
	// Without, a cell that is no number is an error: no code would be right.
	Categorical bool     `json:"categorical,omitempty"`
	Levels      []string `json:"levels,omitempty"`
}

// PassThrough makes the plan and the pipeline of an imported model: a feature a
// column, in the order given. Columns must have a name and differ.
func PassThrough(columns []Exact) (*Plan, *Pipeline, error) {
	plan := &Plan{Version: planVersion}
	pl := &Pipeline{}
	seen := map[string]bool{}
	for _, c := range columns {
		if c.Column == "" || seen[c.Column] {
			return nil, nil, fmt.Errorf("empty or repeated column %q", c.Column)
		}
		seen[c.Column] = true
		t := &exact{Exact: c}
		if err := t.ready(); err != nil {
			return nil, nil, err
		}
		params, err := json.Marshal(c)
		if err != nil {
			return nil, nil, err
		}
		cp := ColumnPlan{Name: c.Column, Type: Numeric, Why: "an input of the imported model"}
		if c.Categorical {
			cp.Type, cp.Distinct = Categorical, len(c.Levels)
		}
		cp.Transforms = []Step{{Kind: t.Kind(), Params: params}}
		plan.Columns = append(plan.Columns, cp)
		pl.transforms = append(pl.transforms, t)
	}
	if err := pl.index(); err != nil {
		return nil, nil, err
	}
	// No learner is to see the frames: an encoder of no rows.
	empty := &matrix.Frame{Features: pl.features, Cols: make([][]float32, len(pl.features))}
	pl.encoder = matrix.FitEncoder(empty, 0)
	return plan, pl, nil
}

// maxCodes is how many codes float32 tells apart.
const maxCodes = 1 << 24

// exact is the transform of Exact.
type exact struct {
	Exact
	words map[string]float32 // levels as they are written
	keys  map[string]float32 // levels by key; NaN where several share one
}

func (t *exact) ready() error {
	if t.Levels != nil && !t.Categorical {
		return fmt.Errorf("column %q has levels but is not categorical", t.Column)
	}
	if len(t.Levels) > maxCodes {
		return fmt.Errorf("column %q has %d levels, more than %d", t.Column, len(t.Levels), maxCodes)
	}
	if t.Levels == nil {
		return nil
	}
	t.words, t.keys = make(map[string]float32, len(t.Levels)), make(map[string]float32, len(t.Levels))
	for i, level := range t.Levels {
		if _, twice := t.words[level]; twice {
			return fmt.Errorf("column %q has level %q twice", t.Column, level)
		}
		t.words[level] = float32(i)
		key := data.Key(level)
		if _, twice := t.keys[key]; twice {
			t.keys[key] = float32(math.NaN())
			continue
		}
		t.keys[key] = float32(i)
	}
	return nil
}

func (t *exact) Kind() string     { return "exact" }
func (t *exact) Inputs() []string { return []string{t.Column} }
func (t *exact) SparseCols() int  { return 0 }
func (t *exact) Supervised() bool { return false }

func (t *exact) Features() []matrix.Feature {
	return []matrix.Feature{{Name: t.Column, Sources: []string{t.Column}, Levels: len(t.Levels)}}
}

// Row is what remains in float32; frames and ExactRow have doubles.
func (t *exact) Row(in []Cell, out []float32, _ *Entries) error {
	v, err := t.cell(in[0])
	out[0] = float32(v)
	return err
}

// number rounds as the model does.
func (t *exact) number(v float64) float64 {
	if t.Single {
		return float64(float32(v))
	}
	return v
}

func (t *exact) cell(c Cell) (float64, error) {
	if c.kind == moment {
		return 0, errDate
	}
	if t.Levels != nil {
		return t.level(c), nil
	}
	switch c.kind {
	case number:
		return t.number(c.f), nil
	case word:
		if v, ok := data.ParseNumber(c.s); ok {
			return t.number(v), nil
		}
		switch strings.ToLower(strings.TrimSpace(c.s)) {
		case "true":
			return 1, nil
		case "false":
			return 0, nil
		}
		if t.Categorical {
			return 0, fmt.Errorf("%q is no code, and the model has no names of categories", shorten(c.s))
		}
	}
	return math.NaN(), nil
}

// level is the code of a cell, NaN if it is missing or no level.
func (t *exact) level(c Cell) float64 {
	if c.kind == word {
		if v, ok := t.words[c.s]; ok {
			return float64(v)
		}
	}
	return float64(find(t.keys, c.key(nil), float32(math.NaN())))
}

// column reads a column of a table.
func (t *exact) column(c *data.Column, out []float64) error {
	if c.Kind == data.Number && t.Levels == nil {
		for i, v := range c.Floats { // infinities stay
			out[i] = t.number(v)
		}
		return nil
	}
	if c.Kind == data.String && len(c.Dict) < len(out) {
		return t.dictionary(c, out)
	}
	for i := range out {
		var err error
		if out[i], err = t.cell(cellAt(c, i)); err != nil {
			return fmt.Errorf("column %q, row %d: %w", t.Column, i+1, err)
		}
	}
	return nil
}

// dictionary reads each distinct word once. A word that is no code is an error
// only where a row has it.
func (t *exact) dictionary(c *data.Column, out []float64) error {
	made, errs := make([]float64, len(c.Dict)), make([]error, len(c.Dict))
	for k, s := range c.Dict {
		made[k], errs[k] = t.cell(wordCell(s))
	}
	for i, k := range c.Codes {
		if k < 0 {
			out[i] = math.NaN()
			continue
		}
		if errs[k] != nil {
			return fmt.Errorf("column %q, row %d: %w", t.Column, i+1, errs[k])
		}
		out[i] = made[k]
	}
	return nil
}

// Exact reports whether the pipeline is that of an imported model: its frames
// have Exact columns and no others.
func (pl *Pipeline) Exact() bool { return pl.exact }

// checkExact sets whether all transforms pass doubles on; some cannot.
func (pl *Pipeline) checkExact() error {
	n := 0
	for _, t := range pl.transforms {
		if _, ok := t.(*exact); ok {
			n++
		}
	}
	if n > 0 && n < len(pl.transforms) {
		return errors.New("transforms of imported models stand beside others")
	}
	pl.exact = n > 0
	return nil
}

// exactFrame is Frame for imported models.
func (pl *Pipeline) exactFrame(cols []*data.Column, rows, threads int) (*matrix.Frame, error) {
	f := &matrix.Frame{Rows: rows, Features: pl.Features(), Exact: make([][]float64, len(pl.features))}
	cells := make([]float64, rows*len(pl.features))
	err := each(len(pl.transforms), threads, func(i int) error {
		f.Exact[i] = cells[i*rows : (i+1)*rows : (i+1)*rows]
		return pl.transforms[i].(*exact).column(cols[pl.inputs[i][0]], f.Exact[i])
	})
	return f, err
}

// ExactRow is Row for the pipeline of an imported model: x gets the features in
// double precision, infinities included.
func (pl *Pipeline) ExactRow(row map[string]any, x []float64) error {
	if !pl.exact || len(x) != len(pl.features) {
		return fmt.Errorf("room for %d exact features, not %d", len(x), len(pl.features))
	}
	for i, tr := range pl.transforms {
		t := tr.(*exact)
		v, ok := row[t.Column]
		if !ok {
			return absentValue(t.Column, row)
		}
		if f, plain := v.(float64); plain && t.Levels == nil {
			x[i] = t.number(f)
			continue
		}
		c, err := cellOf(v)
		if err == nil {
			x[i], err = t.cell(c)
		}
		if err != nil {
			return fmt.Errorf("column %q: %w", t.Column, err)
		}
	}
	return nil
}

// Origin says how a feature is made.
type Origin struct {
	// Columns are the inputs it is made of.
	Columns []string `json:"columns"`
	// Kind is the transform's, such as "numeric", "category" or "datetime".
	Kind string `json:"kind"`
	// Offset is what a number is reduced by.
	Offset float64 `json:"offset,omitempty"`
	// Levels are the categories by code.
	Levels []string `json:"levels,omitempty"`
}

// Origins says how each of Features is made.
func (pl *Pipeline) Origins() []Origin {
	var out []Origin
	for _, t := range pl.transforms {
		o := Origin{Columns: t.Inputs(), Kind: t.Kind()}
		switch t := t.(type) {
		case *numeric:
			o.Offset = t.Offset
		case *category:
			o.Levels = t.Levels
		case *exact:
			o.Levels = t.Levels
		}
		for range t.Features() {
			out = append(out, o)
		}
	}
	return out
}
