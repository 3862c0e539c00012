package search

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Params are the hyperparameters of one configuration: float64 for numbers
// (integers too, so that JSON round trips change nothing), string for choices.
type Params map[string]any

// Float returns a number, def where absent.
func (p Params) Float(name string, def float64) float64 {
	if v, ok := p[name].(float64); ok {
		return v
	}
	return def
}

// Int returns a number rounded towards zero, def where absent.
func (p Params) Int(name string, def int) int {
	if v, ok := p[name].(float64); ok {
		return int(v)
	}
	return def
}

// String returns a choice, def where absent.
func (p Params) String(name, def string) string {
	if v, ok := p[name].(string); ok {
		return v
	}
	return def
}

// Bool reads a choice "true" or "false", def where absent.
func (p Params) Bool(name string, def bool) bool {
	if v, ok := p[name].(string); ok {
		return v == "true"
	}
	return def
}

// Dimension is one hyperparameter. Either Choices is set, or Low ≤ High bound a
// number: an integer if Integer, drawn in the logarithm if Log.
type Dimension struct {
	Name      string
	Low, High float64
	Log       bool
	Integer   bool
	Choices   []string
	// Default is the low-cost starting point: a float64, or a string among Choices.
	Default any
	// When makes the dimension conditional: it exists only in configurations
	// in which dimension When.Name (which comes earlier) has one of When.Values.
	When *Condition
}

// Condition names an earlier choice and the values that switch a dimension on.
type Condition struct {
	Name   string
	Values []string
}

// Space is an ordered list of dimensions.
type Space []Dimension

// Validate reports the first dimension that cannot be sampled.
func (s Space) Validate() error {
	seen := map[string]Dimension{}
	for _, d := range s {
		if _, dup := seen[d.Name]; dup || d.Name == "" {
			return fmt.Errorf("dimension %q: empty or repeated name", d.Name)
		}
		if err := d.validate(); err != nil {
			return fmt.Errorf("dimension %q: %w", d.Name, err)
		}
		if d.When != nil {
			on, ok := seen[d.When.Name]
			if !ok {
				return fmt.Errorf("dimension %q: condition on unknown %q", d.Name, d.When.Name)
			}
			for _, v := range d.When.Values {
				if !slices.Contains(on.Choices, v) {
					return fmt.Errorf("dimension %q: condition on %q, which is no choice of %q", d.Name, v, on.Name)
				}
			}
		}
		seen[d.Name] = d
	}
	return nil
}

func (d Dimension) validate() error {
	if len(d.Choices) > 0 {
		if d.Default == nil || d.contains(d.Default) {
			return nil
		}
		return fmt.Errorf("default %v is not among the choices", d.Default)
	}
	switch {
	case !(d.Low <= d.High) || math.IsInf(d.Low, 0) || math.IsInf(d.High, 0):
		return fmt.Errorf("low %v and high %v are no range", d.Low, d.High)
	case d.Log && d.Low <= 0:
		return errors.New("a log range needs low above 0")
	case d.Integer && math.Ceil(d.Low) > math.Floor(d.High):
		return fmt.Errorf("no integer from %v to %v", d.Low, d.High)
	case d.Default != nil && !d.contains(d.Default):
		return fmt.Errorf("default %v is outside %v to %v", d.Default, d.Low, d.High)
	}
	return nil
}

// contains reports whether v is a value of d.
func (d Dimension) contains(v any) bool {
	switch v := v.(type) {
	case string:
		return slices.Contains(d.Choices, v)
	case float64:
		return len(d.Choices) == 0 && v >= d.Low && v <= d.High && (!d.Integer || v == math.Trunc(v))
	}
	return false
}

// active reports whether d exists in a configuration whose earlier dimensions are p.
func (d Dimension) active(p Params) bool {
	return d.When == nil || slices.Contains(d.When.Values, p.String(d.When.Name, ""))
}

