package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/file"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// minRows: halves of smaller tables say little.
const minRows = 301

// Never is the fold of rows that are only trained on: the only ones of their class.
const Never = 255

// Source is a table file and what is known about it.
type Source struct {
	Name, Path string
	Target     string       `json:"target"`
	Task       metrics.Task `json:"task"` // "" means infer
	Rows       int          `json:"rows"`
}

// Sources lists the tables of the folders AUTOML_DATA (NAME/train.csv, meta.json)
// and AUTOML_PORTFOLIO (NAME.csv.gz, meta.json) in the order of their names. It
// fails if neither names a folder.
func Sources() ([]Source, error) {
	var all []Source
	for _, folder := range []struct{ variable, file string }{{"AUTOML_DATA", "%s/train.csv"}, {"AUTOML_PORTFOLIO", "%s.csv.gz"}} {
		dir := os.Getenv(folder.variable)
		if dir == "" {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, "meta.json"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", folder.variable, err)
		}
		var meta map[string]Source
		if err := json.Unmarshal(b, &meta); err != nil {
			return nil, fmt.Errorf("%s: meta.json: %w", folder.variable, err)
		}
		for name, s := range meta {
			s.Name, s.Path = name, filepath.Join(dir, fmt.Sprintf(folder.file, name))
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no tables: set AUTOML_DATA or AUTOML_PORTFOLIO to a folder of them")
	}
	slices.SortFunc(all, func(a, b Source) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Choose takes the tables that a list names, separated by commas, or all of more
// than 300 rows if it is empty.
func Choose(all []Source, only string) ([]Source, error) {
	if only == "" {
		return slices.DeleteFunc(all, func(s Source) bool { return s.Rows < minRows }), nil
	}
	var chosen []Source
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(s Source) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("-tables: there is no table %q", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// Table reads the file and leaves out the rows without a known target. y holds
// class indices or values.
func (s Source) Table() (t *data.Table, target *featurize.Target, y []float32, err error) {
	if t, err = file.ReadFile(s.Path, file.Options{}); err != nil {
		return nil, nil, nil, err
	}
	col, err := featurize.Find(t, s.Target)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: target: %w", s.Path, err)
	}
	if target, err = featurize.InferTarget(col, 0, s.Task, ""); err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	all, known, err := target.Encode(col)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	var rows []int32
	for i, ok := range known {
		if ok {
			rows = append(rows, int32(i))
		}
	}
	if len(rows) == len(known) {
		return t, target, all, nil
	}
	return t.Take(rows), target, pick(all, rows), nil
}

// Halves says for each seed, and for each row, a byte each, in which of two
// folds the row is tested: [Never] where in none.
func Halves(task metrics.Task, y []float32, seeds int) []byte {
	out := make([]byte, 0, seeds*len(y))
	for seed := range seeds {
		of := slices.Repeat([]byte{Never}, len(y))
		for k, rows := range (trials.Split{Folds: 2, Seed: uint64(seed)}).Assign(len(y), task, y, nil) {
			for _, r := range rows {
				of[r] = byte(k)
			}
		}
		out = append(out, of...)
	}
	return out
}

// ReadHalf reads from a file of [Halves] which rows a seed's fold trains on and
// tests.
func ReadHalf(path string, rows, seed, fold int) (train, test []int32, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	if seed < 0 || fold < 0 || fold > 1 || (seed+1)*rows > len(b) {
		return nil, nil, fmt.Errorf("seed %d, fold %d: %s has %d seeds of 2 folds", seed, fold, path, len(b)/rows)
	}
	for i, of := range b[seed*rows : (seed+1)*rows] {
		if int(of) == fold {
			test = append(test, int32(i))
		} else {
			train = append(train, int32(i))
		}
	}
	return train, test, nil
}
