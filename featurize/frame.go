package featurize

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

const (
	// frameBlock rows of a text are one piece of work.
	frameBlock = 512
	// tileRows rows of features are made before they go to their columns.
	tileRows = 32
)

// Frame makes the features of all rows of a table, on up to threads goroutines.
// See the package comment for tables that differ from the training data.
func (pl *Pipeline) Frame(t *data.Table, threads int) (*matrix.Frame, error) {
	cols := make([]*data.Column, len(pl.columns))
	for i, name := range pl.columns {
		c, err := Find(t, name)
		if err != nil {
			return nil, fmt.Errorf("the model needs a column that the data lacks: %w", err)
		}
		cols[i] = c
	}
	rows := t.Rows()
	if pl.exact {
		return pl.exactFrame(cols, rows, max(1, threads))
	}
	f := &matrix.Frame{Rows: rows, Features: pl.Features(), Cols: make([][]float32, len(pl.features))}
	cells := make([]float32, rows*len(pl.features))
	for j := range f.Cols {
		f.Cols[j] = cells[j*rows : (j+1)*rows : (j+1)*rows]
	}
	var work []*piece
	for i := range pl.transforms {
		work = append(work, pl.pieces(i, cols, f)...)
	}
	if err := each(len(work), max(1, threads), func(i int) error { return work[i].run() }); err != nil {
		return nil, err
	}
	if pl.sparse > 0 {
		f.Sparse = pl.gather(rows, work)
	}
	return f, nil
}

// piece is the work of one transform on a range of rows.
type piece struct {
	transform Transform
	cols      []*data.Column
	out       [][]float32 // of the frame, whole columns
	lo, hi    int
	offset    int // of the sparse columns

	entries Entries
	ends    []int // of each row in entries
}

// pieces cuts the work of transform i: texts by rows, since they are slow, all
// others whole, so that a column of few distinct words is made once a word.
func (pl *Pipeline) pieces(i int, cols []*data.Column, f *matrix.Frame) []*piece {
	t := pl.transforms[i]
	p := piece{transform: t, offset: pl.offset[i]}
	for k, at := range pl.inputs[i] {
		p.cols = append(p.cols, retimed(t, k, cols[at]))
	}
	p.out = f.Cols[pl.first[i] : pl.first[i]+len(t.Features())]
	step := max(1, f.Rows)
	if c := p.cols[0]; t.SparseCols() > 0 || c.Kind == data.String && 2*len(c.Dict) > f.Rows {
		step = frameBlock
	}
	var list []*piece
	for lo := 0; lo < f.Rows; lo += step {
		q := p
		q.lo, q.hi = lo, min(lo+step, f.Rows)
		list = append(list, &q)
	}
	return list
}

// retimed reads the column of dates that is input k in the layout of training, in which
// day and month may have other places than this table by itself suggests.
func retimed(t Transform, k int, c *data.Column) *data.Column {
	layout := ""
	switch t := t.(type) {
	case *chain:
		return retimed(t.stages[0][0], k, c)
	case interface{ readIn() string }:
		layout = t.readIn()
	case *since:
		layout = []string{t.Own.Layout, t.Other.Layout}[k]
	default:
		return c
	}
	if c.Kind != data.Time || c.Layout == layout {
		return c
	}
	times, _ := c.TimeView(layout)
	return &data.Column{Name: c.Name, Kind: data.Time, Layout: layout, Times: times}
}

func (p *piece) run() error {
	if n, ok := p.transform.(*numeric); ok && p.cols[0].Kind == data.Number {
		n.numbers(p.cols[0].Floats[p.lo:p.hi], p.out[0][p.lo:p.hi])
		return nil
	}
	if c := p.cols[0]; len(p.cols) == 1 && p.transform.SparseCols() == 0 &&
		c.Kind == data.String && len(c.Dict) < p.hi-p.lo {
		return p.runWords(c)
	}
	in, width := make([]Cell, len(p.cols)), len(p.out)
	tile := make([]float32, tileRows*width)
	for lo := p.lo; lo < p.hi; lo += tileRows {
		n := min(tileRows, p.hi-lo)
		clear(tile)
		for r := range n {
			for k, c := range p.cols {
				in[k] = cellAt(c, lo+r)
			}
			if err := p.transform.Row(in, tile[r*width:(r+1)*width], &p.entries); err != nil {
				return fmt.Errorf("column %q, row %d: %w", p.cols[0].Name, lo+r+1, err)
			}
			p.ends = append(p.ends, len(p.entries.Index))
		}
		for k, col := range p.out {
			for r := range n {
				col[lo+r] = tile[r*width+k]
			}
		}
	}
	return nil
}

