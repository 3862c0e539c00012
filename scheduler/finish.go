package scheduler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/seed-09a2cce4/automl/ensemble"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// finish weights the ensemble and gathers the outcome. What still runs is
// cancelled meanwhile.
func (r *runner) finish(ctx context.Context) (*Outcome, error) {
	interrupted := ctx.Err() != nil
	ctx = context.WithoutCancel(ctx)
	var cleaning sync.WaitGroup
	defer cleaning.Wait()
	cleaning.Go(func() { r.clean(ctx) })
	r.phase("ensemble")
	o := &Outcome{Ended: r.state.Ended(), Started: r.state.Started(), Records: r.records()}
	if r.c.NoOp {
		o.Finished = time.Now()
		return o, nil
	}
	p := r.plan
	o.Table, o.Plan, o.Prepared, o.Metric, o.Split = p.table, p.features, p.prepared, p.metric, p.split
	o.Warnings, o.Costs = p.warnings, p.costs
	o.Dataset = r.job.Dataset
	o.Board = trials.Rank(o.Records, p.metric)
	until := r.ensembleEnd(interrupted)
	candidates, err := r.weigh(ctx, o, func() bool { return !until.IsZero() && time.Now().After(until) })
	if err != nil {
		return nil, err
	}
	if r.job.Options.Distill {
		r.distill(ctx, o, candidates, r.distillEnd(until, interrupted))
	}
	warnConstant(o)
	o.Finished = time.Now()
	r.emit(EventBest, -1, BestData{Trial: -1, Learner: "ensemble", Metric: p.metric.Name, Score: o.Score}, "best/ensemble")
	r.emit(EventFinished, 0, FinishedData{Ended: o.Ended, Metric: p.metric.Name, Score: &o.Score, Trials: r.state.Finals()}, "finished")
	return o, nil
}

// ensembleEnd is when the weighting must be done, zero for no bound.
func (r *runner) ensembleEnd(interrupted bool) time.Time {
	now := time.Now()
	switch end := r.state.End(); {
	case interrupted:
		return now.Add(cancelAfter)
	case !r.state.Timed() || end.IsZero():
		return time.Time{}
	case end.Before(now):
		end = now
		fallthrough
	default:
		return end.Add(r.plan.ensembleTime(budget(&r.job.Options, now)))
	}
}

// distillEnd is when the one model must be done, zero for no bound; the ensemble had
// to be by until.
func (r *runner) distillEnd(until time.Time, interrupted bool) time.Time {
	if until.IsZero() || interrupted {
		return until
	}
	now := time.Now()
	return until.Add(r.plan.distillTime(&r.job.Options, budget(&r.job.Options, now), r.c.threads()))
}

// records are the trials as they ended; those that the end cut off count as
// cancelled.
func (r *runner) records() []*trials.Record {
	var out []*trials.Record
	for _, t := range r.state.trials.from(0) {
		rec := t.record
		if !rec.State.Final() {
			c := *rec
			c.State, c.Reason = trials.Cancelled, r.state.Ended()
			rec = &c
		}
		out = append(out, rec)
	}
	return out
}

// candidate is a trial whose predictions are at hand.
type candidate struct {
	record *trials.Record
	oof    []float32
}

