package featurize

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// since gives the days from another column of dates to this one, negative where this
// one is earlier.
type since struct {
	Column string `json:"column"`
	From   string `json:"from"`
	// Own and Other say how the two columns are read.
	Own   dated `json:"own"`
	Other dated `json:"other"`
}

// sinceParams: From is the other column; FromLayout is of its dates where they are text.
type sinceParams struct {
	From       string `json:"from"`
	Layout     string `json:"layout"`
	FromLayout string `json:"from_layout"`
}

func fitSince(f Fitting) (Transform, error) {
	var p sinceParams
	if err := f.decode(&p); err != nil {
		return nil, err
	}
	switch {
	case p.From == "":
		return nil, fmt.Errorf("parameters: from is missing: name another column of dates")
	case p.From == f.target:
		return nil, fmt.Errorf("parameters: from %q: it is the target", p.From)
	}
	other, err := Find(f.table, p.From)
	if err != nil {
		return nil, fmt.Errorf("parameters: from: %w", err)
	}
	t := &since{f.col.Name, p.From, newDated(f.col, datedParams{Layout: p.Layout}), newDated(other, datedParams{Layout: p.FromLayout})}
	if err := t.ready(); err != nil {
		return nil, err
	}
	for i := range f.rows {
		if _, ok := t.Other.time(cellAt(other, i)); ok {
			return t, nil
		}
	}
	return nil, fmt.Errorf("parameters: from %q: none of its cells is a date", p.From)
}

func (t *since) ready() error {
	if err := t.Own.prepare(t.Column); err != nil {
		return err
	}
	return t.Other.prepare(t.From)
}

func (t *since) Kind() string     { return "since" }
func (t *since) Inputs() []string { return []string{t.Column, t.From} }
func (t *since) SparseCols() int  { return 0 }
func (t *since) Supervised() bool { return false }

func (t *since) Features() []matrix.Feature {
	return []matrix.Feature{{Name: t.Column + ".since." + t.From, Sources: t.Inputs()}}
}

func (t *since) Row(in []Cell, out []float32, _ *Entries) error {
	to, ok := in[0].time(t.Own.layouts)
	from, also := in[1].time(t.Other.layouts)
	if out[0] = float32(math.NaN()); ok && also {
		// As floats, since the difference of two int64 times may overflow.
		out[0] = float32((float64(to) - float64(from)) / nanosecondsADay)
	}
	return nil
}
