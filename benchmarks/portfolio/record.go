package main

import (
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
	_ "github.com/seed-09a2cce4/automl/algos/all" // registers the learners
	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

const (
	folds = 5
	// splitSeed cuts the folds, the same for all configurations.
	splitSeed = 1
)

// table is one to record on.
type table struct {
	name    string
	p       *featurize.Prepared
	problem algos.Problem
	shape   algos.Shape
	valid   [][]int32 // of the folds
}

// recorder adds records to a file.
type recorder struct {
	path string
	done map[string]bool
	most time.Duration // of one trial
	stop float64       // processor time at which to end
}

func recordAll(ctx context.Context, path string, args []string) error {
	f := flag.NewFlagSet("record", flag.ContinueOnError)
	only := f.String("tables", "", "a list; all of more than 300 rows if empty")
	names := f.String("learners", "", "a list; all if empty")
	draws := f.Int("draws", 20, "configurations of each learner beside its portfolio")
	hours := f.Float64("hours", 6, "processor time to end after")
	most := f.Float64("most", 300, "seconds after which a trial is given up")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *draws < 0 || !(*hours > 0) || !(*most > 0) {
		return fmt.Errorf("-draws %d, -hours %v, -most %v: the first must not be negative, the others positive", *draws, *hours, *most)
	}
	learners, err := chooseLearners(*names)
	if err != nil {
		return err
	}
	all, err := dataset.Sources()
	if err != nil {
		return err
	}
	chosen, err := dataset.Choose(all, *only)
	if err != nil {
		return err
	}
	old, err := readRecords(path)
	if err != nil {
		return err
	}
	r := &recorder{path: path, done: map[string]bool{}, most: time.Duration(*most * float64(time.Second)), stop: *hours * 3600}
	for i := range old {
		r.done[old[i].key()] = true
	}
	var tables []*table
	for _, s := range chosen {
		t, err := openTable(s)
		if err != nil {
			return err
		}
		tables = append(tables, t)
	}
	return r.run(ctx, tables, learners, *draws)
}

func chooseLearners(list string) ([]algos.Learner, error) {
	names := algos.Names()
	if list != "" {
		names = strings.Split(list, ",")
	}
	var out []algos.Learner
	for _, name := range names {
		l, err := algos.Lookup(name)
		if err != nil {
			return nil, fmt.Errorf("-learners: %w", err)
		}
		out = append(out, l)
	}
	return out, nil
}

// openTable featurizes a table as a job would.
func openTable(s dataset.Source) (*table, error) {
	t, target, _, err := s.Table()
	if err != nil {
		return nil, err
	}
	plan, err := featurize.Infer(t, featurize.Options{Target: s.Target})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	p, err := featurize.Prepare(t, plan, featurize.Key{Target: s.Target, Task: target.Task, Classes: target.Classes}, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	out := &table{name: s.Name, p: p, problem: algos.Problem{Task: target.Task, Classes: len(target.Classes), Metric: metrics.Default(target.Task)}}
	out.shape = algos.Shape{
		Rows: p.Rows, Features: p.Shape.Features, Categorical: p.Shape.Categorical, DenseCols: p.Shape.DenseCols,
		SparseNNZ: p.Shape.SparseNNZ, Filled: p.Shape.Filled, Task: target.Task, Classes: len(target.Classes),
	}
	out.valid = trials.Split{Folds: folds, Seed: splitSeed}.Assign(p.Rows, target.Task, p.Y, nil)
	return out, nil
}

// run takes each learner's first configuration on every table, then the second
// ones, so that what is there at any time is of all tables.
func (r *recorder) run(ctx context.Context, tables []*table, learners []algos.Learner, draws int) error {
	for n, more := 0, true; more; n++ {
		more = false
		for _, t := range tables {
			for _, l := range learners {
				if !suits(l, t) {
					continue
				}
				list, drawn := configurations(l, t.shape, draws)
				if n >= len(list) {
					continue
				}
				more = true
				rec := record{Table: t.name, Task: t.problem.Task, Rows: t.p.Rows, Learner: l.Name(), Params: list[n], Drawn: n >= drawn}
				if r.done[rec.key()] {
					continue
				}
				if ctx.Err() != nil || dataset.CPUSeconds() > r.stop {
					return nil
				}
				if t.fit(ctx, l, &rec, r.most); ctx.Err() != nil {
					return nil
				}
				if err := appendRecord(r.path, &rec); err != nil {
					return err
				}
				r.done[rec.key()] = true
			}
		}
	}
	return nil
}

func suits(l algos.Learner, t *table) bool {
	s, selective := l.(algos.Selective)
	return algos.Learns(l, t.problem.Task) && (!selective || s.Suits(t.shape))
}

// configurations are those of a learner's portfolio, and from number drawn on those
// that are drawn from its space for a table of usual size.
func configurations(l algos.Learner, s algos.Shape, draws int) (list []search.Params, drawn int) {
	list = []search.Params{{}}
	if p, ok := l.(algos.Portfolio); ok {
		list = slices.Clone(p.Portfolio(s))
	}
	drawn = len(list)
	usual := algos.Shape{Rows: 2000, Features: 20, Categorical: 5, DenseCols: 40, Filled: 1, Task: s.Task}
	switch s.Task {
	case metrics.Binary:
		usual.Classes = 2
	case metrics.Multiclass:
		usual.Classes = 5
	}
	space := l.Space(usual)
	if len(space) == 0 {
		return list, drawn
	}
	h := fnv.New64a()
	h.Write([]byte(l.Name()))
	random := rand.New(rand.NewPCG(h.Sum64(), 1))
	for range draws {
		list = append(list, space.Sample(random))
	}
	return list, drawn
}

// fit adds the folds' losses to a record, and what ended it before the last.
func (t *table) fit(ctx context.Context, l algos.Learner, rec *record, most time.Duration) {
	inner, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	params := l.Space(t.shape).Complete(rec.Params)
	for k, valid := range t.valid {
		began := dataset.CPUSeconds()
		loss, err := t.fold(inner, l, params, k, valid)
		if err == nil && inner.Err() != nil {
			err = inner.Err()
		}
		if err != nil {
			rec.Error = err.Error()
			return
		}
		rec.Losses = append(rec.Losses, loss)
		rec.Seconds = append(rec.Seconds, dataset.CPUSeconds()-began)
	}
}

func (t *table) fold(ctx context.Context, l algos.Learner, params search.Params, k int, valid []int32) (float64, error) {
	train := trials.Split{Folds: folds, Seed: splitSeed}.Train(t.p.Rows, valid, nil)
	data := algos.Data{M: t.p.Matrix, Y: t.p.Y}
	request := &algos.Request{Problem: t.problem, Train: data, Valid: data, Params: params, Seed: trials.MixSeed(splitSeed, k), Threads: 1}
	request.Train.Rows, request.Valid.Rows = train, valid
	fitted, err := l.Fit(ctx, request)
	if err != nil {
		return 0, err
	}
	pred := fitted.ValidPred
	if pred == nil {
		pred = algos.Predict(fitted.Predictor, t.p.Matrix, valid, 1)
	}
	y := make([]float32, len(valid))
	for i, row := range valid {
		y[i] = t.p.Y[row]
	}
	score, err := t.problem.Metric.Score(t.problem.Task, t.problem.Classes, y, pred, nil)
	if err != nil {
		return 0, err
	}
	return t.problem.Metric.Loss(score), nil
}
