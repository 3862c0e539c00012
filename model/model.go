package model

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/ensemble"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// Info is what a bundle says about itself.
type Info struct {
	Version string       `json:"version"` // of automl
	Created time.Time    `json:"created"`
	Task    metrics.Task `json:"task"`
	Target  string       `json:"target"`
	// Why says how the task was told from the target.
	Why    string `json:"why,omitempty"`
	Metric string `json:"metric"`
	// Score is the ensemble's on rows that no member had seen in training and that had no
	// say in weights and calibration; StdErr is its standard error over the parts of
	// these rows, 0 if it is not known.
	Score   float64  `json:"score"`
	StdErr  float64  `json:"std_err,omitempty"`
	Classes []string `json:"classes,omitempty"`
	// Columns are the input columns that a prediction needs.
	Columns []string `json:"columns"`
	Rows    int      `json:"rows"`  // trained on
	Folds   int      `json:"folds"` // 1 for a hold-out
	// Split says in words how the rows that judged the models were chosen; "" in
	// older bundles.
	Split   string  `json:"split,omitempty"`
	Trials  int     `json:"trials"`
	Seconds float64 `json:"seconds"`
	// Costs is what it costs to predict class k where class c is true, [c][k]; nil
	// where labels are the likeliest classes.
	Costs [][]float64 `json:"costs,omitempty"`
	// Interval is the share of answers that the intervals of predictions are to
	// hold, 0 for none; Quantiles are their levels, ascending.
	Interval  float64   `json:"interval,omitempty"`
	Quantiles []float64 `json:"quantiles,omitempty"`
	// Distilled tells of the one model that was to stand for the ensemble, nil if none
	// was asked for. Where there is one, Score is its own.
	Distilled *trials.Distilled `json:"distilled,omitempty"`
	// Ended says what ended the search.
	Ended    string   `json:"ended"`
	Warnings []string `json:"warnings,omitempty"`
	// Imported says where a model comes from that was not trained here, and its
	// objective there; "" for all others.
	Imported string `json:"imported,omitempty"`
	// Data says what of the training data the file holds.
	Data string `json:"data"`
}

// Member is one predictor of the ensemble. The weights of all members sum to 1.
type Member struct {
	Weight    float64
	Trial     int
	Learner   string
	Predictor predictor.Predictor
}

// Importance is how much the score suffers when one column's values are
// shuffled among out-of-fold rows (permutation importance, Breiman 2001).
type Importance struct {
	Column string `json:"column"`
	// Drop is the mean loss added by shuffling, in the units of the metric;
	// nil when time did not suffice to measure it.
	Drop *float64 `json:"drop"`
	// StdErr is the standard error of Drop over the repeats.
	StdErr float64 `json:"std_err,omitempty"`
}

// Spec is what Build makes a model of.
type Spec struct {
	Info        Info
	Plan        *featurize.Plan
	Pipeline    *featurize.Pipeline
	Members     []Member
	Leaderboard []trials.Row
	Importance  []Importance
	// Spread has the bounds for Info.Interval and Info.Quantiles; nil for none.
	Spread *Spread
	// Origin says how the model came about; nil if it does not.
	Origin *Origin
	// Calibration is what is done to the members' weighted mean, and how labels are
	// told from it; nil for nothing. Imported models have none.
	Calibration *ensemble.Calibration
}

// Model is a trained model. It is immutable and safe for concurrent use.
type Model struct {
	spec Spec
	// rows is scratch for single rows.
	rows sync.Pool
	// structs remembers how the fields of a row type map to columns.
	structs sync.Map
	// exact models were imported: they read and predict doubles.
	exact bool
}

// exactPredictor is a predictor that can be part of an imported model.
type exactPredictor interface {
	PredictExact(m *matrix.Matrix, rows []int32, out []float64)
	PredictRow(x, out []float64)
}