// weigh chooses the members and their weights, of the candidates that it gives, the best
// trial first.
func (r *runner) weigh(ctx context.Context, o *Outcome, late func() bool) ([]candidate, error) {
	candidates := r.candidates(ctx, o)
	if len(candidates) == 0 {
		return nil, noModel(o)
	}
	if r.job.Options.Refit {
		return candidates, r.reweigh(ctx, o, candidates)
	}
	p := r.plan
	rows := validated(p.folds)
	if whole := complete(candidates, rows, r.width()); len(whole) > 0 {
		candidates = whole
	} else {
		// All were cut before their last fold: the best one alone, on its own rows.
		candidates = candidates[:1]
		o.Warnings = append(slices.Clip(o.Warnings), "no trial has validated all rows in time: give it more time, or fewer folds")
	}
	if r.job.Options.Best {
		candidates = candidates[:1]
	}
	mix, err := ensemble.Fit(r.problem(candidates, rows), r.mixing(candidates, late))
	if err != nil {
		return nil, fmt.Errorf("ensemble: %w", err)
	}
	o.Score, o.StdErr, o.Calibration = p.metric.FromLoss(mix.Loss), mix.StdErr, mix.Calibration
	o.OutOfFold = scatter(mix.OutOfFold, rows, p.table.Rows(), r.width())
	if err := r.members(ctx, o, candidates, mix.Weights); err != nil {
		return nil, err
	}
	costs := make([]ensemble.Cost, len(o.Members))
	for i, m := range o.Members {
		k := slices.IndexFunc(candidates, func(c candidate) bool { return c.record.Spec.Number == m.Trial })
		costs[i] = candidates[k].each()
	}
	keep(o.Members, costs, r.room(candidates))
	return candidates, nil
}

// problem is what the candidates are weighted by: their predictions for the rows
// that were validated.
func (r *runner) problem(candidates []candidate, rows []int32) ensemble.Problem {
	p := r.plan
	out := ensemble.Problem{
		Metric: p.metric, Task: p.shape.Task, Classes: p.shape.Classes,
		Y: take(p.prepared.Y, rows, 1), W: take(p.prepared.W, rows, 1), Parts: p.parts(rows),
	}
	for _, c := range candidates {
		out.Preds = append(out.Preds, take(c.oof, rows, r.width()))
	}
	return out
}

// parts says which rows were validated together, or belong to one group; nil if
// neither divides them. Repetitions divide them anew: the first one counts.
func (p *plan) parts(rows []int32) []int {
	of := make([]int, p.table.Rows())
	switch k := p.split.Folds; {
	case k > 1:
		for i, fold := range p.folds[:min(k, len(p.folds))] {
			for _, row := range fold {
				of[row] = i
			}
		}
	case p.split.By == featurize.ByGroup:
		for i, key := range p.prepared.Keys {
			of[i] = int(key)
		}
	default:
		return nil
	}
	out := make([]int, len(rows))
	for i, row := range rows {
		out[i] = of[row]
	}
	return out
}

// modelBytes bounds the predictors of a model that has no other limit, so that its
// file is at most 50 MB.
const modelBytes = 48_000_000

// mixing is how the candidates may be combined.
func (r *runner) mixing(candidates []candidate, late func() bool) ensemble.Options {
	out := ensemble.Options{Deadline: late, Threads: r.c.threads(), Labels: len(r.job.Options.Costs) == 0, Flat: !r.job.Options.Has(trials.PartStacking), Limits: r.bounds(candidates)}
	for _, c := range candidates {
		out.Costs = append(out.Costs, c.each())
	}
	return out
}

// bounds are the limits of what is left for the predictors.
func (r *runner) bounds(candidates []candidate) ensemble.Cost {
	limits := &r.rules.Spec.Limits
	out := ensemble.Cost{Bytes: limits.MaxModelSize, PerRow: limits.MaxPredictLatency}
	if out.Bytes == 0 {
		// A single candidate may be larger: it is what there is.
		least := slices.MinFunc(candidates, func(a, b candidate) int { return cmp.Compare(a.each().Bytes, b.each().Bytes) })
		out.Bytes = max(modelBytes, least.each().Bytes)
	}
	return out
}

func (r *runner) width() int { return metrics.Width(r.plan.shape.Task, r.plan.shape.Classes) }

