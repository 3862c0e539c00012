package dataset

import (
	"fmt"
	"math/rand/v2"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/file"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
)

// FromTable featurizes a table file as a job would: rows without a known target
// are left out, and what the pipeline makes for trees is taken (the sparse block
// of text columns is not, which only linear learners read). Pipelines see no
// target, so that all rows may be fitted on. All rows become training rows, in
// the order of the table. task "" means infer.
func FromTable(name, path, target string, task metrics.Task, threads int) (*Set, error) {
	t, err := file.ReadFile(path, file.Options{})
	if err != nil {
		return nil, err
	}
	col, err := featurize.Find(t, target)
	if err != nil {
		return nil, fmt.Errorf("%s: target: %w", path, err)
	}
	tgt, err := featurize.InferTarget(col, 0, task, "")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if t, err = keepKnown(t, tgt, col); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	plan, err := featurize.Infer(t, featurize.Options{Target: target})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	p, err := featurize.Prepare(t, plan, featurize.Key{Target: target, Task: tgt.Task, Classes: tgt.Classes}, threads)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f := p.Matrix.Frame
	s := &Set{Name: name, Train: f.Rows, Features: len(f.Features), Classes: len(tgt.Classes), Cols: f.Cols, Y: p.Y}
	for _, ft := range f.Features {
		s.Levels = append(s.Levels, ft.Levels)
	}
	return s, nil
}

// keepKnown leaves out the rows whose target is not known.
func keepKnown(t *data.Table, target *featurize.Target, col *data.Column) (*data.Table, error) {
	_, known, err := target.Encode(col)
	if err != nil {
		return nil, err
	}
	var rows []int32
	for i, ok := range known {
		if ok {
			rows = append(rows, int32(i))
		}
	}
	if len(rows) == len(known) {
		return t, nil
	}
	return t.Take(rows), nil
}

// Part makes test rows of a share of the rows, drawn by seed.
func (s *Set) Part(share float64, seed uint64) {
	n := s.Train + s.Test
	order := Rows(n)
	r := rand.New(rand.NewPCG(seed, 0))
	r.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	for j, col := range s.Cols {
		s.Cols[j] = pick(col, order)
	}
	s.Y = pick(s.Y, order)
	s.Test = int(float64(n) * share)
	s.Train = n - s.Test
}
