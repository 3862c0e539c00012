package prepared

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/encode"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/algos/linear"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// Learner is boosted trees on prepared columns, "gbdt_prepared". Its parameters
// are those of package gbdt and
//
//	further_columns  columns that are kept at most, 0 to 500; none by default of few rows
//	linear_sums      "true", the default, or "false": whether the sums are of all features,
//	                 or of texts alone
//	target_smooth    weight of the overall mean in an encoding, in rows
//	target_encoding  where a training row's encoding comes from, an matrix.By: "folds",
//	                 the default, "leave_one_out" or "ordered"
//
// With constraints on features no column is added, since a constrained feature
// could get in by it.
type Learner struct{}

var (
	_ algos.Learner   = Learner{}
	_ algos.Portfolio = Learner{}
	_ algos.Selective = Learner{}
)

// New makes the learner.
func New() Learner { return Learner{} }

// Name is "gbdt_prepared".
func (Learner) Name() string { return "gbdt_prepared" }

// View is matrix.Binned.
func (Learner) View() matrix.View { return matrix.Binned }

const (
	usualColumns = 24
	// fewRows is where further columns begin to be the default: of fewer rows a choice by
	// gain finds chance as often as structure.
	fewRows     = 1000
	mostColumns = 500
	usualSmooth = 10.
	// mostlyZero is the share of values that are not zero below which numbers are
	// left alone.
	mostlyZero = 0.2
)

// settings are the parameters of preparation.
type settings struct {
	columns int
	smooth  float64
	by      matrix.By // which rows encodings of training rows come from
	linear  bool      // the sums are of more than text
	sample  int       // training rows that columns are chosen on at most
}

func parseSettings(p search.Params, rows int) (*settings, error) {
	s := &settings{columns: p.Int("further_columns", columnsFor(rows)), smooth: p.Float("target_smooth", usualSmooth), sample: choiceRows}
	if s.columns < 0 || s.columns > mostColumns {
		return nil, fmt.Errorf("parameter further_columns = %d is outside [0, %d]", s.columns, mostColumns)
	}
	if !(s.smooth >= 0 && s.smooth <= 1e9) {
		return nil, fmt.Errorf("parameter target_smooth = %v is outside [0, 1e9]", s.smooth)
	}
	switch e := p.String("linear_sums", "true"); e {
	case "true", "false":
		s.linear = e == "true"
	default:
		return nil, fmt.Errorf("parameter linear_sums = %q: use true or false", e)
	}
	var err error
	if s.by, err = matrix.ParseBy(p.String("target_encoding", string(matrix.ByFolds))); err != nil {
		return nil, fmt.Errorf("parameter target_encoding = %w", err)
	}
	if p.String("monotone_constraints", "") != "" || p.String("interaction_constraints", "") != "" {
		s.columns, s.linear = 0, false
	}
	return s, nil
}

// Suits says that there are categories, texts, or numbers to calculate with: not counts
// of words and the like, most of which are zero.
func (Learner) Suits(s algos.Shape) bool {
	sparse := s.Filled > 0 && s.Filled < mostlyZero
	return s.Categorical > 0 || s.SparseNNZ > 0 || s.Features > 1 && !sparse
}

// columnsFor is the default of further_columns.
func columnsFor(rows int) int {
	if rows < fewRows {
		return 0
	}
	return usualColumns
}

// Space is that of package gbdt and the number of columns.
func (Learner) Space(s algos.Shape) search.Space {
	space := append(gbdt.New().Space(s),
		search.Dimension{Name: "further_columns", Low: 0, High: 96, Integer: true, Default: float64(columnsFor(s.Rows))},
		search.Dimension{Name: "linear_sums", Choices: []string{"true", "false"}, Default: "true"})
	if s.Categorical > 0 {
		space = append(space, search.Dimension{Name: "target_smooth", Low: 1, High: 100, Log: true, Default: usualSmooth})
	}
	return space
}

// Portfolio begins with what package gbdt begins with; the others are those that
// AutoGluon's portfolio of 2025 has for prepared columns, fast ones first.
func (Learner) Portfolio(s algos.Shape) []search.Params {
	list := []search.Params{gbdt.New().Portfolio(s)[0]}
	for _, p := range []search.Params{light, random, slow} {
		p = maps.Clone(p)
		if s.Rows > manyRows { // rounds are dear
			p["learning_rate"] = min(0.1, 2*p.Float("learning_rate", 0.1))
		}
		list = append(list, p)
	}
	return list
}

// Pace is that of package gbdt.
func (Learner) Pace(p search.Params, factor float64) search.Params { return gbdt.New().Pace(p, factor) }

// manyRows is where package gbdt's portfolio takes larger steps.
const manyRows = 100_000

