package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
	"github.com/seed-09a2cce4/automl/metrics"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: engine gen DIR | engine table FILE DIR/NAME -target COLUMN | engine train DIR/NAME [flags] | engine score DIR/NAME [flags]")

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errUsage
	}
	switch args[0] {
	case "gen":
		return generate(args[1], args[2:])
	case "table":
		if len(args) < 3 {
			return errUsage
		}
		return table(args[1], args[2], args[3:])
	case "train":
		return trainAll(ctx, args[1], args[2:])
	case "score":
		return scoreAll(ctx, args[1], args[2:])
	}
	return fmt.Errorf("unknown command %q: %w", args[0], errUsage)
}

func generate(dir string, args []string) error {
	fs := flag.NewFlagSet("gen", flag.ContinueOnError)
	scale := fs.Int("scale", 1, "divide the numbers of rows")
	only := fs.String("only", "", "comma-separated names, all if empty")
	draw := fs.Int("draw", 0, "number of the draw: sets of one name and different rows")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *scale < 1 || *scale > 100 {
		return fmt.Errorf("-scale %d: use 1 to 100", *scale)
	}
	if *draw < 0 {
		return fmt.Errorf("-draw %d: use 0 or more", *draw)
	}
	var names []string
	for _, m := range makers {
		names = append(names, m.name)
	}
	if *only != "" {
		names = strings.Split(*only, ",")
	}
	for _, name := range names {
		s, known := makeSet(name, *draw, *scale)
		if !known {
			return fmt.Errorf("-only %s: there is no set %s", *only, name)
		}
		if err := s.Write(dir); err != nil {
			return err
		}
	}
	return nil
}

// table makes a set of a table, of which a quarter becomes test rows.
func table(path, to string, args []string) error {
	fs := flag.NewFlagSet("table", flag.ContinueOnError)
	target := fs.String("target", "", "column to predict")
	task := fs.String("task", "", "binary, multiclass or regression; inferred if empty")
	if err := fs.Parse(args); err != nil {
		return err
	}
	s, err := dataset.FromTable(dataset.Source{Name: filepath.Base(to), Path: path, Target: *target, Task: metrics.Task(*task)}, runtime.NumCPU())
	if err != nil {
		return err
	}
	s.Part(0.25, 1)
	return s.Write(filepath.Dir(to))
}

func trainAll(ctx context.Context, dir string, args []string) error {
	fs := flag.NewFlagSet("train", flag.ContinueOnError)
	j := job{}
	fs.StringVar(&j.learner, "learner", "gbdt", "name of the learner")
	fs.IntVar(&j.threads, "threads", 1, "goroutines")
	leaves := fs.Int("leaves", 31, "leaves of a tree")
	trees := fs.Int("trees", 100, "boosting rounds")
	reps := fs.Int("reps", 1, "repetitions")
	params := fs.String("params", "", "further parameters: name=value,...")
	if err := fs.Parse(args); err != nil {
		return err
	}
	runtime.GOMAXPROCS(j.threads)
	s, err := dataset.Read(dir)
	if err != nil {
		return err
	}
	if j.params, err = parameters(*leaves, *trees, *params); err != nil {
		return err
	}
	for range *reps {
		f, err := train(ctx, s, &j)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
			return err
		}
	}
	return nil
}
