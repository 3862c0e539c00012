package scheduler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/infold"
	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/search/portfolio"
	"github.com/seed-09a2cce4/automl/trials"
)

// How a job is planned. The values were chosen by hand.
const (
	defaultTime  = time.Minute
	plannedTime  = time.Minute // what a job without a time limit is planned for
	leastLag     = 8
	mostLag      = 1024
	lagNoOp      = 256
	shareOfFolds = 0.3  // of the budget that the default trial's folds may take
	shareOfMany  = 0.05 // the same for the folds of small tables
	shareOfLarge = 0.03 // the same for the folds of tables of over manyRows
	shareOfQuick = 0.03 // of the budget that the fit of a quick learner takes at most
	fewRows      = 1000 // below which there may be more folds
	manyRows     = 100 * fewRows
	poolBytes    = 512 << 20
	// measuredFeatures bounds the tables that measured orders are for: those measured had
	// no more features, and no text.
	measuredFeatures = 100
	primary          = "gbdt"
	baseline         = "baseline"
)

// weights are the learners' shares of the trials; 1 where not named.
var weights = map[string]float64{baseline: 100, primary: 3, "linear": 2, "extra_trees": 1.5, "symmetric": 0.7, "gbdt_prepared": 1.2, "mlp": 1, "ebm": 0.5, "kernel_ridge": 0.5, "bayes": 0.3, "neighbors": 0.3}

// modest learners rarely win and are there for variety, at little cost.
var modest = []string{"bayes", "neighbors"}

// plan is a job understood: what is to be learned from what, and how.
type plan struct {
	table    *data.Table // without the rows whose target is missing
	features *featurize.Plan
	prepared *featurize.Prepared
	metric   metrics.Metric
	dropped  bool // there were such rows
	valid    int  // the last rows of the table that only validate
	learners []algos.Learner
	byClass  []float64                 // weights of training rows, nil for none
	costs    [][]float64               // by true and predicted class, nil for none
	monotone map[string]int            // directions of columns, nil for none
	params   map[string]map[string]any // by learner: what is searched, nil for all
	first    []trials.Config           // what is tried before all others
	refit    bool                      // nothing else is
	dataset  string                    // digest that the job names its table by
	past     *trials.Past              // the search that the job continues, nil for none
	split    trials.Split
	problem  string // digest of the blob
	warnings []string
	shape    algos.Shape
	folds    [][]int32 // validation rows
}

// input marks an error as caused by the table or the options.
func input(err error) error {
	if err == nil {
		return nil
	}
	return &InputError{err}
}

func inputf(format string, args ...any) error { return input(fmt.Errorf(format, args...)) }

// checkOptions reports what is wrong with a job before any data is looked at.
func checkOptions(o *trials.JobOptions) error {
	switch {
	case o.Target == "":
		return errors.New("no target column: say which column to predict")
	case o.Time < 0:
		return fmt.Errorf("time %v: the budget must be positive", o.Time)
	case o.Trials < 0:
		return fmt.Errorf("trials %d: the number must be positive", o.Trials)
	case o.ValidRows < 0:
		return fmt.Errorf("valid_rows %d: the number must not be negative", o.ValidRows)
	case o.Threads < 0:
		return fmt.Errorf("threads %d: the number must not be negative", o.Threads)
	}
	if o.Task != "" {
		if _, err := metrics.ParseTask(string(o.Task)); err != nil {
			return err
		}
	}
	if o.Metric != "" {
		if _, err := metrics.Lookup(o.Metric); err != nil {
			return err
		}
	}
	if _, err := o.Check(); err != nil {
		return err
	}
	list, err := chooseLearners(o)
	if err == nil && o.Distill && !slices.ContainsFunc(list, func(l algos.Learner) bool { return slices.Contains(students, l.Name()) }) {
		err = fmt.Errorf("distill: the one model is of learner %s, which are left out: include one", strings.Join(students, " or "))
	}
	return err
}

