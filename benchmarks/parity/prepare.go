package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

const (
	// minRows: halves of smaller tables say little.
	minRows = 301
	// never is the fold of rows that are only trained on: the only ones of their class.
	never      = 255
	halvesFile = "halves.u8"
)

// source is a table and what is known about it.
type source struct {
	name, path string
	Target     string       `json:"target"`
	Task       metrics.Task `json:"task"`
	Rows       int          `json:"rows"`
}

func prepare(dir string, args []string) error {
	fs := flag.NewFlagSet("prepare", flag.ContinueOnError)
	only := fs.String("tables", "", "comma-separated names, all if empty")
	seeds := fs.Int("seeds", 5, "how often to cut in halves")
	if err := fs.Parse(args); err != nil {
		return err
	}
	all, err := sources()
	if err != nil {
		return err
	}
	chosen, err := choose(all, *only)
	if err != nil {
		return err
	}
	for _, s := range chosen {
		if err := s.write(dir, *seeds); err != nil {
			return err
		}
		fmt.Println(s.name)
	}
	return nil
}

// sources lists the tables of both folders in the order of their names.
func sources() ([]source, error) {
	var all []source
	for _, folder := range []struct{ variable, file string }{{"AUTOML_DATA", "%s/train.csv"}, {"AUTOML_PORTFOLIO", "%s.csv.gz"}} {
		dir := os.Getenv(folder.variable)
		if dir == "" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, "meta.json"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", folder.variable, err)
		}
		var meta map[string]source
		if err := json.Unmarshal(b, &meta); err != nil {
			return nil, fmt.Errorf("%s: meta.json: %w", folder.variable, err)
		}
		for name, s := range meta {
			s.name, s.path = name, filepath.Join(dir, fmt.Sprintf(folder.file, name))
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no tables: set AUTOML_DATA or AUTOML_PORTFOLIO to a folder of them")
	}
	slices.SortFunc(all, func(a, b source) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// choose takes the named tables, or all that are large enough.
func choose(all []source, only string) ([]source, error) {
	if only == "" {
		return slices.DeleteFunc(all, func(s source) bool { return s.Rows < minRows }), nil
	}
	var chosen []source
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(s source) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("-tables: there is no table %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// write makes the set and its halves, unless they are there.
func (s source) write(dir string, seeds int) error {
	halves := filepath.Join(dir, s.name, halvesFile)
	info, err := os.Stat(halves)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	set, err := dataset.Read(filepath.Join(dir, s.name))
	if err == nil && info != nil && info.Size() == int64(seeds*set.Train) {
		return nil
	}
	if set, err = dataset.FromTable(s.name, s.path, s.Target, s.Task, runtime.NumCPU()); err != nil {
		return err
	}
	if err := set.Write(dir); err != nil {
		return err
	}
	return os.WriteFile(halves, halvesOf(set, seeds), 0o644)
}

// halvesOf says for each seed, and for each row, in which fold it is tested.
func halvesOf(set *dataset.Set, seeds int) []byte {
	problem, _ := set.Problem()
	out := make([]byte, 0, seeds*set.Train)
	for seed := range seeds {
		of := slices.Repeat([]byte{never}, set.Train)
		for k, rows := range (trials.Split{Folds: 2, Seed: uint64(seed)}).Assign(set.Train, problem.Task, set.Y, nil) {
			for _, r := range rows {
				of[r] = byte(k)
			}
		}
		out = append(out, of...)
	}
	return out
}
