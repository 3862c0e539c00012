package featurize

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// pooled gives the rank of a value by its training frequency as category does, but one
// code to all values that are rarer than Least rows, unseen ones among them.
type pooled struct {
	ofColumn
	Layout *string  `json:"layout,omitempty"` // as in category
	Levels []string `json:"levels"`

	places map[string]float32
}

// pooledParams: Least is the number of training rows (10 by default) from which on a
// value has a code of its own.
type pooledParams struct {
	Least int `json:"least"`
}

func (p *pooledParams) check() error {
	if p.Least < 1 {
		return fmt.Errorf("least %d: use a number of rows above 0", p.Least)
	}
	return nil
}

func (p *pooledParams) fit(f Fitting) (Transform, error) {
	t := &pooled{ofColumn: ofColumn{f.col.Name}, Layout: layoutOf(f.col), Levels: []string{}}
	for _, l := range levels(f) {
		if l.count < p.Least || len(t.Levels) == maxLevels-1 {
			break
		}
		t.Levels = append(t.Levels, l.key)
	}
	return t, t.ready()
}

func (t *pooled) ready() (err error) {
	if len(t.Levels) >= maxLevels {
		return fmt.Errorf("column %q has %d levels, more than %d", t.Column, len(t.Levels), maxLevels-1)
	}
	t.places, err = placesOf(t.Column, t.Levels)
	return err
}

func (t *pooled) Kind() string { return "rare" }

func (t *pooled) Features() []matrix.Feature {
	fs := one(t.Column+".pooled", t.Column)
	fs[0].Levels = len(t.Levels) + 1
	return fs
}

func (t *pooled) Row(in []Cell, out []float32, _ *Entries) error {
	if out[0] = find(t.places, in[0].key(t.Layout), float32(len(t.Levels))); in[0].kind == missing {
		out[0] = float32(math.NaN())
	}
	return nil
}
