package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"

	"github.com/seed-09a2cce4/automl/data"
)

// readClassWeights reads --class-weight: "" for none, balanced, or a file: a JSON
// object of weights by class, or a table of classes and weights.
func readClassWeights(ctx context.Context, value string) (balanced bool, weights map[string]float64, err error) {
	const flag = "--class-weight"
	switch value {
	case "":
		return false, nil, nil
	case "balanced":
		return true, nil, nil
	}
	isJSON, err := readJSON(flag, value, &weights)
	if isJSON || err != nil {
		return false, weights, err
	}
	t, err := readTable(ctx, value)
	if err != nil {
		return false, nil, userf("%s: %w", flag, err)
	}
	cols := t.Columns()
	if len(cols) != 2 || cols[1].Kind != data.Number {
		return false, nil, userf("%s %s: write two columns, the class and its weight, under a header such as class,weight", flag, value)
	}
	weights = make(map[string]float64, t.Rows())
	for i := range t.Rows() {
		name := cols[0].Text(i)
		if _, twice := weights[name]; twice || cols[0].Missing(i) {
			return false, nil, userf("%s %s: line %d: class %q is empty or there twice", flag, value, i+2, name)
		}
		weights[name] = cols[1].Floats[i]
	}
	return false, weights, nil
}

// readCosts reads --cost-matrix: "" for none, or a file: a JSON object of costs by
// true and then by predicted class, or a table whose first column has the true
// classes and whose others, called as the predicted ones, have the costs.
func readCosts(ctx context.Context, path string) (map[string]map[string]float64, error) {
	const flag = "--cost-matrix"
	if path == "" {
		return nil, nil
	}
	var costs map[string]map[string]float64
	isJSON, err := readJSON(flag, path, &costs)
	if isJSON || err != nil {
		return costs, err
	}
	t, err := readTable(ctx, path)
	if err != nil {
		return nil, userf("%s: %w", flag, err)
	}
	cols := t.Columns()
	costs = make(map[string]map[string]float64, t.Rows())
	for i := range t.Rows() {
		actual := cols[0].Text(i)
		if _, twice := costs[actual]; twice || cols[0].Missing(i) {
			return nil, userf("%s %s: line %d: class %q is empty or there twice", flag, path, i+2, actual)
		}
		costs[actual] = map[string]float64{}
		for _, col := range cols[1:] {
			if col.Kind != data.Number {
				return nil, userf("%s %s: column %q holds something else than costs", flag, path, col.Name)
			}
			if !col.Missing(i) {
				costs[actual][col.Name] = col.Floats[i]
			}
		}
	}
	return costs, nil
}

// readJSON reads a file that holds a JSON object into v; it answers whether the
// file does.
func readJSON(flag, path string, v any) (bool, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return false, absent(path, userf("%s: %w", flag, err))
	}
	if b = bytes.TrimSpace(b); !bytes.HasPrefix(b, []byte("{")) {
		return false, nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(v); err != nil {
		return true, userf("%s %s: %w", flag, path, err)
	}
	if d.More() {
		return true, userf("%s %s: there is more after the JSON object", flag, path)
	}
	return true, nil
}
