package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
	_ "github.com/seed-09a2cce4/automl/algos/all" // registers the learners
	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// job is what to train.
type job struct {
	learner string
	params  search.Params
	threads int
}

// figure is the outcome of a repetition.
type figure struct {
	System  string  `json:"system"`
	Seconds float64 `json:"seconds"` // wall clock from arrays to model
	CPU     float64 `json:"cpu"`     // seconds of processor time
	Metric  string  `json:"metric"`  // of Score
	Score   float64 `json:"score"`   // on the test rows: AUC, log loss of many classes, RMSE
	PeakMB  float64 `json:"peak_mb"` // above the loaded matrix; -1 where it can't be known
	Trees   int     `json:"trees"`
	Model   string  `json:"model"` // digest of the model's bytes
}

// parameters are LightGBM's, which the peers get too, and those of the list
// name=value,...
func parameters(leaves, trees int, list string) (search.Params, error) {
	p := search.Params{"num_leaves": float64(leaves), "learning_rate": 0.1, "rounds": float64(trees)}
	return p, dataset.AddParams(p, list)
}

func train(ctx context.Context, s *dataset.Set, j *job) (*figure, error) {
	learner, err := algos.Lookup(j.learner)
	if err != nil {
		return nil, err
	}
	problem, err := s.Problem()
	if err != nil {
		return nil, err
	}
	debug.FreeOSMemory()
	reset := dataset.ResetPeak()
	before, cpu, start := dataset.PeakMB(), dataset.CPUSeconds(), time.Now()
	fitted, err := learner.Fit(ctx, &algos.Request{
		Problem: problem, Params: j.params, Seed: 1, Threads: j.threads,
		Train: algos.Data{M: matrix.New(s.Frame(0, s.Train), nil, j.threads), Y: s.Y[:s.Train], Rows: dataset.Rows(s.Train)},
	})
	if err != nil {
		return nil, err
	}
	f := &figure{
		System: "ours", Seconds: time.Since(start).Seconds(), CPU: dataset.CPUSeconds() - cpu, Trees: fitted.Steps, PeakMB: -1,
		Model: fmt.Sprintf("%x", sha256.Sum256(fitted.Predictor.Append(nil))),
	}
	if after := dataset.PeakMB(); reset && after > 0 {
		f.PeakMB = after - before
	}
	return f, f.score(s, problem, fitted, j.threads)
}

// score measures the fit on the test rows.
func (f *figure) score(s *dataset.Set, problem algos.Problem, fitted *algos.Fitted, threads int) error {
	f.Metric = problem.Metric.Name
	if problem.Task == metrics.Binary {
		f.Metric = "roc_auc"
	}
	metric, err := metrics.Lookup(f.Metric)
	if err != nil {
		return err
	}
	test := matrix.New(s.Frame(s.Train, s.Train+s.Test), nil, threads)
	pred := algos.Predict(fitted.Predictor, test, dataset.Rows(s.Test), threads)
	f.Score, err = metric.Score(problem.Task, problem.Classes, s.Y[s.Train:], pred, nil)
	return err
}
