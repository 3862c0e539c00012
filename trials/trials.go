package trials

import (
	"context"
	"errors"
	"time"

	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// State of a trial. Queued and Running are the only ones that change.
type State string

// The life of a trial: Queued → Running → one of the final states.
const (
	Queued    State = "queued"
	Running   State = "running"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Pruned    State = "pruned"
	Cancelled State = "cancelled"
)

// Final reports whether a trial in that state never changes again.
func (s State) Final() bool { return s != Queued && s != Running }

// TaskKind is what a task asks of a worker.
type TaskKind string

// Task kinds. NoOp does nothing and measures the protocol; its record goes from
// queued to succeeded in one step.
const (
	Folds TaskKind = "folds"
	NoOp  TaskKind = "noop"
)

// Split says how rows are divided for validation; it is a pure function of
// itself, the number of rows, the target and the column that divides them.
type Split struct {
	// Folds is K for cross-validation; 1 for one hold-out.
	Folds int `json:"folds"`
	// Repeats of the cross-validation, each with folds of its own; 0 means one.
	Repeats int `json:"repeats,omitempty"`
	// By and Column: the column of groups, times or folds that divides the rows,
	// "" for none.
	By     featurize.SplitBy `json:"by,omitempty"`
	Column string            `json:"column,omitempty"`
	// Holdout is the share of rows held out when Folds is 1.
	Holdout float64 `json:"holdout,omitempty"`
	// Fixed: the last Fixed rows of the table are the validation rows (--valid).
	Fixed int    `json:"fixed,omitempty"`
	Seed  uint64 `json:"seed"`
}

// Spec is one task: a pure description, from which any worker makes the same
// result.
type Spec struct {
	Job    string   `json:"job"`
	Number int      `json:"number"` // 0, 1, 2 … within the job
	Kind   TaskKind `json:"kind"`
	// Problem names the blob (by digest) with the job's Problem.
	Problem string        `json:"problem,omitempty"`
	Learner string        `json:"learner"`
	Params  search.Params `json:"params,omitempty"`
	Split   Split         `json:"split"`
	Seed    uint64        `json:"seed"`
	Threads int           `json:"threads,omitempty"` // 0: the worker's own number
	// MaxSteps bounds each fold's steps, 0 for no bound.
	MaxSteps int `json:"max_steps,omitempty"`
	// Deadline after which the task ends with what it has; zero for none.
	Deadline time.Time `json:"deadline,omitzero"`
	// Prune[k] is the mean loss over folds 0..k above which the trial is given
	// up after fold k. It comes with the task, so that the outcome is a function
	// of the spec alone.
	Prune []float64 `json:"prune,omitempty"`
	// KeepLoss: models and out-of-fold predictions travel only if the loss is
	// below it (or it is nil).
	KeepLoss *float64 `json:"keep_loss,omitempty"`
	// Limits are the job's; ExitScore is not for workers and nil.
	Limits Limits `json:"limits,omitzero"`
}

// Problem is what all trials of a job share.
type Problem struct {
	Dataset   string       `json:"dataset"` // digest of the table
	Plan      string       `json:"plan"`    // digest of the feature plan's JSON
	Target    string       `json:"target"`
	Weight    string       `json:"weight,omitempty"` // weight column
	Task      metrics.Task `json:"task"`
	Metric    string       `json:"metric"`
	Classes   []string     `json:"classes,omitempty"`
	TrainRows int          `json:"train_rows"`
	// ClassWeights multiply the weights of training rows, by class; nil for none.
	// Scores are not weighted by them.
	ClassWeights []float64 `json:"class_weights,omitempty"`
}

// Result is what a worker found.
type Result struct {
	Loss       float64   `json:"loss"` // lower is better, see metrics.Metric.Loss
	FoldLosses []float64 `json:"fold_losses"`
	Steps      []int     `json:"steps"` // reached, one a fold
	Truncated  bool      `json:"truncated,omitempty"`
	// OutOfFold and Models are blob digests, empty if not kept.
	OutOfFold      string  `json:"out_of_fold,omitempty"`
	Models         string  `json:"models,omitempty"`
	FitSeconds     float64 `json:"fit_seconds"`
	PredictSeconds float64 `json:"predict_seconds"` // for the validation rows
	Bytes          int64   `json:"bytes"`           // size of the models
	// RowSeconds is what a fold model takes for a row on one thread, in batches: the
	// mean over the folds, of a split by time that of the latest.
	RowSeconds float64 `json:"row_seconds,omitempty"`
	Kernel     string  `json:"kernel"` // architecture and kernel set
}

// Record is the stored state of a trial, kept by compare-and-set.
type Record struct {
	Spec  Spec  `json:"spec"`
	State State `json:"state"`
	// Attempt is the fencing token: the number of times a worker has taken the
	// trial. Only the holder of the current attempt may finish it.
	Attempt  int       `json:"attempt"`
	Worker   string    `json:"worker,omitempty"`
	Queued   time.Time `json:"queued,omitzero"`
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	Result   *Result   `json:"result,omitempty"`
	// Reason says in words why a trial failed, was pruned or cancelled.
	Reason string `json:"reason,omitempty"`
	// Revision is the store's, for compare-and-set; it is not part of the JSON.
	Revision uint64 `json:"-"`
}

// Errors of a Store.
var (
	// ErrExists is returned by Create for a record that is there already.
	ErrExists = errors.New("exists already")
	// ErrConflict is returned by Update when the record changed or went meanwhile.
	ErrConflict = errors.New("record changed meanwhile")
	// ErrNotFound is returned by Get.
	ErrNotFound = errors.New("not found")
)

// Store keeps trial records. All methods are safe for concurrent use by any
// number of processes. Package trialstest holds the suite that every
// implementation passes.
type Store interface {
	// Create stores a new record and sets its Revision; ErrExists if there is one.
	Create(ctx context.Context, r *Record) error
	// Update stores r if the stored revision still is r.Revision, and sets the
	// new one; else ErrConflict, and r is unchanged.
	Update(ctx context.Context, r *Record) error
	// Get reads one record; ErrNotFound if there is none.
	Get(ctx context.Context, job string, number int) (*Record, error)
	// List reads all records of a job in the order of their numbers.
	List(ctx context.Context, job string) ([]*Record, error)
	// Watch sends all records of a job and then every change until ctx ends, when
	// the channel is closed. Of changes in quick succession to one record only
	// the last may be seen; a final state always is.
	Watch(ctx context.Context, job string) (<-chan *Record, error)
	// Delete removes all records of a job; watchers do not hear of it.
	Delete(ctx context.Context, job string) error
}
