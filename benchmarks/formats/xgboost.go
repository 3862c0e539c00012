package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-09a2cce4/automl/model/xgboost"
)

func readXGBoost(path string) (*xgboost.Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := xgboost.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func xgboostPredict(model, rows string) error {
	m, err := readXGBoost(model)
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
	for _, row := range x {
		for j, v := range row {
			row[j] = float64(float32(v))
		}
	}
	return writeRows(os.Stdout, scores(m.Predictor(), x, false))
}

func xgboostRewrite(model string) error {
	m, err := readXGBoost(model)
	if err != nil {
		return err
	}
	return xgboost.Write(os.Stdout, m)
}

// xgboostOurs writes our models.
func xgboostOurs(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	models, err := trainOurs(ctx)
	if err != nil {
		return err
	}
	for _, o := range models {
		if err := writeXGBoost(filepath.Join(dir, o.name), o); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	return nil
}

func writeXGBoost(path string, o *ourModel) (err error) {
	m, err := xgboost.Of(o.trees, o.frame.Features, "")
	if err != nil {
		return err
	}
	f, err := os.Create(path + ".json")
	if err != nil {
		return err
	}
	if err := errors.Join(xgboost.Write(f, m), f.Close()); err != nil {
		return err
	}
	rows := o.hardRows(200)
	for _, row := range rows {
		for j, v := range row { // XGBoost's input is float32
			row[j] = float64(float32(v))
		}
	}
	if err := writeRowsFile(path+".rows", rows); err != nil {
		return err
	}
	return writeRowsFile(path+".predictions", scores(o.trees, rows, false))
}
