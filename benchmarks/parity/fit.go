package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
	_ "github.com/seed-09a2cce4/automl/algos/all" // registers the learners
	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/search"
)

// sameAsLightGBM are LightGBM's defaults under our names; parity.py passes them
// to LightGBM too.
var sameAsLightGBM = search.Params{
	"rounds": 100.0, "learning_rate": 0.1, "num_leaves": 31.0, "max_depth": -1.0, "min_data_in_leaf": 20.0,
	"min_sum_hessian_in_leaf": 1e-3, "lambda_l1": 0.0, "lambda_l2": 0.0, "min_gain_to_split": 0.0,
	"cat_smooth": 10.0, "cat_l2": 10.0, "max_cat_to_onehot": 4.0, "min_data_per_group": 100.0, "max_cat_threshold": 32.0,
}

// job is one fit on one half.
type job struct {
	learner, mode string
	params        search.Params
	seed          int
	fold          int
	threads       int
}

func fit(ctx context.Context, dir string, args []string) error {
	var j job
	fs := flag.NewFlagSet("fit", flag.ContinueOnError)
	fs.StringVar(&j.learner, "learner", "", "name of the learner; gbdt, or booster for defaults, if empty")
	fs.StringVar(&j.mode, "mode", "same", "same (parameters as LightGBM) or defaults (our own)")
	fs.IntVar(&j.seed, "seed", 0, "which cut in halves")
	fs.IntVar(&j.fold, "fold", 0, "which half is tested, 0 or 1")
	fs.IntVar(&j.threads, "threads", 2, "goroutines")
	params := fs.String("params", "", "what to change, name=value,..., such as inner_folds=1 for defaults")
	out := fs.String("out", "", "file for the predictions")
	if err := fs.Parse(args); err != nil {
		return err
	}
	j.params = search.Params{}
	if err := dataset.AddParams(j.params, *params); err != nil {
		return err
	}
	runtime.GOMAXPROCS(j.threads)
	set, err := dataset.Read(dir)
	if err != nil {
		return err
	}
	train, test, err := dataset.ReadHalf(filepath.Join(dir, halvesFile), set.Train, j.seed, j.fold)
	if err != nil {
		return err
	}
	start, cpu := time.Now(), dataset.CPUSeconds()
	fitted, err := j.train(ctx, set, train)
	if err != nil {
		return err
	}
	record := map[string]any{"seconds": time.Since(start).Seconds(), "cpu": dataset.CPUSeconds() - cpu, "steps": fitted.Steps}
	pred := algos.Predict(fitted.Predictor, matrix.New(set.Take(test), nil, j.threads), dataset.Rows(len(test)), j.threads)
	if err := dataset.WriteFloats(*out, pred); err != nil {
		return fmt.Errorf("-out: %w", err)
	}
	return json.NewEncoder(os.Stdout).Encode(record)
}

func (j *job) train(ctx context.Context, set *dataset.Set, rows []int32) (*algos.Fitted, error) {
	problem, err := set.Problem()
	if err != nil {
		return nil, err
	}
	r := &algos.Request{
		Problem: problem, Params: search.Params{}, Seed: uint64(j.seed), Threads: j.threads,
		Train: algos.Data{M: matrix.New(set.Take(rows), nil, j.threads), Y: set.Targets(rows), Rows: dataset.Rows(len(rows))},
	}
	usual := "booster"
	switch j.mode {
	case "same":
		usual = "gbdt"
		maps.Copy(r.Params, sameAsLightGBM)
	case "defaults":
	default:
		return nil, fmt.Errorf("-mode %q: use same or defaults", j.mode)
	}
	learner, err := algos.Lookup(cmp.Or(j.learner, usual))
	if err != nil {
		return nil, err
	}
	maps.Copy(r.Params, j.params)
	return learner.Fit(ctx, r)
}
