package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/infold"
	"github.com/seed-09a2cce4/automl/algos/predictor/gemm"
	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// kernel names what the bits of a result depend on beside its spec.
var kernel = runtime.GOARCH + "/" + gemm.Kernels() + "-v1"

// trial is a trial under way.
type trial struct {
	w       *worker
	rec     *trials.Record
	spec    *trials.Spec
	learner algos.Learner
	p       *featurize.Prepared
	problem algos.Problem
	width   int
	trainW  []float32 // weights of training rows, nil for one each
	threads int
	timeout bool // the job's timeout of trials ends it, not its deadline
	folds   [][]int32

	oof    []float32 // rows × width, NaN where not validated; means over repetitions
	losses []float64 // NaN where the metric is not defined on a fold
	models []trials.Model
	result trials.Result
}

// run runs a trial. An error means that it could not be run here and now; what
// is wrong with the trial itself is an outcome, a panic included.
func (w *worker) run(ctx context.Context, rec *trials.Record) (out outcome, err error) {
	defer func() {
		if v := recover(); v != nil {
			w.Logger.Error("a trial panicked", "job", rec.Spec.Job, "trial", rec.Spec.Number,
				"panic", v, "stack", string(debug.Stack()))
			out, err = failed("panicked: %v", v), nil
		}
	}()
	spec := &rec.Spec
	if spec.Kind != trials.Folds {
		return failed("unknown kind of task %q: this worker is of an older version", spec.Kind), nil
	}
	t := &trial{w: w, rec: rec, spec: spec, threads: w.Threads}
	if spec.Threads > 0 {
		t.threads = spec.Threads
	}
	if out, err := t.prepare(ctx); err != nil || out.state != "" {
		return out, err
	}
	fits, cancel := ctx, context.CancelFunc(func() {})
	if !spec.Deadline.IsZero() {
		fits, cancel = context.WithDeadline(ctx, spec.Deadline)
	}
	defer cancel()
	release, out, err := t.hold(ctx, fits)
	if err != nil || out.state != "" {
		return out, err
	}
	left := &leftBehind{release: release}
	defer left.done()
	fits, stop := t.limitTime(fits)
	defer stop()
	return t.runFolds(ctx, fits, left)
}

func mb(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }

// prepare brings problem, learner, matrix and folds.
func (t *trial) prepare(ctx context.Context) (outcome, error) {
	blob, err := t.w.blob(ctx, t.spec.Problem)
	if err != nil {
		return missing(ctx, "problem", err)
	}
	var p trials.Problem
	if err := json.Unmarshal(blob, &p); err != nil {
		return failed("problem: %v", err), nil
	}
	metric, err := metrics.Lookup(p.Metric)
	if err != nil {
		return failed("%v", err), nil
	}
	if t.learner, err = algos.Lookup(t.spec.Learner); err != nil {
		return failed("%v", err), nil
	}
	t.problem = algos.Problem{Task: p.Task, Classes: len(p.Classes), Metric: metric}
	t.width = metrics.Width(p.Task, len(p.Classes))
	if t.p, err = t.w.prepared(ctx, &p, &t.spec.Split, t.threads); err != nil {
		return missing(ctx, "data", err)
	}
	t.trainW = trials.TrainWeights(t.p, p.ClassWeights)
	t.folds = t.w.split.assign(t.spec, p.Task, t.p)
	t.oof = make([]float32, t.p.Rows*t.width)
	for i := range t.oof {
		t.oof[i] = float32(math.NaN())
	}
	t.result.Kernel = kernel
	return outcome{}, nil
}

// missing sorts what keeps a trial from starting: what won't be better next time
// is its outcome.
func missing(ctx context.Context, what string, err error) (outcome, error) {
	var transfer *transferError
	if ctx.Err() != nil || errors.As(err, &transfer) {
		return outcome{}, err
	}
	return failed("%s: %v", what, err), nil
}

// transferError is a blob that could not be fetched now.
type transferError struct{ err error }

func (e *transferError) Error() string { return e.err.Error() }
func (e *transferError) Unwrap() error { return e.err }

