package search

import "fmt"

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
	seen := map[string]bool{}
	for _, d := range s {
		switch {
		case d.Name == "" || seen[d.Name]:
			return fmt.Errorf("dimension %q: empty or repeated name", d.Name)
		case len(d.Choices) == 0 && !(d.Low <= d.High):
			return fmt.Errorf("dimension %q: low %v above high %v", d.Name, d.Low, d.High)
		case d.Log && d.Low <= 0:
			return fmt.Errorf("dimension %q: a log range needs low above 0", d.Name)
		case d.When != nil && !seen[d.When.Name]:
			return fmt.Errorf("dimension %q: condition on unknown %q", d.Name, d.When.Name)
		}
		seen[d.Name] = true
	}
	return nil
}
