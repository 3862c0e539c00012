package automl

import (
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"time"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// DefaultTime is the budget when neither Time nor Trials is given.
const DefaultTime = 60 * time.Second

// NoWorkers as Options.Workers leaves all trials to other processes.
const NoWorkers = -1

// Event is something that happened in a job; see [bus.Event] for the kinds.
type Event = bus.Event

// Options are what a user asks of Fit. Only Target is required; the zero value
// of every other field means "choose sensibly".
type Options struct {
	// Target names the column to predict.
	Target string
	// Time is the wall-clock budget, counted from Start, everything included.
	// Trials bounds the number of trials. Without both, Time is 60 s; Trials
	// alone has no time limit and gives the same model on every run, with any
	// number of workers.
	Time   time.Duration
	Trials int
	// Start is when the budget began; zero means with the call of Fit.
	Start time.Time
	// Metric ranks models, by scikit-learn's name or a short one (auc, rmse …).
	// Default: roc_auc, log_loss or root_mean_squared_error, by task.
	Metric string
	// Task is binary, multiclass or regression; default: told from the target.
	Task string
	// PositiveClass of a binary task; default: the later one in sorted order.
	PositiveClass string
	// WeightColumn names a column of sample weights ≥ 0.
	WeightColumn string
	// Balanced makes the classes count alike in training, however many rows they
	// have. ClassWeights says instead what a row of each class counts, 1 where the
	// class is not named. Scores are not weighted so.
	Balanced     bool
	ClassWeights map[string]float64
	// Monotone has 1 for columns in which predictions must not fall as they grow,
	// and -1 for those in which they must not rise (of two classes, the probability
	// of the positive one). Only learners that can keep to it take part.
	Monotone map[string]int
	// Costs says what it costs to predict a class (inner key) where another (outer
	// key) is true, for each pair of classes that differ; what is right costs 0 unless
	// it is given. Labels are then the classes of least expected cost. Training and
	// probabilities stay as they are.
	Costs map[string]map[string]float64
	// Intervals is the share of answers, such as 0.9, that the interval of each
	// prediction is to hold; Quantiles are levels between 0 and 1, ascending, that
	// predictions are to come with. Both are for numbers; see [model.Spread].
	Intervals float64
	Quantiles []float64
	// Folds is "auto" (or empty), "holdout" or the number of folds, at least 2.
	Folds string
	// GroupColumn keeps rows of equal values together in validation: no group is
	// both trained and validated on. TimeColumn trains on earlier rows and
	// validates on later ones, in expanding windows; the model is that of the last.
	// FoldColumn names the fold of each row. At most one of them is set. The columns
	// of groups and folds are no features.
	GroupColumn, TimeColumn, FoldColumn string
	// Repeats of the cross-validation, with new folds each time; 0 means one, 20 is
	// the most.
	Repeats int
	// Holdout is the share of the rows (below 1) or the number of rows (from 1) to
	// hold out in place of folds; 0 leaves it to Folds.
	Holdout float64
	// Seed of everything random; 0 is a seed like any other.
	Seed uint64
	// Include and Exclude choose among the learners by name.
	Include, Exclude []string
	// Without leaves out parts of the search, to measure what they are worth: portfolio
	// (good configurations to begin with), fidelity (cheap trials, and giving up early),
	// model (samplers that learn), stacking (a second layer of the ensemble).
	Without []string
	// Params says by learner what is searched of its parameters: for each name a
	// value, a list of values ([]any) or a [Range]. A learner named here keeps all other
	// parameters as its search starts with them; one that is not named is searched in full.
	Params map[string]map[string]any
	// Preset is a set of defaults for other options: fast, balanced, best or interpretable.
	// What is given beside it wins; see [Options.WithPreset].
	Preset string
	// Limits bound memory, trials and the model, and say what score is enough.
	Limits
	// Best makes the model of the best trial alone in place of an ensemble, and
	// validates every trial on all folds.
	Best bool
	// Distill makes one model of boosted trees of the ensemble, which predicts faster
	// and can be exported whole. [Model.Info] has its score beside that of the ensemble,
	// which stays if there is no time.
	Distill bool
	// Types overrides inferred column types: numeric, boolean, categorical,
	// datetime, text, identifier or constant.
	Types map[string]string
	// Ignore lists columns that are not to be used.
	Ignore []string
	// Plan, if not nil, says what becomes of the columns, in place of inference: one
	// that [MakePlan] made, maybe edited. Types must then be empty.
	Plan *Plan
	// Continue, if not nil, is a model of an earlier search over a table of the same
	// columns and target: its best configurations are tried before all others.
	Continue *Model
	// Valid, if not nil, is a table of the same columns on which all models are
	// judged; otherwise folds or a hold-out of the training table do that.
	Valid *data.Table
	// Workers is the number of trials that run at the same time in this
	// process; 0 means one a core, NoWorkers none.
	Workers int
	// Threads of each trial; 0 shares the cores among the workers.
	Threads int
	// NATS is the URL of a NATS server that carries the trials; empty means an
	// embedded one in memory, which nobody else can reach. Token opens it.
	NATS, Token string
	// OnEvent hears what happens, in order, and must not block.
	OnEvent func(Event)
	// Logger is nil to discard.
	Logger *slog.Logger
}

// WithPreset fills in what Preset says of Time, Include, Params, Best and the limits where
// they are not given. [Fit] does so by itself. It fails for an unknown name.
func (o Options) WithPreset() (Options, error) {
	job := o.job()
	if err := job.ApplyPreset(); err != nil {
		return o, &UserError{err}
	}
	o.Time, o.Include, o.Params, o.Best, o.Limits = job.Time, job.Include, job.Params, job.Best, job.Limits
	return o, nil
}

// withDefaults fills what is not given and checks the rest, without looking at data.
func (o Options) withDefaults() (Options, error) {
	o, err := o.WithPreset()
	if err != nil {
		return o, err
	}
	if o.Start.IsZero() {
		o.Start = time.Now()
	}
	if o.Time == 0 && o.Trials == 0 {
		o.Time = DefaultTime
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Threads == 0 {
		o.Threads = max(1, runtime.GOMAXPROCS(0)/max(1, o.Workers))
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, o.check()
}

func (o Options) check() error {
	switch {
	case o.Target == "":
		return usageError("no target: name the column to predict")
	case o.Time < 0:
		return usageError("time %v: the budget must be above 0", o.Time)
	case o.Trials < 0:
		return usageError("trials %d: the number must be above 0", o.Trials)
	case o.Workers < NoWorkers:
		return usageError("workers %d: the number must not be negative", o.Workers)
	case o.Threads < 0:
		return usageError("threads %d: the number must not be negative", o.Threads)
	case o.Workers == NoWorkers && o.NATS == "":
		return usageError("no workers here and no NATS server where others could be: give one of the two")
	}
	job := o.job()
	if _, err := job.Check(); err != nil {
		return &UserError{err}
	}
	return o.checkNames()
}

// checkNames checks the names that only this program knows.
func (o Options) checkNames() error {
	var task metrics.Task
	if o.Task != "" {
		var err error
		if task, err = metrics.ParseTask(o.Task); err != nil {
			return &UserError{err}
		}
	}
	if o.Metric != "" {
		m, err := metrics.Lookup(o.Metric)
		if err != nil {
			return &UserError{err}
		}
		if task != "" && !m.Supports(task) {
			return usageError("metric %q does not fit a %s task", o.Metric, task)
		}
	}
	for _, name := range slices.Concat(o.Include, o.Exclude) {
		if _, err := algos.Lookup(name); err != nil {
			return &UserError{err}
		}
	}
	for column, kind := range o.Types {
		if _, err := featurize.ParseType(kind); err != nil {
			return &UserError{fmt.Errorf("column %q: %w", column, err)}
		}
	}
	return nil
}

// job is the stored form of the options.
func (o Options) job() trials.JobOptions {
	j := trials.JobOptions{
		Target: o.Target, Time: o.Time, Trials: o.Trials, Metric: o.Metric, Task: metrics.Task(o.Task),
		Positive: o.PositiveClass, Weight: o.WeightColumn, Folds: o.Folds, Seed: o.Seed,
		Group: o.GroupColumn, TimeColumn: o.TimeColumn, Fold: o.FoldColumn, Repeats: o.Repeats, Holdout: o.Holdout,
		Include: o.Include, Exclude: o.Exclude, Without: o.Without, Types: o.Types, Ignore: o.Ignore, Threads: 0,
		Plan: o.Plan, Params: plainParams(o.Params), Best: o.Best, Distill: o.Distill, Balanced: o.Balanced, ClassWeights: o.ClassWeights, Monotone: o.Monotone, Costs: o.Costs, Intervals: o.Intervals, Quantiles: o.Quantiles,
		Limits: o.Limits, Preset: o.Preset,
	}
	if o.Valid != nil {
		j.ValidRows = o.Valid.Rows()
	}
	return j
}

// finishShare is the part of the time budget kept for what follows the search:
// permutation importance and the bundle.
func (o Options) finishShare() time.Duration {
	if o.Time == 0 {
		return 0
	}
	return min(2*time.Second, max(150*time.Millisecond, o.Time*3/100-100*time.Millisecond))
}
