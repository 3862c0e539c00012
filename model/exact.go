package model

import (
	"context"
	"slices"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/ensemble"
)

// exact adds up the members' exact contributions.
func (x *explained) exact(ctx context.Context) (*Explanation, error) {
	pl := x.m.spec.Pipeline
	frame, err := pl.Frame(x.table, threads())
	if err != nil {
		return nil, err
	}
	r := x.result
	r.Method, r.Unit = Exact, x.m.unit()
	mx := matrix.New(frame, pl.Encoder(), threads())
	parts := make([]part, len(x.m.spec.Members))
	for i, mem := range x.m.spec.Members {
		if parts[i], err = x.part(mem.Predictor, mx); err != nil {
			return nil, err
		}
		for k, v := range parts[i].expected() {
			r.Expected[k] += float64(mem.Weight * v)
		}
	}
	const block = 64
	size := x.width * len(r.Columns)
	each((x.first+block-1)/block, func(b int) {
		from, to := b*block, min((b+1)*block, x.first)
		out := make([]float64, (to-from)*size)
		for i, mem := range x.m.spec.Members {
			if ctx.Err() != nil {
				return
			}
			clear(out)
			parts[i].rows(mx, interval(from, to), out)
			for j, v := range out {
				r.Contributions[from*size+j] += float64(mem.Weight * v)
			}
		}
	})
	r.scale(x.m.spec.Calibration)
	r.sumUp()
	return r, ctx.Err()
}

// scale makes contributions to the members' mean those to what becomes of it.
func (e *Explanation) scale(c *ensemble.Calibration) {
	if c == nil || c.Scale == 0 {
		return
	}
	for k := range e.Expected {
		e.Expected[k] = float64(c.Scale*e.Expected[k]) + c.Shift
	}
	for i := range e.Contributions {
		e.Contributions[i] *= c.Scale
	}
}

// sumUp sets the predictions to what the contributions add up to.
func (e *Explanation) sumUp() {
	for i := range e.Predictions {
		e.Predictions[i] = e.Expected[i%len(e.Outputs)]
		for _, v := range e.Contributions[i*len(e.Columns) : (i+1)*len(e.Columns)] {
			e.Predictions[i] += v
		}
	}
}

// part gives the contributions to one member's margin.
type part interface {
	expected() []float64
	// rows adds the contributions of input columns to out, len(rows)×outputs×columns.
	rows(x *matrix.Matrix, rows []int32, out []float64)
}

func (x *explained) part(p predictor.Predictor, mx *matrix.Matrix) (part, error) {
	switch p := p.(type) {
	case *predictor.Constant:
		return constantPart(p.Values()), nil
	case *predictor.Linear:
		return x.newLinearPart(p, mx)
	case *predictor.Additive:
		return x.newAdditivePart(p), nil
	}
	return x.newTreePart(p)
}

// constantPart is a member that looks at nothing.
type constantPart []float32

func (c constantPart) expected() []float64 {
	out := make([]float64, len(c))
	for k, v := range c {
		out[k] = float64(v)
	}
	return out
}

func (constantPart) rows(*matrix.Matrix, []int32, []float64) {}

// treePart credits what each feature adds to the columns that it is made of, in
// equal parts.
type treePart struct {
	shap     *predictor.Shap
	expanded predictor.Expanded // nil for plain trees
	sources  [][]int            // of each feature: places among the columns
	columns  int
}

func (x *explained) newTreePart(p predictor.Predictor) (*treePart, error) {
	features := sourcesOf(x.m.spec.Pipeline.Features(), x.result.Columns)
	t := &treePart{sources: features, columns: len(x.result.Columns)}
	trees, ok := p.(*predictor.Trees)
	if !ok {
		t.expanded = p.(predictor.Expanded)
		trees = t.expanded.Trees()
		t.sources = virtualSources(t.expanded, features)
	}
	var err error
	t.shap, err = predictor.NewShap(trees, len(t.sources))
	return t, err
}

// virtualSources are the places of the columns behind each feature of the
// trees: features of the frame, then virtual ones.
func virtualSources(s predictor.Expanded, features [][]int) [][]int {
	out := make([][]int, len(features)+s.Virtual())
	for i := range out {
		for _, f := range s.Sources(int32(i)) {
			for _, c := range features[f] {
				if !slices.Contains(out[i], c) {
					out[i] = append(out[i], c)
				}
			}
		}
	}
	return out
}

// sourcesOf are the places, among columns, of what each feature is made of.
func sourcesOf(features []matrix.Feature, columns []string) [][]int {
	out := make([][]int, len(features))
	for f, feature := range features {
		for _, name := range feature.Sources {
			if c := slices.Index(columns, name); c >= 0 {
				out[f] = append(out[f], c)
			}
		}
	}
	return out
}

func (t *treePart) expected() []float64 { return t.shap.Expected() }

func (t *treePart) rows(x *matrix.Matrix, rows []int32, out []float64) {
	n, size := t.shap.Features(), len(rows)*t.shap.Width()
	if t.expanded != nil {
		x, rows = t.expanded.Expand(x, rows), interval(0, len(rows))
	}
	phi := make([]float64, size*n)
	t.shap.Rows(x, rows, phi)
	for i := range size {
		for f, sources := range t.sources {
			for _, c := range sources {
				out[i*t.columns+c] += phi[i*n+f] / float64(len(sources))
			}
		}
	}
}

