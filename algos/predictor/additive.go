package predictor

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindAdditive tags Additive predictors.
const kindAdditive = "additive"

// maxAxes bounds the axes and the terms of an additive model.
const maxAxes = 1 << 20

// Axis cuts a feature of the frame into bins, of which the last is for missing
// values. Of a numeric feature value v falls into the first bin b with
// v <= Edges[b], or into bin len(Edges); of a categorical one (Levels above 0) the
// codes below Levels have a bin each and all others are missing.
type Axis struct {
	Feature int32
	Edges   []float32 // ascending
	Levels  int
}

// Bins is the number of bins, at most matrix.MaxBins.
func (a *Axis) Bins() int {
	if a.Levels > 0 {
		return a.Levels + 1
	}
	return len(a.Edges) + 2
}

// bin finds a value's.
func (a *Axis) bin(v float32) uint8 {
	if a.Levels > 0 {
		if v >= 0 && v < float32(a.Levels) {
			return uint8(v)
		}
		return uint8(a.Levels)
	}
	if v != v {
		return uint8(len(a.Edges) + 1)
	}
	lo, hi := 0, len(a.Edges)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); a.Edges[mid] < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return uint8(lo)
}

// Term is a table over the bins of one axis or of two: the value of output k in
// bin i of the first and j of the second is Values[(i·bins+j)·width+k], bins
// being those of the second (with one axis, Values[i·width+k]).
type Term struct {
	Axes   []int // of the model
	Values []float32
}

// Additive is a generalised additive model with tables for shape functions, of
// single features and of pairs (Lou et al., KDD 2012 and 2013): the link of the
// sum of an intercept and a cell of each table.
type Additive struct {
	width      int
	link       Link
	intercepts []float32
	axes       []Axis
	terms      []Term
}

// NewAdditive makes an additive model of len(intercepts) outputs. The link is
// Identity, Sigmoid (one output: the probability of class 1) or Softmax. The
// slices are kept. Axes out of order or too fine, tables of the wrong size and
// numbers that are not finite are errors.
func NewAdditive(intercepts []float32, link Link, axes []Axis, terms []Term) (*Additive, error) {
	width := len(intercepts)
	if width < 1 || width > maxWidth || len(axes) > maxAxes || len(terms) > maxAxes {
		return nil, fmt.Errorf("additive predictor: %d outputs, %d axes, %d terms", width, len(axes), len(terms))
	}
	if link != Identity && link != Softmax && (link != Sigmoid || width != 1) {
		return nil, fmt.Errorf("additive predictor: link %d does not fit %d values a row", link, width)
	}
	for i := range axes {
		if err := axes[i].check(); err != nil {
			return nil, fmt.Errorf("additive predictor: axis %d: %w", i, err)
		}
	}
	for i := range terms {
		if err := terms[i].check(axes, width); err != nil {
			return nil, fmt.Errorf("additive predictor: term %d: %w", i, err)
		}
	}
	if !allFinite(intercepts) {
		return nil, fmt.Errorf("additive predictor: an intercept is not a finite number")
	}
	return &Additive{width: width, link: link, intercepts: intercepts, axes: axes, terms: terms}, nil
}

func (a *Axis) check() error {
	if a.Feature < 0 || a.Levels < 0 || a.Levels > 0 && len(a.Edges) > 0 {
		return fmt.Errorf("feature %d with %d levels and %d edges", a.Feature, a.Levels, len(a.Edges))
	}
	if a.Bins() > matrix.MaxBins {
		return fmt.Errorf("%d bins, there may be %d", a.Bins(), matrix.MaxBins)
	}
	for i, v := range a.Edges {
		if i > 0 && !(a.Edges[i-1] < v) {
			return fmt.Errorf("edge %d is %v: edges must ascend", i, v)
		}
	}
	if !allFinite(a.Edges) {
		return fmt.Errorf("an edge is not a finite number")
	}
	return nil
}

func (t *Term) check(axes []Axis, width int) error {
	if len(t.Axes) != 1 && len(t.Axes) != 2 {
		return fmt.Errorf("has %d axes", len(t.Axes))
	}
	cells := 1
	for _, a := range t.Axes {
		if a < 0 || a >= len(axes) {
			return fmt.Errorf("axis %d of %d", a, len(axes))
		}
		cells *= axes[a].Bins()
	}
	if len(t.Values) != cells*width {
		return fmt.Errorf("%d values for %d cells of %d outputs", len(t.Values), cells, width)
	}
	if !allFinite(t.Values) {
		return fmt.Errorf("a value is not a finite number")
	}
	return nil
}