// prepared brings the matrix of a problem: from the cache, else from the table,
// which is in the cache or on the bus.
func (w *worker) prepared(ctx context.Context, p *trials.Problem, s *trials.Split, threads int) (*featurize.Prepared, error) {
	key := featurize.Key{
		Dataset: p.Dataset, Plan: p.Plan, Target: p.Target, Weight: p.Weight,
		Task: p.Task, Classes: p.Classes, TrainRows: p.TrainRows,
		SplitBy: s.By, SplitColumn: s.Column,
	}
	return w.Cache.Prepare(ctx, key, func() (*data.Table, *featurize.Plan, error) {
		blob, err := w.blob(ctx, p.Plan)
		if err != nil {
			return nil, nil, err
		}
		plan, err := featurize.DecodePlan(blob)
		if err != nil {
			return nil, nil, err
		}
		if table, ok := w.Cache.Table(p.Dataset); ok {
			return table, plan, nil
		}
		if blob, err = w.blob(ctx, p.Dataset); err != nil {
			return nil, nil, err
		}
		table, err := data.Decode(bytes.NewReader(blob), int64(len(blob)))
		if err != nil {
			return nil, nil, fmt.Errorf("table %.12s: %w", p.Dataset, err)
		}
		return table, plan, nil
	}, threads)
}

func (w *worker) blob(ctx context.Context, digest string) ([]byte, error) {
	blob, err := w.Bus.GetBlob(ctx, digest)
	if err != nil && !errors.Is(err, bus.ErrNoBlob) {
		return nil, &transferError{err}
	}
	return blob, err
}

// estimate is the memory that the fits take, by the learner's own model, with
// the predictions and their encoded form.
func (t *trial) estimate() int64 {
	s := t.p.Shape
	cost := infold.Estimate(t.learner, algos.Shape{
		Rows: t.p.TrainRows, Features: s.Features, Categorical: s.Categorical, DenseCols: s.DenseCols,
		SparseNNZ: s.SparseNNZ, Filled: s.Filled, Task: t.problem.Task, Classes: t.problem.Classes,
	}, t.spec.Params)
	return trials.HeldBytes(cost.Bytes, t.p.Rows, t.width, 0)
}

// runFolds fits and scores one fold after the other. ctx is the trial's, fits
// ends at its deadline as well.
func (t *trial) runFolds(ctx, fits context.Context, left *leftBehind) (outcome, error) {
	for k := range t.folds {
		train := t.spec.Split.Train(t.p.Rows, t.folds[k], t.p.Keys)
		if len(t.folds[k]) == 0 || len(train) == 0 {
			return failed("fold %d of %d has no rows to %s: use fewer folds", k+1, len(t.folds),
				[]string{"validate", "train"}[min(1, len(t.folds[k]))]), nil
		}
		fitted, out := t.fitInTurn(fits, k, train, left)
		if ctx.Err() != nil {
			return outcome{}, ctx.Err()
		}
		if out.state != "" {
			return out, nil
		}
		if err := t.score(k, fitted); err != nil {
			return failed("%s, fold %d: %v", t.spec.Learner, k+1, err), nil
		}
		t.tell(k)
		if reason := t.beyond(); reason != "" {
			return outcome{state: trials.Pruned, reason: reason}, nil
		}
		if k == len(t.folds)-1 {
			break
		}
		if mean := t.meanLoss(); k < len(t.spec.Prune) && mean > t.spec.Prune[k] {
			return t.pruned(k, mean), nil
		}
	}
	return t.finish(ctx, fits, left)
}

func (t *trial) outOfTime(k int) outcome {
	if t.timeout {
		return failed("ran out of its timeout of %v in fold %d of %d", t.spec.Limits.TrialTimeout, k+1, len(t.folds))
	}
	return failed("ran out of time in fold %d of %d", k+1, len(t.folds))
}

// fitInTurn trains fold k within an equal share of the time that is left for it
// and the folds after it: one that is cut still counts, and none goes without.
func (t *trial) fitInTurn(ctx context.Context, k int, train []int32, left *leftBehind) (*algos.Fitted, outcome) {
	req := t.request(k, train, t.folds[k])
	end, ok := ctx.Deadline()
	if !ok {
		return t.fit(ctx, k, req, left)
	}
	fits := len(t.folds) - k
	if t.spec.Split.Whole() {
		fits++
	}
	share := time.Until(end) / time.Duration(fits)
	ctx, cancel := context.WithTimeout(ctx, share)
	defer cancel()
	return t.fit(ctx, k, req, left)
}

