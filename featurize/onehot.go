package featurize

import (
	"fmt"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// oneHot has a feature for each of the most frequent levels, 1 where the value is that
// level, and one for all others, those that training did not have among them. All are 0
// where the value is missing.
type oneHot struct {
	ofColumn
	Layout *string  `json:"layout,omitempty"` // as in category
	Levels []string `json:"levels"`

	places map[string]float32
}

// oneHotParams: Most is 1 to 1,000 (20 by default) levels of their own.
type oneHotParams struct {
	Most int `json:"most"`
}

const maxHot = 1000

func (p *oneHotParams) check() error {
	if p.Most < 1 || p.Most > maxHot {
		return fmt.Errorf("most %d: use 1 to %d", p.Most, maxHot)
	}
	return nil
}

func (p *oneHotParams) fit(f Fitting) (Transform, error) {
	t := &oneHot{ofColumn: ofColumn{f.col.Name}, Layout: layoutOf(f.col), Levels: []string{}}
	for _, l := range levels(f) {
		if len(t.Levels) < p.Most {
			t.Levels = append(t.Levels, l.key)
		}
	}
	return t, t.ready()
}

func (t *oneHot) ready() (err error) {
	if len(t.Levels) > maxHot {
		return fmt.Errorf("column %q has %d levels, more than %d", t.Column, len(t.Levels), maxHot)
	}
	t.places, err = placesOf(t.Column, t.Levels)
	return err
}

// placesOf is where each level is in a list that has none twice.
func placesOf(column string, levels []string) (map[string]float32, error) {
	places := make(map[string]float32, len(levels))
	for i, k := range levels {
		if _, twice := places[k]; twice {
			return nil, fmt.Errorf("column %q has level %q twice", column, k)
		}
		places[k] = float32(i)
	}
	return places, nil
}

func (t *oneHot) Kind() string { return "onehot" }

func (t *oneHot) Features() []matrix.Feature {
	var fs []matrix.Feature
	for _, l := range t.Levels {
		fs = append(fs, one(t.Column+"="+l, t.Column)...)
	}
	return append(fs, one(t.Column+".other", t.Column)...)
}

func (t *oneHot) Row(in []Cell, out []float32, _ *Entries) error {
	place := find(t.places, in[0].key(t.Layout), float32(len(t.Levels)))
	if place == place {
		out[int(place)] = 1
	}
	return nil
}
