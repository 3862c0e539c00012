package automl

import (
	"fmt"
	"time"

	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/trials"
)

// ColumnInfo is one column of an uploaded table.
type ColumnInfo struct {
	Name string `json:"name" doc:"name in the header"`
	Kind string `json:"kind" enum:"number,time,string" doc:"how the column is stored"`
}

// Dataset describes an uploaded table.
type Dataset struct {
	ID      string       `json:"id" doc:"digest of the table's content: equal tables have equal ids"`
	Name    string       `json:"name,omitempty"`
	Rows    int          `json:"rows"`
	Columns []ColumnInfo `json:"columns"`
	Bytes   int64        `json:"bytes" doc:"size of the upload"`
	Created time.Time    `json:"created"`
}

// JobRequest is the body of POST /v1/jobs: a data set and what is asked of the
// job. Zero fields are chosen by the service; without Time, Deadline and Trials
// the time is 60s.
type JobRequest struct {
	Dataset      string                        `json:"dataset" minLength:"1" maxLength:"128" doc:"id of an uploaded data set"`
	Name         string                        `json:"name,omitempty" maxLength:"200" doc:"a name for people"`
	Target       string                        `json:"target" minLength:"1" doc:"column to predict"`
	Time         string                        `json:"time,omitempty" example:"60s" doc:"wall-clock budget from the first dispatched trial, such as 90s or 1h30m"`
	Deadline     time.Time                     `json:"deadline,omitzero" doc:"absolute end (RFC 3339), beside time"`
	Preset       string                        `json:"preset,omitempty" enum:"fast,balanced,best,interpretable" doc:"defaults for time, include, params, best and limits where they are absent"`
	Trials       int                           `json:"trials,omitempty" minimum:"0" doc:"number of trials; alone it has no time limit and is deterministic"`
	Metric       string                        `json:"metric,omitempty" example:"roc_auc" doc:"scikit-learn's name or a short one"`
	Task         string                        `json:"task,omitempty" enum:"binary,multiclass,regression" doc:"inferred from the target if absent"`
	Positive     string                        `json:"positive_class,omitempty" doc:"the class whose probability counts, by default the later one in sorted order"`
	Weight       string                        `json:"weight_column,omitempty" doc:"column with row weights"`
	Folds        string                        `json:"folds,omitempty" example:"5" doc:"auto, holdout or a number from 2"`
	Repeats      int                           `json:"repeats,omitempty" minimum:"0" maximum:"20" doc:"repetitions of the cross-validation, with new folds each time"`
	Holdout      float64                       `json:"holdout,omitempty" minimum:"0" doc:"share of the rows (below 1) or number of rows to hold out in place of folds"`
	Group        string                        `json:"group_column,omitempty" doc:"column whose equal values are validated together"`
	TimeColumn   string                        `json:"time_column,omitempty" doc:"column by which earlier rows train and later ones validate"`
	Fold         string                        `json:"fold_column,omitempty" doc:"column with each row's fold"`
	Seed         uint64                        `json:"seed,omitempty"`
	Include      []string                      `json:"include,omitempty" doc:"only these learners"`
	Exclude      []string                      `json:"exclude,omitempty" doc:"not these learners"`
	Without      []string                      `json:"without,omitempty" doc:"parts of the search to leave out: portfolio, fidelity, model, stacking, early-end"`
	Types        map[string]string             `json:"types,omitempty" doc:"types of columns, in place of the inferred ones"`
	Ignore       []string                      `json:"ignore,omitempty" doc:"columns to leave out"`
	Params       map[string]map[string]any     `json:"params,omitempty" doc:"by learner and parameter: a value, a list of values or a range {min, max, log}; others of that learner keep what the search starts with"`
	Best         bool                          `json:"best,omitempty" doc:"the model is the best trial alone, not an ensemble"`
	Distill      bool                          `json:"distill,omitempty" doc:"the model is one of boosted trees that learns what the ensemble predicts, which stays if there is no time for it"`
	Plan         *featurize.Plan               `json:"plan,omitempty" doc:"what becomes of the columns, in place of inference: a document that automl plan --json printed, maybe edited; status documents leave it out"`
	Balanced     bool                          `json:"balanced,omitempty" doc:"weigh classes in training so that they count alike"`
	ClassWeights map[string]float64            `json:"class_weights,omitempty" doc:"what a row of each class counts in training, 1 by default"`
	Monotone     map[string]int                `json:"monotone,omitempty" doc:"1 for columns in which predictions must not fall, -1 for those in which they must not rise"`
	Costs        map[string]map[string]float64 `json:"costs,omitempty" doc:"by true class and predicted class: labels are the classes of least expected cost"`
	Intervals    float64                       `json:"intervals,omitempty" minimum:"0" exclusiveMaximum:"1" doc:"share of answers that the interval of each prediction is to hold"`
	Quantiles    []float64                     `json:"quantiles,omitempty" maxItems:"99" doc:"levels between 0 and 1, ascending, that predictions are to come with"`
	MaxMemory    string                        `json:"max_memory,omitempty" example:"2GB" doc:"refuse trials that by estimate would make a process hold more for the job"`
	TrialTimeout string                        `json:"trial_timeout,omitempty" example:"30s" doc:"how long a trial may train"`
	MaxModelSize string                        `json:"max_model_size,omitempty" example:"10MB" doc:"what the model may take"`
	MaxLatency   float64                       `json:"max_predict_latency,omitempty" minimum:"0" doc:"microseconds that the model may take for a row, in batches on one thread"`
	ExitScore    *float64                      `json:"exit_score,omitempty" doc:"end once a trial's validation score is as good"`
	Continue     string                        `json:"continue,omitempty" maxLength:"128" doc:"id of an earlier job over the same columns and target, whose best configurations are tried first"`
	ValidRows    int                           `json:"valid_rows,omitempty" minimum:"0" doc:"the last rows of the table, used for validation only"`
	Threads      int                           `json:"threads,omitempty" minimum:"0" doc:"threads a trial may use"`
}

