package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/seed-09a2cce4/automl"
	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// checker collects what is wrong with a job request.
type checker struct {
	columns []string
	errs    []*huma.ErrorDetail
}

func (c *checker) add(field string, value any, format string, args ...any) {
	c.errs = append(c.errs, &huma.ErrorDetail{Location: "body." + field, Value: value, Message: fmt.Sprintf(format, args...)})
}

// column checks that a column exists.
func (c *checker) column(field, name string) bool {
	if slices.Contains(c.columns, name) {
		return true
	}
	hint := ""
	if near := data.NearestName(name, c.columns); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	c.add(field, name, "the table has no column %q%s", name, hint)
	return false
}

// jobOptions turns a request into the stored form, with the default time
// filled in, or says all that is wrong with it.
func jobOptions(r *automl.JobRequest, d automl.Dataset, now time.Time) (trials.JobOptions, error) {
	c := &checker{}
	for _, col := range d.Columns {
		c.columns = append(c.columns, col.Name)
	}
	o := trials.JobOptions{
		Target: r.Target, Deadline: r.Deadline, Trials: r.Trials, Metric: r.Metric, Task: metrics.Task(r.Task),
		Positive: r.Positive, Weight: r.Weight, Folds: r.Folds, Seed: r.Seed, Include: r.Include, Exclude: r.Exclude, Without: r.Without,
		Group: r.Group, TimeColumn: r.TimeColumn, Fold: r.Fold, Repeats: r.Repeats, Holdout: r.Holdout,
		Balanced: r.Balanced, ClassWeights: r.ClassWeights, Monotone: r.Monotone, Costs: r.Costs, Intervals: r.Intervals, Quantiles: r.Quantiles,
		Continue: r.Continue, Types: r.Types, Ignore: r.Ignore, Plan: r.Plan, Params: r.Params, Best: r.Best, Distill: r.Distill, ValidRows: r.ValidRows, Threads: r.Threads,
	}
	c.checkPlan(r)
	o.Limits = c.limits(r)
	o.Time = c.budget(r, now)
	if o.Preset = r.Preset; o.ApplyPreset() != nil {
		c.add("preset", r.Preset, "preset %q: use %s", r.Preset, strings.Join(trials.Presets(), ", "))
		o.Preset = ""
	}
	c.checkColumns(r)
	for _, name := range slices.Sorted(maps.Keys(r.Monotone)) {
		c.column("monotone", name)
	}
	c.checkTask(r)
	c.checkFolds(r, &o, d.Rows)
	c.checkLearners(r)
	if r.Trials < 0 {
		c.add("trials", r.Trials, "the number of trials must not be negative")
	}
	if r.Threads < 0 {
		c.add("threads", r.Threads, "the number of threads must not be negative")
	}
	if len(c.errs) > 0 {
		return o, invalid(c.errs)
	}
	return o, nil
}

func (c *checker) budget(r *automl.JobRequest, now time.Time) time.Duration {
	if !r.Deadline.IsZero() && !r.Deadline.After(now) {
		c.add("deadline", r.Deadline, "the deadline has passed: it is %s now", now.UTC().Format(time.RFC3339))
	}
	if r.Time == "" {
		if r.Trials == 0 && r.Deadline.IsZero() && r.Preset == "" {
			return automl.DefaultTime
		}
		return 0
	}
	d, err := time.ParseDuration(r.Time)
	switch {
	case err != nil:
		c.add("time", r.Time, "time %q: write a duration such as 60s or 1h30m", r.Time)
	case d <= 0:
		c.add("time", r.Time, "time %s: the budget must be above 0", r.Time)
	}
	return d
}

func (c *checker) checkColumns(r *automl.JobRequest) {
	c.column("target", r.Target)
	if r.Weight != "" && c.column("weight_column", r.Weight) && r.Weight == r.Target {
		c.add("weight_column", r.Weight, "the weight column is the target")
	}
	for i, name := range r.Ignore {
		field := fmt.Sprintf("ignore[%d]", i)
		if c.column(field, name) && name == r.Target {
			c.add(field, name, "the target cannot be left out")
		}
	}
	names := make([]string, 0, len(r.Types))
	for name := range r.Types {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c.column("types", name)
		if _, err := featurize.ParseType(r.Types[name]); err != nil {
			c.add("types."+name, r.Types[name], "column %q: %v", name, err)
		}
	}
}

// maxPlan bounds the JSON of a plan, which travels in the job's record.
const maxPlan = 192 << 10

func (c *checker) checkPlan(r *automl.JobRequest) {
	if r.Plan == nil {
		return
	}
	if b, err := json.Marshal(r.Plan); err != nil || len(b) > maxPlan {
		c.add("plan", nil, "a plan of %d KB: the service takes up to %d: leave out columns", len(b)>>10, maxPlan>>10)
	}
	for _, col := range r.Plan.Columns {
		if !col.Ignored && len(col.Transforms) > 0 {
			c.column("plan", col.Name)
		}
	}
}