var (
	light = search.Params{
		"bagging_fraction": .959, "feature_fraction": .579, "lambda_l1": .938, "lambda_l2": .99, "learning_rate": .0398,
		"max_cat_to_onehot": 27., "min_data_in_leaf": 1., "min_data_per_group": 39., "num_leaves": 16.,
	}
	random = search.Params{
		"extra_trees": "true", "bagging_fraction": .992, "feature_fraction": .553, "lambda_l1": .914, "lambda_l2": 1.904,
		"learning_rate": .0193, "max_cat_to_onehot": 18., "min_data_in_leaf": 28., "min_data_per_group": 54.,
		"num_leaves": 64., "cat_l2": .0143, "cat_smooth": 1.87,
	}
	slow = search.Params{
		"extra_trees": "true", "bagging_fraction": .722, "feature_fraction": .425, "lambda_l1": .113, "lambda_l2": .262,
		"learning_rate": .0074, "max_cat_to_onehot": 9., "min_data_in_leaf": 15., "min_data_per_group": 10.,
		"num_leaves": 8., "cat_l2": 1.887, "cat_smooth": .0279,
	}
)

// Estimate adds the choice of columns to the cost model of package gbdt.
func (Learner) Estimate(s algos.Shape, p search.Params) algos.Cost {
	further := min(columnsFor(s.Rows), 5*max(s.Features, 1))
	if set, err := parseSettings(p, s.Rows); err == nil {
		further = min(set.columns, 5*max(s.Features, 1))
	}
	chosen, sample := s, s
	chosen.Features += further
	cost := gbdt.New().Estimate(chosen, p)
	sample.Rows = min(s.Rows, choiceRows, choiceCells/max(s.Features, 1))
	numbers := min(s.Features-s.Categorical, maxNumbers)
	sample.Features += max(0, 5*numbers*(numbers-1)/2)
	choice := gbdt.New().Estimate(sample, choiceParams(nil, s.Rows, metrics.Width(s.Task, s.Classes)))
	cost.Seconds += choice.Seconds
	sums := sumsCost(s, p)
	cost.Seconds += sums.Seconds
	cost.Bytes += sums.Bytes
	cost.Bytes = max(cost.Bytes+int64(s.Rows)*int64(4*further), choice.Bytes+int64(sample.Rows)*int64(4*sample.Features))
	return cost
}

// sumsCost is that of the linear models.
func sumsCost(s algos.Shape, p search.Params) algos.Cost {
	of := algos.Shape{Rows: s.Rows, SparseNNZ: s.SparseNNZ, Task: s.Task, Classes: s.Classes}
	if p.String("linear_sums", "true") == "true" && fits(s.Rows, s.DenseCols) {
		of.Features, of.DenseCols = s.Features, s.DenseCols
	}
	if of.SparseNNZ == 0 && of.DenseCols == 0 {
		return algos.Cost{}
	}
	cost := linear.Learner{}.Estimate(of, nil)
	cost.Seconds *= 1 + encode.InnerFolds
	if s.SparseNNZ > 0 {
		cost.Seconds *= textSteps / 60. // of its usual steps
	}
	return cost
}

// Fit prepares columns and boosts as package gbdt does: steps are rounds. It fails
// on requests with Init, whose trees would know nothing of the columns.
func (Learner) Fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	fitted, err := fit(ctx, r)
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("gbdt_prepared: %w", err)
	}
	return fitted, err
}

func fit(ctx context.Context, r *algos.Request) (*algos.Fitted, error) {
	set, err := parseSettings(r.Params, len(r.Train.Rows))
	if err != nil {
		return nil, err
	}
	if r.Init != nil {
		return nil, fmt.Errorf("it cannot go on from a model: use gbdt")
	}
	if err := gbdt.Check(r); err != nil {
		return nil, err
	}
	r = withoutIdle(r)
	p, err := prepare(ctx, r, set)
	if err != nil {
		return nil, err
	}
	fitted, err := gbdt.New().Fit(ctx, &p.request)
	if err != nil {
		return nil, err
	}
	out := *fitted
	out.Predictor, err = p.predictor(fitted.Predictor.(*predictor.Trees))
	return &out, err
}

// withoutIdle leaves out training rows of weight 0: they are in no group.
func withoutIdle(r *algos.Request) *algos.Request {
	if r.Train.W == nil {
		return r
	}
	out := *r
	out.Train.Rows = slices.DeleteFunc(slices.Clone(r.Train.Rows), func(i int32) bool { return r.Train.W[i] == 0 })
	return &out
}

// choiceParams are those of the short fits that columns are chosen by.
func choiceParams(p search.Params, rows, width int) search.Params {
	out := search.Params{}
	maps.Copy(out, p)
	maps.Copy(out, search.Params{
		"rounds": choiceRounds, "learning_rate": 0.1, "num_leaves": 16., "min_data_in_leaf": float64(min(20, max(1, rows/20))),
		"feature_fraction": 0.5, "bagging_fraction": 1., "data_sample_strategy": "bagging", "extra_trees": "false",
		"lambda_l1": 0., "lambda_l2": 1., "max_depth": 0., "path_smooth": 0., "max_delta_step": 0.,
		"multi_output": strconv.FormatBool(width > 1),
	})
	return out
}

// width is the number of outputs of a problem.
func width(p algos.Problem) int { return metrics.Width(p.Task, p.Classes) }
