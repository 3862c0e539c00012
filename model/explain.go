package model

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/metrics"
)

// Method is how contributions are found.
type Method string

// Methods of Explain.
const (
	// Auto is Exact where that explains the prediction, else Sampled.
	Auto Method = ""
	// Exact takes every member's exact Shapley values: of trees with unknown
	// features as in training (predictor.Shap), of linear members with
	// unknown columns at the background's mean. Shapley values of a weighted
	// sum are the weighted sum of the parts', so this explains predictions of
	// ensembles whose members all predict without a link (most regressions,
	// forests), and the margin of a model of a single member (log-odds of a
	// boosted classifier). Ensembles that average what links have bent are no
	// such sum, nor are their calibrated means: Exact is an error there. Where the
	// model averages log-odds, and all members have them, they are explained.
	Exact Method = "exact"
	// Sampled estimates Shapley values of the final prediction of any model:
	// columns are taken over one after the other, in random orders, from a
	// background row to the row in question, and each gets the changes that it
	// makes (Štrumbelj and Kononenko, Explaining prediction models and
	// individual predictions with feature contributions, 2014), each order
	// forth and back (Mitchell et al., Sampling Permutations for Shapley Value
	// Estimation, 2022).
	Sampled Method = "sampled"
)

// What contributions add up to.
const (
	// UnitPrediction: probabilities, or the number that is predicted.
	UnitPrediction = "prediction"
	// UnitMargin: the sum before the link, such as log-odds.
	UnitMargin = "margin"
)

// ExplainOptions say how Explain works; the zero value is good.
type ExplainOptions struct {
	Method Method
	// Rows are the rows of the table to explain, nil for all.
	Rows []int32
	// Background has the rows that stand for what is not known, nil for the
	// table itself. At most BackgroundRows of them are drawn, 0 means 64. Exact
	// contributions of trees need none.
	Background     *data.Table
	BackgroundRows int
	// Samples is the number of orders drawn for each row, each walked forth and
	// back, rounded up to a multiple of the background's rows; 0 means 64. Sampled only.
	Samples int
	Seed    uint64
}

const (
	defaultBackground = 64
	defaultSamples    = 64
)

// Explanation says what each input column adds to the predictions for some rows.
// For every row and output, Expected and the contributions add up to Prediction.
type Explanation struct {
	Method Method // Exact or Sampled
	Unit   string // UnitPrediction or UnitMargin
	// Columns are the input columns that the model reads.
	Columns []string
	// Outputs are the classes, for two classes only the second (the positive
	// one); of a regression the target.
	Outputs []string
	Rows    []int32 // of the table
	// Expected is what is predicted with no column known, for each output.
	Expected []float64
	// Predictions is rows×outputs, in Unit.
	Predictions []float64
	// Contributions is rows×outputs×columns; StdErr are their standard errors,
	// nil if they are exact.
	Contributions, StdErr []float64
}

// At is what column c adds to output k of the i-th explained row.
func (e *Explanation) At(i, k, c int) float64 {
	return e.Contributions[(i*len(e.Outputs)+k)*len(e.Columns)+c]
}

// Explain finds what each input column adds to the predictions for the rows of a
// table, which needs the columns that Predict needs. The work is spread over all
// cores; the result does not depend on their number. It fails if columns are
// missing, if Exact cannot explain this model, if there is nothing to stand for
// the unknown (a background of one row that is the row itself), and with
// ctx's error when that ends.
func (m *Model) Explain(ctx context.Context, t *data.Table, o ExplainOptions) (*Explanation, error) {
	if err := o.check(t); err != nil {
		return nil, err
	}
	x, err := newExplained(m, t, o)
	if err != nil {
		return nil, err
	}
	switch o.Method {
	case Exact:
		if err := m.exactly(); err != nil {
			return nil, err
		}
		return x.exact(ctx)
	case Auto:
		if m.exactly() == nil {
			return x.exact(ctx)
		}
	}
	return x.sampled(ctx)
}

func (o *ExplainOptions) check(t *data.Table) error {
	switch o.Method {
	case Auto, Exact, Sampled:
	default:
		return fmt.Errorf("method %q: there are %q and %q", o.Method, Exact, Sampled)
	}
	if o.BackgroundRows < 0 || o.Samples < 0 {
		return fmt.Errorf("%d background rows, %d samples: the numbers must not be negative", o.BackgroundRows, o.Samples)
	}
	for _, r := range o.Rows {
		if r < 0 || int(r) >= t.Rows() {
			return fmt.Errorf("row %d: the table has %d", r, t.Rows())
		}
	}
	return nil
}

// explained is the work of one call.
type explained struct {
	ExplainOptions
	m      *Model
	width  int
	table  *data.Table // the rows to explain, then those of the background
	first  int         // of the background
	alone  bool        // there is no background but the row itself
	result *Explanation
}

