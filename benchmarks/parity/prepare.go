package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
)

const halvesFile = "halves.u8"

func prepare(dir string, args []string) error {
	fs := flag.NewFlagSet("prepare", flag.ContinueOnError)
	only := fs.String("tables", "", "comma-separated names, all if empty")
	seeds := fs.Int("seeds", 5, "how often to cut in halves")
	if err := fs.Parse(args); err != nil {
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
	for _, s := range chosen {
		if err := write(s, dir, *seeds); err != nil {
			return err
		}
		fmt.Println(s.Name)
	}
	return nil
}

// write makes the set and its halves, unless they are there.
func write(s dataset.Source, dir string, seeds int) error {
	halves := filepath.Join(dir, s.Name, halvesFile)
	info, err := os.Stat(halves)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	set, err := dataset.Read(filepath.Join(dir, s.Name))
	if err == nil && info != nil && info.Size() == int64(seeds*set.Train) {
		return nil
	}
	if set, err = dataset.FromTable(s, runtime.NumCPU()); err != nil {
		return err
	}
	if err := set.Write(dir); err != nil {
		return err
	}
	problem, err := set.Problem()
	if err != nil {
		return err
	}
	return os.WriteFile(halves, dataset.Halves(problem.Task, set.Y, seeds), 0o644)
}
