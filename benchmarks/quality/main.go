package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/file"
	"github.com/seed-09a2cce4/automl/model"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "quality:", err)
		os.Exit(1)
	}
}

// timing is what run prints.
type timing struct {
	Rows    int     `json:"rows"`
	Seconds float64 `json:"seconds"` // for all rows at once
	RowUs   float64 `json:"row_us"`  // for a row alone
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: quality MODEL TABLE [-reps N]")
	}
	fs := flag.NewFlagSet("quality", flag.ContinueOnError)
	reps := fs.Int("reps", 3, "repetitions, at least 1")
	if err := fs.Parse(args[2:]); err != nil {
		return err
	}
	m, err := model.Load(args[0])
	if err != nil {
		return err
	}
	t, err := file.ReadFile(args[1], file.Options{})
	if err != nil {
		return err
	}
	if *reps < 1 || t.Rows() == 0 {
		return fmt.Errorf("-reps %d, %s has %d rows: use at least one of both", *reps, args[1], t.Rows())
	}
	out, err := measure(m, t, *reps)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func measure(m *model.Model, t *data.Table, reps int) (*timing, error) {
	var all, single []float64
	for range reps {
		start := time.Now()
		if _, err := m.Predict(t); err != nil {
			return nil, err
		}
		all = append(all, time.Since(start).Seconds())
	}
	const most = 1000 // rows alone
	n := min(t.Rows(), most)
	for i := range n {
		row := cells(t, i*t.Rows()/n)
		start := time.Now()
		if _, err := m.PredictRow(row); err != nil {
			return nil, err
		}
		single = append(single, float64(time.Since(start).Nanoseconds())/1e3)
	}
	return &timing{Rows: t.Rows(), Seconds: median(all), RowUs: median(single)}, nil
}

// cells is a row of t as a program would give it.
func cells(t *data.Table, i int) map[string]any {
	row := make(map[string]any, len(t.Columns()))
	for _, c := range t.Columns() {
		switch {
		case c.Missing(i):
			row[c.Name] = nil
		case c.Kind == data.Number:
			row[c.Name] = c.Floats[i]
		default:
			row[c.Name] = c.Text(i)
		}
	}
	return row
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
