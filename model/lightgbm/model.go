package lightgbm

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// zero bounds the values that LightGBM takes for zero: its kZeroThreshold, a
// float32.
const zero = float64(float32(1e-35))

// Model is a LightGBM model.
type Model struct {
	// Features are the columns, in the order in which rows have their values.
	Features []Feature
	// Objective is the name and its parameters, as in the file: "regression",
	// "binary sigmoid:1". Without one (custom losses) predictions are sums.
	Objective string
	// Classes is the file's num_class: 1 but for several classes or outputs.
	Classes int
	// Trees has one tree for each output and round, the output's link, and
	// whether it is an average (random forests). The starting score is part of
	// the first trees in LightGBM, so the base is zero.
	Trees *predictor.Trees
	// Parameters are the lines of the training parameters, such as
	// "[learning_rate: 0.1]".
	Parameters []string
	// PandasCategorical has the levels of each column of type category of the
	// data frame that the model was trained on; a level's place is its code.
	// Levels are strings, json.Number, bool or nil. Nil without such columns.
	PandasCategorical [][]any
}

// Feature is a column of a model.
type Feature struct {
	Name string
	// Min and Max are the range in training, both 0 where it is unknown.
	Min, Max float64
	// Categories are the codes seen in training, nil for numeric features. A
	// code of -1 stands for missing values and rare codes.
	Categories []int32
	// Levels are the categories' names by code, where the file has them.
	Levels []any
	// Monotone is 1 or -1 where predictions may only rise or fall with the value.
	Monotone int8
}

// settle moves a threshold out of the range that LightGBM takes for zero: values
// there compare as zero, and its ends are the first that do not.
func settle(threshold float64) float64 {
	switch {
	case threshold >= zero || threshold < -zero:
		return threshold
	case threshold >= 0:
		return zero
	}
	return math.Nextafter(-zero, math.Inf(-1))
}
