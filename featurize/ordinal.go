package featurize

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// ordinal gives the place of a value in an order: the one given, or that of the levels
// sorted as classes are. Values that are not in it are missing.
type ordinal struct {
	ofColumn
	Layout *string  `json:"layout,omitempty"` // as in category
	Order  []string `json:"order"`

	places map[string]float32
}

// ordinalParams: Order lists the values from the lowest to the highest.
type ordinalParams struct {
	Order []string `json:"order"`
}

func fitOrdinal(f Fitting) (Transform, error) {
	var p ordinalParams
	if err := f.decode(&p); err != nil {
		return nil, err
	}
	t := &ordinal{ofColumn: ofColumn{f.col.Name}, Layout: layoutOf(f.col), Order: []string{}}
	for _, name := range p.Order {
		t.Order = append(t.Order, wordCell(name).key(nil))
	}
	if len(p.Order) == 0 {
		for _, l := range levels(f) {
			if len(t.Order) < maxCounted {
				t.Order = append(t.Order, l.key)
			}
		}
		sortClasses(t.Order)
	}
	return t, t.ready()
}

func (t *ordinal) ready() (err error) {
	if len(t.Order) > maxCounted {
		return fmt.Errorf("column %q has %d levels, more than %d", t.Column, len(t.Order), maxCounted)
	}
	t.places, err = placesOf(t.Column, t.Order)
	return err
}

func (t *ordinal) Kind() string               { return "ordinal" }
func (t *ordinal) Features() []matrix.Feature { return one(t.Column+".ordinal", t.Column) }

func (t *ordinal) Row(in []Cell, out []float32, _ *Entries) error {
	out[0] = find(t.places, in[0].key(t.Layout), float32(math.NaN()))
	return nil
}