func allFinite[T float32 | float64](values []T) bool {
	for _, v := range values {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return false
		}
	}
	return true
}

// Kind is "additive".
func (a *Additive) Kind() string { return kindAdditive }

// View is matrix.Raw.
func (a *Additive) View() matrix.View { return matrix.Raw }

// Width is the number of values a row gets.
func (a *Additive) Width() int { return a.width }

// Link is what turns the sums into predictions.
func (a *Additive) Link() Link { return a.link }

// Intercepts are Width constants, not to be changed.
func (a *Additive) Intercepts() []float32 { return a.intercepts }

// Axes are what the terms refer to, not to be changed.
func (a *Additive) Axes() []Axis { return a.axes }

// Terms are the tables, not to be changed.
func (a *Additive) Terms() []Term { return a.terms }

// additiveBlock is the number of rows that pass through the tables together.
const additiveBlock = 256

// Predict implements Predictor. The frame must have the features of the axes.
func (a *Additive) Predict(m *matrix.Matrix, rows []int32, out []float32) {
	w := a.width
	sum := make([]float64, additiveBlock*w)
	bins := make([]uint8, additiveBlock*len(a.axes))
	for from := 0; from < len(rows); from += additiveBlock {
		block := rows[from:min(from+additiveBlock, len(rows))]
		a.binBlock(m.Frame, block, bins)
		for i := range block {
			a.start(sum[i*w : (i+1)*w])
		}
		for t := range a.terms {
			for i := range block {
				addTo(sum[i*w:(i+1)*w], a.cell(t, bins[i:], additiveBlock))
			}
		}
		for i := range block {
			a.link.Apply(sum[i*w:(i+1)*w], 1, out[(from+i)*w:(from+i+1)*w])
		}
	}
}

// PredictOne implements RowPredictor.
func (a *Additive) PredictOne(r *Row, out []float32) {
	bins, sum := make([]uint8, len(a.axes)), make([]float64, a.width)
	for i := range a.axes {
		bins[i] = a.axes[i].bin(float32(r.Features[a.axes[i].Feature]))
	}
	a.start(sum)
	for t := range a.terms {
		addTo(sum, a.cell(t, bins, 1))
	}
	a.link.Apply(sum, 1, out[:a.width])
}

// Contributions writes what each term adds to the sums, before the link, of the
// given rows: the value of term t for output k of the i-th row is
// out[(i·len(Terms)+t)·Width+k]. The intercepts are not among them.
func (a *Additive) Contributions(m *matrix.Matrix, rows []int32, out []float64) {
	bins := make([]uint8, additiveBlock*len(a.axes))
	at := 0
	for from := 0; from < len(rows); from += additiveBlock {
		block := rows[from:min(from+additiveBlock, len(rows))]
		a.binBlock(m.Frame, block, bins)
		for i := range block {
			for t := range a.terms {
				for _, v := range a.cell(t, bins[i:], additiveBlock) {
					out[at] = float64(v)
					at++
				}
			}
		}
	}
}

// binBlock finds the bins of up to additiveBlock rows, axis by axis.
func (a *Additive) binBlock(f *matrix.Frame, rows []int32, bins []uint8) {
	for k := range a.axes {
		axis := &a.axes[k]
		col, to := f.Cols[axis.Feature], bins[k*additiveBlock:]
		for i, r := range rows {
			to[i] = axis.bin(col[r])
		}
	}
}

func (a *Additive) start(sum []float64) {
	for k, v := range a.intercepts {
		sum[k] = float64(v)
	}
}

// cell is what a term says of a row whose bin on axis k is bins[k·stride].
func (a *Additive) cell(term int, bins []uint8, stride int) []float32 {
	t := &a.terms[term]
	at := int(bins[t.Axes[0]*stride])
	if len(t.Axes) == 2 {
		at = at*a.axes[t.Axes[1]].Bins() + int(bins[t.Axes[1]*stride])
	}
	return t.Values[at*a.width : (at+1)*a.width]
}

func addTo(sum []float64, v []float32) {
	for k, x := range v {
		sum[k] += float64(x)
	}
}
