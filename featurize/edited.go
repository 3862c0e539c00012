package featurize

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/seed-09a2cce4/automl/data"
)

// For completes a plan, maybe edited, for a table, in place of Infer: a column
// without transforms gets those of its type, columns of o.Ignore and the weights
// make no features, and warnings are made anew. A plan that Infer has made of the
// same table and options stays as it is, with the same digest.
//
// It fails, naming column and transform, if Check does, if the plan is for another target,
// needs a column that the table lacks, gives a column a type that none of its cells fits, or
// has a transform that none of the cells fits. o.Types must be empty: the plan says what
// columns are.
func (p *Plan) For(t *data.Table, o Options) (*Plan, error) {
	if len(o.Types) > 0 {
		return nil, fmt.Errorf("%w: a plan and types of columns exclude each other: edit the plan", ErrPlan)
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	if err := checkOptions(t, o); err != nil {
		return nil, err
	}
	if p.Target != "" && p.Target != o.Target {
		return nil, fmt.Errorf("%w: it is for target %q, not for %q", ErrPlan, p.Target, o.Target)
	}
	out := *p
	out.Target, out.Weight, out.Warnings = o.Target, o.Weight, nil
	out.Rows = trainingRows(t, o.Rows)
	out.Columns = slices.Clone(p.Columns)
	err := each(len(out.Columns), runtime.GOMAXPROCS(0), func(i int) error {
		return out.Columns[i].complete(t, o)
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	out.warn(out.absent(t, o))
	if err := out.usable(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	return &out, nil
}

// used reports whether the plan makes features of the column.
func (c *ColumnPlan) used() bool {
	return !c.Ignored && (len(c.Transforms) > 0 || c.Type != Identifier && c.Type != Constant)
}

// complete fits an edited column to a table.
func (c *ColumnPlan) complete(t *data.Table, o Options) error {
	c.Leak = 0
	if c.Name == o.Weight || slices.Contains(o.Ignore, c.Name) {
		c.Ignored, c.Transforms = true, nil
	}
	if !c.used() {
		c.Transforms = nil
		return nil
	}
	if c.Name == o.Target {
		return fmt.Errorf("column %q is the target: take it out", c.Name)
	}
	col, err := Find(t, c.Name)
	if err != nil {
		return fmt.Errorf("the data lacks what the plan needs: %w", err)
	}
	f := Fitting{col: col, table: t, target: o.Target, rows: trainingRows(t, o.Rows)}
	layout := ""
	for _, s := range c.Transforms {
		written, err := s.meets(f)
		if err != nil {
			return fmt.Errorf("column %q: transform %s: %w", c.Name, s.Kind, err)
		}
		layout = cmp.Or(layout, written)
	}
	if len(c.Transforms) > 0 && c.obvious(col) {
		return nil
	}
	p := profileOf(col, f.rows)
	made := ColumnPlan{Name: c.Name, Type: c.Type}
	if err := p.force(&made, &layout); err != nil {
		return fmt.Errorf("column %q cannot be %s: %w", c.Name, c.Type, err)
	}
	if len(c.Transforms) == 0 {
		c.Transforms = steps(c.Type, p.distinct, layout)
	}
	return c.readable(p)
}

// meets says why a step cannot be made of a column of this table beside others, and how the
// step has dates written, if it says so.
func (s Step) meets(f Fitting) (layout string, err error) {
	p, err := s.parameters()
	if err != nil {
		return "", err
	}
	switch p := p.(type) {
	case pairing:
		_, err = p.other(f)
	case *ordinalParams:
		err = p.reads(f)
	}
	if d, ok := p.(interface{ written() string }); ok {
		layout = d.written()
	}
	return layout, err
}

// readable reports transforms of numbers of a boolean column whose cells are words, all of
// which they would take as missing.
func (c *ColumnPlan) readable(p *profile) error {
	bad, examples := p.test(isNumber)
	if c.Type != Boolean || bad == 0 || bad < p.present {
		return nil
	}
	for _, s := range c.Transforms {
		if k, err := kindOf(s.Kind); err != nil || !slices.Equal(k.types, numbersOnly) {
			continue
		}
		return fmt.Errorf(`column %q: transform %s: it reads numbers, and the cells are words such as %s: put it behind boolean, {"kind": "boolean", "then": [{"kind": %q}]}`,
			c.Name, s.Kind, some(examples), s.Kind)
	}
	return nil
}

// obvious reports whether a column's cells need no look to be of their type.
func (c *ColumnPlan) obvious(col *data.Column) bool {
	switch c.Type {
	case Numeric, Boolean:
		return col.Kind == data.Number
	case Datetime:
		return col.Kind == data.Time
	}
	return true
}

// suits says why a transform cannot be made of columns of a type.
func (s Step) suits(t Type) error {
	k, err := kindOf(s.Kind)
	if err != nil {
		return err
	}
	switch {
	case len(k.types) == 0:
		return errNoPart
	case t == Identifier || t == Constant:
		return fmt.Errorf("the column is of type %s, of which nothing is made: give it another type", t)
	case !slices.Contains(k.types, t):
		names := make([]string, len(k.types))
		for i, other := range k.types {
			names[i] = string(other)
		}
		return fmt.Errorf("it is for columns of type %s, not %s: change the type, or leave the transforms out, which then follow from it", strings.Join(names, ", "), t)
	}
	return nil
}

// absent is a sentence about the table's columns that the plan does not name, "" for none.
func (p *Plan) absent(t *data.Table, o Options) string {
	known := map[string]bool{o.Target: true, o.Weight: true}
	for _, name := range o.Ignore {
		known[name] = true
	}
	for _, c := range p.Columns {
		known[c.Name] = true
	}
	var names []string
	for _, c := range t.Columns() {
		if !known[c.Name] {
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("not in the feature plan and not used: %s", some(names))
}
