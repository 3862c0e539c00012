package server

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"

	"github.com/seed-09a2cce4/automl/data/csv"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model"
)

// maxProbabilities bounds rows times classes of one answer.
const maxProbabilities = 10_000_000

// predict is POST /v1/jobs/{id}/predict, for rows as JSON or CSV.
func (s *Server) predict(w http.ResponseWriter, r *http.Request) {
	p, err := s.predictions(w, r)
	if err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	writePredictions(w, p)
}

func (s *Server) predictions(w http.ResponseWriter, r *http.Request) (*model.Predictions, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && kind != typeCSV {
		return nil, problem(http.StatusUnsupportedMediaType, "content type %q: send rows as application/json or %s", r.Header.Get("Content-Type"), typeCSV)
	}
	job, err := s.jobWithModel(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if err := acquire(r.Context(), s.scorers); err != nil {
		return nil, err
	}
	defer func() { <-s.scorers }()
	m, err := s.models.get(r.Context(), job.Model)
	if err != nil {
		return nil, err
	}
	maxRows := s.cfg.Limits.PredictRows
	if n := len(m.Info().Classes); n > 0 {
		maxRows = min(maxRows, max(1, maxProbabilities/n))
	}
	body := http.MaxBytesReader(w, r.Body, s.cfg.Limits.BodyBytes)
	if kind == typeCSV {
		return predictCSV(m, body, maxRows, s.cfg.Limits)
	}
	return predictJSON(m, body, maxRows)
}

func predictCSV(m *model.Model, body io.Reader, maxRows int, l Limits) (*model.Predictions, error) {
	t, err := csv.Read(body, csv.Options{Name: "body", Header: csv.HeaderYes, MaxBytes: l.BodyBytes, MaxRows: maxRows, MaxColumns: l.Columns})
	if err != nil {
		if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
			return nil, err
		}
		return nil, tableProblem(err, errors.Is(err, csv.ErrTooLarge))
	}
	p, err := m.Predict(t)
	if err != nil {
		return nil, problem(http.StatusUnprocessableEntity, "%v", err)
	}
	return p, nil
}

func predictJSON(m *model.Model, body io.Reader, maxRows int) (*model.Predictions, error) {
	rows, err := readRows(body, maxRows)
	if err != nil {
		return nil, err
	}
	info := m.Info()
	out := &model.Predictions{Task: info.Task, Classes: info.Classes, Costs: info.Costs, Levels: info.Quantiles}
	if c := m.Calibration(); c != nil {
		out.Decision = c.Decision
	}
	for i, row := range rows {
		p, err := m.PredictRow(row)
		if err != nil {
			return nil, problem(http.StatusUnprocessableEntity, "rows[%d]: %v", i, err)
		}
		if info.Task == metrics.Regression {
			out.Values = append(out.Values, p.Value)
			out.Quantiles = append(out.Quantiles, p.Quantiles...)
			if info.Interval > 0 {
				out.Lower, out.Upper = append(out.Lower, p.Lower), append(out.Upper, p.Upper)
			}
		} else {
			out.Probabilities = append(out.Probabilities, p.Probabilities...)
			out.Doubles = append(out.Doubles, p.Doubles...)
		}
	}
	return out, nil
}

// readRows reads {"rows":[{…}]} and nothing else.
func readRows(body io.Reader, maxRows int) ([]map[string]any, error) {
	dec := json.NewDecoder(body)
	dec.UseNumber()
	dec.DisallowUnknownFields()
	var in struct {
		Rows []map[string]any `json:"rows"`
	}
	err := dec.Decode(&in)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = cmp.Or(more, errors.New("there is more after the object"))
		}
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, err
	case err != nil:
		return nil, problem(http.StatusBadRequest, `body: send {"rows":[{"column":value}]}: %v`, err)
	case in.Rows == nil:
		return nil, problem(http.StatusUnprocessableEntity, `body: "rows" is missing: send {"rows":[{"column":value}]}`)
	case len(in.Rows) > maxRows:
		return nil, problem(http.StatusRequestEntityTooLarge, "%d rows, more than %d: send them in parts", len(in.Rows), maxRows)
	}
	for i, row := range in.Rows {
		if row == nil {
			return nil, problem(http.StatusUnprocessableEntity, "rows[%d] is null: a row is an object of columns", i)
		}
		for name, v := range row {
			if row[name], err = cell(v); err != nil {
				return nil, problem(http.StatusUnprocessableEntity, "rows[%d], column %q: %v", i, name, err)
			}
		}
	}
	return in.Rows, nil
}

// cell makes a value of JSON one that a row may hold. An integer that a
// float64 would round stays text, since it may be an identifier.
func cell(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, string:
		return v, nil
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil && (n > 1<<53 || n < -1<<53) {
			return v.String(), nil
		}
		f, err := v.Float64()
		if err != nil {
			return nil, fmt.Errorf("number %s is out of range", v)
		}
		return f, nil
	}
	return nil, errors.New("a cell is a number, a string, true, false or null")
}

// writePredictions writes {"predictions":[…]} without building it in memory.
func writePredictions(w io.Writer, p *model.Predictions) {
	out := bufio.NewWriterSize(w, 32<<10)
	defer out.Flush() // a client that has gone is no error of ours
	classes := make([]string, len(p.Classes))
	for k, c := range p.Classes {
		b, _ := json.Marshal(c) // a string always has a JSON form
		classes[k] = string(b)
	}
	var b []byte
	out.WriteString(`{"predictions":[`)
	rows := 0
	if len(p.Classes) > 0 || p.Task == metrics.Regression {
		rows = p.Rows()
	}
	for i := range rows {
		b = b[:0]
		if i > 0 {
			b = append(b, ',')
		}
		out.Write(appendPrediction(b, p, i, classes))
	}
	out.WriteString("]}\n")
}

// appendPrediction appends the JSON of row i; classes are quoted.
func appendPrediction(b []byte, p *model.Predictions, i int, classes []string) []byte {
	b = append(b, `{"prediction":`...)
	if p.Task == metrics.Regression {
		return append(appendSpread(appendNumber(b, p.Values[i], 64), p, i), '}')
	}
	bits := 32
	if p.Doubles != nil {
		bits = 64
	}
	b = append(b, classes[p.Class(i)]...)
	b = append(b, `,"probabilities":{`...)
	for k, class := range classes {
		if k > 0 {
			b = append(b, ',')
		}
		b = append(append(b, class...), ':')
		b = appendNumber(b, p.Double(i, k), bits)
	}
	return append(b, "}}"...)
}

// appendSpread appends the interval and the quantiles of row i, if there are any.
func appendSpread(b []byte, p *model.Predictions, i int) []byte {
	if p.Lower != nil {
		b = appendNumber(append(b, `,"lower":`...), p.Lower[i], 64)
		b = appendNumber(append(b, `,"upper":`...), p.Upper[i], 64)
	}
	n := len(p.Levels)
	if n == 0 {
		return b
	}
	b = append(b, `,"quantiles":{`...)
	for k, q := range p.Quantiles[i*n : (i+1)*n] {
		if k > 0 {
			b = append(b, ',')
		}
		b = appendNumber(append(b, '"'), p.Levels[k], 64)
		b = appendNumber(append(b, `":`...), q, 64)
	}
	return append(b, '}')
}

// appendNumber writes the shortest form that gives back the number; JSON has
// no other numbers than finite ones.
func appendNumber(b []byte, v float64, bits int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, v, 'g', -1, bits)
}