func (c *checker) checkTask(r *automl.JobRequest) {
	var task metrics.Task
	if r.Task != "" {
		var err error
		if task, err = metrics.ParseTask(r.Task); err != nil {
			c.add("task", r.Task, "%v", err)
			return
		}
	}
	if r.Metric != "" {
		m, err := metrics.Lookup(r.Metric)
		if err != nil {
			c.add("metric", r.Metric, "%v", err)
		} else if task != "" && !m.Supports(task) {
			c.add("metric", r.Metric, "metric %q does not fit a %s task", r.Metric, task)
		}
	}
	if r.Positive != "" && task != "" && task != metrics.Binary {
		c.add("positive_class", r.Positive, "a %s task has no positive class", task)
	}
}

func (c *checker) checkFolds(r *automl.JobRequest, o *trials.JobOptions, rows int) {
	known := true
	for _, f := range [][2]string{{"group_column", r.Group}, {"time_column", r.TimeColumn}, {"fold_column", r.Fold}} {
		known = (f[1] == "" || c.column(f[0], f[1])) && known
	}
	if field, err := o.Check(); err != nil && known {
		c.add(field, nil, "%v", err)
	} else if k, _ := o.FoldCount(); k > rows {
		c.add("folds", r.Folds, "%d folds of %d rows: each fold needs a row", k, rows)
	}
	if r.ValidRows < 0 || r.ValidRows > 0 && r.ValidRows >= rows {
		c.add("valid_rows", r.ValidRows, "%d validation rows of %d leave none to train on", r.ValidRows, rows)
	}
}

func (c *checker) checkLearners(r *automl.JobRequest) {
	known := true
	check := func(field string, names []string) {
		for i, name := range names {
			if _, err := algos.Lookup(name); err != nil {
				c.add(fmt.Sprintf("%s[%d]", field, i), name, "%v", err)
				known = false
			}
		}
	}
	check("include", r.Include)
	check("exclude", r.Exclude)
	for _, name := range slices.Sorted(maps.Keys(r.Params)) {
		if _, err := algos.Lookup(name); err != nil {
			c.add("params."+name, nil, "%v", err)
		}
	}
	if !known {
		return
	}
	left := r.Include
	if len(left) == 0 {
		left = algos.Names()
	}
	if !slices.ContainsFunc(left, func(name string) bool { return !slices.Contains(r.Exclude, name) }) {
		c.add("exclude", r.Exclude, "no learner is left")
	}
}

// jobRequest is the stored form of a job's options, as a request.
func jobRequest(j *trials.Job) automl.JobRequest {
	o := j.Options
	r := automl.JobRequest{
		Dataset: j.Dataset, Name: j.Name, Target: o.Target, Preset: o.Preset, Continue: o.Continue, Deadline: o.Deadline, Trials: o.Trials, Metric: o.Metric,
		Task: string(o.Task), Positive: o.Positive, Weight: o.Weight, Folds: o.Folds, Seed: o.Seed, Include: o.Include,
		Group: o.Group, TimeColumn: o.TimeColumn, Fold: o.Fold, Repeats: o.Repeats, Holdout: o.Holdout,
		Balanced: o.Balanced, ClassWeights: o.ClassWeights, Monotone: o.Monotone, Costs: o.Costs, Intervals: o.Intervals, Quantiles: o.Quantiles,
		Exclude: o.Exclude, Without: o.Without, Types: o.Types, Ignore: o.Ignore, Params: o.Params, Best: o.Best, Distill: o.Distill, ValidRows: o.ValidRows, Threads: o.Threads,
	}
	if o.Time > 0 {
		r.Time = o.Time.String()
	}
	r.SetLimits(o.Limits)
	return r
}

// jobStatus is what a job's record tells at a point in time.
func jobStatus(j *trials.Job, now time.Time) automl.JobStatus {
	return automl.JobStatus{
		ID: j.ID, Name: j.Name, State: j.State, Reason: j.Reason, Phase: j.Phase, Dataset: j.Dataset, Metric: j.Metric,
		BestScore: j.BestScore, Trials: j.TrialsRun, TimeLeft: timeLeft(j, now), QueuedSeconds: queued(j, now).Seconds(),
		Cancelling: j.CancelRequested && !j.State.Final(), HasModel: j.Model != "",
		Created: j.Created, Started: j.Started, Finished: j.Finished, Options: jobRequest(j),
	}
}

// queued is the wait until the first trial, the job's end or now.
func queued(j *trials.Job, now time.Time) time.Duration {
	end := now
	switch {
	case !j.Started.IsZero():
		end = j.Started
	case !j.Finished.IsZero():
		end = j.Finished
	}
	return max(0, end.Sub(j.Created))
}

// timeLeft is in seconds, nil for a job that is over or has no time limit. The
// budget is whole until the first trial; a deadline comes nearer all the time.
func timeLeft(j *trials.Job, now time.Time) *float64 {
	if j.State.Final() {
		return nil
	}
	var left []float64
	if j.Options.Time > 0 {
		used := time.Duration(0)
		if !j.Started.IsZero() {
			used = now.Sub(j.Started)
		}
		left = append(left, (j.Options.Time - used).Seconds())
	}
	if !j.Options.Deadline.IsZero() {
		left = append(left, j.Options.Deadline.Sub(now).Seconds())
	}
	if len(left) == 0 {
		return nil
	}
	least := max(0, slices.Min(left))
	return &least
}
