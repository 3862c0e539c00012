package featurize

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// Shape is the size of a prepared data set as learners see it: with categories encoded by
// the target as numbers, and no more features than are selected.
type Shape struct {
	Rows        int
	Features    int
	Categorical int // of those
	DenseCols   int // of the dense view, without the sparse block
	SparseCols  int
	SparseNNZ   int // entries of the sparse block
	// Filled is the share of the frame's values that are not zero, by a sample.
	Filled float64
}

// Prepared is what all trials of a job share. It is read-only and safe for
// concurrent use.
type Prepared struct {
	Pipeline *Pipeline
	Matrix   *matrix.Matrix
	// Y holds class indices or values, W weights (nil: all one), a row each.
	Y, W   []float32
	Target *Target
	// Keys divides the rows for validation, see SplitKeys; nil without a split column.
	Keys []int32
	// Rows of the matrix; the first TrainRows were fitted on.
	Rows, TrainRows int
	// Select is the plan's.
	Select int
	Shape  Shape
}

// Key names a prepared data set: everything it is a function of.
type Key struct {
	// Dataset and Plan are digests.
	Dataset, Plan string
	// Target and Weight are columns; Weight may be "".
	Target, Weight string
	Task           metrics.Task
	Classes        []string
	// TrainRows: statistics come from the first TrainRows rows; 0 means all.
	TrainRows int
	// SplitBy and SplitColumn say which column divides the rows, "" for none.
	SplitBy     SplitBy
	SplitColumn string
}

// Prepare fits the plan on the first k.TrainRows rows and featurizes all rows of
// t. It fails if a row has no known target or no proper weight: such rows are
// to be dropped before.
func Prepare(t *data.Table, p *Plan, k Key, threads int) (*Prepared, error) {
	target := &Target{Name: k.Target, Task: k.Task, Classes: slices.Clone(k.Classes)}
	col, err := Find(t, k.Target)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	out := &Prepared{Target: target, Rows: t.Rows(), TrainRows: trainingRows(t, k.TrainRows)}
	y, known, err := target.Encode(col)
	if err != nil {
		return nil, err
	}
	if i := slices.Index(known, false); i >= 0 {
		return nil, fmt.Errorf("target %q: row %d is missing or a class that training lacks: leave the row out", k.Target, i+1)
	}
	out.Y = y
	if err := out.readRows(t, k); err != nil {
		return nil, err
	}
	pl, f, err := p.fit(t, out.TrainRows, threads)
	if err != nil {
		return nil, err
	}
	out.Pipeline, out.Matrix = pl, matrix.New(f, pl.encoder, threads)
	out.Select = p.Select
	out.Shape = shapeOf(f, pl.encoder.Cols(), p.Select, target)
	return out, nil
}

// shapeOf is the shape of a frame with that many dense columns.
func shapeOf(f *matrix.Frame, dense, most int, target *Target) Shape {
	s := Shape{Rows: f.Rows, DenseCols: dense, Filled: f.Filled()}
	encoded, each := 0, 1
	if len(target.Classes) > 2 {
		each = len(target.Classes)
	}
	for _, ft := range f.Features {
		switch {
		case ft.Encoding != nil:
			encoded += each
		case ft.Levels > 0:
			s.Categorical++
			fallthrough
		default:
			s.Features++
		}
	}
	if most > 0 && most < s.Features {
		s.DenseCols = s.DenseCols * most / s.Features
		s.Features, s.Categorical = most, min(s.Categorical, most)
	}
	s.Features += encoded
	s.DenseCols += encoded
	if f.Sparse != nil {
		s.SparseCols, s.SparseNNZ = f.Sparse.Cols, len(f.Sparse.Index)
	}
	return s
}

// readRows reads the columns that say how rows are weighed and divided.
func (p *Prepared) readRows(t *data.Table, k Key) error {
	if k.Weight != "" {
		col, err := Find(t, k.Weight)
		if err != nil {
			return fmt.Errorf("weight column: %w", err)
		}
		if p.W, err = Weights(col); err != nil {
			return err
		}
	}
	if k.SplitBy != "" {
		col, err := Find(t, k.SplitColumn)
		if err != nil {
			return fmt.Errorf("%s column: %w", k.SplitBy, err)
		}
		if p.Keys, err = SplitKeys(col, k.SplitBy); err != nil {
			return err
		}
	}
	return nil
}