// Contains says what is wrong with p as a configuration of s: a value out of
// range, an absent dimension, or one whose condition does not hold. Parameters
// that s does not name are ignored.
func (s Space) Contains(p Params) error {
	for _, d := range s {
		v, has := p[d.Name]
		switch on := d.active(p); {
		case on && !has:
			return fmt.Errorf("%q is missing", d.Name)
		case !on && has:
			return fmt.Errorf("%q is set although its condition does not hold", d.Name)
		case on && !d.contains(v):
			return fmt.Errorf("%q is %v, which is out of range", d.Name, v)
		}
	}
	return nil
}

// Complete returns p with the default of every active dimension that p lacks.
func (s Space) Complete(p Params) Params {
	out := maps.Clone(p)
	if out == nil {
		out = Params{}
	}
	for _, d := range s {
		if _, has := out[d.Name]; !has && d.active(out) {
			out[d.Name] = d.start()
		}
	}
	return out
}

// start is the default, or the first value if none is declared.
func (d Dimension) start() any {
	switch {
	case d.Default != nil:
		return d.Default
	case len(d.Choices) > 0:
		return d.Choices[0]
	}
	return d.at(0)
}

// Sample draws a configuration: uniform in each dimension's scale.
func (s Space) Sample(r *rand.Rand) Params {
	p := make(Params, len(s))
	for _, d := range s {
		if d.active(p) {
			p[d.Name] = d.sample(r)
		}
	}
	return p
}

func (d Dimension) sample(r *rand.Rand) any {
	if len(d.Choices) > 0 {
		return d.Choices[r.IntN(len(d.Choices))]
	}
	return d.at(r.Float64())
}

// Near draws a configuration close to base: about half of the dimensions move,
// at least one; numbers by a normal step of width sigma in units of their range.
func (s Space) Near(base Params, sigma float64, r *rand.Rand) Params {
	p := make(Params, len(s))
	must := 0
	if len(s) > 0 {
		must = r.IntN(len(s))
	}
	for i, d := range s {
		if !d.active(p) {
			continue
		}
		v, has := base[d.Name]
		switch {
		case !has || !d.contains(v):
			p[d.Name] = d.sample(r)
		case i != must && r.Float64() < 0.5:
			p[d.Name] = v
		default:
			p[d.Name] = d.step(v, sigma, r)
		}
	}
	return p
}

func (d Dimension) step(v any, sigma float64, r *rand.Rand) any {
	f, ok := v.(float64)
	if !ok {
		return d.sample(r)
	}
	return d.at(reflect(d.unit(f) + float64(sigma*r.NormFloat64())))
}

// bounds are the ends of the scale that at and unit work in. An integer owns
// the half step on either side, so that the ends are as likely as the rest.
func (d Dimension) bounds() (lo, hi float64) {
	lo, hi = d.Low, d.High
	if d.Integer {
		lo, hi = math.Ceil(lo)-0.5, math.Floor(hi)+0.5
	}
	if d.Log {
		lo, hi = math.Log(lo), math.Log(hi)
	}
	return lo, hi
}

// at is the value at u in [0, 1] of the range. Numbers are cut to five digits:
// enough to search with, and the same whatever the machine's logarithm.
func (d Dimension) at(u float64) float64 {
	lo, hi := d.bounds()
	v := lo + float64(u*(hi-lo))
	if d.Log {
		v = math.Exp(v)
	}
	if d.Integer {
		v = math.Round(v)
	} else {
		v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 5, 64), 64)
	}
	if d.Integer {
		return min(max(v, math.Ceil(d.Low)), math.Floor(d.High))
	}
	return min(max(v, d.Low), d.High)
}

// unit is the inverse of at.
func (d Dimension) unit(v float64) float64 {
	lo, hi := d.bounds()
	if !(hi > lo) {
		return 0
	}
	if d.Log {
		v = math.Log(v)
	}
	return min(max((v-lo)/(hi-lo), 0), 1)
}
