package automl

import (
	"os"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/scheduler"
)

// Plan says for each column of a table what it means, why, and what features are
// made of it. It is JSON that can be edited: a column's "type" changed and its
// "transforms" left out, so that they follow from it, "transforms" changed, or
// "ignored" set.
type Plan = featurize.Plan

// MakePlan says what [Fit] with these options would make of the table's columns,
// without training anything. Time, Trials and what concerns workers do not matter. Errors
// satisfy [IsUserError].
func MakePlan(table *Table, o Options) (*Plan, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.Valid != nil {
		if table, err = data.Concat(table, o.Valid); err != nil {
			return nil, usageError("validation table: %w", err)
		}
	}
	job := o.job()
	p, _, err := scheduler.PlanFeatures(&job, table)
	if err != nil {
		return nil, classify(err)
	}
	return p, nil
}

// ReadPlan reads a plan from a JSON file. Errors satisfy [IsUserError].
func ReadPlan(path string) (*Plan, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, &UserError{err}
	}
	p, err := featurize.DecodePlan(b)
	if err != nil {
		return nil, usageError("%s: %w", path, err)
	}
	return p, nil
}
