package algos

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"sync"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// Shape is what a learner may know of a data set before it trains.
type Shape struct {
	Rows        int // training rows
	Features    int // of the frame
	Categorical int // of those
	DenseCols   int // of the dense view
	SparseNNZ   int // entries of the sparse block
	// Filled is the share of the frame's values that are not zero; 0 if unknown.
	Filled  float64
	Task    metrics.Task
	Classes int
}

// Cost is an estimate of one fit with one thread.
type Cost struct {
	Seconds float64
	Bytes   int64 // beyond the shared views
}

// Problem is what is to be learned.
type Problem struct {
	Task    metrics.Task
	Classes int
	// Metric is what early stopping looks at.
	Metric metrics.Metric
}

// Data is a selection of rows of a matrix with their targets. Y, W and Groups are
// indexed like the matrix, not like Rows; Y holds class indices when
// classifying. W nil means weight one.
type Data struct {
	M *matrix.Matrix
	Y []float32
	// Soft, if not nil, are shares of the classes, between 0 and 1, that are learned in
	// place of the classes themselves: metrics.Width numbers a row, indexed by row like Y,
	// for two classes the share of the second. Boosted trees look at it, in training.
	Soft []float32
	W    []float32
	Rows []int32
	// Groups, if not nil, says which rows belong together: a learner that divides
	// its training rows keeps those of one group on one side.
	Groups []int32
}

// Request is one fit.
type Request struct {
	Problem Problem
	Train   Data
	// Valid may have no rows: then nothing stops early.
	Valid   Data
	Params  search.Params
	Seed    uint64
	Threads int
	// MaxSteps bounds the boosting rounds, trees or passes; 0 means the parameters' own.
	MaxSteps int
	// Objective, if not nil, is the loss to boost on, in place of the one that
	// the parameters, the metric or the task stand for. Boosted trees look at it.
	Objective Objective
	// Init, if not nil, is a model of boosted trees on the same features to go on
	// from: the rounds of the fit are added to its own, and the result has both.
	// Steps and MaxSteps count the new ones.
	Init *predictor.Trees
	// Report, if not nil, hears the validation loss (lower is better) after a
	// step and answers whether to go on. Without validation rows it may hear the loss
	// on the training rows that a part of the model was not trained on.
	Report func(step int, loss float64) bool
}

// Objective is a loss for boosting that is not built in: a sum over rows of a
// twice differentiable function of a row's target and its scores, one for each
// output. Weights are applied by the learner. Methods must be pure functions, safe
// for concurrent use.
type Objective interface {
	// Base is the score that all rows start with, one for each output. w nil
	// means weight one.
	Base(y, w []float32) []float64
	// Gradients writes the first and second derivatives of the rows' losses in
	// the scores: score, first and second are [output][row], row i having target
	// y[i]. They must be finite, and the second not negative.
	Gradients(y []float32, score, first, second [][]float64)
	// Link turns scores into predictions.
	Link() predictor.Link
}

// Fitted is the outcome of a fit.
type Fitted struct {
	Predictor predictor.Predictor
	// Steps reached; repeating the request with MaxSteps = Steps gives the same bits.
	Steps int
	// Truncated says that ctx ended the fit, not the learner.
	Truncated bool
	// ValidPred are the predictions on the validation rows
	// (rows×Width, in the order of Valid.Rows), nil if the learner has none at hand.
	ValidPred []float32
	// OutOfBag are predictions for the training rows (rows×Width, in the order of
	// Train.Rows) by the parts of the model whose samples left them out, NaN where
	// none has; nil if the learner has none at hand, if there are validation rows, and
	// if there is no Report.
	OutOfBag []float32
}

// Learner trains predictors. Implementations are stateless and safe for
// concurrent use. The result is bit-identical for any number of threads.
type Learner interface {
	// Name is the registry's key, such as "gbdt".
	Name() string
	// View is what Fit reads.
	View() matrix.View
	// Space declares the hyperparameters for a data shape; each dimension's
	// Default is the low-cost starting point.
	Space(s Shape) search.Space
	// Estimate is the declared cost model: a pure function.
	Estimate(s Shape, p search.Params) Cost
	// Fit trains until done or until ctx ends, and then returns the best so far.
	// It fails with ctx's error only if there is nothing to return yet.
	Fit(ctx context.Context, r *Request) (*Fitted, error)
}

var (
	mu       sync.RWMutex
	learners = map[string]Learner{}
)

// Register adds a learner, one of your own too: it takes part in searches from then on, in
// this process. It fails if the learner has no name or there is one of that name already.
func Register(l Learner) error {
	name := l.Name()
	if name == "" {
		return errors.New("a learner without a name")
	}
	mu.Lock()
	defer mu.Unlock()
	if _, twice := learners[name]; twice {
		return fmt.Errorf("learner %q is registered already", name)
	}
	learners[name] = l
	return nil
}

// Lookup finds a registered learner.
func Lookup(name string) (Learner, error) {
	mu.RLock()
	defer mu.RUnlock()
	if l, ok := learners[name]; ok {
		return l, nil
	}
	return nil, fmt.Errorf("unknown learner %q: there are %v", name, namesLocked())
}

// Names lists the registered learners in alphabetical order.
func Names() []string {
	mu.RLock()
	defer mu.RUnlock()
	return namesLocked()
}

func namesLocked() []string {
	names := make([]string, 0, len(learners))
	for n := range learners {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
