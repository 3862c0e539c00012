package scheduler

import (
	"fmt"
	"math/rand/v2"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/trials"
)

// Rows made up for an ensemble to label: rows of the table some of whose values are those
// of other rows (swap noise; Bucila et al., Model Compression, KDD 2006, make them up from
// near rows instead).
const (
	// swapped is the share of the values that come from other rows.
	swapped = 0.3
	// madeUpTimes is how many of them there are for a row of the table, as long as they are
	// not more than mostMadeUp; then there is one for each.
	madeUpTimes = 5
	mostMadeUp  = 20_000
	// madeUpWeight is what they count together, in rows of the table for each, and at most
	// one each.
	madeUpWeight = 2.5
	forMadeUp    = 0x6d616465 // what else the seed is for is far from it
)

// madeUp are the rows of a table with made-up rows behind them.
type madeUp struct {
	matrix *matrix.Matrix
	table  int       // rows of the table
	from   []int32   // the row that each made-up one began as
	draw   []float64 // a number in [0, 1) for each, which draws its class
	weight float32   // of each
}

// madeUpRows is how many rows are made up where there is time.
func (p *plan) madeUpRows() int {
	n := p.trainRows()
	return min(madeUpTimes*n, max(mostMadeUp, n))
}

// makeUp makes up rows of those that models train on.
func (p *plan) makeUp(rows int, seed uint64, threads int) (*madeUp, error) {
	seed = trials.MixSeed(seed, forMadeUp)
	r := rand.New(rand.NewPCG(seed, seed))
	n := p.trainRows()
	m := &madeUp{
		table: p.table.Rows(), from: make([]int32, rows), draw: make([]float64, rows),
		weight: float32(min(1, madeUpWeight*float64(n)/float64(rows))),
	}
	for i := range m.from {
		m.from[i], m.draw[i] = int32(i%n), r.Float64()
	}
	inputs, err := p.table.Select(p.prepared.Pipeline.Columns()...)
	if err != nil {
		return nil, fmt.Errorf("make up rows: %w", err)
	}
	cols := make([]*data.Column, 0, len(inputs.Columns()))
	take := make([]int32, rows)
	for _, c := range inputs.Columns() {
		for i, row := range m.from {
			if take[i] = row; r.Float64() < swapped {
				take[i] = int32(r.IntN(n))
			}
		}
		one, err := data.NewTable(c)
		if err != nil {
			return nil, fmt.Errorf("make up rows: %w", err)
		}
		cols = append(cols, one.Take(take).Columns()[0])
	}
	behind, err := data.NewTable(cols...)
	if err == nil {
		behind, err = data.Concat(inputs, behind)
	}
	if err != nil {
		return nil, fmt.Errorf("make up rows: %w", err)
	}
	frame, err := p.prepared.Pipeline.Frame(behind, threads)
	if err != nil {
		return nil, fmt.Errorf("make up rows: %w", err)
	}
	m.matrix = matrix.New(frame, p.prepared.Pipeline.Encoder(), threads)
	return m, nil
}

// rows are the made-up rows, as rows of the matrix.
func (m *madeUp) rows() []int32 {
	out := make([]int32, len(m.from))
	for i := range out {
		out[i] = int32(m.table + i)
	}
	return out
}

// with are rows of the table and those that were made up from them.
func (m *madeUp) with(rows []int32) []int32 {
	in := make([]bool, m.table)
	for _, row := range rows {
		in[row] = true
	}
	out := append([]int32(nil), rows...)
	for i, row := range m.from {
		if in[row] {
			out = append(out, int32(m.table+i))
		}
	}
	return out
}
