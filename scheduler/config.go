package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/seed-09a2cce4/automl/bus"
	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/ensemble"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/model"
	"github.com/seed-09a2cce4/automl/trials"
)

// ErrNoModel is returned by RunJob when it ends before any trial succeeded.
var ErrNoModel = errors.New("no trial succeeded")

// InputError wraps an error whose cause is in the table or the job's options,
// not in the running of it.
type InputError struct{ Err error }

// Error is the cause's text.
func (e *InputError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

// Config is what RunJob and a Service need.
type Config struct {
	// Bus carries the trials; required.
	Bus *bus.Bus
	// Cache holds prepared data, best shared with the workers of this process; required.
	Cache *featurize.Cache
	// Workers is the number of trials that can run at the same time, as far as
	// is known here; nil means 1. Workers elsewhere are noticed by what they take.
	Workers func() int
	// Threads bounds what planning and ensembling use; 0 means all cores.
	Threads int
	// RemoteWorkers says that workers outside this process may take trials: the
	// table is then stored on the bus.
	RemoteWorkers bool
	// Start is when the time budget began; zero means with the first dispatched trial.
	Start time.Time
	// Reserve is left of the time budget for what the caller does after RunJob.
	Reserve time.Duration
	// OnEvent, if not nil, hears every event of the job; it must not block.
	OnEvent func(bus.Event)
	// NoOp makes all trials empty tasks: the protocol alone runs.
	NoOp bool
	// Logger is nil to discard.
	Logger *slog.Logger

	// The rest is for a Service.

	// Name identifies this scheduler in leases; "" means a random name.
	Name string
	// Concurrent is the number of jobs run at the same time; 0 means 1.
	Concurrent int
	// Finish turns an outcome into the bytes of the model that the job record
	// names; it is required.
	Finish func(ctx context.Context, job *trials.Job, o *Outcome) ([]byte, error)

	hooks hooks
}

// hooks are how a Service follows the jobs it runs.
type hooks struct {
	progress func(progress)
	shelf    *shelf
	burial   bool // somebody else runs Bus.Dead
}

// progress is how far a job has come.
type progress struct {
	phase   string
	metric  string
	trials  int
	best    *float64
	started time.Time
}

func (c *Config) threads() int {
	if c.Threads > 0 {
		return c.Threads
	}
	return runtime.GOMAXPROCS(0)
}

func (c *Config) workers() int {
	if c.Workers == nil {
		return 1
	}
	return max(1, c.Workers())
}

func (c *Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

// check reports what is missing.
func (c *Config) check() error {
	switch {
	case c.Bus == nil:
		return errors.New("scheduler: no bus")
	case c.Cache == nil && !c.NoOp:
		return errors.New("scheduler: no cache")
	case c.Reserve < 0:
		return fmt.Errorf("scheduler: negative reserve %v", c.Reserve)
	}
	return nil
}

// Member is one configuration of the ensemble.
type Member struct {
	Trial   int
	Learner string
	Weight  float64
	// Models are its fold models; those with the indices Kept predict, each with an
	// equal share of Weight.
	Models []trials.Model
	Kept   []int
}

// Outcome is what a job found: the parts of a model, and how they came about.
type Outcome struct {
	// Dataset is the digest that the job names its table by.
	Dataset string
	// Table is the job's table without the rows whose target is missing.
	Table    *data.Table
	Plan     *featurize.Plan
	Prepared *featurize.Prepared
	Metric   metrics.Metric
	Split    trials.Split
	// Costs by true and predicted class, nil for none.
	Costs [][]float64
	// Members of the ensemble, heaviest first; weights sum to one.
	Members []Member
	// OutOfFold are predictions for the training rows (rows×Width), NaN where a row was
	// never validated, by ensembles in whose choice the row had no say
	// (ensemble.Mix.OutOfFold).
	OutOfFold []float32
	// Calibration of the members' weighted mean, nil for none.
	Calibration *ensemble.Calibration
	// Score of the ensemble on the validated rows, as the metric defines it, where
	// those rows had no say in weights and calibration (ensemble.Mix.Loss). StdErr is
	// its standard error over the parts of those rows, 0 if it is not known.
	Score, StdErr float64
	// Distilled tells of the one model that was to stand for the ensemble, nil if none was
	// asked for. Where there is one, Members, Calibration, OutOfFold and Score are its own,
	// and Teacher says what it was made of.
	Distilled *trials.Distilled
	Teacher   *model.Teacher
	Board     []trials.Row
	Records   []*trials.Record
	Ended     string // what ended the search, in words
	Warnings  []string
	Started   time.Time // first dispatched trial
	Finished  time.Time
}
