package trials

import (
	"time"

	"github.com/seed-09a2cce4/automl/ensemble"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// JobState is the state of a job.
type JobState string

// The life of a job: JobQueued → JobRunning → one of the final states.
const (
	JobQueued    JobState = "queued"
	JobRunning   JobState = "running"
	JobSucceeded JobState = "succeeded"
	JobFailed    JobState = "failed"
	JobCancelled JobState = "cancelled"
)

// Final reports whether a job in that state never changes again.
func (s JobState) Final() bool { return s != JobQueued && s != JobRunning }

// JobOptions is what a user asks of a job. The zero value of every field but
// Target means "choose sensibly".
type JobOptions struct {
	Target string `json:"target"`
	// Time is the wall-clock budget from the first dispatched trial; Trials
	// bounds the number of trials. Both zero means Time = 60 s; Trials alone
	// has no time limit and is deterministic.
	Time     time.Duration `json:"time,omitempty"`
	Deadline time.Time     `json:"deadline,omitzero"` // absolute end, beside Time
	Trials   int           `json:"trials,omitempty"`
	Metric   string        `json:"metric,omitempty"`
	Task     metrics.Task  `json:"task,omitempty"`
	Positive string        `json:"positive_class,omitempty"`
	Weight   string        `json:"weight_column,omitempty"`
	Folds    string        `json:"folds,omitempty"` // auto, holdout or a number from 2
	// Holdout is the share of the rows (below 1) or their number (from 1) that is
	// held out in place of folds; 0 chooses.
	Holdout float64 `json:"holdout,omitempty"`
	// Repeats of the cross-validation; 0 means one.
	Repeats int `json:"repeats,omitempty"`
	// Group, Time and Fold name the column that divides the rows: those of one
	// group are validated together, those of a time after earlier ones, or as the
	// column says. At most one of them is set.
	Group      string            `json:"group_column,omitempty"`
	TimeColumn string            `json:"time_column,omitempty"`
	Fold       string            `json:"fold_column,omitempty"`
	Seed       uint64            `json:"seed,omitempty"`
	Include    []string          `json:"include,omitempty"` // learners
	Exclude    []string          `json:"exclude,omitempty"`
	Without    []string          `json:"without,omitempty"` // see Parts
	Types      map[string]string `json:"types,omitempty"`
	Ignore     []string          `json:"ignore,omitempty"`
	// Plan says what becomes of the columns, in place of inference; Types does not
	// go with it.
	Plan *featurize.Plan `json:"plan,omitempty"`
	// Params says by learner what is searched of its parameters: a value, a list of
	// values or a range ({"min", "max", "log"}). A learner with parameters named keeps all
	// others as they start; one that is not named is searched in full.
	Params map[string]map[string]any `json:"params,omitempty"`
	// Best makes the model of the best trial alone, not of an ensemble, and validates
	// every trial on all folds.
	Best bool `json:"best,omitempty"`
	// Distill makes one model of boosted trees of the ensemble, see Distilled.
	Distill bool `json:"distill,omitempty"`
	// Balanced weighs the classes in training so that they count alike;
	// ClassWeights says what each counts, 1 where it is not named.
	Balanced     bool               `json:"balanced,omitempty"`
	ClassWeights map[string]float64 `json:"class_weights,omitempty"`
	// Monotone has 1 for columns in which predictions must not fall and -1 for
	// those in which they must not rise.
	Monotone map[string]int `json:"monotone,omitempty"`
	// Costs says what it costs to predict a class (inner key) where another (outer
	// key) is true; the label of a row is the class of least expected cost. What is
	// right costs 0 unless it is given.
	Costs map[string]map[string]float64 `json:"costs,omitempty"`
	// Intervals is the share of answers that the interval of a prediction is to
	// hold, 0 for none; Quantiles are the levels that predictions come with. Both
	// are for regression.
	Intervals float64   `json:"intervals,omitempty"`
	Quantiles []float64 `json:"quantiles,omitempty"`
	Limits
	// Continue is the id of the job that First comes from, "" for none.
	Continue string `json:"continue,omitempty"`
	// First are configurations that are tried before all others. With Refit they alone
	// are tried, each on all folds, and the model weighs them as they say, with
	// Calibration.
	First       []Config              `json:"first,omitempty"`
	Refit       bool                  `json:"refit,omitempty"`
	Calibration *ensemble.Calibration `json:"calibration,omitempty"`
	// Student is the configuration of the model that is distilled; nil to choose.
	Student *Config `json:"student,omitempty"`
	// Past is the search that First comes from, for the sampler where it was of the same
	// table, split and metric; nil for none.
	Past *Past `json:"past,omitempty"`
	// Preset names a set of defaults for other options, which ApplyPreset fills in.
	Preset string `json:"preset,omitempty"`
	// ValidRows: the last ValidRows rows of the table are for validation only.
	ValidRows int `json:"valid_rows,omitempty"`
	// Threads a trial may use; 0 leaves it to each worker.
	Threads int `json:"threads,omitempty"`
}

// Config is a configuration that a job is given, and its weight in the model where it
// has one.
type Config struct {
	Learner string        `json:"learner"`
	Params  search.Params `json:"params,omitempty"`
	Weight  float64       `json:"weight,omitempty"`
	// Models is how many of its fold models predict, 0 for all.
	Models int `json:"models,omitempty"`
}

// Past is an earlier search, as far as a sampler wants to know it.
type Past struct {
	Dataset string  `json:"dataset"` // digest of the table
	Split   Split   `json:"split"`
	Metric  string  `json:"metric"`
	Trials  []Tried `json:"trials"`
}

// Tried is a configuration and its loss.
type Tried struct {
	Config
	Loss float64 `json:"loss"`
}

// Job is the stored record of a job, kept by compare-and-set and owned by one
// scheduler at a time under a lease.
type Job struct {
	ID      string     `json:"id"`
	Name    string     `json:"name,omitempty"`
	Dataset string     `json:"dataset"` // digest of the table
	Options JobOptions `json:"options"`
	State   JobState   `json:"state"`
	Reason  string     `json:"reason,omitempty"` // why it failed, or what ended it
	// CancelRequested asks the owner to end the job with the best model so far.
	CancelRequested bool      `json:"cancel_requested,omitempty"`
	Created         time.Time `json:"created"`
	Started         time.Time `json:"started,omitzero"` // first dispatched trial
	Finished        time.Time `json:"finished,omitzero"`
	// Progress, updated as trials end.
	Metric    string   `json:"metric,omitempty"`
	Phase     string   `json:"phase,omitempty"`
	TrialsRun int      `json:"trials"` // in a final state
	BestScore *float64 `json:"best_score,omitempty"`
	// Model is the blob digest of the bundle once there is one.
	Model string `json:"model,omitempty"`
	// Owner holds the lease until LeaseUntil; then any scheduler may take over.
	Owner      string    `json:"owner,omitempty"`
	LeaseUntil time.Time `json:"lease_until,omitzero"`
	Revision   uint64    `json:"-"`
}