// candidates reads the predictions of the pool, the best trial first. One whose
// blob is gone is left out.
func (r *runner) candidates(ctx context.Context, o *Outcome) []candidate {
	in := pool(o.Records, r.rules.PoolBytes, r.rules.OOFBytes)
	all := make([]candidate, len(in))
	_ = parallel(len(in), func(i int) error {
		rec := in[i]
		blob, err := r.c.Bus.GetBlob(ctx, rec.Result.OutOfFold)
		if err == nil {
			all[i].oof, err = trials.DecodeOOF(blob, r.plan.table.Rows(), r.width())
		}
		if err != nil {
			r.log.Warn("a trial is left out of the ensemble", "trial", rec.Spec.Number, "error", err)
			return nil
		}
		all[i].record = rec
		return nil
	})
	all = slices.DeleteFunc(all, func(c candidate) bool { return c.record == nil })
	constant := func(c candidate) bool { return c.record.Spec.Learner == baseline }
	if slices.ContainsFunc(all, func(c candidate) bool { return !constant(c) }) {
		// A constant changes no ranking: to a metric of ranks it would be free.
		all = slices.DeleteFunc(all, constant)
	}
	return all
}

// validated are the rows that some fold validates, ascending.
func validated(folds [][]int32) []int32 {
	rows := slices.Concat(folds...)
	slices.Sort(rows)
	return slices.Compact(rows) // repetitions validate them again
}

// complete are the candidates that have a prediction for all rows.
func complete(candidates []candidate, rows []int32, width int) []candidate {
	var out []candidate
	for _, c := range candidates {
		missing := slices.ContainsFunc(rows, func(row int32) bool { v := c.oof[int(row)*width]; return v != v })
		if !missing {
			out = append(out, c)
		}
	}
	return out
}

// take takes rows of a row-major slice of the given width; nil stays nil.
func take(x []float32, rows []int32, width int) []float32 {
	if x == nil {
		return nil
	}
	out := make([]float32, 0, len(rows)*width)
	for _, row := range rows {
		out = append(out, x[int(row)*width:(int(row)+1)*width]...)
	}
	return out
}

// scatter puts predictions for some rows among those for all, NaN for the others.
func scatter(pred []float32, rows []int32, all, width int) []float32 {
	out := make([]float32, all*width)
	for i := range out {
		out[i] = float32(math.NaN())
	}
	for i, row := range rows {
		copy(out[int(row)*width:(int(row)+1)*width], pred[i*width:(i+1)*width])
	}
	return out
}

// members reads the models of those that have a weight, the heaviest first.
func (r *runner) members(ctx context.Context, o *Outcome, candidates []candidate, weights []float64) error {
	total := 0.0
	for k, c := range candidates {
		if !(weights[k] > 0) {
			continue
		}
		blob, err := r.c.Bus.GetBlob(ctx, c.record.Result.Models)
		if err != nil {
			return fmt.Errorf("models of trial %d: %w", c.record.Spec.Number, err)
		}
		models, err := trials.DecodeModels(blob)
		if err == nil && len(models) == 0 {
			err = errors.New("there are none")
		}
		if err != nil {
			return fmt.Errorf("models of trial %d: %w", c.record.Spec.Number, err)
		}
		total += weights[k]
		o.Members = append(o.Members, Member{Trial: c.record.Spec.Number, Learner: c.record.Spec.Learner, Weight: weights[k], Models: models})
	}
	for i := range o.Members {
		o.Members[i].Weight /= total
	}
	slices.SortStableFunc(o.Members, func(a, b Member) int {
		switch {
		case a.Weight > b.Weight:
			return -1
		case a.Weight < b.Weight:
			return 1
		}
		return a.Trial - b.Trial
	})
	return nil
}

// noModel says why nothing came of a job.
func noModel(o *Outcome) error {
	reasons := map[string]int{}
	failed := 0
	for _, rec := range o.Records {
		if rec.State == trials.Failed || rec.State == trials.Pruned && rec.Result == nil {
			failed++
			reasons[rec.Reason]++
		}
	}
	if failed == 0 {
		return fmt.Errorf("%w: %s before the first one had ended: give it more time", ErrNoModel, o.Ended)
	}
	why, most := "", math.MinInt
	for reason, n := range reasons {
		if n > most || n == most && reason < why {
			why, most = reason, n
		}
	}
	return fmt.Errorf("%w: %d of %d failed, most often so: %s", ErrNoModel, failed, len(o.Records), why)
}
