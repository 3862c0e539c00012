package main

import (
	"fmt"
	"os"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// lightgbmContributions prints contributions in the order of LightGBM's
// pred_contrib.
func lightgbmContributions(model, rows string) error {
	m, err := readLightGBM(model)
	if err != nil {
		return err
	}
	x, err := readRows(rows)
	if err != nil {
		return err
	}
	shap, err := predictor.NewShap(m.Trees, len(m.Features))
	if err != nil {
		return fmt.Errorf("%s: %w", model, err)
	}
	phi, n := make([]float64, shap.Width()*shap.Features()), shap.Features()
	out := make([][]float64, len(x))
	for i, row := range x {
		if len(row) != n {
			return fmt.Errorf("%s has %d numbers a row, the model %d features", rows, len(row), n)
		}
		shap.Row(row, phi)
		for k, expected := range shap.Expected() {
			out[i] = append(append(out[i], phi[k*n:(k+1)*n]...), expected)
		}
	}
	return writeRows(os.Stdout, out)
}
