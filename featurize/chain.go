package featurize

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// chained is the kind of a chain; a plan writes it as a step with Then.
const chained = "chain"

// chain makes features of features: each dense output of a stage is a column of numbers
// (categories as codes, NaN as missing) that a transform of the next stage is fitted to.
// Of texts the sparse outputs go on, which only directions can take.
type chain struct {
	stages [][]Transform // the first has one transform

	sources []string
	outputs []int // dense ones of each stage
}

const (
	maxStages  = 8
	maxChained = 1 << 14 // outputs of a stage
)

// fitChain fits a step that others follow.
func fitChain(f Fitting, s Step) (Transform, error) {
	first, err := s.fitAlone(f)
	if err != nil {
		return nil, err
	}
	c := &chain{stages: [][]Transform{{first}}}
	for _, next := range s.Then {
		if err := c.add(f, next); err != nil {
			return nil, fmt.Errorf("then %s: %w", next.Kind, err)
		}
	}
	return c, c.ready()
}

// add fits the next stage to what those so far make of the training rows.
func (c *chain) add(f Fitting, next Step) error {
	if err := c.index(); err != nil {
		return err
	}
	if slices.ContainsFunc(c.Features(), func(ft matrix.Feature) bool { return ft.Encoding != nil }) {
		return errors.New("nothing can follow what is made of the target, which is fitted with each model")
	}
	columns, rows, err := c.train(f)
	if err != nil {
		return err
	}
	if width := c.stages[0][0].SparseCols(); len(c.stages) == 1 && width > 0 {
		t, err := fitDirections(f.col.Name, next, rows, width)
		c.stages = append(c.stages, []Transform{t})
		return err
	}
	var parts []Transform
	for _, col := range columns {
		f.col, f.table = col, &data.Table{} // nothing but what it follows
		t, err := next.fitAlone(f)
		if err != nil {
			return fmt.Errorf("feature %q: %w", col.Name, err)
		}
		parts = append(parts, t)
	}
	c.stages = append(c.stages, parts)
	return nil
}

// fit fits the step and what follows it.
func (s Step) fit(f Fitting) (t Transform, err error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if len(s.Then) > 0 {
		t, err = fitChain(f, s)
	} else {
		t, err = s.fitAlone(f)
	}
	if err == nil && f.target != "" && slices.Contains(t.Inputs(), f.target) {
		err = fmt.Errorf("it reads the target %q", f.target)
	}
	return t, err
}

// fitAlone fits the step itself.
func (s Step) fitAlone(f Fitting) (Transform, error) {
	p, err := s.parameters()
	if err != nil {
		return nil, err
	}
	return p.fit(f)
}

// train runs the stages so far on the training rows: columns of dense outputs, named
// as features, and the sparse outputs of each row.
func (c *chain) train(f Fitting) (columns []*data.Column, rows []Entries, err error) {
	for _, ft := range c.Features() {
		columns = append(columns, &data.Column{Name: ft.Name, Kind: data.Number, Floats: make([]float64, f.rows)})
	}
	var inputs []*data.Column
	for k, name := range c.sources {
		col := f.col
		if name != col.Name {
			if col, err = Find(f.table, name); err != nil {
				return nil, nil, err
			}
		}
		inputs = append(inputs, retimed(c, k, col))
	}
	in := make([]Cell, len(inputs))
	rows = make([]Entries, f.rows)
	for i := range rows {
		for k, col := range inputs {
			in[k] = cellAt(col, i)
		}
		values, err := c.run(in, &rows[i])
		if err != nil {
			return nil, nil, fmt.Errorf("row %d: %w", i+1, err)
		}
		for j, v := range values {
			columns[j].Floats[i] = float64(v)
		}
	}
	return columns, rows, nil
}

// run gives the dense outputs of the last stage; e takes the sparse ones of the first.
func (c *chain) run(in []Cell, e *Entries) ([]float32, error) {
	values := make([]float32, c.outputs[0])
	if err := c.stages[0][0].Row(in, values, e); err != nil {
		return nil, err
	}
	for k, stage := range c.stages[1:] {
		next := make([]float32, c.outputs[k+1])
		if d, ok := directionsOf(stage); ok {
			d.project(in[0], e, next)
			values = next
			continue
		}
		at := 0
		for j, t := range stage {
			n := len(t.Features())
			if err := t.Row([]Cell{numberCell(float64(values[j]))}, next[at:at+n], e); err != nil {
				return nil, fmt.Errorf("then %s: %w", t.Kind(), err)
			}
			at += n
		}
		values = next
	}
	return values, nil
}

// directionsOf is the transform of a stage that takes sparse outputs, if it is one.
func directionsOf(stage []Transform) (*directed, bool) {
	if len(stage) == 0 { // nothing came of the stage before
		return nil, false
	}
	d, ok := stage[0].(*directed)
	return d, ok
}