// runWords makes each distinct word once.
func (p *piece) runWords(c *data.Column) error {
	width := len(p.out)
	made := make([]float32, (len(c.Dict)+1)*width) // the last: missing
	in := make([]Cell, 1)
	for k := range len(c.Dict) + 1 {
		in[0] = Cell{}
		if k < len(c.Dict) {
			in[0] = wordCell(c.Dict[k])
		}
		if err := p.transform.Row(in, made[k*width:(k+1)*width], &p.entries); err != nil {
			return fmt.Errorf("column %q, value %q: %w", c.Name, shorten(in[0].s), err)
		}
	}
	for k, col := range p.out {
		for i, code := range c.Codes[p.lo:p.hi] {
			if code < 0 {
				code = int32(len(c.Dict))
			}
			col[p.lo+i] = made[int(code)*width+k]
		}
	}
	return nil
}

// gather joins the sparse entries of all pieces, which come transform by
// transform and, within one, in the order of rows.
func (pl *Pipeline) gather(rows int, work []*piece) *matrix.Sparse {
	s := &matrix.Sparse{Cols: pl.sparse, Start: make([]int64, rows+1)}
	eachRow := func(do func(row int, p *piece, from, to int)) {
		for _, p := range work {
			if p.transform.SparseCols() == 0 {
				continue
			}
			from := 0
			for r, to := range p.ends {
				do(p.lo+r, p, from, to)
				from = to
			}
		}
	}
	eachRow(func(row int, _ *piece, from, to int) { s.Start[row+1] += int64(to - from) })
	for i := range rows {
		s.Start[i+1] += s.Start[i]
	}
	s.Index = make([]int32, s.Start[rows])
	s.Value = make([]float32, s.Start[rows])
	next := make([]int64, rows)
	copy(next, s.Start)
	eachRow(func(row int, p *piece, from, to int) {
		at := next[row]
		for k := from; k < to; k++ {
			s.Index[at] = p.entries.Index[k] + int32(p.offset)
			s.Value[at] = p.entries.Value[k]
			at++
		}
		next[row] = at
	})
	return s
}

// absentValue is the error for a row without a value that the model needs.
func absentValue(name string, row map[string]any) error {
	return fmt.Errorf("the model needs a value that the row lacks: %q%s", name, hint(name, slices.Sorted(maps.Keys(row))))
}

// Row makes the features of a single row into x, which has one place for each
// of Features, and returns the sparse part (one row), nil without text. The
// bits are those of Frame. Values are strings, booleans, integers, floats,
// json.Number, time.Time, or nil for missing, where texts or lists are read lists too (see
// data.ListText); a needed name that is absent is an error.
func (pl *Pipeline) Row(row map[string]any, x []float32) (*matrix.Sparse, error) {
	if len(x) != len(pl.features) {
		return nil, fmt.Errorf("room for %d features, not %d", len(x), len(pl.features))
	}
	clear(x)
	cells := make([]Cell, len(pl.columns))
	for i, name := range pl.columns {
		v, ok := row[name]
		if !ok {
			return nil, absentValue(name, row)
		}
		if text, isList := data.ListText(v); isList && pl.lists[i] {
			v = text
		}
		var err error
		if cells[i], err = cellOf(v); err != nil {
			return nil, fmt.Errorf("column %q: %w", name, err)
		}
	}
	var e Entries
	var in []Cell
	for i, t := range pl.transforms {
		in = in[:0]
		for _, at := range pl.inputs[i] {
			in = append(in, cells[at])
		}
		from := len(e.Index)
		out := x[pl.first[i]:]
		if i+1 < len(pl.first) {
			out = x[pl.first[i]:pl.first[i+1]]
		}
		if err := t.Row(in, out, &e); err != nil {
			return nil, fmt.Errorf("column %q: %w", t.Inputs()[0], err)
		}
		for k := from; k < len(e.Index); k++ {
			e.Index[k] += int32(pl.offset[i])
		}
	}
	if pl.sparse == 0 {
		return nil, nil
	}
	return &matrix.Sparse{Cols: pl.sparse, Start: []int64{0, int64(len(e.Index))}, Index: e.Index, Value: e.Value}, nil
}
