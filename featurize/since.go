package featurize

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data"
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

func (p *sinceParams) check() error {
	if p.From == "" {
		return errors.New("from is missing: name another column of dates")
	}
	if err := checkLayout("layout", p.Layout); err != nil {
		return err
	}
	return checkLayout("from_layout", p.FromLayout)
}

func (p *sinceParams) written() string { return p.Layout }

// other fails if none of the training cells of the column is a date.
func (p *sinceParams) other(f Fitting) (*data.Column, error) {
	c, _, err := p.from(f)
	return c, err
}

// from finds the other column and how its dates are read.
func (p *sinceParams) from(f Fitting) (*data.Column, dated, error) {
	c, err := f.pair("from", p.From)
	if err != nil {
		return nil, dated{}, err
	}
	f.col = c
	d, err := (&datedParams{Layout: p.FromLayout}).dated(f)
	if err != nil {
		return nil, d, fmt.Errorf("parameters: from %q: %w", p.From, err)
	}
	return c, d, nil
}

func (p *sinceParams) fit(f Fitting) (Transform, error) {
	t := &since{Column: f.col.Name, From: p.From}
	var err error
	if _, t.Other, err = p.from(f); err != nil {
		return nil, err
	}
	if t.Own, err = (&datedParams{Layout: p.Layout}).dated(f); err != nil {
		return nil, err
	}
	return t, t.ready()
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