// Build makes a model of its parts. It fails if there is no member, the
// weights do not sum to 1 or a member does not fit the task.
func Build(s Spec) (*Model, error) {
	if len(s.Members) == 0 {
		return nil, fmt.Errorf("%w: no member", ErrCorrupt)
	}
	if err := checkTask(s.Info); err != nil {
		return nil, err
	}
	if err := s.checkSpread(); err != nil {
		return nil, err
	}
	width, sum := metrics.Width(s.Info.Task, len(s.Info.Classes)), 0.0
	exact := s.Pipeline != nil && s.Pipeline.Exact()
	if err := s.checkCalibration(exact); err != nil {
		return nil, err
	}
	for _, m := range s.Members {
		if m.Predictor.Width() != width {
			return nil, fmt.Errorf("%w: the member of trial %d has %d outputs, the task %d", ErrCorrupt, m.Trial, m.Predictor.Width(), width)
		}
		if _, ok := m.Predictor.(exactPredictor); exact && !ok {
			return nil, fmt.Errorf("%w: an imported model with a %s predictor", ErrCorrupt, m.Predictor.Kind())
		}
		if !(m.Weight > 0) {
			return nil, fmt.Errorf("%w: the member of trial %d has weight %v", ErrCorrupt, m.Trial, m.Weight)
		}
		sum += m.Weight
	}
	if math.Abs(sum-1) > 1e-6 {
		return nil, fmt.Errorf("%w: weights sum to %v", ErrCorrupt, sum)
	}
	return &Model{spec: s, exact: exact}, nil
}

