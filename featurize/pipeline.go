package featurize

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Pipeline is a fitted plan: tables in, frames out. It is immutable and safe
// for concurrent use. Its JSON holds all of it; a decoded pipeline makes the
// same bits.
type Pipeline struct {
	transforms []Transform
	encoder    *matrix.Encoder

	columns  []string       // inputs, in order of first use
	place    map[string]int // of a name in columns
	lists    []bool         // of each column: whether a value may be a list
	inputs   [][]int        // of each transform: places in columns
	first    []int          // of each transform: its first feature
	offset   []int          // of each transform: its first sparse column
	features []matrix.Feature
	sparse   int
	exact    bool // all transforms are: frames hold doubles
}

// Fit fits the plan's transforms and the encoder on the first rows rows of t
// (0 or more than there are: all), without looking at the target, on up to
// threads goroutines. The result does not depend on their number.
func (p *Plan) Fit(t *data.Table, rows, threads int) (*Pipeline, error) {
	pl, _, err := p.fit(t, rows, threads)
	return pl, err
}

// fit also returns the frame of the whole table, which fitting the encoder needs.
func (p *Plan) fit(t *data.Table, rows, threads int) (*Pipeline, *matrix.Frame, error) {
	rows = trainingRows(t, rows)
	threads = max(1, threads)
	type job struct {
		col  *data.Column
		step Step
	}
	var jobs []job
	for _, cp := range p.Columns {
		if cp.Ignored || len(cp.Transforms) == 0 {
			continue
		}
		col, err := Find(t, cp.Name)
		if err != nil {
			return nil, nil, fmt.Errorf("the data lacks what the plan needs: %w", err)
		}
		for _, s := range cp.Transforms {
			jobs = append(jobs, job{col, s})
		}
	}
	made := make([]Transform, len(jobs))
	fitOne := func(i, threads int) error {
		j := jobs[i]
		var err error
		if made[i], err = j.step.fit(Fitting{col: j.col, table: t, target: p.Target, rows: rows, threads: threads}); err != nil {
			return fmt.Errorf("column %q: transform %s: %w", j.col.Name, j.step.Kind, err)
		}
		return nil
	}
	// Texts use all threads by themselves, one after the other.
	err := each(len(jobs), threads, func(i int) error {
		if jobs[i].step.Kind == "text" {
			return nil
		}
		return fitOne(i, 1)
	})
	for i := 0; err == nil && i < len(jobs); i++ {
		if jobs[i].step.Kind == "text" {
			err = fitOne(i, threads)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	pl := &Pipeline{transforms: made}
	if err := pl.index(); err != nil {
		return nil, nil, err
	}
	f, err := pl.Frame(t, threads)
	if err != nil {
		return nil, nil, err
	}
	pl.encoder = matrix.FitEncoder(f, rows)
	return pl, f, nil
}

// index sets what follows from the transforms.
func (pl *Pipeline) index() error {
	pl.place = map[string]int{}
	used := map[string]bool{}
	for _, t := range pl.transforms {
		if t.Supervised() {
			return fmt.Errorf("transform %s looks at the target and cannot be part of a pipeline", t.Kind())
		}
		if _, inChain := t.(*directed); inChain {
			return fmt.Errorf("transform %s outside a chain", t.Kind())
		}
		var in []int
		for _, name := range t.Inputs() {
			at, ok := pl.place[name]
			if !ok {
				at = len(pl.columns)
				pl.place[name] = at
				pl.columns = append(pl.columns, name)
				pl.lists = append(pl.lists, false)
			}
			pl.lists[at] = pl.lists[at] || readsLists(t)
			in = append(in, at)
		}
		pl.inputs = append(pl.inputs, in)
		pl.first = append(pl.first, len(pl.features))
		pl.offset = append(pl.offset, pl.sparse)
		for _, f := range t.Features() {
			f.Name = unused(f.Name, used)
			pl.features = append(pl.features, f)
		}
		pl.sparse += t.SparseCols()
	}
	return pl.checkExact()
}

// unused returns the name, numbered if another feature has it already.
func unused(name string, used map[string]bool) string {
	free := name
	for n := 2; used[free]; n++ {
		free = name + "~" + strconv.Itoa(n)
	}
	used[free] = true
	return free
}

// Features are the columns of the frames, in order.
func (pl *Pipeline) Features() []matrix.Feature { return slices.Clone(pl.features) }

// SparseCols is the number of sparse columns of the frames, 0 without text.
func (pl *Pipeline) SparseCols() int { return pl.sparse }

// Columns names the columns that a table or row must have.
func (pl *Pipeline) Columns() []string { return slices.Clone(pl.columns) }

// Transforms are the fitted transforms, in the order of their features.
func (pl *Pipeline) Transforms() []Transform { return slices.Clone(pl.transforms) }

// Encoder makes the dense view of the frames.
func (pl *Pipeline) Encoder() *matrix.Encoder { return pl.encoder }

type pipelineJSON struct {
	Version    int             `json:"version"`
	Transforms []transformJSON `json:"transforms"`
	Encoder    *matrix.Encoder `json:"encoder"`
}

type transformJSON struct {
	Kind  string          `json:"kind"`
	State json.RawMessage `json:"state"`
}

const pipelineVersion = 1

// MarshalJSON writes the whole pipeline.
func (pl *Pipeline) MarshalJSON() ([]byte, error) {
	list, err := encodeTransforms(pl.transforms)
	if err != nil {
		return nil, err
	}
	return json.Marshal(pipelineJSON{Version: pipelineVersion, Transforms: list, Encoder: pl.encoder})
}

func encodeTransforms(list []Transform) ([]transformJSON, error) {
	var out []transformJSON
	for _, t := range list {
		state, err := json.Marshal(t)
		if err != nil {
			return nil, fmt.Errorf("transform %s: %w", t.Kind(), err)
		}
		out = append(out, transformJSON{t.Kind(), state})
	}
	return out, nil
}

func decodeTransforms(list []transformJSON) ([]Transform, error) {
	var out []Transform
	for _, j := range list {
		k, err := kindOf(j.Kind)
		if err != nil {
			return nil, fmt.Errorf("%w: a newer version made it, or a transform of your own is to be registered first", err)
		}
		t, err := k.decode(j.State)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// UnmarshalJSON reads what MarshalJSON wrote. Everything is checked, so that a
// pipeline from anywhere can do no harm.
func (pl *Pipeline) UnmarshalJSON(b []byte) error {
	var j pipelineJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return fmt.Errorf("pipeline: %w", err)
	}
	if j.Version != pipelineVersion {
		return fmt.Errorf("pipeline of version %d: this program reads version %d", j.Version, pipelineVersion)
	}
	list, err := decodeTransforms(j.Transforms)
	if err != nil {
		return fmt.Errorf("pipeline: %w", err)
	}
	made := Pipeline{encoder: j.Encoder, transforms: list}
	if err := made.index(); err != nil {
		return fmt.Errorf("pipeline: %w", err)
	}
	if made.encoder == nil {
		return errors.New("pipeline: no encoder")
	}
	if n := made.encoder.Features(); n != len(made.features) {
		return fmt.Errorf("pipeline: an encoder of %d features for %d", n, len(made.features))
	}
	*pl = made
	return nil
}
