package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
	"github.com/seed-09a2cce4/automl/data/file"
	"github.com/seed-09a2cce4/automl/featurize"
)

// ingested is what ingest prints, times in seconds of wall clock.
type ingested struct {
	Read      float64 `json:"read"`
	Plan      float64 `json:"plan"`
	Featurize float64 `json:"featurize"`
	Seconds   float64 `json:"seconds"` // their sum
	CPU       float64 `json:"cpu"`
	PeakMB    float64 `json:"peak_mb"` // of the process; 0 where it can't be known
	Features  int     `json:"features"`
}

// ingest reads a file with the target y, plans and featurizes it once, and prints
// what that took.
func ingest(path string, args []string) error {
	fs := flag.NewFlagSet("ingest", flag.ContinueOnError)
	view := fs.String("view", "frame", "frame (what trees see) or dense (imputed, scaled and one-hot encoded)")
	threads := fs.Int("threads", 2, "goroutines")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *view != "frame" && *view != "dense" {
		return fmt.Errorf("-view %q: use frame or dense", *view)
	}
	runtime.GOMAXPROCS(*threads)
	start := time.Now()
	t, err := file.ReadFile(path, file.Options{})
	if err != nil {
		return err
	}
	read := time.Now()
	plan, err := featurize.Infer(t, featurize.Options{Target: "y"})
	if err != nil {
		return err
	}
	target, err := featurize.InferTarget(t.Column("y"), 0, "", "")
	if err != nil {
		return err
	}
	planned := time.Now()
	p, err := featurize.Prepare(t, plan, featurize.Key{Target: "y", Task: target.Task, Classes: target.Classes}, *threads)
	if err != nil {
		return err
	}
	features := p.Shape.Features
	if *view == "dense" {
		features = p.Matrix.Dense().Cols + p.Shape.SparseCols
	}
	end := time.Now()
	return json.NewEncoder(os.Stdout).Encode(ingested{
		Read: read.Sub(start).Seconds(), Plan: planned.Sub(read).Seconds(), Featurize: end.Sub(planned).Seconds(),
		Seconds: end.Sub(start).Seconds(), CPU: dataset.CPUSeconds(), PeakMB: dataset.PeakMB(), Features: features,
	})
}