// index sets what follows from the stages, which it checks to fit one another.
func (c *chain) index() error {
	if len(c.stages) == 0 || len(c.stages) > maxStages || len(c.stages[0]) != 1 {
		return fmt.Errorf("a chain of %d stages", len(c.stages))
	}
	first := c.stages[0][0]
	c.sources, c.outputs = first.Inputs(), nil
	if len(c.sources) == 0 {
		return errors.New("a chain of no column")
	}
	sparse := first.SparseCols()
	parts := 1
	for k, stage := range c.stages {
		outputs := 0
		for _, t := range stage {
			d, isDirected := t.(*directed)
			if isDirected != (k == 1 && sparse > 0) || isDirected && len(d.along) != sparse*d.Components ||
				k > 0 && (t.SparseCols() > 0 || len(t.Inputs()) != 1) || t.Kind() == chained || t.Supervised() {
				return fmt.Errorf("%s in stage %d of a chain does not fit the one before", t.Kind(), k+1)
			}
			outputs += len(t.Features())
		}
		if len(stage) != parts || outputs > maxChained {
			return fmt.Errorf("stage %d of a chain has %d transforms for %d features, and makes %d of at most %d", k+1, len(stage), parts, outputs, maxChained)
		}
		c.outputs = append(c.outputs, outputs)
		if parts = outputs; k == 0 && sparse > 0 {
			parts = 1
		}
	}
	return nil
}

func (c *chain) ready() error {
	if err := c.index(); err != nil {
		return err
	}
	if len(c.stages) < 2 {
		return errors.New("nothing follows in a chain")
	}
	return nil
}

func (c *chain) Kind() string     { return chained }
func (c *chain) Inputs() []string { return c.sources }
func (c *chain) SparseCols() int  { return 0 }
func (c *chain) Supervised() bool { return false }

func (c *chain) Features() []matrix.Feature {
	var fs []matrix.Feature
	for _, t := range c.stages[len(c.stages)-1] {
		for _, ft := range t.Features() {
			ft.Sources = c.sources
			fs = append(fs, ft)
		}
	}
	return fs
}

func (c *chain) Row(in []Cell, out []float32, e *Entries) error {
	own := Entries{hashes: e.hashes}
	values, err := c.run(in, &own)
	e.hashes = own.hashes
	copy(out, values)
	return err
}

// MarshalJSON writes the stages.
func (c *chain) MarshalJSON() ([]byte, error) {
	var j chainJSON
	for _, stage := range c.stages {
		parts, err := encodeTransforms(stage)
		if err != nil {
			return nil, err
		}
		j.Stages = append(j.Stages, parts)
	}
	return json.Marshal(j)
}

type chainJSON struct {
	Stages [][]transformJSON `json:"stages"`
}

// UnmarshalJSON reads the stages; ready checks them.
func (c *chain) UnmarshalJSON(b []byte) error {
	var j chainJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	c.stages = nil
	for _, parts := range j.Stages {
		if slices.ContainsFunc(parts, func(t transformJSON) bool { return t.Kind == chained }) {
			return errors.New("a chain in a chain")
		}
		stage, err := decodeTransforms(parts)
		if err != nil {
			return err
		}
		c.stages = append(c.stages, stage)
	}
	return nil
}

// directed is the stage of a chain that takes the sparse outputs of a text to a few
// coordinates, see svd.
type directed struct {
	ofColumn
	projection
}

// directionParams: Components is 1 to 100 (10 by default).
type directionParams struct {
	Components int `json:"components"`
}

func (p *directionParams) check() error { return checkComponents(p.Components) }

func fitDirections(column string, s Step, rows []Entries, width int) (Transform, error) {
	if s.Kind != "svd" { // behind a transform of a user
		return nil, errors.New("only svd can follow sparse outputs, which are too many for others")
	}
	p := directionParams{Components: defaultComponents}
	if err := readParams(s.Params, &p); err != nil {
		return nil, err
	}
	d := &directed{ofColumn: ofColumn{column}}
	var err error
	d.projection, err = fitProjection(rows, width, p.Components)
	return d, err
}

func (d *directed) ready() error               { return d.unpack(d.Column) }
func (d *directed) Kind() string               { return "directions" }
func (d *directed) Features() []matrix.Feature { return d.features(d.Column) }

// Row is not called: a chain calls project.
func (d *directed) Row(in []Cell, out []float32, e *Entries) error {
	d.project(in[0], e, out)
	return nil
}

// project gives the coordinates of a text's terms, NaN where there is none.
func (d *directed) project(in Cell, terms *Entries, out []float32) {
	if in.kind == missing {
		for k := range out {
			out[k] = float32(math.NaN())
		}
		return
	}
	d.coordinates(terms, out)
}
