package scheduler

import (
	"fmt"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/trials"
)

// PlanFeatures says what a job with these options would make of the columns of a
// table, and what its target is. Rows whose target is missing are left out. The error is
// an *InputError.
func PlanFeatures(o *trials.JobOptions, t *data.Table) (*featurize.Plan, *featurize.Target, error) {
	if err := checkOptions(o); err != nil {
		return nil, nil, input(err)
	}
	p := &plan{table: t, valid: o.ValidRows}
	target, err := p.inferTarget(o)
	if err != nil {
		return nil, nil, err
	}
	if err := p.planFeatures(o, target); err != nil {
		return nil, nil, input(err)
	}
	return p.features, target, nil
}

// planFeatures infers the plan of the features, or completes the one that the
// options hold.
func (p *plan) planFeatures(o *trials.JobOptions, target *featurize.Target) error {
	if err := p.findSplitColumn(o); err != nil {
		return err
	}
	f := featurize.Options{
		Target: o.Target, Weight: o.Weight, Types: make(map[string]featurize.Type, len(o.Types)),
		Ignore: p.ignored(o), Rows: p.trainRows(),
	}
	for name, s := range o.Types {
		kind, err := featurize.ParseType(s)
		if err != nil {
			return fmt.Errorf("--type %s=%s: %w", name, s, err)
		}
		f.Types[name] = kind
	}
	var err error
	if o.Plan != nil {
		p.features, err = o.Plan.For(p.table, f)
	} else {
		p.features, err = featurize.Infer(p.table, f)
	}
	if err != nil {
		return err
	}
	return p.features.FindLeaks(p.table, target)
}