func newExplained(m *Model, t *data.Table, o ExplainOptions) (*explained, error) {
	x := &explained{ExplainOptions: o, m: m, width: metrics.Width(m.spec.Info.Task, len(m.spec.Info.Classes))}
	if x.Rows == nil {
		x.Rows = interval(0, t.Rows())
	}
	x.first = len(x.Rows)
	back := o.Background
	if back == nil {
		back = t
	}
	x.alone = back.Rows() == 0 || o.Background == nil && back.Rows() == 1
	drawn := draw(back.Rows(), orDefault(o.BackgroundRows, defaultBackground), o.Seed)
	columns := m.spec.Pipeline.Columns()
	if len(x.Rows) == 0 || len(columns) == 0 {
		return nil, fmt.Errorf("there is nothing to explain: %d rows, and the model reads %d columns", len(x.Rows), len(columns))
	}
	rows, err := m.needed(t)
	if err != nil {
		return nil, err
	}
	if back == t {
		x.table = rows.Take(append(slices.Clone(x.Rows), drawn...))
	} else {
		others, err := m.needed(back)
		if err != nil {
			return nil, fmt.Errorf("background: %w", err)
		}
		if x.table, err = data.Concat(rows.Take(x.Rows), others.Take(drawn)); err != nil {
			return nil, fmt.Errorf("background: %w", err)
		}
	}
	size := len(x.Rows) * x.width
	x.result = &Explanation{
		Columns: columns, Outputs: m.outputs(), Rows: x.Rows, Expected: make([]float64, x.width),
		Predictions: make([]float64, size), Contributions: make([]float64, size*len(columns)),
	}
	return x, nil
}

// needed are the columns of a table that the model reads.
func (m *Model) needed(t *data.Table) (*data.Table, error) {
	// The pipeline says best what is missing.
	if _, err := m.spec.Pipeline.Frame(t.Take(nil), 1); err != nil {
		return nil, err
	}
	return t.Select(m.spec.Pipeline.Columns()...)
}

// outputs names the outputs of the model.
func (m *Model) outputs() []string {
	switch m.spec.Info.Task {
	case metrics.Regression:
		return []string{m.spec.Info.Target}
	case metrics.Binary:
		return m.spec.Info.Classes[1:]
	}
	return slices.Clone(m.spec.Info.Classes)
}

// draw draws at most n of rows rows; they come in ascending order.
func draw(rows, n int, seed uint64) []int32 {
	all := interval(0, rows)
	if rows > n {
		rng := rand.New(rand.NewPCG(seed, 0x6261636b))
		rng.Shuffle(rows, func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:n]
		slices.Sort(all)
	}
	return all
}

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}

// errAlone is what Explain answers without a background where it needs one.
var errAlone = errors.New("a single row has no other rows to be compared with: give a background, such as the training table")

// exactly says why exact contributions do not explain the model, nil if they do.
func (m *Model) exactly() error {
	c := m.spec.Calibration
	logs := c != nil && c.Logs
	if c != nil && c.Scale != 0 && !logs && m.spec.Info.Task != metrics.Regression {
		return errors.New("exact contributions: the probabilities are calibrated, which is no sum of contributions: use sampled ones")
	}
	for _, mem := range m.spec.Members {
		plain, err := explainable(mem.Predictor)
		if err != nil {
			return fmt.Errorf("exact contributions: the member of trial %d: %w: use sampled ones", mem.Trial, err)
		}
		if logs && plain {
			return fmt.Errorf("exact contributions: the logarithms of what the member of trial %d predicts are no sum of contributions: use sampled ones", mem.Trial)
		}
		if !plain && !logs && len(m.spec.Members) > 1 {
			return fmt.Errorf("exact contributions: %d members are averaged after their links, which is no sum of contributions: use sampled ones", len(m.spec.Members))
		}
	}
	return nil
}

// unit of exact contributions.
func (m *Model) unit() string {
	if plain, err := explainable(m.spec.Members[0].Predictor); err == nil && !plain {
		return UnitMargin
	}
	return UnitPrediction
}

// explainable reports whether a predictor has exact contributions, and whether
// they are to what it predicts (plain) or to its margin.
func explainable(p predictor.Predictor) (plain bool, err error) {
	switch p := p.(type) {
	case *predictor.Constant:
		return true, nil
	case *predictor.Linear:
		return p.Link() == predictor.Identity, nil
	case *predictor.Additive:
		return p.Link() == predictor.Identity, nil
	case *predictor.Trees:
		return p.Link() == predictor.Identity || p.Link() == predictor.Mean, nil
	case predictor.Expanded:
		return explainable(p.Trees())
	}
	return false, fmt.Errorf("there are none for predictors of the kind %q", p.Kind())
}
