package scheduler

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// constrain takes the directions that the options give columns, and leaves out
// the learners that cannot keep them. A weighted mean of models that keep them
// keeps them too.
func (p *plan) constrain(o *trials.JobOptions, task metrics.Task) error {
	if len(o.Monotone) == 0 {
		return nil
	}
	if task == metrics.Multiclass {
		return fmt.Errorf("monotone: target %q has more than two classes: a direction needs two, or a number", o.Target)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Monotone)) {
		if err := p.directed(name); err != nil {
			return fmt.Errorf("monotone: %w", err)
		}
	}
	var out []string
	keep := p.learners[:0:0]
	for _, l := range p.learners {
		if _, ok := l.(algos.Monotone); ok {
			keep = append(keep, l)
		} else {
			out = append(out, l.Name())
		}
	}
	if len(keep) == 0 {
		return fmt.Errorf("monotone: %s cannot keep the direction of a column: include %s", strings.Join(out, ", "), primary)
	}
	if len(out) > 0 {
		p.warnings = append(p.warnings, fmt.Sprintf("left out, since they cannot keep the direction of a column: %s", strings.Join(out, ", ")))
	}
	p.learners, p.monotone = keep, o.Monotone
	return nil
}

// directed reports a column that a direction cannot be kept for: its feature must
// be the number itself.
func (p *plan) directed(name string) error {
	if _, err := featurize.Find(p.table, name); err != nil {
		return err
	}
	i := slices.IndexFunc(p.features.Columns, func(c featurize.ColumnPlan) bool { return c.Name == name })
	if i < 0 {
		return fmt.Errorf("column %q is the target or the weight column", name)
	}
	c := p.features.Columns[i]
	if c.Ignored || c.Type != featurize.Numeric && c.Type != featurize.Boolean {
		what := string(c.Type)
		if c.Ignored {
			what = "left out"
		}
		return fmt.Errorf("column %q is %s and has no direction: only numbers have", name, what)
	}
	return nil
}

// space is what is searched for a learner: its own, and the directions as
// parameters with one choice, so that they travel with each configuration.
func (p *plan) space(l algos.Learner) search.Space {
	s := withFeatures(l.Space(p.shape), p.shape)
	m, ok := l.(algos.Monotone)
	if !ok || p.monotone == nil {
		return s
	}
	params := m.Monotone(p.monotone)
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if text, ok := params[name].(string); ok {
			s = append(slices.Clip(s), search.Dimension{Name: name, Choices: []string{text}, Default: text})
		} else if v, ok := params[name].(float64); ok {
			s = append(slices.Clip(s), search.Dimension{Name: name, Low: v, High: v, Default: v})
		}
	}
	return s
}