func checkCosts(i Info) error {
	if i.Costs == nil {
		return nil
	}
	bad := len(i.Costs) != len(i.Classes)
	for _, row := range i.Costs {
		bad = bad || len(row) != len(i.Classes) || slices.ContainsFunc(row, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	}
	if bad {
		return fmt.Errorf("%w: costs %v of %d classes", ErrCorrupt, i.Costs, len(i.Classes))
	}
	return nil
}

// checkSpread reports intervals and quantiles that predictions could not get.
func (s *Spec) checkSpread() error {
	i := s.Info
	if s.Spread == nil && (i.Interval != 0 || len(i.Quantiles) > 0) || s.Spread != nil && i.Task != metrics.Regression {
		return fmt.Errorf("%w: interval %v and quantiles %v of a %s task", ErrCorrupt, i.Interval, i.Quantiles, i.Task)
	}
	if s.Spread == nil {
		return nil
	}
	return s.Spread.check(i.Interval, i.Quantiles)
}

func (s *Spec) checkCalibration(exact bool) error {
	if s.Calibration == nil {
		return nil
	}
	if exact {
		return fmt.Errorf("%w: a calibration of an imported model", ErrCorrupt)
	}
	if err := s.Calibration.Check(s.Info.Task, len(s.Info.Classes)); err != nil {
		return fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	return nil
}

func checkTask(i Info) error {
	task, err := metrics.ParseTask(string(i.Task))
	if err != nil {
		return fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	if err := checkCosts(i); err != nil {
		return err
	}
	n := len(i.Classes)
	if task == metrics.Regression && n != 0 || task == metrics.Binary && n != 2 || task == metrics.Multiclass && n < 2 {
		return fmt.Errorf("%w: %d classes for a %s task", ErrCorrupt, n, task)
	}
	return nil
}

// Info describes the model.
func (m *Model) Info() Info { return m.spec.Info }

// Leaderboard lists every trial of the search, best first.
func (m *Model) Leaderboard() []trials.Row { return m.spec.Leaderboard }

// Importance lists the input columns, the most important first.
func (m *Model) Importance() []Importance { return m.spec.Importance }

// Plan is the feature plan.
func (m *Model) Plan() *featurize.Plan { return m.spec.Plan }

// Pipeline makes the features that the members read.
func (m *Model) Pipeline() *featurize.Pipeline { return m.spec.Pipeline }

// Calibration is what is done to the members' weighted mean, nil for nothing; it is
// not to be changed.
func (m *Model) Calibration() *ensemble.Calibration { return m.spec.Calibration }

// Members lists the ensemble; the slice is not to be changed.
func (m *Model) Members() []Member { return m.spec.Members }

// Predictions are the answers for the rows of a table, in their order.
type Predictions struct {
	Task    metrics.Task
	Classes []string // classification only
	// Values holds one number a row, regression only.
	Values []float64
	// Lower and Upper are the bounds of each row's interval, Quantiles is
	// rows×len(Levels), row-major and ascending in a row; nil if the model was not
	// asked for them in training.
	Lower, Upper      []float64
	Levels, Quantiles []float64
	// Probabilities is rows×len(Classes), row-major, classification only.
	Probabilities []float32
	// Doubles are the Probabilities of imported models as they computed them, in
	// double precision; nil for all others.
	Doubles []float64
	// Costs are those of Info, which labels go by. Without them they go by Decision,
	// see ensemble.Calibration; nil for the likeliest class.
	Costs    [][]float64
	Decision []float64
}

// Rows is the number of rows.
func (p *Predictions) Rows() int {
	if p.Task == metrics.Regression {
		return len(p.Values)
	}
	return len(p.Probabilities) / len(p.Classes)
}

// Probability is that of class k for row i.
func (p *Predictions) Probability(i, k int) float32 { return p.Probabilities[i*len(p.Classes)+k] }

// Double is Probability in double precision, as far as the model has it.
func (p *Predictions) Double(i, k int) float64 {
	if p.Doubles != nil {
		return p.Doubles[i*len(p.Classes)+k]
	}
	return float64(p.Probability(i, k))
}

// Label is the class predicted for row i, see Class.
func (p *Predictions) Label(i int) string { return p.Classes[p.Class(i)] }

// Class is the index of the class predicted for row i: the likeliest, by the factors
// of Decision if there are any, or with Costs that of the least expected cost Σ_c P(c)·Costs[c][k] (Elkan 2001). Ties go
// to the earlier class.
func (p *Predictions) Class(i int) int {
	best, least := 0, math.Inf(1)
	for k := range p.Classes {
		cost := -p.Double(i, k)
		switch {
		case p.Costs == nil && p.Decision != nil:
			cost *= p.Decision[k]
		case p.Costs != nil:
			cost = 0
			for c, row := range p.Costs {
				cost += float64(p.Double(i, c) * row[k])
			}
		}
		if cost < least {
			best, least = k, cost
		}
	}
	return best
}

// Raw returns the predictions as package metrics wants them: rows×Width float32.
func (p *Predictions) Raw() []float32 {
	switch p.Task {
	case metrics.Regression:
		out := make([]float32, len(p.Values))
		for i, v := range p.Values {
			out[i] = float32(v)
		}
		return out
	case metrics.Binary:
		out := make([]float32, p.Rows())
		for i := range out {
			out[i] = p.Probability(i, 1)
		}
		return out
	}
	return p.Probabilities
}

// chunkRows bounds the featurized rows in memory at a time.
const chunkRows = 1 << 16

// Predict scores a table: columns in any order, others ignored, the target
// included. A missing column is an error that names it; unseen categories and
// empty cells count as missing values.
func (m *Model) Predict(t *data.Table) (*Predictions, error) {
	width := metrics.Width(m.spec.Info.Task, len(m.spec.Info.Classes))
	sums := make([]float64, t.Rows()*width)
	threads := runtime.GOMAXPROCS(0)
	for from := 0; from < t.Rows() || from == 0; from += chunkRows {
		part, to := t, min(t.Rows(), from+chunkRows)
		if from > 0 || to < t.Rows() {
			part = t.Take(interval(from, to))
		}
		frame, err := m.spec.Pipeline.Frame(part, threads)
		if err != nil {
			return nil, err
		}
		m.score(matrix.New(frame, m.spec.Pipeline.Encoder(), threads), sums[from*width:to*width], threads)
	}
	return m.finish(sums, t.Rows(), width), nil
}

func interval(from, to int) []int32 {
	rows := make([]int32, to-from)
	for i := range rows {
		rows[i] = int32(from + i)
	}
	return rows
}

// score adds the members' weighted predictions for all rows of x to sums, in
// the members' order, so that the bits do not depend on the threads.
func (m *Model) score(x *matrix.Matrix, sums []float64, threads int) {
	// Large blocks bring large forests from memory less often; trees take 64 rows at a time.
	block := max(64, min(2048, x.Frame.Rows/(2*threads)/64*64))
	for _, mem := range m.spec.Members {
		if mem.Predictor.View() == matrix.Encoded {
			x.Dense() // once, with all threads, before the blocks want it
			break
		}
	}
	width := metrics.Width(m.spec.Info.Task, len(m.spec.Info.Classes))
	starts := make(chan int)
	var wg sync.WaitGroup
	for range min(threads, x.Frame.Rows/block+1) {
		wg.Go(func() {
			out := make([]float32, block*width)
			for from := range starts {
				to := min(x.Frame.Rows, from+block)
				m.scoreRows(x, interval(from, to), out[:(to-from)*width], sums[from*width:to*width])
			}
		})
	}
	for from := 0; from < x.Frame.Rows; from += block {
		starts <- from
	}
	close(starts)
	wg.Wait()
}

func (m *Model) scoreRows(x *matrix.Matrix, rows []int32, out []float32, sums []float64) {
	if m.exact {
		m.scoreExact(x, rows, sums)
		return
	}
	c, task := m.spec.Calibration, m.spec.Info.Task
	for _, mem := range m.spec.Members {
		mem.Predictor.Predict(x, rows, out)
		for i, v := range out {
			sums[i] += float64(mem.Weight * c.Term(task, v))
		}
	}
}

// scoreExact is scoreRows for imported models.
func (m *Model) scoreExact(x *matrix.Matrix, rows []int32, sums []float64) {
	out := make([]float64, len(sums))
	for _, mem := range m.spec.Members {
		mem.Predictor.(exactPredictor).PredictExact(x, rows, out)
		for i, v := range out {
			sums[i] += float64(mem.Weight * v)
		}
	}
}

func (m *Model) finish(sums []float64, rows, width int) *Predictions {
	p := &Predictions{Task: m.spec.Info.Task, Classes: m.spec.Info.Classes, Costs: m.spec.Info.Costs}
	if c := m.spec.Calibration; c != nil {
		c.Apply(p.Task, len(p.Classes), sums)
		p.Decision = c.Decision
	}
	if m.exact && p.Task != metrics.Regression {
		p.finishExact(sums)
		return p
	}
	switch p.Task {
	case metrics.Regression:
		p.Values = sums
		if m.spec.Spread != nil {
			m.spec.Spread.add(p, m.spec.Info.Quantiles)
		}
	case metrics.Binary:
		p.Probabilities = make([]float32, 2*rows)
		for i, v := range sums {
			v = min(1, max(0, v))
			p.Probabilities[2*i], p.Probabilities[2*i+1] = float32(1-v), float32(v)
		}
	default:
		p.Probabilities = make([]float32, rows*width)
		for i := range rows {
			normalise(sums[i*width:(i+1)*width], p.Probabilities[i*width:(i+1)*width])
		}
	}
	return p
}

// finishExact takes probabilities as they are: those of some imported models
// do not sum to 1.
func (p *Predictions) finishExact(sums []float64) {
	p.Doubles = sums
	if p.Task == metrics.Binary {
		p.Doubles = make([]float64, 2*len(sums))
		for i, v := range sums {
			p.Doubles[2*i], p.Doubles[2*i+1] = 1-v, v
		}
	}
	p.Probabilities = make([]float32, len(p.Doubles))
	for i, v := range p.Doubles {
		p.Probabilities[i] = float32(v)
	}
}

// normalise makes probabilities sum to 1.
func normalise(sums []float64, out []float32) {
	total := 0.0
	for _, v := range sums {
		total += max(0, v)
	}
	for k, v := range sums {
		if total > 0 {
			out[k] = float32(max(0, v) / total)
		} else {
			out[k] = 1 / float32(len(sums))
		}
	}
}
