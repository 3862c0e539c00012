package featurize

import (
	"context"
	"errors"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

var errSoon = errors.New("not written yet")

// Pipeline is a fitted plan.
type Pipeline struct{}

// Target is an inferred target.
type Target struct {
	Name     string       `json:"name"`
	Task     metrics.Task `json:"task"`
	Classes  []string     `json:"classes,omitempty"`
	Why      string       `json:"why"`
	Warnings []string     `json:"warnings,omitempty"`
}

// Shape is the size of a prepared data set.
type Shape struct {
	Rows, Features, Categorical, DenseCols, SparseNNZ int
}

// Prepared is what all trials of a job share.
type Prepared struct {
	Pipeline *Pipeline
	Matrix   *matrix.Matrix
	Y, W     []float32
	Target   *Target
	Rows     int
	Shape    Shape
}

// Key names a prepared data set.
type Key struct {
	Dataset, Plan, Target, Weight string
	Task                          metrics.Task
	Classes                       []string
	TrainRows                     int
}

// Cache shares prepared data sets.
type Cache struct{}

func Infer(t *data.Table, o Options) (*Plan, error)                              { return nil, errSoon }
func (p *Plan) Fit(t *data.Table, rows, threads int) (*Pipeline, error)          { return nil, errSoon }
func (pl *Pipeline) Features() []matrix.Feature                                  { return nil }
func (pl *Pipeline) SparseCols() int                                             { return 0 }
func (pl *Pipeline) Columns() []string                                           { return nil }
func (pl *Pipeline) Frame(t *data.Table, threads int) (*matrix.Frame, error)     { return nil, errSoon }
func (pl *Pipeline) Row(row map[string]any, x []float32) (*matrix.Sparse, error) { return nil, errSoon }
func (pl *Pipeline) Encoder() *matrix.Encoder                                    { return nil }
func (pl *Pipeline) MarshalJSON() ([]byte, error)                                { return nil, errSoon }
func (pl *Pipeline) UnmarshalJSON(b []byte) error                                { return errSoon }
func Find(t *data.Table, name string) (*data.Column, error)                      { return nil, errSoon }
func InferTarget(c *data.Column, rows int, task metrics.Task, pos string) (*Target, error) {
	return nil, errSoon
}
func (t *Target) Encode(c *data.Column) ([]float32, []bool, error) { return nil, nil, errSoon }
func Weights(c *data.Column) ([]float32, error)                    { return nil, errSoon }
func NewCache(maxBytes int64) *Cache                               { return nil }
func (c *Cache) AddTable(digest string, t *data.Table)             {}
func (c *Cache) Table(digest string) (*data.Table, bool)           { return nil, false }
func (c *Cache) Remove(digest string)                              {}
func (c *Cache) Prepare(ctx context.Context, k Key, load func() (*data.Table, *Plan, error), threads int) (*Prepared, error) {
	return nil, errSoon
}
func Prepare(t *data.Table, p *Plan, k Key, threads int) (*Prepared, error) { return nil, errSoon }
