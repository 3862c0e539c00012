package dataset

import (
	"fmt"
	"math/rand/v2"

	"github.com/seed-09a2cce4/automl/featurize"
)

// FromTable featurizes a table file as a job would: rows without a known target
// are left out, and what the pipeline makes for trees is taken (the sparse block
// of text columns is not, which only linear learners read). Pipelines see no
// target, so that all rows may be fitted on. All rows become training rows, in
// the order of the table.
func FromTable(s Source, threads int) (*Set, error) {
	t, target, _, err := s.Table()
	if err != nil {
		return nil, err
	}
	plan, err := featurize.Infer(t, featurize.Options{Target: s.Target})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	p, err := featurize.Prepare(t, plan, featurize.Key{Target: s.Target, Task: target.Task, Classes: target.Classes}, threads)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Path, err)
	}
	f := p.Matrix.Frame
	set := &Set{Name: s.Name, Train: f.Rows, Features: len(f.Features), Classes: len(target.Classes), Cols: f.Cols, Y: p.Y}
	for _, ft := range f.Features {
		set.Levels = append(set.Levels, ft.Levels)
	}
	return set, nil
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