// request is a fit for fold k on rows of the table.
func (t *trial) request(k int, train, valid []int32) *algos.Request {
	groups := t.p.Keys
	if t.spec.Split.By == featurize.ByFold { // whole folds would leave too few units
		groups = nil
	}
	rows := func(r []int32, w []float32) algos.Data {
		return algos.Data{M: t.p.Matrix, Y: t.p.Y, W: w, Rows: r, Groups: groups}
	}
	return &algos.Request{
		Problem: t.problem,
		Train:   rows(train, t.trainW), Valid: rows(valid, t.p.W),
		Params: t.spec.Params, Seed: trials.MixSeed(t.spec.Seed, k), Threads: t.threads, MaxSteps: t.spec.MaxSteps,
	}
}

// fit trains fold k.
func (t *trial) fit(ctx context.Context, k int, req *algos.Request, left *leftBehind) (*algos.Fitted, outcome) {
	start := time.Now()
	fitted, err := guard(ctx, t.w.stop, left, func() (*algos.Fitted, error) { return infold.Fit(ctx, t.learner, req, t.p.Select, t.w.split.ranks) })
	t.result.FitSeconds += time.Since(start).Seconds()
	var p *panicError
	switch {
	case errors.As(err, &p):
		t.w.Logger.Error("a learner panicked", "job", t.spec.Job, "trial", t.spec.Number,
			"learner", t.spec.Learner, "panic", p.value, "stack", p.stack)
		return nil, failed("%s panicked in fold %d: %v", t.spec.Learner, k+1, p.value)
	case errors.Is(err, errStuck):
		t.w.Logger.Error("a learner does not stop", "job", t.spec.Job, "trial", t.spec.Number, "learner", t.spec.Learner)
		return nil, failed("%s did not stop within %v of its deadline in fold %d", t.spec.Learner, t.w.stop, k+1)
	case err != nil && ctx.Err() != nil:
		return nil, t.outOfTime(k)
	case err != nil:
		return nil, failed("%s, fold %d: %v", t.spec.Learner, k+1, err)
	case fitted == nil || fitted.Predictor == nil:
		return nil, failed("%s, fold %d: no model", t.spec.Learner, k+1)
	case fitted.Predictor.Width() != t.width:
		return nil, failed("%s, fold %d: %d values a row, not %d", t.spec.Learner, k+1, fitted.Predictor.Width(), t.width)
	}
	return fitted, outcome{}
}

// score keeps a fold's model and predictions.
func (t *trial) score(k int, f *algos.Fitted) error {
	valid := t.folds[k]
	pred := f.ValidPred
	if pred == nil {
		start := time.Now()
		pred = algos.Predict(f.Predictor, t.p.Matrix, valid, t.threads)
		t.timed(f.Predictor, valid, time.Since(start).Seconds())
	} else {
		t.timed(f.Predictor, valid, 0)
	}
	if len(pred) != len(valid)*t.width {
		return fmt.Errorf("%d predictions for %d rows", len(pred), len(valid))
	}
	for _, v := range pred {
		if v-v != 0 { // NaN or infinite
			return errors.New("predictions that are not numbers")
		}
	}
	t.spec.Split.Gather(t.oof, t.width, valid, pred)
	loss, err := t.loss(valid, pred)
	if err != nil {
		// The fold may lack a class that the metric needs; all folds together
		// may have it.
		loss = math.NaN()
	}
	t.losses = append(t.losses, loss)
	t.result.Steps = append(t.result.Steps, f.Steps)
	t.result.Truncated = t.result.Truncated || f.Truncated
	t.keep(f)
	return nil
}

