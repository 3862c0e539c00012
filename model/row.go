package model

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// Prediction is the answer for one row.
type Prediction struct {
	// Label is the predicted class (see Predictions.Class), empty for regression.
	Label string
	// Value is the predicted number, regression only.
	Value float64
	// Lower and Upper bound the row's interval, Quantiles are as
	// Info().Quantiles; zero if the model was not asked for them in training.
	Lower, Upper float64
	Quantiles    []float64
	// Probabilities has one entry a class, in the order of Info().Classes.
	Probabilities []float32
	// Doubles are the probabilities of imported models in double precision, nil
	// for all others.
	Doubles []float64
}

// rowScratch is what scoring one row needs.
type rowScratch struct {
	x    []float32 // features
	row  predictor.Row
	out  []float32
	sums []float64
	// cols and index are a frame of the row, for predictors that need one.
	cols  [][]float32
	index []int32
	exact []float64 // outputs of an imported member
}

func (m *Model) scratch() *rowScratch {
	if s, ok := m.rows.Get().(*rowScratch); ok {
		return s
	}
	features := len(m.spec.Pipeline.Features())
	width := metrics.Width(m.spec.Info.Task, len(m.spec.Info.Classes))
	s := &rowScratch{
		x: make([]float32, features), cols: make([][]float32, features),
		out: make([]float32, width), sums: make([]float64, width), index: []int32{0},
	}
	for i := range s.cols {
		s.cols[i] = s.x[i : i+1]
	}
	s.row.Features = make([]float64, features)
	if m.exact {
		s.exact = make([]float64, width)
	} else if m.encoded() {
		s.row.Dense = make([]float32, m.spec.Pipeline.Encoder().Cols())
	}
	return s
}

// encoded says whether a member reads the encoded view.
func (m *Model) encoded() bool {
	return slices.ContainsFunc(m.spec.Members, func(mem Member) bool { return mem.Predictor.View() == matrix.Encoded })
}

// PredictRow scores one row: a map[string]any from column name to value
// (string, bool, any number, time.Time or nil for missing), or a struct (or
// pointer to one) whose exported fields are named by the tag `automl:"column"`
// or else by the field itself. Columns that are absent are an error; extra ones
// are ignored. It gives the same bits as Predict on a table of one row.
func (m *Model) PredictRow(row any) (*Prediction, error) {
	values, err := m.values(row)
	if err != nil {
		return nil, err
	}
	s := m.scratch()
	defer m.rows.Put(s)
	if m.exact {
		err = m.exactRow(values, s)
	} else if s.row.Sparse, err = m.spec.Pipeline.Row(values, s.x); err == nil {
		m.scoreRow(s)
	}
	if err != nil {
		return nil, err
	}
	p := m.finish(append([]float64(nil), s.sums...), 1, len(s.sums))
	if p.Task == metrics.Regression {
		out := &Prediction{Value: p.Values[0], Quantiles: p.Quantiles}
		if p.Lower != nil {
			out.Lower, out.Upper = p.Lower[0], p.Upper[0]
		}
		return out, nil
	}
	return &Prediction{Label: p.Label(0), Probabilities: p.Probabilities, Doubles: p.Doubles}, nil
}

// exactRow scores a row of an imported model into s.sums.
func (m *Model) exactRow(values map[string]any, s *rowScratch) error {
	if err := m.spec.Pipeline.ExactRow(values, s.row.Features); err != nil {
		return err
	}
	clear(s.sums)
	for _, mem := range m.spec.Members {
		mem.Predictor.(exactPredictor).PredictRow(s.row.Features, s.exact)
		for i, v := range s.exact {
			s.sums[i] += float64(mem.Weight * v)
		}
	}
	return nil
}

// scoreRow adds up the members' weighted predictions for the row in s.
func (m *Model) scoreRow(s *rowScratch) {
	for i, v := range s.x {
		s.row.Features[i] = float64(v)
	}
	if s.row.Dense != nil {
		m.spec.Pipeline.Encoder().Row(s.x, s.row.Dense)
	}
	clear(s.sums)
	for _, mem := range m.spec.Members {
		if p, ok := mem.Predictor.(predictor.RowPredictor); ok {
			p.PredictOne(&s.row, s.out)
		} else {
			frame := &matrix.Frame{Rows: 1, Features: m.spec.Pipeline.Features(), Cols: s.cols, Sparse: s.row.Sparse}
			mem.Predictor.Predict(matrix.New(frame, m.spec.Pipeline.Encoder(), 1), s.index, s.out)
		}
		for k, v := range s.out {
			s.sums[k] += float64(mem.Weight * m.spec.Calibration.Term(m.spec.Info.Task, v))
		}
	}
}

// values turns a row of either form into a map.
func (m *Model) values(row any) (map[string]any, error) {
	if values, ok := row.(map[string]any); ok {
		return values, nil
	}
	v := reflect.ValueOf(row)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil, fmt.Errorf("a row is a map[string]any or a struct, not %T", row)
	}
	fields := m.fields(v.Type())
	values := make(map[string]any, len(fields))
	for column, index := range fields {
		f := v.Field(index)
		for f.Kind() == reflect.Pointer && !f.IsNil() {
			f = f.Elem()
		}
		if f.Kind() == reflect.Pointer {
			values[column] = nil
			continue
		}
		values[column] = f.Interface()
	}
	return values, nil
}

// fields maps column names to field indices of a row type.
func (m *Model) fields(t reflect.Type) map[string]int {
	if known, ok := m.structs.Load(t); ok {
		return known.(map[string]int)
	}
	fields := map[string]int{}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		name := f.Name
		if tag := f.Tag.Get("automl"); tag != "" {
			name = tag
		}
		fields[name] = i
	}
	m.structs.Store(t, fields)
	return fields
}
