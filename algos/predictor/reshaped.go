package predictor

import (
	"errors"
	"fmt"
	"sync"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindReshaped tags Reshaped predictors.
const kindReshaped = "reshaped"

// Source says where a column of a reshaped frame comes from: it is feature At of the
// frame if Table is -1, or column At of a table.
type Source struct{ Table, At int32 }

// Reshaped is a predictor over columns of its own: some features of the frame and values
// of tables, with an encoder of their dense view. The text of the frame passes.
type Reshaped struct {
	features int
	lookups  []Lookup
	index    []keyIndex
	sources  []Source
	encoder  *matrix.Encoder // nil if inner reads no dense view
	inner    Predictor

	rows sync.Pool // *reshapedRow
}

// reshapedRow is the memory of PredictOne.
type reshapedRow struct {
	x     []float32
	group []int32 // of each table
	row   Row
}

// NewReshaped makes a predictor for frames of the given number of features. inner reads
// the columns that sources list; encoder, which may be nil if inner reads no dense view, is
// fitted to them. All arguments are kept. A feature or table out of range is an error.
func NewReshaped(features int, lookups []Lookup, sources []Source, encoder *matrix.Encoder, inner Predictor) (*Reshaped, error) {
	p := &Reshaped{features: features, lookups: lookups, sources: sources, encoder: encoder, inner: inner}
	if inner.View() != matrix.Encoded {
		p.encoder = nil
	}
	return p, p.ready()
}

// ready checks the parts and makes what follows from them.
func (p *Reshaped) ready() error {
	if len(p.lookups) > maxDerived {
		return fmt.Errorf("%d tables, more than %d", len(p.lookups), maxDerived)
	}
	for i := range p.lookups {
		size, err := p.lookups[i].check(p.features)
		if err != nil {
			return fmt.Errorf("table %d: %w", i, err)
		}
		p.index = append(p.index, newKeyIndex(p.lookups[i].Keys, size))
	}
	for k, s := range p.sources {
		width := p.features
		if s.Table >= 0 && int(s.Table) < len(p.lookups) {
			width = len(p.lookups[s.Table].Default)
		}
		if s.Table < -1 || int(s.Table) >= len(p.lookups) || s.At < 0 || int(s.At) >= width {
			return fmt.Errorf("column %d is %d of table %d of %d", k, s.At, s.Table, len(p.lookups))
		}
	}
	switch {
	case p.inner.Kind() == kindReshaped:
		return errors.New("a reshaped predictor in another")
	case p.inner.View() == matrix.Encoded && p.encoder == nil:
		return errors.New("a predictor of the dense view without an encoder")
	case p.encoder != nil && p.encoder.Features() != len(p.sources):
		return fmt.Errorf("an encoder of %d features for %d", p.encoder.Features(), len(p.sources))
	}
	return nil
}

// Kind is "reshaped".
func (p *Reshaped) Kind() string { return kindReshaped }

// View is matrix.Raw.
func (p *Reshaped) View() matrix.View { return matrix.Raw }

// Width is the number of values a row gets.
func (p *Reshaped) Width() int { return p.inner.Width() }

// Predict implements Predictor. The frame must have the features that the predictor was
// made for.
func (p *Reshaped) Predict(m *matrix.Matrix, rows []int32, out []float32) {
	local := make([]int32, min(len(rows), statisticRows))
	for i := range local {
		local[i] = int32(i)
	}
	width := p.Width()
	for len(rows) > 0 {
		n := min(len(rows), statisticRows)
		p.inner.Predict(p.reshape(m.Frame, rows[:n]), local[:n], out[:n*width])
		rows, out = rows[n:], out[n*width:]
	}
}

// reshape makes a matrix of some rows.
func (p *Reshaped) reshape(from *matrix.Frame, rows []int32) *matrix.Matrix {
	n := len(rows)
	f := &matrix.Frame{Rows: n, Features: make([]matrix.Feature, len(p.sources)), Cols: make([][]float32, len(p.sources))}
	cells := make([]float32, n*len(p.sources))
	group := make([][]int32, len(p.lookups))
	for i := range group {
		group[i] = make([]int32, n)
		p.index[i].groups(p.lookups[i].Features, p.lookups[i].Levels, from.Cols, rows, group[i])
	}
	for k, s := range p.sources {
		col := cells[k*n : (k+1)*n : (k+1)*n]
		f.Cols[k] = col
		if s.Table >= 0 {
			for i, g := range group[s.Table] {
				col[i] = p.lookups[s.Table].value(g, s.At)
			}
			continue
		}
		for i, r := range rows {
			col[i] = from.Cols[s.At][r]
		}
	}
	f.Sparse = from.Sparse.Pick(rows)
	return matrix.New(f, p.encoder, 1)
}

// PredictOne implements RowPredictor.
func (p *Reshaped) PredictOne(r *Row, out []float32) {
	s, ok := p.rows.Get().(*reshapedRow)
	if !ok {
		s = p.newRow()
	}
	defer p.rows.Put(s)
	for i := range p.lookups {
		s.group[i] = p.index[i].group(p.lookups[i].Features, p.lookups[i].Levels, r.Features)
	}
	for k, from := range p.sources {
		if from.Table >= 0 {
			s.x[k] = p.lookups[from.Table].value(s.group[from.Table], from.At)
		} else {
			s.x[k] = float32(r.Features[from.At])
		}
		s.row.Features[k] = float64(s.x[k])
	}
	if p.encoder != nil {
		p.encoder.Row(s.x, s.row.Dense)
	}
	s.row.Sparse = r.Sparse
	if inner, ok := p.inner.(RowPredictor); ok {
		inner.PredictOne(&s.row, out)
	} else { // a user's
		p.Predict(oneRow(r), []int32{0}, out)
	}
	s.row.Sparse = nil
}

func (p *Reshaped) newRow() *reshapedRow {
	s := &reshapedRow{x: make([]float32, len(p.sources)), group: make([]int32, len(p.lookups))}
	s.row.Features = make([]float64, len(p.sources))
	if p.encoder != nil {
		s.row.Dense = make([]float32, p.encoder.Cols())
	}
	return s
}

// oneRow is a row as a matrix.
func oneRow(r *Row) *matrix.Matrix {
	f := &matrix.Frame{Rows: 1, Features: make([]matrix.Feature, len(r.Features)), Sparse: r.Sparse}
	for _, v := range r.Features {
		f.Cols = append(f.Cols, []float32{float32(v)})
	}
	return matrix.New(f, nil, 1)
}

// Behind makes the trees read columns from elsewhere: feature j of the trees becomes
// at(j), which must not be negative.
func (t *Trees) Behind(at func(j int32) int32) *Trees {
	trees := t.Trees()
	for _, tree := range trees {
		for i := range tree {
			if tree[i].Feature >= 0 {
				tree[i].Feature = at(tree[i].Feature)
			}
			if l := tree[i].Linear; l != nil {
				for k, j := range l.Features {
					l.Features[k] = at(j)
				}
			}
		}
	}
	return NewTreesOutput(trees, t.width, t.Base(), t.out)
}
