package predictor

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindTexted tags Texted predictors.
const kindTexted = "texted"

// Texted is a predictor over the features of a frame and, behind them, the sums that a
// linear model makes of the frame's text, or of the whole encoded view.
type Texted struct {
	features int
	text     *Linear
	inner    RowPredictor // Trees or Prepared
	used     []int32      // frame features that inner reads

	scratch sync.Pool // *textBlock
	rows    sync.Pool // *textRow
}

// textBlock is the memory of one block of rows.
type textBlock struct {
	m     *matrix.Matrix
	rows  []int32
	sum   []float64
	dense []float32
}

// textRow is the memory of PredictOne.
type textRow struct {
	row Row
	sum []float64
}

// NewTexted makes a predictor for frames of the given number of features. text is the
// linear model; its sums, before any link, are features from there on of inner,
// which is a Trees or a Prepared. The arguments are kept.
func NewTexted(features int, text *Linear, inner Predictor) (*Texted, error) {
	t := &Texted{features: features, text: text}
	if features < 0 {
		return nil, fmt.Errorf("texted predictor: %d features", features)
	}
	n := features + text.width
	var reads []int32
	switch p := inner.(type) {
	case *Trees:
		t.inner, reads = p, p.features()
	case *Prepared:
		if p.features != n {
			return nil, fmt.Errorf("texted predictor: prepared columns of %d features, there are %d", p.features, n)
		}
		t.inner, reads = p, slices.Clone(p.used)
		for i := range p.lookups {
			reads = append(reads, p.lookups[i].Features...)
		}
	default:
		return nil, fmt.Errorf("texted predictor: made of a %s predictor", inner.Kind())
	}
	slices.Sort(reads)
	for _, j := range slices.Compact(reads) {
		if int(j) >= n {
			return nil, fmt.Errorf("texted predictor: feature %d of %d", j, n)
		}
		if int(j) < features {
			t.used = append(t.used, j)
		}
	}
	return t, nil
}

// Kind is "texted".
func (t *Texted) Kind() string { return kindTexted }

// View is matrix.Encoded where the linear model reads more than text, and matrix.Raw else.
// The frame itself is read as well.
func (t *Texted) View() matrix.View {
	if t.text.dense > 0 {
		return matrix.Encoded
	}
	return matrix.Raw
}

// Width is the number of values a row gets.
func (t *Texted) Width() int { return t.inner.Width() }

// Inner is the predictor over the features and the sums.
func (t *Texted) Inner() Predictor { return t.inner }

// Sums writes the sums that a linear model makes of row r, before its link, a value each of
// its Width: x are the row's dense columns, s has its text. A sum that single precision
// cannot hold is cut to what it can.
func Sums(l *Linear, x []float32, s *matrix.Sparse, r int, sum []float64) {
	for k, b := range l.intercepts {
		sum[k] = float64(b)
	}
	l.addDense(x[:min(len(x), l.dense)], sum)
	if s != nil && l.sparse > 0 {
		l.addSparse(s, r, sum)
	}
	for k, v := range sum {
		sum[k] = clip(v, math.MaxFloat32)
	}
}

func (t *Texted) block() *textBlock {
	n := t.features + t.text.width
	f := &matrix.Frame{Rows: statisticRows, Features: make([]matrix.Feature, n), Cols: make([][]float32, n)}
	for _, j := range t.used {
		f.Cols[j] = make([]float32, statisticRows)
	}
	for j := t.features; j < n; j++ {
		f.Cols[j] = make([]float32, statisticRows)
	}
	b := &textBlock{m: matrix.New(f, nil, 1), rows: make([]int32, statisticRows), sum: make([]float64, t.text.width)}
	for i := range b.rows {
		b.rows[i] = int32(i)
	}
	return b
}

// Predict implements Predictor. The frame must have the features that the predictor was
// made for.
func (t *Texted) Predict(m *matrix.Matrix, rows []int32, out []float32) {
	b, ok := t.scratch.Get().(*textBlock)
	if !ok {
		b = t.block()
	}
	defer t.scratch.Put(b)
	width := t.Width()
	var dense *matrix.Dense
	if t.text.dense > 0 {
		dense = m.Dense()
		b.dense = slices.Grow(b.dense[:0], dense.Cols)[:dense.Cols]
	}
	for len(rows) > 0 {
		n := min(len(rows), statisticRows)
		cols := b.m.Frame.Cols
		for _, j := range t.used {
			from, to := m.Frame.Cols[j], cols[j]
			for i, r := range rows[:n] {
				to[i] = from[r]
			}
		}
		for i, r := range rows[:n] {
			var x []float32
			if dense != nil {
				x = dense.Row(int(r), b.dense)
			}
			Sums(t.text, x, m.Frame.Sparse, int(r), b.sum)
			for k, v := range b.sum {
				cols[t.features+k][i] = float32(v)
			}
		}
		t.inner.Predict(b.m, b.rows[:n], out[:n*width])
		rows, out = rows[n:], out[n*width:]
	}
}

// PredictOne implements RowPredictor.
func (t *Texted) PredictOne(r *Row, out []float32) {
	s, ok := t.rows.Get().(*textRow)
	if !ok {
		s = &textRow{sum: make([]float64, t.text.width)}
		s.row.Features = make([]float64, t.features+t.text.width)
	}
	copy(s.row.Features, r.Features[:t.features])
	Sums(t.text, r.Dense, r.Sparse, 0, s.sum)
	for k, v := range s.sum {
		s.row.Features[t.features+k] = float64(float32(v))
	}
	t.inner.PredictOne(&s.row, out)
	t.rows.Put(s)
}

// textedVersion is the first byte of the binary form.
const textedVersion = 1

// Append appends the binary form: version (a byte), number of frame features and length
// of the model of text as uint32, that model, whether inner is Prepared (a byte), inner.
func (t *Texted) Append(b []byte) []byte {
	text := t.text.Append(nil)
	b = append(b, textedVersion)
	b = binary.LittleEndian.AppendUint32(b, uint32(t.features))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	b = append(b, text...)
	if t.inner.Kind() == kindPrepared {
		return t.inner.Append(append(b, 1))
	}
	return t.inner.Append(append(b, 0))
}

func decodeTexted(b []byte, in Inputs) (*Texted, error) {
	const head = 9
	if len(b) < head || b[0] != textedVersion {
		return nil, errors.New("texted predictor: too short, or written by a newer version")
	}
	own, size := binary.LittleEndian.Uint32(b[1:]), binary.LittleEndian.Uint32(b[5:])
	b = b[head:]
	if uint64(own) > uint64(max(0, in.Raw)) || uint64(size)+1 > uint64(len(b)) {
		return nil, fmt.Errorf("texted predictor: %d features of %d, or cut short", own, in.Raw)
	}
	text, err := decodeLinear(b[:size], in.Dense)
	if err != nil {
		return nil, err
	}
	if text.width > maxVirtual {
		return nil, fmt.Errorf("texted predictor: %d sums of text", text.width)
	}
	n := int(own) + text.width
	var inner Predictor
	if b[size] == 1 {
		inner, err = decodePrepared(b[size+1:], n)
	} else {
		inner, err = decodeTrees(b[size+1:], n)
	}
	if err != nil {
		return nil, err
	}
	return NewTexted(int(own), text, inner)
}
