package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"runtime"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/file"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/trials"
)

// holdout is the share of the training rows that stops what stops early.
const holdout = 0.2

// request is one line of standard input: fit a learner on one half of a table.
type request struct {
	Learner string        `json:"learner"`
	Params  search.Params `json:"params"`
	// Stop is "" (the learner gets all training rows and no others), "holdout" (a
	// fifth of them stops it) or "refit" (then it is trained again on all).
	Stop    string `json:"stop"`
	Seed    int    `json:"seed"`
	Fold    int    `json:"fold"`
	Threads int    `json:"threads"`
	// Folds, if above 1, asks for the loss on folds of the training rows as well.
	Folds int `json:"folds"`
	// Out gets the predictions for the other half, rows×width, float32.
	Out string `json:"out"`
}

// answer is one line of standard output.
type answer struct {
	// Prepare and Fit are wall-clock seconds, CPU processor seconds of both.
	Prepare float64 `json:"prepare"`
	Fit     float64 `json:"fit"`
	CPU     float64 `json:"cpu"`
	Steps   int     `json:"steps"`
	// Predict is wall-clock seconds from the other half of the table to its predictions.
	Predict float64 `json:"predict"`
	// Folds is the mean loss on the folds of the training rows.
	Folds float64 `json:"folds,omitempty"`
	Error string  `json:"error,omitempty"`
}

// site is a prepared table.
type site struct {
	dir   string
	meta  *table
	table *data.Table
}

func openSite(dir string) (*site, error) {
	m, err := readTable(dir)
	if err != nil {
		return nil, err
	}
	t, err := file.ReadFile(filepath.Join(dir, "table.csv"), file.Options{})
	if err != nil {
		return nil, err
	}
	if t.Rows() != m.Rows {
		return nil, fmt.Errorf("%s: table.csv has %d rows, want %d", dir, t.Rows(), m.Rows)
	}
	return &site{dir: dir, meta: m, table: t}, nil
}

// serve answers requests until in ends. A fit that fails is an answer too.
func serve(ctx context.Context, dir string, in io.Reader, out io.Writer) error {
	s, err := openSite(dir)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() && ctx.Err() == nil {
		var r request
		a := new(answer)
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("request %q: %w", lines.Text(), err)
		}
		if a, err = s.fit(ctx, &r); err != nil {
			a = &answer{Error: err.Error()}
		}
		if err := json.NewEncoder(out).Encode(a); err != nil {
			return err
		}
	}
	return lines.Err()
}

// fit prepares the training half, which is timed like the learner, and predicts
// the other.
func (s *site) fit(ctx context.Context, r *request) (*answer, error) {
	learner, err := algos.Lookup(r.Learner)
	if err != nil {
		return nil, err
	}
	train, test, err := dataset.ReadHalf(filepath.Join(s.dir, halvesFile), s.meta.Rows, r.Seed, r.Fold)
	if err != nil {
		return nil, err
	}
	runtime.GOMAXPROCS(max(1, r.Threads))
	half, other := s.table.Take(train), s.table.Take(test)
	plan, err := featurize.Infer(half, featurize.Options{Target: s.meta.Target})
	if err != nil {
		return nil, err
	}
	runtime.GC() // what the last fit left behind is not this one's cost
	start, cpu := time.Now(), dataset.CPUSeconds()
	p, err := featurize.Prepare(half, plan, featurize.Key{Target: s.meta.Target, Task: s.meta.Task, Classes: s.meta.Classes}, r.Threads)
	if err != nil {
		return nil, err
	}
	a := &answer{Prepare: time.Since(start).Seconds()}
	all := algos.Data{M: p.Matrix, Y: p.Y, Rows: dataset.Rows(p.Rows)}
	fitted, err := s.learn(ctx, learner, r, all)
	if err != nil {
		return nil, err
	}
	a.Fit, a.CPU, a.Steps = time.Since(start).Seconds()-a.Prepare, dataset.CPUSeconds()-cpu, fitted.Steps
	start = time.Now()
	f, err := p.Pipeline.Frame(other, r.Threads)
	if err != nil {
		return nil, err
	}
	pred := algos.Predict(fitted.Predictor, matrix.New(f, p.Pipeline.Encoder(), r.Threads), dataset.Rows(f.Rows), r.Threads)
	a.Predict = time.Since(start).Seconds()
	if err := dataset.WriteFloats(r.Out, pred); err != nil {
		return nil, fmt.Errorf("out: %w", err)
	}
	if r.Folds > 1 {
		a.Folds, err = s.folds(ctx, learner, r, all)
	}
	return a, err
}

func (s *site) problem() algos.Problem {
	return algos.Problem{Task: s.meta.Task, Classes: len(s.meta.Classes), Metric: metrics.Default(s.meta.Task)}
}

func (s *site) learn(ctx context.Context, learner algos.Learner, r *request, d algos.Data) (*algos.Fitted, error) {
	q := &algos.Request{Problem: s.problem(), Train: d, Params: search.Params{}, Seed: uint64(r.Seed), Threads: r.Threads}
	maps.Copy(q.Params, r.Params)
	switch r.Stop {
	case "":
		return learner.Fit(ctx, q)
	case "holdout", "refit":
		return dataset.FitStopped(ctx, learner, q, holdout, r.Stop == "refit")
	}
	return nil, fmt.Errorf("stop %q: use holdout, refit or nothing", r.Stop)
}

// folds is the mean loss of the same learner on folds of its training rows.
func (s *site) folds(ctx context.Context, learner algos.Learner, r *request, d algos.Data) (float64, error) {
	problem := s.problem()
	split := trials.Split{Folds: r.Folds, Seed: uint64(r.Seed)}
	sum := 0.0
	for _, valid := range split.Assign(len(d.Rows), problem.Task, d.Y, nil) {
		part := d
		part.Rows = split.Train(len(d.Rows), valid, nil)
		fitted, err := s.learn(ctx, learner, r, part)
		if err != nil {
			return 0, err
		}
		y := make([]float32, len(valid))
		for i, row := range valid {
			y[i] = d.Y[row]
		}
		score, err := problem.Metric.Score(problem.Task, problem.Classes, y, algos.Predict(fitted.Predictor, d.M, valid, r.Threads), nil)
		if err != nil {
			return 0, fmt.Errorf("folds of the training rows: %w", err)
		}
		sum += problem.Metric.Loss(score)
	}
	return sum / float64(r.Folds), nil
}
