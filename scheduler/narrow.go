package scheduler

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/search"
)

// Bounds of what a user can name.
const (
	maxGrid  = 1000 // configurations that lists of values make
	maxParam = 1e12 // a parameter
)

// arm is what is searched for a learner: its space and portfolio, or what the user
// has named of its parameters, with all others as they start.
func (p *plan) arm(l algos.Learner) (search.Arm, error) {
	a := search.Arm{Learner: l.Name(), Space: p.space(l), Portfolio: startingPoints(l, p.shape), Weight: weights[l.Name()]}
	asked, named := p.params[l.Name()]
	if !named {
		return a, nil
	}
	n := narrowing{asked: asked, start: a.Space.Complete(firstParams(l, p.shape))}
	if err := n.narrow(a.Space); err != nil {
		return a, fmt.Errorf("learner %s: %w", l.Name(), err)
	}
	a.Space, a.Portfolio, a.Once = n.space, n.points, n.ranges == ""
	return a, nil
}

// narrowing makes the space and the points of what a user has named.
type narrowing struct {
	asked map[string]any
	start search.Params

	space  search.Space
	points []search.Params
	ranges string // a parameter with a range
	lists  string // a number with a list
}

func (n *narrowing) narrow(s search.Space) error {
	var names []string
	for _, d := range s {
		names = append(names, d.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(n.asked)) {
		if !slices.Contains(names, name) {
			hint := ""
			if near := data.NearestName(name, names); near != "" {
				hint = fmt.Sprintf(": did you mean %q?", near)
			}
			return fmt.Errorf("no parameter %q%s (there are %q)", name, hint, names)
		}
	}
	n.points = []search.Params{{}}
	for _, d := range s {
		if err := n.dimension(d); err != nil {
			return fmt.Errorf("parameter %q: %w", d.Name, err)
		}
	}
	if n.ranges != "" && n.lists != "" {
		return fmt.Errorf("parameter %q is a list of numbers and %q a range: give lists or ranges for all numbers", n.lists, n.ranges)
	}
	return nil
}

// dimension narrows one dimension and multiplies the points by its values.
func (n *narrowing) dimension(d search.Dimension) error {
	v, asked := n.asked[d.Name]
	if on, ok := n.condition(d); !ok {
		if asked {
			return fmt.Errorf("it has no effect unless %q is one of %q", d.When.Name, d.When.Values)
		}
		return nil
	} else {
		d.When = on
	}
	var values []any
	if m, ok := v.(map[string]any); ok {
		if err := narrowRange(&d, m); err != nil {
			return err
		}
		d.Default = middle(d, n.start[d.Name])
		n.ranges = d.Name
		values = []any{d.Default}
	} else {
		var err error
		if values, err = n.values(d, v, asked); err != nil {
			return err
		}
		if len(d.Choices) == 0 && len(values) > 1 {
			n.lists = d.Name
		}
		fix(&d, values)
	}
	n.space = append(n.space, d)
	var points []search.Params
	for _, p := range n.points {
		if !isActive(d, p) {
			points = append(points, p)
			continue
		}
		for _, v := range values {
			q := maps.Clone(p)
			q[d.Name] = v
			points = append(points, q)
		}
	}
	if n.points = points; len(points) > maxGrid {
		return fmt.Errorf("the lists make more than %d configurations: name fewer values, or ranges", maxGrid)
	}
	return nil
}

// condition is what is left of a dimension's condition; ok is false if it cannot hold.
func (n *narrowing) condition(d search.Dimension) (on *search.Condition, ok bool) {
	if d.When == nil {
		return nil, true
	}
	for _, earlier := range n.space {
		if earlier.Name != d.When.Name {
			continue
		}
		c := search.Condition{Name: d.When.Name}
		for _, v := range d.When.Values {
			if slices.Contains(earlier.Choices, v) {
				c.Values = append(c.Values, v)
			}
		}
		return &c, len(c.Values) > 0
	}
	return nil, false
}

func isActive(d search.Dimension, p search.Params) bool {
	return d.When == nil || slices.Contains(d.When.Values, p.String(d.When.Name, ""))
}

// values are those that were asked for, or the one that the learner starts with.
func (n *narrowing) values(d search.Dimension, v any, asked bool) ([]any, error) {
	if !asked {
		v, has := n.start[d.Name]
		if !has {
			v = search.Space{{Name: d.Name, Low: d.Low, High: d.High, Log: d.Log, Integer: d.Integer, Choices: d.Choices, Default: d.Default}}.Complete(nil)[d.Name]
		}
		return []any{v}, nil
	}
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the list of values is empty")
	}
	var values []any
	for _, v := range list {
		if b, isBool := v.(bool); isBool {
			v = strconv.FormatBool(b)
		}
		if !possible(d, v) {
			return nil, fmt.Errorf("%v is none of its values: %s", v, domain(d))
		}
		if !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	return values, nil
}

// possible reports whether a value may be one of a dimension's. The bounds of a number
// are those of the search: beyond them, the learner is to say.
func possible(d search.Dimension, v any) bool {
	switch v := v.(type) {
	case string:
		return slices.Contains(d.Choices, v)
	case float64:
		return len(d.Choices) == 0 && math.Abs(v) <= maxParam && (v >= 0 || d.Low < 0) && (!d.Integer || v == math.Trunc(v))
	}
	return false
}

// domain says in words what values a dimension has.
func domain(d search.Dimension) string {
	switch {
	case len(d.Choices) > 0:
		return fmt.Sprintf("use one of %q", d.Choices)
	case d.Integer:
		return fmt.Sprintf("use an integer such as those from %v to %v", d.Low, d.High)
	}
	return fmt.Sprintf("use a number such as those from %v to %v", d.Low, d.High)
}

// fix leaves a dimension the given values.
func fix(d *search.Dimension, values []any) {
	d.Default = values[0]
	if len(d.Choices) > 0 {
		d.Choices = nil
		for _, v := range values {
			d.Choices = append(d.Choices, v.(string))
		}
		return
	}
	d.Low, d.High = values[0].(float64), values[0].(float64)
	for _, v := range values {
		d.Low, d.High = min(d.Low, v.(float64)), max(d.High, v.(float64))
	}
	d.Log = d.Log && d.Low > 0
}

// narrowRange reads {"min": …, "max": …, "log": …} within a dimension.
func narrowRange(d *search.Dimension, m map[string]any) error {
	if len(d.Choices) > 0 {
		return fmt.Errorf("it has no range: %s", domain(*d))
	}
	low, high := d.Low, d.High
	for key, v := range m {
		number, isNumber := v.(float64)
		log, isBool := v.(bool)
		switch {
		case key == "min" && isNumber:
			low = number
		case key == "max" && isNumber:
			high = number
		case key == "log" && isBool:
			d.Log = log
		default:
			return fmt.Errorf("range field %q with value %v: use min and max (numbers) and log (true or false)", key, v)
		}
	}
	if !possible(*d, low) || !possible(*d, high) || low > high || d.Log && !(low > 0) {
		return fmt.Errorf("the range from %v to %v does not fit: %s", low, high, domain(*d))
	}
	d.Low, d.High = low, high
	return nil
}

// middle is where the search of a range starts: at the learner's own start, or what
// is nearest to it.
func middle(d search.Dimension, start any) float64 {
	v, ok := start.(float64)
	if !ok {
		v = d.Low
	}
	return min(max(v, d.Low), d.High)
}