// chooseLearners are those that the options leave, the baseline first.
func chooseLearners(o *trials.JobOptions) ([]algos.Learner, error) {
	for _, name := range slices.Concat(o.Include, o.Exclude, slices.Sorted(maps.Keys(o.Params))) {
		if _, err := algos.Lookup(name); err != nil {
			return nil, err
		}
	}
	var out []algos.Learner
	for _, name := range algos.Names() {
		if len(o.Include) > 0 && !slices.Contains(o.Include, name) || slices.Contains(o.Exclude, name) {
			continue
		}
		l, err := algos.Lookup(name)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	for name := range o.Params {
		if !slices.ContainsFunc(out, func(l algos.Learner) bool { return l.Name() == name }) {
			return nil, fmt.Errorf("parameters of learner %s, which is left out: include it", name)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no learner is left: include %v, exclude %v", o.Include, o.Exclude)
	}
	slices.SortStableFunc(out, func(a, b algos.Learner) int {
		return rank(a.Name()) - rank(b.Name())
	})
	return out, nil
}

// rank orders learners of equal weight.
func rank(name string) int {
	order := []string{baseline, primary, "linear", "extra_trees", "random_forest", "gbdt_prepared", "symmetric", "kernel_ridge", "mlp", "ebm", "bayes", "neighbors"}
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	return len(order)
}

// newPlan understands a job: the target, the features and the metric. The split
// and the blobs come later, by chooseSplit and store.
func newPlan(ctx context.Context, c *Config, held *tables, o *trials.JobOptions, dataset string, t *data.Table) (*plan, error) {
	if err := checkOptions(o); err != nil {
		return nil, input(err)
	}
	p := &plan{table: t, valid: o.ValidRows, params: o.Params, first: o.First, refit: o.Refit, past: o.Past, dataset: dataset}
	var err error
	if p.learners, err = chooseLearners(o); err != nil {
		return nil, input(err)
	}
	target, err := p.inferTarget(o)
	if err != nil {
		return nil, err
	}
	if p.learners, err = able(p.learners, target.Task, o); err != nil {
		return nil, input(err)
	}
	if p.metric, err = chooseMetric(o.Metric, target.Task); err != nil {
		return nil, input(err)
	}
	if err = o.CheckExit(p.metric); err != nil {
		return nil, input(err)
	}
	if err = p.planFeatures(o, target); err != nil {
		return nil, input(err)
	}
	p.warnings = slices.Concat(p.warnings, target.Warnings, p.features.Warnings)
	if p.costs, err = costMatrix(o, target); err != nil {
		return nil, input(err)
	}
	if err := p.constrain(o, target.Task); err != nil {
		return nil, input(err)
	}
	if err := p.prepare(ctx, c, held, o, dataset, target); err != nil {
		return nil, err
	}
	s := p.prepared.Shape
	p.shape = algos.Shape{
		Rows: p.trainRows(), Features: s.Features, Categorical: s.Categorical, DenseCols: s.DenseCols, SparseNNZ: s.SparseNNZ,
		Filled: s.Filled,
		Task:   target.Task, Classes: len(target.Classes),
	}
	p.learners = suited(p.learners, p.shape, o.Include)
	return p, p.checkMemory(o)
}

// suited leaves out learners that have nothing to do on this data, unless they
// were asked for by name or no other is left.
func suited(list []algos.Learner, s algos.Shape, include []string) []algos.Learner {
	var out []algos.Learner
	for _, l := range list {
		p, selective := l.(algos.Selective)
		if !selective || p.Suits(s) || slices.Contains(include, l.Name()) {
			out = append(out, l)
		}
	}
	if len(out) == 0 {
		return list
	}
	return out
}

func (p *plan) trainRows() int { return p.table.Rows() - p.valid }

// inferTarget reads the target and drops the rows in which it is missing.
func (p *plan) inferTarget(o *trials.JobOptions) (*featurize.Target, error) {
	column, err := featurize.Find(p.table, o.Target)
	if err != nil {
		return nil, inputf("target: %w", err)
	}
	if p.valid >= p.table.Rows() {
		return nil, inputf("%d validation rows leave nothing to learn from: the table has %d rows", p.valid, p.table.Rows())
	}
	target, err := featurize.InferTarget(column, p.trainRows(), o.Task, o.Positive)
	if err != nil {
		return nil, input(err)
	}
	_, known, err := target.Encode(column)
	if err != nil {
		return nil, input(err)
	}
	rows := make([]int32, 0, len(known))
	first := p.trainRows()
	valid := 0
	for i, ok := range known {
		if !ok {
			continue
		}
		rows = append(rows, int32(i))
		if i >= first {
			valid++
		}
	}
	if missing := len(known) - len(rows); missing > 0 {
		p.warnings = append(p.warnings, fmt.Sprintf("target %q: %d of %d rows have no known value and are left out", o.Target, missing, len(known)))
		if o.ValidRows > 0 && valid == 0 || len(rows) == valid {
			return nil, inputf("target %q: no row with a known value is left to learn from or to validate", o.Target)
		}
		p.table, p.valid, p.dropped = p.table.Take(rows), valid, true
	}
	return target, nil
}

// chooseMetric looks up a metric by name, "" for the task's own.
func chooseMetric(name string, task metrics.Task) (metrics.Metric, error) {
	if name == "" {
		return metrics.Default(task), nil
	}
	m, err := metrics.Lookup(name)
	if err != nil {
		return m, err
	}
	if !m.Supports(task) {
		var names []string
		for _, other := range metrics.ForTask(task) {
			names = append(names, other.Name)
		}
		return m, fmt.Errorf("metric %s is not defined for a %s target: use %s", m.Name, task, strings.Join(names, ", "))
	}
	return m, nil
}

// prepare makes the matrix, in the cache that the workers of this process share,
// and stores what workers elsewhere need.
func (p *plan) prepare(ctx context.Context, c *Config, held *tables, o *trials.JobOptions, dataset string, target *featurize.Target) error {
	var err error
	switch {
	case c.RemoteWorkers:
		// Workers elsewhere fetch the table under the digest of its blob.
		if dataset, err = putTable(ctx, c.Bus, p.table); err != nil {
			return err
		}
	case p.dropped:
		dataset = p.table.Digest()
	}
	held.add(dataset, p.table)
	features, err := json.Marshal(p.features)
	if err != nil {
		return fmt.Errorf("feature plan: %w", err)
	}
	planDigest, err := c.Bus.PutBlob(ctx, features)
	if err != nil {
		return fmt.Errorf("store the feature plan: %w", err)
	}
	weights, err := p.classWeights(o, target)
	if err != nil {
		return input(err)
	}
	p.byClass = weights
	problem := trials.Problem{
		Dataset: dataset, Plan: planDigest, Target: o.Target, Weight: o.Weight,
		Task: target.Task, Metric: p.metric.Name, Classes: target.Classes, TrainRows: p.trainRows(),
		ClassWeights: weights,
	}
	blob, err := json.Marshal(problem)
	if err != nil {
		return fmt.Errorf("problem: %w", err)
	}
	if p.problem, err = c.Bus.PutBlob(ctx, blob); err != nil {
		return fmt.Errorf("store the problem: %w", err)
	}
	key := featurize.Key{
		Dataset: dataset, Plan: planDigest, Target: o.Target, Weight: o.Weight,
		Task: target.Task, Classes: target.Classes, TrainRows: problem.TrainRows,
		SplitBy: p.split.By, SplitColumn: p.split.Column,
	}
	load := func() (*data.Table, *featurize.Plan, error) { return p.table, p.features, nil }
	if p.prepared, err = c.Cache.Prepare(ctx, key, load, c.threads()); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return input(err)
	}
	// The cache knows classes and task, but not the reasons for them.
	shared := *p.prepared
	shared.Target = target
	p.prepared = &shared
	return nil
}

func putTable(ctx context.Context, b *bus.Bus, t *data.Table) (string, error) {
	var buf bytes.Buffer
	if err := t.Encode(&buf); err != nil {
		return "", err
	}
	digest, err := b.PutBlob(ctx, buf.Bytes())
	if err != nil {
		return "", fmt.Errorf("store the table for the workers: %w", err)
	}
	return digest, nil
}

// budget is the time that a job is planned for, however it is bounded.
func budget(o *trials.JobOptions, now time.Time) time.Duration {
	b := o.Time
	if !o.Deadline.IsZero() && (b == 0 || o.Deadline.Sub(now) < b) {
		b = o.Deadline.Sub(now)
	}
	if b <= 0 {
		return plannedTime
	}
	return b
}

// defaultCost is the declared time of one fit of the default configuration of
// the learner that matters most.
func (p *plan) defaultCost() float64 {
	l := p.learners[len(p.learners)-1]
	for _, other := range p.learners {
		if other.Name() == primary {
			l = other
		}
	}
	return p.firstCost(l)
}

// firstCost is the declared time of one fit of a learner's default configuration.
func (p *plan) firstCost(l algos.Learner) float64 {
	return infold.Estimate(l, p.shape, firstParams(l, p.shape)).Seconds
}

func firstParams(l algos.Learner, s algos.Shape) search.Params {
	space := withFeatures(l.Space(s), s)
	if list := startingPoints(l, s); len(list) > 0 {
		return space.Complete(list[0])
	}
	return space.Complete(nil)
}

// startingPoints are a learner's default and what to try next, as measured or, where
// nothing was, as the learner has it.
func startingPoints(l algos.Learner, s algos.Shape) []search.Params {
	p, ok := l.(algos.Portfolio)
	if !ok {
		return nil
	}
	list := p.Portfolio(s)
	measured := portfolio.Of(l.Name(), s.Task, s.Rows)
	if len(measured) == 0 || len(list) == 0 || s.SparseNNZ > 0 || s.Features > measuredFeatures {
		return list
	}
	return append(list[:1:1], measured...)
}

// study sets up the search: every learner with its space and its portfolio.
// When there is time for a few fits of the main learner only, it goes first,
// and beside it those that take next to no time.
func (p *plan) study(o *trials.JobOptions, budget time.Duration) (*search.Study, error) {
	scarce := p.split.Count() == 1 && 5*p.defaultCost() > shareOfFolds*budget.Seconds()
	cfg := search.Config{Seed: o.Seed}
	if !o.Has(trials.PartModel) {
		cfg.Sampler = search.Random()
	}
	for _, l := range p.learners {
		a, err := p.arm(l)
		if err != nil {
			return nil, input(err)
		}
		if !o.Has(trials.PartPortfolio) {
			a.Portfolio = a.Portfolio[:min(1, len(a.Portfolio))]
		}
		switch {
		case l.Name() == baseline:
			a.Once = true
		case l.Name() == primary && scarce:
			a.Weight = 12
		case slices.Contains(modest, l.Name()):
			a.Weight *= min(1, shareOfQuick*budget.Seconds()/p.firstCost(l))
		case scarce && p.firstCost(l) < shareOfQuick*budget.Seconds():
			a.Weight = 12
		}
		switch text := p.shape.SparseNNZ > 0; { // where some are at their best
		case text && l.Name() == "linear":
			a.Weight *= 2
		case text && l.Name() == "bayes":
			a.Weight *= 1.7
		}
		cfg.Arms = append(cfg.Arms, a)
	}
	var err error
	if cfg.First, err = p.given(); err != nil {
		return nil, err
	}
	cfg.Known = p.known()
	return search.NewStudy(cfg)
}

// cost is the declared time of a trial with all its folds on one worker.
func (p *plan) cost(threads int) func(search.Suggestion) float64 {
	shape := p.shape
	shape.Rows = p.rowsOfFit()
	byName := make(map[string]algos.Learner, len(p.learners))
	for _, l := range p.learners {
		byName[l.Name()] = l
	}
	return func(s search.Suggestion) float64 {
		l := byName[s.Learner]
		if l == nil {
			return 0
		}
		sec := infold.Estimate(l, shape, s.Params).Seconds * float64(p.split.Count()) / float64(max(1, threads))
		if !(sec >= 0) || math.IsInf(sec, 0) {
			return 0
		}
		return sec
	}
}

// pace is algos.Paced by a learner's name. A parameter that the options hold fast is
// left as it is.
func (p *plan) pace(sug search.Suggestion, factor float64) search.Params {
	for _, l := range p.learners {
		if paced, ok := l.(algos.Paced); ok && l.Name() == sug.Learner && len(p.params[sug.Learner]) == 0 {
			return paced.Pace(sug.Params, factor)
		}
	}
	return nil
}

// ensembleTime is what weighting the ensemble and reading its models may take.
func (p *plan) ensembleTime(budget time.Duration) time.Duration {
	rows, judged := p.table.Rows(), 0
	for _, fold := range p.folds {
		judged += len(fold)
	}
	judged = min(judged, rows) // repetitions validate them again
	width := float64(metrics.Width(p.shape.Task, p.shape.Classes))
	chosenOn := float64(min(judged, 10000)) // see ensemble.Options
	need := 200*time.Millisecond + seconds((float64(rows)/3e8+float64(judged)/3e7)*width*poolBest) + seconds(chosenOn*poolBest*1e-6)
	return min(need, budget/10)
}

// slack is how long before the search ends the trials must.
func (p *plan) slack(budget time.Duration) time.Duration {
	cells := float64(p.table.Rows()) * float64(p.shape.Features)
	return min(100*time.Millisecond+seconds(cells/1e7), budget/20)
}

// lag is how far behind a trial of a job without a clock the last one is whose result it
// knows of, and so how many may run at a time: a tenth of all, for any number of workers.
func lag(trials int) int { return min(mostLag, max(leastLag, trials/10)) }

// rules are what the core goes by.
func (p *plan) rules(c *Config, job *trials.Job, now time.Time) (*Rules, error) {
	o := &job.Options
	b := budget(o, now)
	study, err := p.study(o, b)
	if err != nil {
		return nil, err
	}
	r := &Rules{
		Job: job.ID, Study: study, Trials: o.Trials, Lag: lag(o.Trials), Cost: p.cost(o.Threads), Pace: p.pace, Primary: primary, Whole: o.Best || o.Refit, ExitLoss: p.exitLoss(o),
		PoolBytes: poolBytes, OOFBytes: 4 * int64(p.table.Rows()) * int64(metrics.Width(p.shape.Task, p.shape.Classes)),
		Spec: trials.Spec{Kind: trials.Folds, Problem: p.problem, Split: p.split, Seed: o.Seed, Threads: o.Threads, Limits: o.Limits},
	}
	if !o.Has(trials.PartFidelity) {
		r.Pace, r.Whole = nil, true
	}
	r.Spec.Limits.ExitScore = nil
	if r.Spec.Limits.MaxModelSize, err = p.predictorBytes(o.MaxModelSize); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(p.learners, func(l algos.Learner) bool { return l.Name() == primary }) {
		r.Primary = ""
	}
	if o.Time > 0 || !o.Deadline.IsZero() || o.Trials == 0 {
		end := p.ensembleTime(b) + p.distillTime(o, b, c.threads())
		if err := p.checkTime(c, job, c.Reserve+end, now); err != nil {
			return nil, err
		}
		r.limit(c, job, b, end, now)
		r.Slack = p.slack(b)
	}
	return r, nil
}

// limit sets when the search ends. It always leaves it a moment, so that a
// budget that reading the data has used up still gives a model.
func (r *Rules) limit(c *Config, job *trials.Job, budget, ensemble time.Duration, now time.Time) {
	o := &job.Options
	r.Timed = true
	r.EarlyEnd = o.Has(trials.PartEarlyEnd)
	r.Since, r.Limit = c.Start, budget
	r.Closed = !c.RemoteWorkers
	r.Started = job.Started
	reserve := c.Reserve + ensemble
	r.Grace = reserve
	least := min(500*time.Millisecond, budget/2)
	t := o.Time
	if t == 0 && o.Deadline.IsZero() {
		t = defaultTime
	}
	switch {
	case t > 0 && !c.Start.IsZero():
		r.End = c.Start.Add(t - reserve)
	case t > 0:
		r.Budget = max(least, t-reserve)
	}
	if d := o.Deadline.Add(-reserve); !o.Deadline.IsZero() && (r.End.IsZero() || d.Before(r.End)) {
		r.End = d
	}
	if !r.End.IsZero() && r.End.Before(now.Add(least)) && job.Started.IsZero() {
		r.End = now.Add(least)
	}
}
