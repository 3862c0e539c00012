package scheduler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/ensemble"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// students are the learners one of which may learn what an ensemble predicts.
var students = []string{primary, "symmetric"}

// mostTrees a student has at most, for each class: it is to be fast, and what it learns
// of made-up rows has no noise that would end it sooner.
const mostTrees = 2000

// distillery makes students of one ensemble.
type distillery struct {
	*runner
	teach *teacher
	tried []candidate // the best trials first
	end   time.Time   // zero for no limit
}

// student is a model of boosted trees that stands for the ensemble.
type student struct {
	learner algos.Learner
	params  search.Params
	models  []predictor.Predictor // of the folds, then of all rows
	steps   float64               // mean over the folds
	mix     *ensemble.Mix
	took    time.Duration // of the folds
}

// errNoTime is why most ensembles stay.
var errNoTime = errors.New("the time was up")

// distill puts one model in the place of the ensemble: boosted trees that learn the rows of
// the table and what the ensemble predicts for rows made up from them. It is judged by
// students of each fold, which neither the fold's answers have reached, so that its score
// and that of the ensemble can be compared. Where there is no such model, the ensemble
// stays; o.Distilled says why.
func (r *runner) distill(ctx context.Context, o *Outcome, tried []candidate, end time.Time) {
	r.phase("distill")
	o.Distilled = &trials.Distilled{Ensemble: o.Score, EnsembleErr: o.StdErr, Members: r.predictors(o)}
	o.Distilled.EnsembleSeconds, _ = r.rowTimes(o, tried)
	d := &distillery{runner: r, tried: tried, end: end}
	s, err := d.best(ctx, o)
	if err == nil {
		err = d.finish(ctx, s)
	}
	if err == nil {
		err = d.within(s, o.Distilled)
	}
	if err != nil {
		o.Distilled.Why = err.Error()
		return
	}
	o.Teacher = r.taught(o, s)
	o.Distilled.Learner, o.Distilled.Score, o.Distilled.StdErr = s.learner.Name(), r.plan.metric.FromLoss(s.mix.Loss), s.mix.StdErr
	o.Score, o.StdErr, o.Calibration, o.Members = o.Distilled.Score, s.mix.StdErr, s.mix.Calibration, []Member{s.member()}
	o.OutOfFold = scatter(s.mix.OutOfFold, validated(r.plan.folds), r.plan.table.Rows(), r.width())
}

// best is the student of the lower loss, of those that there is time for. The learner that
// did better in the search goes first.
func (d *distillery) best(ctx context.Context, o *Outcome) (*student, error) {
	list, err := d.candidates()
	if err != nil {
		return nil, err
	}
	rows, err := d.affordable(o, list)
	if err != nil {
		return nil, err
	}
	if d.teach, err = d.teacher(o, rows); err != nil {
		return nil, err
	}
	var best *student
	var failures []error
	for i, s := range list {
		left := d.left() / time.Duration(len(list)-i)
		if best != nil {
			left = d.left() - 2*best.took/time.Duration(len(d.plan.folds)) // for its last fit
		}
		if err = d.hurry(s, left); err == nil {
			err = d.crossFit(ctx, s, left)
		}
		switch {
		case err != nil:
			failures = append(failures, err)
		case best == nil || s.mix.Loss < best.mix.Loss:
			best = s
		}
	}
	if best == nil {
		return nil, failures[0]
	}
	return best, nil
}

