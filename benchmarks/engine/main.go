package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: engine gen DIR | engine train DIR/NAME [flags]")
	}
	switch args[0] {
	case "gen":
		return generate(args[1], args[2:])
	case "train":
		return trainAll(args[1], args[2:])
	}
	return fmt.Errorf("unknown command %q: use gen or train", args[0])
}

func generate(dir string, args []string) error {
	fs := flag.NewFlagSet("gen", flag.ContinueOnError)
	scale := fs.Int("scale", 1, "divide the numbers of rows")
	only := fs.String("only", "", "comma-separated names, all if empty")
	if err := fs.Parse(args); err != nil {
		return err
	}
	for _, m := range makers {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), m.name) {
			continue
		}
		if err := m.make(*scale).write(dir); err != nil {
			return err
		}
	}
	return nil
}

// figure is the outcome of a repetition.
type figure struct {
	System  string  `json:"system"`
	Seconds float64 `json:"seconds"` // wall clock from arrays to model
	CPU     float64 `json:"cpu"`     // seconds of processor time
	Score   float64 `json:"score"`   // test AUC, or log loss of many classes
	Loss    float64 `json:"loss"`    // test log loss
	PeakMB  float64 `json:"peak_mb"` // above the loaded matrix
	Trees   int     `json:"trees"`
}

func trainAll(dir string, args []string) error {
	fs := flag.NewFlagSet("train", flag.ContinueOnError)
	threads := fs.Int("threads", 1, "goroutines")
	leaves := fs.Int("leaves", 31, "leaves of a tree")
	trees := fs.Int("trees", 100, "boosting rounds")
	reps := fs.Int("reps", 1, "repetitions")
	params := fs.String("params", "", "further parameters: name=value,...")
	if err := fs.Parse(args); err != nil {
		return err
	}
	runtime.GOMAXPROCS(*threads)
	s, err := readSet(dir)
	if err != nil {
		return err
	}
	p := search.Params{"num_leaves": float64(*leaves), "learning_rate": 0.1, "rounds": float64(*trees)}
	for _, pair := range strings.Split(*params, ",") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			p[name] = value
			var f float64
			if _, err := fmt.Sscan(value, &f); err == nil {
				p[name] = f
			}
		}
	}
	for range *reps {
		f, err := train(s, p, *threads)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
			return err
		}
	}
	return nil
}

func (s *set) frame(lo, hi int) *matrix.Frame {
	f := &matrix.Frame{Rows: hi - lo}
	for j, col := range s.cols {
		f.Features = append(f.Features, matrix.Feature{Name: fmt.Sprint("f", j), Levels: s.Levels[j]})
		f.Cols = append(f.Cols, col[lo:hi])
	}
	return f
}

func (s *set) problem() algos.Problem {
	if s.Classes > 2 {
		return algos.Problem{Task: metrics.Multiclass, Classes: s.Classes, Metric: metrics.Default(metrics.Multiclass)}
	}
	return algos.Problem{Task: metrics.Binary, Classes: 2, Metric: metrics.Default(metrics.Binary)}
}

func rowsTo(n int) []int32 {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

func train(s *set, params search.Params, threads int) (*figure, error) {
	debug.FreeOSMemory()
	resetPeak()
	before := peakMB()
	cpu, start := cpuSeconds(), time.Now()
	m := matrix.New(s.frame(0, s.Train), nil, threads)
	problem := s.problem()
	fitted, err := gbdt.New().Fit(context.Background(), &algos.Request{
		Problem: problem, Params: params, Seed: 1, Threads: threads,
		Train: algos.Data{M: m, Y: s.y[:s.Train], Rows: rowsTo(s.Train)},
	})
	if err != nil {
		return nil, err
	}
	f := &figure{System: "ours", Seconds: time.Since(start).Seconds(), CPU: cpuSeconds() - cpu, Trees: fitted.Steps, PeakMB: peakMB() - before}
	test := matrix.New(s.frame(s.Train, s.Train+s.Test), nil, threads)
	pred := algos.Predict(fitted.Predictor, test, rowsTo(s.Test), threads)
	y := s.y[s.Train:]
	name := "roc_auc"
	if s.Classes > 2 {
		name = "log_loss"
	}
	for _, part := range []struct {
		name string
		to   *float64
	}{{name, &f.Score}, {"log_loss", &f.Loss}} {
		metric, err := metrics.Lookup(part.name)
		if err != nil {
			return nil, err
		}
		if *part.to, err = metric.Score(problem.Task, problem.Classes, y, pred, nil); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// resetPeak makes the kernel forget the highest memory use so far (Linux).
func resetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peakMB is the highest memory use since then, 0 where it can't be known.
func peakMB() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	return 0
}
