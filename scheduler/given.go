package scheduler

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// given are the configurations that the job was given to begin with. Those of
// learners that do not take part are left out, unless they are to be fitted again as
// they are, and so are those of learners whose parameters the user has named.
func (p *plan) given() ([]search.Suggestion, error) {
	var out []search.Suggestion
	for _, c := range p.first {
		i := slices.IndexFunc(p.learners, func(l algos.Learner) bool { return l.Name() == c.Learner })
		_, named := p.params[c.Learner]
		switch {
		case i < 0 && p.refit:
			return nil, inputf("refit: learner %s cannot learn from this table", c.Learner)
		case i < 0 || named:
			continue
		}
		s := search.Suggestion{Learner: c.Learner, Params: c.Params}
		if !p.refit {
			s.Params = p.space(p.learners[i]).Complete(c.Params)
		}
		out = append(out, s)
	}
	return out, nil
}

// known are the trials of the search that the job continues, if it was of the same
// table, split and metric: elsewhere losses mean something else.
func (p *plan) known() []search.Observation {
	if p.past == nil || p.past.Dataset != p.dataset || p.past.Split != p.split || p.past.Metric != p.metric.Name {
		return nil
	}
	var out []search.Observation
	for _, t := range p.past.Trials {
		if slices.ContainsFunc(p.learners, func(l algos.Learner) bool { return l.Name() == t.Learner }) {
			out = append(out, search.Observation{Suggestion: search.Suggestion{Learner: t.Learner, Params: t.Params}, Loss: t.Loss})
		}
	}
	return out
}

// reweigh makes the model of the given configurations with the given weights. It
// fails if one of them has not been trained to its end.
func (r *runner) reweigh(ctx context.Context, o *Outcome, candidates []candidate) error {
	p, first := r.plan, r.job.Options.First
	rows := validated(p.folds)
	candidates = complete(candidates, rows, r.width())
	weights := make([]float64, len(candidates))
	for n, c := range first {
		i := slices.IndexFunc(candidates, func(k candidate) bool { return k.record.Spec.Number == n })
		if i < 0 {
			return fmt.Errorf("refit: %s", lost(o.Records, n, c.Learner))
		}
		weights[i] = c.Weight
	}
	o.Calibration = r.job.Options.Calibration
	problem := r.problem(candidates, rows)
	pred := problem.Predict(weights, o.Calibration)
	o.OutOfFold = scatter(pred, rows, p.table.Rows(), r.width())
	if p.metric.OfLabels() {
		pred = o.Calibration.Labelled(p.shape.Task, p.shape.Classes, pred)
	}
	score, err := p.metric.Score(p.shape.Task, p.shape.Classes, problem.Y, pred, problem.W)
	if err != nil {
		return fmt.Errorf("refit: %w", err)
	}
	o.Score = score
	if err := r.members(ctx, o, candidates, weights); err != nil {
		return err
	}
	for i := range o.Members {
		m, given := &o.Members[i], first[o.Members[i].Trial]
		m.Weight = given.Weight // as it is given, to the bit
		kept := len(m.Models)
		if given.Models > 0 {
			kept = min(kept, given.Models)
		}
		m.Kept = folds(kept, len(m.Models), i)
	}
	return nil
}

// lost says why a trial has no model.
func lost(records []*trials.Record, number int, learner string) string {
	for _, r := range records {
		if r.Spec.Number == number && r.Reason != "" {
			return fmt.Sprintf("trial %d (%s): %s", number, learner, r.Reason)
		}
	}
	return fmt.Sprintf("trial %d (%s) gave no model for all rows", number, learner)
}