// loss of the predictions (one a row of rows, in order).
func (t *trial) loss(rows []int32, pred []float32) (float64, error) {
	y := make([]float32, len(rows))
	var w []float32
	if t.p.W != nil {
		w = make([]float32, len(rows))
	}
	for i, r := range rows {
		y[i] = t.p.Y[r]
		if w != nil {
			w[i] = t.p.W[r]
		}
	}
	score, err := t.problem.Metric.Score(t.problem.Task, t.problem.Classes, y, pred, w)
	if err != nil {
		return 0, err
	}
	return t.problem.Metric.Loss(score), nil
}

// meanLoss is the mean over the folds so far on which the metric is defined,
// NaN if there are none.
func (t *trial) meanLoss() float64 {
	sum, n := 0.0, 0
	for _, l := range t.losses {
		if l == l {
			sum += l
			n++
		}
	}
	return sum / float64(n)
}

type foldData struct {
	Trial int `json:"trial"`
	// Fold counts from 0; Folds is their number.
	Fold  int      `json:"fold"`
	Folds int      `json:"folds"`
	Loss  *float64 `json:"loss,omitempty"` // lower is better
}

func (t *trial) tell(k int) {
	d := foldData{Trial: t.spec.Number, Fold: k, Folds: len(t.folds)}
	if l := t.losses[k]; l == l {
		d.Loss = &l
	}
	t.w.report(t.rec, "fold", strconv.Itoa(k), d)
}

func (t *trial) pruned(k int, mean float64) outcome {
	t.setLosses(mean)
	return outcome{state: trials.Pruned, result: t.told(), reason: fmt.Sprintf(
		"given up after fold %d of %d: mean loss %.6g is above %.6g", k+1, len(t.folds), mean, t.spec.Prune[k])}
}

// setLosses sets the trial's loss, which also stands for folds without one of
// their own.
func (t *trial) setLosses(loss float64) {
	t.result.Loss = loss
	t.result.FoldLosses = make([]float64, len(t.losses))
	for i, l := range t.losses {
		if l != l {
			l = loss
		}
		t.result.FoldLosses[i] = l
	}
}

// finish scores all folds together and stores what is worth keeping; fits ends at the
// deadline of the fits.
func (t *trial) finish(ctx, fits context.Context, left *leftBehind) (outcome, error) {
	var rows []int32
	var pred []float32
	for i := range t.p.Rows {
		if v := t.oof[i*t.width : (i+1)*t.width]; v[0] == v[0] {
			rows = append(rows, int32(i))
			pred = append(pred, v...)
		}
	}
	loss, err := t.loss(rows, pred)
	if err != nil {
		return failed("%v", err), nil
	}
	t.setLosses(loss)
	if t.spec.KeepLoss == nil || loss < *t.spec.KeepLoss {
		if t.spec.Split.Whole() {
			if t.whole(fits, left); ctx.Err() != nil {
				return outcome{}, ctx.Err()
			}
			if reason := t.beyond(); reason != "" {
				return outcome{state: trials.Pruned, reason: reason}, nil
			}
		}
		if t.result.OutOfFold, err = t.w.Bus.PutBlob(ctx, trials.EncodeOOF(t.oof)); err == nil {
			t.result.Models, err = t.w.Bus.PutBlob(ctx, trials.EncodeModels(t.models))
		}
		if errors.Is(err, bus.ErrTooLarge) {
			return failed("models of %d MB: %v", mb(t.result.Bytes), err), nil
		}
		if err != nil {
			return outcome{}, err
		}
	}
	return outcome{state: trials.Succeeded, result: t.told()}, nil
}

// told is the result so far, apart from the trial: who keeps a record for as long as the
// job runs does not keep the fold models with it.
func (t *trial) told() *trials.Result {
	r := t.result
	return &r
}

// splitCache keeps the folds of the job that the worker is on, and what was found on the
// way about the features.
type splitCache struct {
	problem string
	split   trials.Split
	folds   [][]int32
	ranks   *infold.Ranks
}

func (c *splitCache) assign(s *trials.Spec, task metrics.Task, p *featurize.Prepared) [][]int32 {
	if c.folds == nil || c.problem != s.Problem || c.split != s.Split {
		*c = splitCache{problem: s.Problem, split: s.Split, folds: s.Split.Assign(p.Rows, task, p.Y, p.Keys), ranks: new(infold.Ranks)}
	}
	return c.folds
}