// SetLimits writes limits as a request has them: sizes with their units.
func (r *JobRequest) SetLimits(l Limits) {
	if l.MaxMemory > 0 {
		r.MaxMemory = trials.FormatSize(l.MaxMemory)
	}
	if l.MaxModelSize > 0 {
		r.MaxModelSize = trials.FormatSize(l.MaxModelSize)
	}
	if l.TrialTimeout > 0 {
		r.TrialTimeout = l.TrialTimeout.String()
	}
	r.MaxLatency, r.ExitScore = float64(l.MaxPredictLatency)/float64(time.Microsecond), l.ExitScore
}

// JobStatus is what the service tells about a job.
type JobStatus struct {
	ID        string          `json:"id"`
	Name      string          `json:"name,omitempty"`
	State     trials.JobState `json:"state" enum:"queued,running,succeeded,failed,cancelled"`
	Reason    string          `json:"reason,omitempty" doc:"why the job failed, or what ended it"`
	Phase     string          `json:"phase,omitempty" doc:"what a running job is at"`
	Dataset   string          `json:"dataset"`
	Metric    string          `json:"metric,omitempty"`
	BestScore *float64        `json:"best_score,omitempty" doc:"best validation score so far"`
	Trials    int             `json:"trials" doc:"trials that have ended"`
	// TimeLeft is in seconds; nil for a job that is over or has no time limit.
	TimeLeft *float64 `json:"time_left,omitempty" doc:"seconds left of the budget; it does not shrink in the queue"`
	// QueuedSeconds is the wait before the first trial, which is no part of the budget.
	QueuedSeconds float64    `json:"queued_seconds" doc:"wait before the first trial, no part of the budget"`
	Cancelling    bool       `json:"cancelling,omitempty" doc:"a cancel was asked for and the job is ending"`
	HasModel      bool       `json:"has_model" doc:"the model can be downloaded"`
	Created       time.Time  `json:"created"`
	Started       time.Time  `json:"started,omitzero" doc:"first dispatched trial"`
	Finished      time.Time  `json:"finished,omitzero"`
	Options       JobRequest `json:"options" doc:"what was asked, with the defaults filled in"`
}

// Final reports whether the job will not change any more.
func (s *JobStatus) Final() bool { return s.State.Final() }

// RowPrediction is the prediction for one row: a number, maybe with an interval and
// quantiles, or the label of a class with the probability of each.
type RowPrediction struct {
	Prediction    any                `json:"prediction"`
	Probabilities map[string]float64 `json:"probabilities,omitempty"`
	// Lower and Upper bound the interval, Quantiles are by level; absent if the job
	// was not asked for them.
	Lower     *float64           `json:"lower,omitempty"`
	Upper     *float64           `json:"upper,omitempty"`
	Quantiles map[string]float64 `json:"quantiles,omitempty"`
}

// APIError is an answer of the service that is not a success (RFC 9457).
type APIError struct {
	Status int    `json:"status"` // HTTP status
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// Fields names the parts of the request that are wrong, such as
	// "body.target: no column …"; often empty.
	Fields []string `json:"-"`
}

func (e *APIError) Error() string {
	s := e.Detail
	if s == "" {
		s = e.Title
	}
	for _, f := range e.Fields {
		s += "; " + f
	}
	return fmt.Sprintf("%s (HTTP %d)", s, e.Status)
}