// linearPart is a linear member: column j of its view adds weight·(x - mean),
// the mean being that of the background.
type linearPart struct {
	model   *predictor.Linear
	mean    []float64 // of each column of the view
	sources [][]int   // of each column of the view
	columns int
}

func (x *explained) newLinearPart(p *predictor.Linear, mx *matrix.Matrix) (part, error) {
	if x.alone {
		return nil, errAlone
	}
	d := mx.Dense()
	cols := len(p.Weights()) / p.Width()
	l := &linearPart{model: p, mean: make([]float64, cols), sources: x.encodedSources()[:cols], columns: len(x.result.Columns)}
	n := float64(x.table.Rows() - x.first)
	row := make([]float32, d.Cols)
	for r := x.first; r < x.table.Rows(); r++ {
		l.eachValue(d, r, row, func(j int, v float64) { l.mean[j] += v / n })
	}
	return l, nil
}

// encodedSources are the places of the input columns behind each column of the
// encoded view: dense ones, then sparse ones.
func (x *explained) encodedSources() [][]int {
	pl := x.m.spec.Pipeline
	features := sourcesOf(pl.Features(), x.result.Columns)
	var out [][]int
	for j := range pl.Encoder().Cols() {
		out = append(out, features[pl.Encoder().Feature(j)])
	}
	for _, t := range pl.Transforms() {
		of := sourcesOf([]matrix.Feature{{Sources: t.Inputs()}}, x.result.Columns)[0]
		for range t.SparseCols() {
			out = append(out, of)
		}
	}
	return out
}

// eachValue calls do for the values of a row of the view that the model reads;
// sparse zeros are left out.
func (l *linearPart) eachValue(d *matrix.Dense, row int, x []float32, do func(j int, v float64)) {
	for j, v := range d.Row(row, x) {
		if j < len(l.mean) {
			do(j, float64(v))
		}
	}
	if d.Sparse == nil {
		return
	}
	for e := d.Sparse.Start[row]; e < d.Sparse.Start[row+1]; e++ {
		if j := d.Cols + int(d.Sparse.Index[e]); j < len(l.mean) {
			do(j, float64(d.Sparse.Value[e]))
		}
	}
}

func (l *linearPart) expected() []float64 {
	width := l.model.Width()
	out := make([]float64, width)
	for k, v := range l.model.Intercepts() {
		out[k] = float64(v)
	}
	for j, w := range l.model.Weights() {
		out[j%width] += float64(float64(w) * l.mean[j/width])
	}
	return out
}

func (l *linearPart) rows(x *matrix.Matrix, rows []int32, out []float64) {
	width, d := l.model.Width(), x.Dense()
	rest := make([]float64, width*l.columns) // of an empty row
	for j, mean := range l.mean {
		l.credit(rest, j, -mean)
	}
	row := make([]float32, d.Cols)
	for i, r := range rows {
		phi := out[i*len(rest) : (i+1)*len(rest)]
		for j, v := range rest {
			phi[j] += v
		}
		l.eachValue(d, int(r), row, func(j int, v float64) { l.credit(phi, j, v) })
	}
}

// credit adds what value v in column j of the view adds to each output.
func (l *linearPart) credit(phi []float64, j int, v float64) {
	width := l.model.Width()
	for k, w := range l.model.Weights()[j*width : (j+1)*width] {
		for _, c := range l.sources[j] {
			phi[k*l.columns+c] += float64(float64(w)*v) / float64(len(l.sources[j]))
		}
	}
}

// additivePart is an additive member: a table credits what it adds to the columns
// that its features are made of, a pair half to either feature. Tables have mean
// 0 over the training rows, and pairs for every bin of either feature, so that
// these are its Shapley values where features are independent.
type additivePart struct {
	model   *predictor.Additive
	sources [][]int // of each axis
	columns int
}

func (x *explained) newAdditivePart(p *predictor.Additive) part {
	features := sourcesOf(x.m.spec.Pipeline.Features(), x.result.Columns)
	a := &additivePart{model: p, columns: len(x.result.Columns)}
	for _, axis := range p.Axes() {
		a.sources = append(a.sources, features[axis.Feature])
	}
	return a
}

func (a *additivePart) expected() []float64 {
	out := make([]float64, a.model.Width())
	for k, v := range a.model.Intercepts() {
		out[k] = float64(v)
	}
	return out
}

func (a *additivePart) rows(x *matrix.Matrix, rows []int32, out []float64) {
	width, terms := a.model.Width(), a.model.Terms()
	values := make([]float64, len(rows)*len(terms)*width)
	a.model.Contributions(x, rows, values)
	for i := range rows {
		for t := range terms {
			for k := range width {
				v := values[(i*len(terms)+t)*width+k]
				phi := out[(i*width+k)*a.columns : (i*width+k+1)*a.columns]
				for _, axis := range terms[t].Axes {
					for _, c := range a.sources[axis] {
						phi[c] += v / float64(len(terms[t].Axes)*len(a.sources[axis]))
					}
				}
			}
		}
	}
}
