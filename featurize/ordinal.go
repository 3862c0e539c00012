package featurize

import (
	"cmp"
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

func (p *ordinalParams) check() error {
	if len(p.Order) > maxCounted {
		return fmt.Errorf("order has %d values: use up to %d", len(p.Order), maxCounted)
	}
	seen := map[string]bool{}
	for i, key := range p.keys() {
		if key == "" {
			return fmt.Errorf("order: %q stands for a missing value: leave it out", p.Order[i])
		}
		if seen[key] {
			return fmt.Errorf("order has %q twice", p.Order[i])
		}
		seen[key] = true
	}
	return nil
}

// keys are the values of the order as cells have them.
func (p *ordinalParams) keys() []string {
	keys := make([]string, len(p.Order))
	for i, name := range p.Order {
		keys[i] = wordCell(name).key(nil)
	}
	return keys
}

// reads fails if none of the training cells is in the order.
func (p *ordinalParams) reads(f Fitting) error {
	known := map[string]bool{}
	for _, key := range p.keys() {
		known[key] = true
	}
	example := ""
	for _, l := range levels(f) {
		if known[l.key] {
			return nil
		}
		example = cmp.Or(example, l.key)
	}
	if example == "" || len(known) == 0 {
		return nil
	}
	return fmt.Errorf("parameters: order: none of the cells is in it, such as %q", shorten(example))
}

func (p *ordinalParams) fit(f Fitting) (Transform, error) {
	t := &ordinal{ofColumn: ofColumn{f.col.Name}, Layout: layoutOf(f.col), Order: p.keys()}
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