// candidates are students with the configuration that did best in the search, or the one
// that the job is given.
func (d *distillery) candidates() ([]*student, error) {
	if given := d.job.Options.Student; given != nil {
		l, err := algos.Lookup(given.Learner)
		if err != nil {
			return nil, err
		}
		return []*student{{learner: l, params: given.Params}}, nil
	}
	var out []*student
	for _, l := range d.plan.learners {
		if !slices.Contains(students, l.Name()) {
			continue
		}
		s := &student{learner: l}
		if k := d.bestOf(l); k >= 0 {
			s.params = d.tried[k].record.Spec.Params
		} else {
			arm, err := d.plan.arm(l)
			if err != nil {
				return nil, err
			}
			s.params = arm.Space.Complete(nil)
			if len(arm.Portfolio) > 0 {
				s.params = arm.Space.Complete(arm.Portfolio[0])
			}
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("none of the learners %v can learn from this table", students)
	}
	slices.SortStableFunc(out, func(a, b *student) int {
		i, j := d.bestOf(a.learner), d.bestOf(b.learner)
		if (i < 0) != (j < 0) {
			return j - i // the one that was tried goes first
		}
		return i - j
	})
	return out, nil
}

// bestOf is the best trial of a learner, -1 for none.
func (d *distillery) bestOf(l algos.Learner) int {
	return slices.IndexFunc(d.tried, func(c candidate) bool { return c.record.Spec.Learner == l.Name() })
}

// crossFit fits a student for each fold and judges it by the predictions for its rows.
func (d *distillery) crossFit(ctx context.Context, s *student, within time.Duration) error {
	p, width, start := d.plan, d.width(), time.Now()
	n := len(p.folds)
	oof := scatter(nil, nil, p.table.Rows(), width)
	for k, valid := range p.folds {
		share := (within - time.Since(start)) / time.Duration(n-k+1) // the last fit, of all rows, may take as much
		f, err := d.fit(ctx, s.learner, s.params, k, share, p.split.Train(p.table.Rows(), valid, p.prepared.Keys), valid)
		if err != nil {
			return err
		}
		pred := f.ValidPred
		if pred == nil {
			pred = algos.Predict(f.Predictor, d.teach.made.matrix, valid, d.teach.threads)
		}
		p.split.Gather(oof, width, valid, pred)
		s.models, s.steps = append(s.models, f.Predictor), s.steps+float64(f.Steps)/float64(n)
	}
	s.took = time.Since(start)
	var err error
	s.mix, err = ensemble.Fit(d.problem([]candidate{{oof: oof}}, validated(p.folds)), ensemble.Options{Labels: len(d.job.Options.Costs) == 0, Flat: true})
	return err
}

// finish fits the student on all rows, for as many steps as the folds took.
func (d *distillery) finish(ctx context.Context, s *student) error {
	params := maps.Clone(s.params)
	params["rounds"] = max(1, math.Round(s.steps))
	rows := make([]int32, d.plan.trainRows())
	for i := range rows {
		rows[i] = int32(i)
	}
	f, err := d.fit(ctx, s.learner, params, -1, d.left(), rows, nil)
	if err != nil {
		return err
	}
	if f.Truncated {
		return errNoTime
	}
	s.models = append(s.models, f.Predictor)
	return nil
}

// fit fits a model that has not seen a fold, below 0 of all, within a time. A panic is an
// error here: the process may serve others.
func (d *distillery) fit(ctx context.Context, l algos.Learner, params search.Params, fold int, within time.Duration, train, valid []int32) (f *algos.Fitted, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%s panicked: %v", l.Name(), v)
		}
	}()
	if !d.end.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, within)
		defer cancel()
	}
	p := d.plan
	part := fold
	if fold < 0 {
		part = len(p.folds)
	}
	data := d.teach.data(fold, train)
	truth := algos.Data{M: data.M, Y: data.Y, Rows: valid}
	if p.prepared.W != nil {
		truth.W = make([]float32, len(d.teach.w))
		copy(truth.W, p.prepared.W)
	}
	f, err = l.Fit(ctx, &algos.Request{
		Problem: algos.Problem{Task: p.shape.Task, Classes: p.shape.Classes, Metric: p.metric},
		Train:   data, Valid: truth,
		Params: params, Seed: trials.MixSeed(d.job.Options.Seed, part), Threads: d.teach.threads, MaxSteps: mostTrees,
	})
	if err != nil && ctx.Err() != nil {
		return nil, errNoTime
	}
	return f, err
}

// within takes the speed of a student, and reports a limit that it does not keep to.
func (d *distillery) within(s *student, into *trials.Distilled) error {
	last := s.models[len(s.models)-1]
	into.RowSeconds = algos.RowSeconds(last, d.teach.made.matrix, validated(d.plan.folds), algos.LatencyRuns)
	l, size := &d.rules.Spec.Limits, int64(len(last.Append(nil)))
	switch most := l.MaxPredictLatency; {
	case l.MaxModelSize > 0 && size > l.MaxModelSize:
		return fmt.Errorf("the one model takes %s, the limit is %s", trials.FormatSize(size), trials.FormatSize(l.MaxModelSize))
	case most > 0 && into.RowSeconds > most.Seconds():
		return fmt.Errorf("the one model takes %.3g µs for a row, the limit is %.3g µs", 1e6*into.RowSeconds, 1e6*most.Seconds())
	}
	return nil
}

// member is the student as what predicts.
func (s *student) member() Member {
	m := Member{Trial: trials.NoTrial, Learner: s.learner.Name(), Weight: 1, Kept: []int{len(s.models) - 1}}
	for _, p := range s.models {
		m.Models = append(m.Models, trials.Model{Kind: p.Kind(), View: p.View(), Bytes: p.Append(nil)})
	}
	return m
}

// taught is what is needed to distil the same ensemble again.
func (r *runner) taught(o *Outcome, s *student) *model.Teacher {
	t := &model.Teacher{Calibration: o.Calibration, Student: trials.Config{Learner: s.learner.Name(), Params: s.params}}
	for _, m := range o.Members {
		t.Configs = append(t.Configs, trials.Config{
			Learner: m.Learner, Params: r.state.Record(m.Trial).Spec.Params,
			Weight: math.Round(m.Weight*1e9) / 1e9, Models: len(m.Kept),
		})
	}
	return t
}

// predictors is the number of models that an ensemble predicts with.
func (r *runner) predictors(o *Outcome) int {
	n := 0
	for _, m := range o.Members {
		if n++; !r.plan.split.Whole() {
			n += len(m.Kept) - 1
		}
	}
	return n
}
