package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/model/lightgbm"
)

// speed is how fast a model scores, in nanoseconds of processor time a tree and
// row on one thread.
type speed struct {
	System string    `json:"system"`
	Way    string    `json:"way"` // row or batch
	Trees  int       `json:"trees"`
	Leaves int       `json:"leaves"` // of the largest tree
	NS     float64   `json:"ns"`     // median
	All    []float64 `json:"all"`
}

// scoreAll measures the scoring of a model on the test rows of a set.
func scoreAll(ctx context.Context, dir string, args []string) error {
	fs := flag.NewFlagSet("score", flag.ContinueOnError)
	file := fs.String("model", "", "a LightGBM model to score; without one a model is trained")
	learner := fs.String("learner", "gbdt", "learner")
	leaves := fs.Int("leaves", 31, "leaves of a tree")
	trees := fs.Int("trees", 100, "trees")
	rows := fs.Int("rows", 200_000, "training rows")
	test := fs.Int("test", 5000, "rows scored")
	reps := fs.Int("reps", 5, "repetitions")
	params := fs.String("params", "", "further parameters: name=value,...")
	if err := fs.Parse(args); err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	s, err := dataset.Read(dir)
	if err != nil {
		return err
	}
	var t *predictor.Trees
	if *file != "" {
		t, err = readTrees(*file)
	} else {
		j := &job{learner: *learner, threads: 1}
		if j.params, err = parameters(*leaves, *trees, *params); err == nil {
			t, err = fitTrees(ctx, s, j, min(*rows, s.Train))
		}
	}
	if err != nil {
		return err
	}
	frame := s.Frame(s.Train, s.Train+min(*test, s.Test))
	for _, way := range []struct {
		name string
		once func()
	}{{"row", byRow(t, frame)}, {"batch", byBatch(t, frame)}} {
		f := speed{System: "ours", Way: way.name, Trees: t.Len(), Leaves: mostLeaves(t)}
		way.once()
		for range *reps {
			start := dataset.CPUSeconds()
			way.once()
			f.All = append(f.All, (dataset.CPUSeconds()-start)*1e9/float64(frame.Rows*t.Len()))
		}
		sorted := slices.Sorted(slices.Values(f.All))
		f.NS = sorted[len(sorted)/2]
		if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
			return err
		}
	}
	return nil
}

func readTrees(name string) (*predictor.Trees, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := lightgbm.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m.Trees, nil
}

func fitTrees(ctx context.Context, s *dataset.Set, j *job, rows int) (*predictor.Trees, error) {
	learner, err := algos.Lookup(j.learner)
	if err != nil {
		return nil, err
	}
	problem, err := s.Problem()
	if err != nil {
		return nil, err
	}
	fitted, err := learner.Fit(ctx, &algos.Request{
		Problem: problem, Params: j.params, Seed: 1, Threads: j.threads,
		Train: algos.Data{M: matrix.New(s.Frame(0, rows), nil, j.threads), Y: s.Y[:rows], Rows: dataset.Rows(rows)},
	})
	if err != nil {
		return nil, err
	}
	t, ok := fitted.Predictor.(*predictor.Trees)
	if !ok {
		return nil, errors.New("the learner makes no trees")
	}
	return t, nil
}

func mostLeaves(t *predictor.Trees) int {
	most := 0
	for _, tree := range t.Trees() {
		most = max(most, (len(tree)+1)/2)
	}
	return most
}

func byRow(t *predictor.Trees, f *matrix.Frame) func() {
	x := make([][]float64, f.Rows)
	for i := range x {
		for _, col := range f.Cols {
			x[i] = append(x[i], float64(col[i]))
		}
	}
	out := make([]float64, t.Width())
	return func() {
		for _, x := range x {
			t.PredictRow(x, out)
		}
	}
}

func byBatch(t *predictor.Trees, f *matrix.Frame) func() {
	m, rows, out := matrix.New(f, nil, 1), dataset.Rows(f.Rows), make([]float64, f.Rows*t.Width())
	return func() { t.PredictExact(m, rows, out) }
}
