package automl

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/scheduler"
	"github.com/seed-09a2cce4/automl/trials"
)

// Refit trains a model anew on other rows, without a search: the features are planned
// as they were, the members' configurations and their weights are the same, validation
// is done in the same way. The table must have the columns and the classes of the
// model; further columns are not used. Of the options only those count that say where
// trials run: Workers, Threads, NATS, Token, OnEvent and Logger, and MaxMemory.
//
// The same model and table give the same bytes: the new model has the date of the
// search and no times. Errors whose cause is in the model or the table satisfy
// [IsUserError].
func Refit(ctx context.Context, m *Model, table *Table, o Options) (*Model, error) {
	job, err := refitJob(m, table)
	if err != nil {
		return nil, &UserError{fmt.Errorf("refit: %w", err)}
	}
	job.MaxMemory = o.MaxMemory
	o = Options{
		Target: job.Target, Trials: job.Trials, Seed: job.Seed,
		Workers: o.Workers, Threads: o.Threads, NATS: o.NATS, Token: o.Token, OnEvent: o.OnEvent, Logger: o.Logger,
	}
	o.MaxMemory = job.MaxMemory
	if o, err = o.withDefaults(); err != nil {
		return nil, err
	}
	outcome, err := search(ctx, table, o, *job)
	if err != nil {
		return nil, err
	}
	forgetTimes(outcome)
	origin := *m.Origin()
	origin.Dataset, origin.Split = table.Digest(), outcome.Split
	return buildModel(outcome, buildOptions{Seed: job.Seed, Options: job, Origin: &origin, Created: m.Info().Created})
}

// refitJob is the job that makes the model again.
func refitJob(m *Model, table *Table) (*trials.JobOptions, error) {
	origin := m.Origin()
	if origin == nil {
		return nil, model.ErrNoOrigin
	}
	configs, err := m.Configs()
	if err != nil {
		return nil, err
	}
	info := m.Info()
	if err := checkAgain(table, info, &origin.Options); err != nil {
		return nil, err
	}
	job := origin.Options
	job.Plan, job.Types = m.Plan(), nil
	job.First, job.Refit, job.Trials = configs, true, len(configs)
	job.Calibration, job.Distill, job.Student = m.Calibration(), false, nil
	if t := origin.Teacher; t != nil {
		job.Calibration, job.Distill, job.Student = t.Calibration, true, &t.Student
	}
	job.Time, job.Deadline, job.Limits = 0, time.Time{}, trials.Limits{}
	job.Params, job.Best, job.Preset = nil, false, ""
	job.Include, job.Exclude, job.Ignore = nil, nil, nil // the plan says what is ignored
	for _, c := range configs {
		if !slices.Contains(job.Include, c.Learner) {
			job.Include = append(job.Include, c.Learner)
		}
	}
	if s := job.Student; s != nil && !slices.Contains(job.Include, s.Learner) {
		job.Include = append(job.Include, s.Learner)
	}
	return &job, nil
}

// checkAgain reports what of a model a table lacks.
func checkAgain(table *Table, info model.Info, asked *trials.JobOptions) error {
	names := table.Names()
	var missing []string
	need := slices.Concat(info.Columns, []string{info.Target, asked.Weight, asked.Group, asked.TimeColumn, asked.Fold})
	for _, name := range need {
		if name != "" && !slices.Contains(names, name) && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the table lacks %s, which the model was made of", quotedList(missing))
	}
	if info.Task == metrics.Regression {
		return nil
	}
	target, err := featurize.InferTarget(table.Column(info.Target), table.Rows(), info.Task, asked.Positive)
	if err != nil {
		return err
	}
	was, is := slices.Sorted(slices.Values(info.Classes)), slices.Sorted(slices.Values(target.Classes))
	if !slices.Equal(was, is) {
		return fmt.Errorf("target %q has the classes %s, the model %s: fit anew", info.Target, quotedList(is), quotedList(was))
	}
	return nil
}

// quotedList lists names, a few of them if there are many.
func quotedList(names []string) string {
	const most = 8
	shown := make([]string, min(most, len(names)))
	for i := range shown {
		shown[i] = strconv.Quote(names[i])
	}
	text := strings.Join(shown, ", ")
	if len(names) > most {
		text += fmt.Sprintf(" and %d more", len(names)-most)
	}
	return text
}

// forgetTimes removes from the leaderboard what differs from run to run.
func forgetTimes(o *scheduler.Outcome) {
	if d := o.Distilled; d != nil {
		d.RowSeconds, d.EnsembleSeconds = 0, 0
	}
	for i := range o.Board {
		o.Board[i].FitSeconds, o.Board[i].PredictSeconds, o.Board[i].EndSeconds = 0, 0, 0
	}
}

// originOf is what a model is to remember of its job.
func originOf(o *scheduler.Outcome, digest string, asked *trials.JobOptions) *model.Origin {
	j := *asked
	j.Plan, j.Types, j.First, j.Past = nil, nil, nil, nil
	j.Task, j.Metric = o.Prepared.Target.Task, o.Metric.Name
	if j.Task == metrics.Binary && j.Positive != "" {
		j.Positive = o.Prepared.Target.Classes[1]
	}
	switch s := o.Split; {
	case s.Fixed > 0: // rows of their own are not there again: as many are held out
		j.ValidRows, j.Folds, j.Holdout = 0, "holdout", float64(s.Fixed)/float64(max(1, o.Table.Rows()))
	case s.By == featurize.ByFold:
	case s.Folds > 1:
		j.Folds, j.Holdout = strconv.Itoa(s.Folds), 0
	default:
		j.Folds, j.Holdout = "holdout", cmp.Or(j.Holdout, s.Holdout)
	}
	return &model.Origin{Dataset: digest, Split: o.Split, Options: j}
}

// ContinueConfigs is how many configurations of an earlier search a search that
// continues it begins with, ContinueTrials how many of its trials the sampler knows of.
const (
	ContinueConfigs = 20
	ContinueTrials  = 300
)

// continueWith lets a job begin with the best configurations of an earlier search.
func continueWith(job *trials.JobOptions, m *Model, table *Table) error {
	if m == nil {
		return nil
	}
	if err := m.SameTable(job.Target, table.Names()); err != nil {
		return usageError("continue: %w", err)
	}
	job.First, job.Past = m.Best(ContinueConfigs), m.Past(ContinueTrials)
	return nil
}
