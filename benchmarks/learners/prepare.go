package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
	"github.com/seed-09a2cce4/automl/data/csv"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
)

// table is meta.json of a prepared table.
type table struct {
	Name    string       `json:"name"`
	Target  string       `json:"target"`
	Task    metrics.Task `json:"task"`
	Classes []string     `json:"classes"`
	Rows    int          `json:"rows"`
	Seeds   int          `json:"seeds"`
	// Columns says what each column that makes features means.
	Columns []column `json:"columns"`
}

type column struct {
	Name string         `json:"name"`
	Type featurize.Type `json:"type"`
}

func prepare(dir string, args []string) error {
	fs := flag.NewFlagSet("prepare", flag.ContinueOnError)
	only := fs.String("tables", "", "comma-separated names, all of more than 300 rows if empty")
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
		if err := write(s, filepath.Join(dir, s.Name), *seeds); err != nil {
			return err
		}
		fmt.Println(s.Name)
	}
	return nil
}

// write makes the folder of a table, unless it is there.
func write(s dataset.Source, dir string, seeds int) error {
	if m, err := readTable(dir); err == nil && m.Seeds >= seeds {
		return nil
	}
	t, target, y, err := s.Table()
	if err != nil {
		return err
	}
	plan, err := featurize.Infer(t, featurize.Options{Target: s.Target})
	if err != nil {
		return fmt.Errorf("%s: %w", s.Path, err)
	}
	m := table{Name: s.Name, Target: s.Target, Task: target.Task, Classes: target.Classes, Rows: t.Rows(), Seeds: seeds}
	for _, c := range plan.Columns {
		if !c.Ignored && c.Type != featurize.Identifier && c.Type != featurize.Constant {
			m.Columns = append(m.Columns, column{c.Name, c.Type})
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, "table.csv"))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := csv.Write(f, t); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := dataset.WriteFloats(filepath.Join(dir, "y.f32"), y); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, halvesFile), dataset.Halves(target.Task, y, seeds), 0o644); err != nil {
		return err
	}
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, metaFile), b, 0o644) // last: it says that the rest is there
}

const halvesFile, metaFile = "halves.u8", "meta.json"

func readTable(dir string) (*table, error) {
	b, err := os.ReadFile(filepath.Join(dir, metaFile))
	if err != nil {
		return nil, err
	}
	m := new(table)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, metaFile), err)
	}
	return m, nil
}