// Bytes is what p may come to hold with all its views made: 4 bytes a cell of
// the frame, 2 of the bins, 5 of the dense view, 8 an entry of the sparse block.
func (p *Prepared) Bytes() int64 {
	s := p.Shape
	return int64(s.Rows)*(11*int64(s.Features)+16) + 8*int64(s.SparseNNZ)
}

// Cache shares prepared data sets and tables within a process. Prepared sets
// are bounded by bytes, the least recently used go first; the latest one stays
// even if it alone is larger. Tables stay until Remove. It is safe for
// concurrent use.
type Cache struct {
	mu      sync.Mutex
	max     int64
	held    int64
	tables  map[string]*data.Table
	entries map[string]*list.Element // of *entry
	recent  *list.List               // front: used last
	flights map[string]*flight
}

type entry struct {
	key, dataset string
	prepared     *Prepared
	bytes        int64
}

// flight is a preparation under way; done is closed once the rest is set.
type flight struct {
	done     chan struct{}
	prepared *Prepared
	err      error
}

// NewCache makes a cache for about maxBytes of prepared data.
func NewCache(maxBytes int64) *Cache {
	return &Cache{
		max:     maxBytes,
		tables:  map[string]*data.Table{},
		entries: map[string]*list.Element{},
		recent:  list.New(),
		flights: map[string]*flight{},
	}
}

// AddTable keeps a table, by reference, until Remove.
func (c *Cache) AddTable(digest string, t *data.Table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tables[digest] = t
}

// Table returns a table that AddTable has brought.
func (c *Cache) Table(digest string) (*data.Table, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.tables[digest]
	return t, ok
}

// Remove drops a table and all that was prepared from it.
func (c *Cache) Remove(digest string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tables, digest)
	for _, e := range c.entries {
		if e.Value.(*entry).dataset == digest {
			c.drop(e)
		}
	}
}

func (c *Cache) drop(e *list.Element) {
	it := c.recent.Remove(e).(*entry)
	delete(c.entries, it.key)
	c.held -= it.bytes
}

var errGaveUp = errors.New("the preparation ended early")

// Prepare returns the prepared data set of a key. If it is not there, load
// brings the table and the plan; a nil table stands for the one of AddTable.
// Concurrent calls with one key share the work of the first, on its goroutine
// and threads, which ctx does not interrupt; the others wait until it is done
// or their ctx ends. Errors are not kept.
func (c *Cache) Prepare(ctx context.Context, k Key, load func() (*data.Table, *Plan, error), threads int) (*Prepared, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%q %q %q %q %q %q %d %q %q", k.Dataset, k.Plan, k.Target, k.Weight, k.Task, k.Classes, k.TrainRows, k.SplitBy, k.SplitColumn)
	c.mu.Lock()
	if e, ok := c.entries[key]; ok {
		c.recent.MoveToFront(e)
		c.mu.Unlock()
		return e.Value.(*entry).prepared, nil
	}
	if f, ok := c.flights[key]; ok {
		c.mu.Unlock()
		select {
		case <-f.done:
			return f.prepared, f.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f := &flight{done: make(chan struct{}), err: errGaveUp}
	c.flights[key] = f
	c.mu.Unlock()
	defer c.land(key, k.Dataset, f) // even if load panics
	f.prepared, f.err = c.prepare(k, load, threads)
	return f.prepared, f.err
}

func (c *Cache) prepare(k Key, load func() (*data.Table, *Plan, error), threads int) (*Prepared, error) {
	t, p, err := load()
	if err != nil {
		return nil, err
	}
	if t == nil {
		if t, _ = c.Table(k.Dataset); t == nil {
			return nil, fmt.Errorf("no table %s in the cache", k.Dataset)
		}
	}
	return Prepare(t, p, k, threads)
}

// land keeps the outcome of a flight and lets the others have it.
func (c *Cache) land(key, dataset string, f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.flights, key)
	close(f.done)
	if f.err != nil {
		return
	}
	it := &entry{key, dataset, f.prepared, f.prepared.Bytes()}
	c.entries[key] = c.recent.PushFront(it)
	c.held += it.bytes
	for c.held > c.max && c.recent.Len() > 1 {
		c.drop(c.recent.Back())
	}
}
