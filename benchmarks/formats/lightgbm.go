package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/model/lightgbm"
)

func readLightGBM(path string) (*lightgbm.Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := lightgbm.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func lightgbmPredict(model, rows string, sums bool) error {
	m, err := readLightGBM(model)
	if err != nil {
		return err
	}
	x, err := readRows(rows)
	if err != nil {
		return err
	}
	if len(x) > 0 && len(x[0]) != len(m.Features) {
		return fmt.Errorf("%s has %d numbers a row, the model %d features", rows, len(x[0]), len(m.Features))
	}
	return writeRows(os.Stdout, scores(m.Trees, x, sums))
}

// scores are the predictions for rows, or the sums before the link.
func scores(t *predictor.Trees, rows [][]float64, sums bool) [][]float64 {
	out := make([][]float64, len(rows))
	for i, x := range rows {
		out[i] = make([]float64, t.Width())
		if sums {
			t.Margin(x, out[i])
		} else {
			t.PredictRow(x, out[i])
		}
	}
	return out
}

func lightgbmRewrite(model, version string) error {
	m, err := readLightGBM(model)
	if err != nil {
		return err
	}
	v, err := strconv.Atoi(version)
	if err != nil {
		return fmt.Errorf("version %q: %w", version, err)
	}
	notes, err := lightgbm.Write(os.Stdout, m, v)
	for _, note := range notes {
		fmt.Fprintln(os.Stderr, note)
	}
	return err
}

// lightgbmOurs writes our models, every third in the older version.
func lightgbmOurs(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	models, err := trainOurs(ctx)
	if err != nil {
		return err
	}
	for i, o := range models {
		version := 4
		if i%3 == 2 {
			version = 3
		}
		if err := writeLightGBM(filepath.Join(dir, o.name), o, version); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
		rows := o.hardRows(200)
		if err := writeRowsFile(filepath.Join(dir, o.name+".rows"), rows); err != nil {
			return err
		}
		if err := writeRowsFile(filepath.Join(dir, o.name+".predictions"), scores(o.trees, rows, false)); err != nil {
			return err
		}
	}
	return nil
}

func writeLightGBM(path string, o *ourModel, version int) error {
	m := &lightgbm.Model{Trees: o.trees}
	for j, f := range o.frame.Features {
		to := lightgbm.Feature{Name: f.Name}
		for c := range f.Levels {
			to.Categories = append(to.Categories, int32(c))
		}
		if f.Levels == 0 {
			to.Min, to.Max = bounds(o.frame.Cols[j])
		}
		m.Features = append(m.Features, to)
	}
	f, err := os.Create(path + ".txt")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := lightgbm.Write(f, m, version); err != nil {
		return err
	}
	return f.Close()
}

// bounds are the range of the values that are there, 0 and 0 without any.
func bounds(v []float32) (low, high float64) {
	seen := false
	for _, x := range v {
		f := float64(x)
		switch {
		case f != f:
		case !seen:
			low, high, seen = f, f, true
		default:
			low, high = min(low, f), max(high, f)
		}
	}
	return low, high
}
