package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"

	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// record is what one configuration came to on one table.
type record struct {
	Table   string        `json:"table"`
	Task    metrics.Task  `json:"task"`
	Rows    int           `json:"rows"`
	Learner string        `json:"learner"`
	Params  search.Params `json:"params"` // the others are the defaults of the learner's space
	// Drawn says that Params were drawn from the space, not of the learner's portfolio.
	Drawn bool `json:"drawn,omitempty"`
	// Losses are those of the folds, lower is better, and Seconds the processor
	// time that each took. There are fewer than folds if one failed or if the
	// trial took too long.
	Losses  []float64 `json:"losses"`
	Seconds []float64 `json:"seconds"`
	Error   string    `json:"error,omitempty"`
}

func (r *record) key() string { return r.Table + " " + search.Key(r.Learner, r.Params) }

func (r *record) whole() bool { return len(r.Losses) == folds }

// loss is the mean over the folds.
func (r *record) loss() float64 { return mean(r.Losses) }

func mean(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// readRecords reads a file of records; one that is not there is empty.
func readRecords(path string) ([]record, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []record
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w: take the line out", path, n, err)
		}
		out = append(out, r)
	}
	return out, lines.Err()
}

// appendRecord adds a line to a file in one write, so that the end of the process
// tears none.
func appendRecord(path string, r *record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err = f.Write(append(line, '\n')); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
