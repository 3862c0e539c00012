package automl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	// The learners that this program knows.
	_ "github.com/seed-09a2cce4/automl/algos/all"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/file"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/report"
	"github.com/seed-09a2cce4/automl/scheduler"
	"github.com/seed-09a2cce4/automl/trials"
)

// Version of the program, set when a release is built.
var Version = "0.1.0-dev"

// Model, Predictions and Prediction are those of package model, which programs
// that only score can import alone.
type (
	Model       = model.Model
	Predictions = model.Predictions
	Prediction  = model.Prediction
	Table       = data.Table
)

// Explanation is what [Model.Explain] finds each column to add to predictions,
// ExplainOptions how it does so; PermuteOptions are those of [Model.Permute].
type (
	Explanation    = model.Explanation
	ExplainOptions = model.ExplainOptions
	PermuteOptions = model.PermuteOptions
)

// Limits bound what a search and its model may take; see [Options].
type Limits = trials.Limits

// Summary is what a search found, in sentences for people; [Summarize] tells it of a
// model, [WriteReport] writes it as one HTML page with leaderboard and score over time.
type Summary = report.Summary

// Summarize tells of the search that made a model.
func Summarize(m *Model) Summary { return report.Summarize(m) }

// WriteReport writes the report of a model, which needs nothing else to be shown.
func WriteReport(w io.Writer, m *Model) error { return report.WriteHTML(w, m) }

// ErrNoModel is wrapped by Fit's error when it ended before any trial succeeded.
var ErrNoModel = scheduler.ErrNoModel

// ReadFile reads a table from a CSV (also gzipped) or Parquet file; "-" is
// standard input.
func ReadFile(path string) (*Table, error) {
	t, err := file.ReadFile(path, file.Options{})
	if err != nil {
		return nil, &UserError{err}
	}
	return t, nil
}

// FromRows makes a table of rows given as maps from column name to value.
func FromRows(rows []map[string]any) (*Table, error) { return data.FromRows(rows) }

// FromStructs makes a table of a slice of structs; the tag `automl:"name"`
// names a column.
func FromStructs(rows any) (*Table, error) { return data.FromStructs(rows) }

// Load opens a model that Save wrote.
func Load(path string) (*Model, error) {
	m, err := model.Load(path)
	if err != nil {
		return nil, &UserError{err}
	}
	return m, nil
}

// Fit searches for the best model of a table within the budget. When ctx ends
// it returns the best model so far, and an error wrapping [ErrNoModel] only if
// there is none yet. Errors whose cause is in the table or the options satisfy
// [IsUserError].
func Fit(ctx context.Context, table *Table, o Options) (*Model, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	job := o.job()
	if err := continueWith(&job, o.Continue, table); err != nil {
		return nil, err
	}
	outcome, err := search(ctx, table, o, job)
	if err != nil {
		return nil, err
	}
	end := endOf(o.Start, o.Time)
	if ctx.Err() != nil { // who interrupts does not want to wait
		end = time.Now().Add(time.Second)
	}
	return buildModel(outcome, buildOptions{Start: o.Start, End: end, Seed: o.Seed, Options: &job, Dataset: outcome.Dataset})
}

// search runs a job in this process to its end. Options must be complete.
func search(ctx context.Context, table *Table, o Options, asked trials.JobOptions) (*scheduler.Outcome, error) {
	if o.Valid != nil {
		var err error
		if table, err = data.Concat(table, o.Valid); err != nil {
			return nil, &UserError{fmt.Errorf("validation table: %w", err)}
		}
	}
	digest := table.Digest()
	env, err := newLocal(ctx, o)
	if err != nil {
		return nil, err
	}
	defer env.close()
	defer limitMemory(o.MaxMemory)()
	env.cache.AddTable(digest, table)

	job := &trials.Job{ID: newID(), Dataset: digest, Options: asked, State: trials.JobRunning, Created: time.Now().UTC()}
	outcome, err := scheduler.RunJob(ctx, scheduler.Config{
		Bus:           env.bus,
		Cache:         env.cache,
		Workers:       func() int { return max(1, o.Workers) },
		RemoteWorkers: o.NATS != "",
		Start:         o.Start,
		Reserve:       o.finishShare(),
		OnEvent:       o.OnEvent,
		Logger:        o.Logger,
	}, job, table)
	if err != nil {
		return nil, classify(err)
	}
	return outcome, nil
}

// classify marks the errors whose cause is what the user gave.
func classify(err error) error {
	var input *scheduler.InputError
	if errors.As(err, &input) {
		return &UserError{err}
	}
	return err
}
