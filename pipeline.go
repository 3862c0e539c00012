package automl

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/seed-09a2cce4/automl/trials"
)

// Pipeline is a model that a person designs: features, one learner and its
// parameters. What is not given is as in a search: the plan of the features is
// inferred, parameters keep the values that the learner's search starts with.
type Pipeline struct {
	// Target names the column to predict; required.
	Target string
	// Features is what becomes of the columns; nil infers it. See [MakePlan].
	Features *Plan
	// Learner is a name such as "gbdt"; required. Learners of your own take part once
	// they are registered, see [RegisterLearner].
	Learner string
	// Params are values of parameters, or a [Range] to draw from; Grid has lists of
	// values, of which all combinations are tried, at most 1,000.
	Params map[string]any
	Grid   map[string][]any
	// Trials is how many configurations are drawn where there is a Range; 0 means 20.
	Trials int
	// Options say how the pipeline is trained and judged: metric, folds, weights, seed,
	// workers. What the fields above say is not taken from them. Without Time,
	// nothing limits it and every run gives the same.
	Options Options
}

// Range is a parameter that is drawn from Min to Max, in the logarithm if Log.
type Range struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
	Log bool    `json:"log,omitempty"`
}

// Most configurations of a pipeline.
const (
	gridTrials  = 1000
	rangeTrials = 20
)

// options are those of the job that trains the pipeline.
func (p Pipeline) options() (Options, error) {
	o := p.Options
	if p.Learner == "" {
		return o, usageError("pipeline: no learner: name one, such as gbdt")
	}
	params := map[string]any{}
	o.Trials = gridTrials
	for name, v := range p.Params {
		params[name] = v
		switch v.(type) {
		case Range, *Range:
			o.Trials = cmp.Or(p.Trials, rangeTrials)
		}
	}
	for name, list := range p.Grid {
		if _, twice := params[name]; twice {
			return o, usageError("pipeline: parameter %q is among Params and in Grid: give it once", name)
		}
		params[name] = list
	}
	o.Target, o.Plan, o.Best = p.Target, p.Features, true
	o.Include, o.Exclude = []string{p.Learner}, nil
	o.Params = map[string]map[string]any{p.Learner: params}
	if p.Features != nil {
		o.Target = cmp.Or(o.Target, p.Features.Target)
	}
	return o.withDefaults()
}

// Fit trains the pipeline with the best of its configurations by validation. The
// model is made of that configuration's fold models. It fails as [Fit] does.
func (p Pipeline) Fit(ctx context.Context, table *Table) (*Model, error) {
	o, err := p.options()
	if err != nil {
		return nil, err
	}
	return Fit(ctx, table, o)
}

// Validation is how a configuration of a pipeline did.
type Validation struct {
	// Params are all parameters of the configuration.
	Params map[string]any
	// Metric is the name of what Scores are of, one for each fold (of each repetition,
	// one after the other), NaN where the metric is not defined on the fold's rows.
	Metric string
	Scores []float64
	// Mean and StdErr of the scores that are defined; StdErr, the standard error of the mean, is
	// NaN with fewer than two.
	Mean, StdErr float64
}

// CrossValidate judges a pipeline on rows that it has not seen: in folds folds, or as
// p.Options says if folds is 0. It gives one Validation for each configuration, the
// best first. Configurations that fail are left out; if all do, the error says why and
// wraps [ErrNoModel].
func CrossValidate(ctx context.Context, table *Table, p Pipeline, folds int) ([]Validation, error) {
	if folds != 0 {
		p.Options.Folds = strconv.Itoa(folds)
	}
	o, err := p.options()
	if err != nil {
		return nil, err
	}
	outcome, err := search(ctx, table, o, o.job())
	if err != nil {
		return nil, err
	}
	byTrial := map[int]*trials.Record{}
	for _, r := range outcome.Records {
		byTrial[r.Spec.Number] = r
	}
	var out []Validation
	for _, row := range outcome.Board {
		r := byTrial[row.Trial]
		if r.State != trials.Succeeded || r.Result == nil {
			continue
		}
		v := Validation{Params: r.Spec.Params, Metric: outcome.Metric.Name}
		for _, loss := range r.Result.FoldLosses {
			v.Scores = append(v.Scores, outcome.Metric.FromLoss(loss))
		}
		v.Mean, v.StdErr = meanAndError(v.Scores)
		out = append(out, v)
	}
	return out, nil
}

// meanAndError of the numbers that are not NaN.
func meanAndError(scores []float64) (mean, stdErr float64) {
	defined := slices.DeleteFunc(slices.Clone(scores), math.IsNaN)
	n := float64(len(defined))
	if n == 0 {
		return math.NaN(), math.NaN()
	}
	for _, s := range defined {
		mean += s
	}
	mean /= n
	squares := 0.0
	for _, s := range defined {
		squares += float64((s - mean) * (s - mean))
	}
	return mean, math.Sqrt(squares / (n - 1) / n) // NaN for one: 0/0
}

// plainParams are parameters as JSON has them: numbers as float64, lists as []any,
// ranges as objects. What JSON cannot say is left for the check to find.
func plainParams(params map[string]map[string]any) map[string]map[string]any {
	if params == nil {
		return nil
	}
	out := make(map[string]map[string]any, len(params))
	for learner, named := range params {
		out[learner] = make(map[string]any, len(named))
		for name, v := range named {
			var plain any
			if b, err := json.Marshal(v); err != nil || json.Unmarshal(b, &plain) != nil || plain == nil {
				plain = fmt.Sprint(v)
			}
			out[learner][name] = plain
		}
	}
	return out
}
