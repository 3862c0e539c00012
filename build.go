package automl

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/scheduler"
	"github.com/seed-09a2cce4/automl/trials"
)

// newID makes a job id: 16 hexadecimal digits.
func newID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}

// buildOptions bound the time that buildModel takes.
type buildOptions struct {
	Start time.Time
	End   time.Time // of the budget; zero for none
	Seed  uint64
	// Options is what the job was asked for.
	Options *trials.JobOptions
	// Dataset is the digest of the table.
	Dataset string
	// Origin and Created are those of the model that is made again; zero for a search.
	Origin  *model.Origin
	Created time.Time
}

// FinishJob makes the bundle of a service's job; it is what a
// [scheduler.Service] calls at the end of one.
func FinishJob(_ context.Context, job *trials.Job, o *scheduler.Outcome) ([]byte, error) {
	end := endOf(o.Started, job.Options.Time)
	if d := job.Options.Deadline; !d.IsZero() && (end.IsZero() || d.Before(end)) {
		end = d
	}
	m, err := buildModel(o, buildOptions{Start: o.Started, End: end, Seed: job.Options.Seed, Options: &job.Options, Dataset: job.Dataset})
	if err != nil {
		return nil, err
	}
	return m.Bytes()
}

// endOf a budget, zero if it has none.
func endOf(start time.Time, budget time.Duration) time.Time {
	if budget == 0 {
		return time.Time{}
	}
	return start.Add(budget)
}

// buildModel makes the model of a job's outcome: the fold models of the ensemble's members
// that were kept (of a split by time the latest), and the permutation importance of the
// columns as far as the time allows.
func buildModel(o *scheduler.Outcome, b buildOptions) (*Model, error) {
	pl := o.Prepared.Pipeline
	spec := model.Spec{Info: info(o, b), Plan: o.Plan, Pipeline: pl, Leaderboard: o.Board, Calibration: o.Calibration}
	folds := o.Split.Assign(len(o.Prepared.Y), o.Prepared.Target.Task, o.Prepared.Y, o.Prepared.Keys)
	oof := model.OutOfFold{
		Table: o.Table, Pipeline: pl, Metric: o.Metric, Task: o.Prepared.Target.Task,
		Classes: len(o.Prepared.Target.Classes), Y: o.Prepared.Y, Folds: folds, Calibration: o.Calibration, Seed: b.Seed,
	}
	for _, m := range o.Members {
		models, err := model.DecodePredictors(m.Models, pl)
		if err != nil {
			return nil, fmt.Errorf("trial %d: %w", m.Trial, err)
		}
		kept := m.Kept
		if o.Split.By == featurize.ByTime {
			// The latest: of all rows or, where time was up, of the last window.
			kept = []int{len(models) - 1}
		}
		for _, k := range kept {
			spec.Members = append(spec.Members, model.Member{Weight: m.Weight / float64(len(kept)), Trial: m.Trial, Learner: m.Learner, Predictor: models[k]})
		}
		for k, p := range models[:min(len(models), len(folds))] {
			oof.Members = append(oof.Members, model.FoldMember{Weight: m.Weight, Fold: k, Predictor: p})
		}
	}
	if spec.Origin = b.Origin; spec.Origin == nil {
		spec.Origin = originOf(o, b.Dataset, b.Options)
	}
	spec.Origin.Teacher = o.Teacher
	var err error
	addSpread(&spec, o, b.Options)
	if spec.Importance, err = model.Permute(oof, b.until(o)); err != nil {
		return nil, err
	}
	return bounded(spec, b.Options.MaxModelSize)
}

// bounded builds the model, with as many rows of the leaderboard as its limit of bytes
// leaves room for; 0 is no limit. Those of its members always stay.
func bounded(spec model.Spec, most int64) (*Model, error) {
	m, err := model.Build(spec)
	if err != nil || most == 0 {
		return m, err
	}
	for len(spec.Leaderboard) > 1 {
		size, err := m.WriteTo(io.Discard)
		if err != nil || size <= most {
			return m, err
		}
		short := slices.Clone(spec.Leaderboard[:len(spec.Leaderboard)/2])
		for _, row := range spec.Leaderboard[len(short):] {
			if slices.ContainsFunc(spec.Members, func(m model.Member) bool { return m.Trial == row.Trial }) {
				short = append(short, row)
			}
		}
		if len(short) == len(spec.Leaderboard) {
			return m, nil
		}
		spec.Leaderboard = short
		if m, err = model.Build(spec); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// addSpread calibrates intervals and quantiles on the out-of-fold predictions. A
// job that was cut before enough rows were validated goes without, and says so.
func addSpread(spec *model.Spec, o *scheduler.Outcome, asked *trials.JobOptions) {
	if asked.Intervals == 0 && len(asked.Quantiles) == 0 {
		return
	}
	var y, pred, w []float32
	for i, v := range o.OutOfFold {
		if v != v {
			continue
		}
		y, pred = append(y, o.Prepared.Y[i]), append(pred, v)
		if o.Prepared.W != nil {
			w = append(w, o.Prepared.W[i])
		}
	}
	s, err := model.NewSpread(y, pred, w, asked.Intervals, asked.Quantiles)
	if err != nil {
		spec.Info.Warnings = append(slices.Clip(spec.Info.Warnings), err.Error())
		return
	}
	spec.Spread, spec.Info.Interval, spec.Info.Quantiles = s, asked.Intervals, asked.Quantiles
}

// until is when importance must be done: at the end of the budget, less what
// writing the bundle takes; zero for no limit.
func (b buildOptions) until(o *scheduler.Outcome) time.Time {
	if b.End.IsZero() {
		return time.Time{}
	}
	size := 0
	for _, m := range o.Members {
		for _, fold := range m.Models {
			size += len(fold.Bytes)
		}
	}
	const perSecond = 300 << 20 // encoded, summed up, written and synced
	writing := 30*time.Millisecond + time.Duration(float64(size)/perSecond*float64(time.Second))
	return b.End.Add(-writing)
}

func info(o *scheduler.Outcome, b buildOptions) model.Info {
	target := o.Prepared.Target
	created, took := b.Created, 0.0
	if created.IsZero() {
		created, took = time.Now().UTC().Truncate(time.Second), time.Since(b.Start).Seconds()
	}
	return model.Info{
		Version: Version, Created: created, Task: target.Task, Target: target.Name,
		Why: target.Why, Metric: o.Metric.Name, Score: o.Score, StdErr: o.StdErr, Classes: target.Classes,
		Columns: o.Prepared.Pipeline.Columns(), Rows: o.Prepared.Rows, Folds: o.Split.Folds, Split: o.Split.String(), Trials: len(o.Records),
		Seconds: took, Ended: o.Ended, Warnings: o.Warnings,
		Costs: o.Costs, Distilled: o.Distilled,
		Data: "column names, category names, words of text columns and statistics of the columns, what was asked of the search; no rows",
	}
}
