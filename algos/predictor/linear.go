package predictor

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindLinear tags Linear predictors.
const kindLinear = "linear"

// maxLogit bounds the linear sums of classifiers, so that no probability is
// exactly 0 or 1 in float32.
const maxLogit = 15

// Linear is a (generalised) linear model over the encoded view: the dense
// columns followed by the columns of the sparse block.
type Linear struct {
	dense, sparse, width int
	link                 Link
	weights              []float32 // (dense+sparse)×width
	intercepts           []float32 // width
}

// NewLinear makes a linear predictor. weights is (dense+sparse)×width,
// row-major by column of the encoded view; intercepts has width values. The
// link is Identity, Exp, Sigmoid (width 1: the probability of class 1) or Softmax.
// The slices are kept. Wrong lengths, numbers that are not finite and other
// links are errors.
func NewLinear(dense, sparse, width int, weights, intercepts []float32, link Link) (*Linear, error) {
	switch {
	case dense < 0 || sparse < 0 || width < 1 || width > maxWidth:
		return nil, fmt.Errorf("linear predictor: %d dense and %d sparse columns, %d values a row", dense, sparse, width)
	case len(weights) != (dense+sparse)*width || len(intercepts) != width:
		return nil, fmt.Errorf("linear predictor: %d weights and %d intercepts for %d+%d columns and %d values a row",
			len(weights), len(intercepts), dense, sparse, width)
	case link != Identity && link != Exp && link != Softmax && (link != Sigmoid || width != 1):
		return nil, fmt.Errorf("linear predictor: link %d does not fit %d values a row", link, width)
	}
	for _, v := range [][]float32{weights, intercepts} {
		for i, x := range v {
			if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) {
				return nil, fmt.Errorf("linear predictor: weight %d is not a finite number", i)
			}
		}
	}
	return &Linear{dense: dense, sparse: sparse, width: width, link: link, weights: weights, intercepts: intercepts}, nil
}

// Kind is "linear".
func (l *Linear) Kind() string { return kindLinear }

// View is matrix.Encoded.
func (l *Linear) View() matrix.View { return matrix.Encoded }

// Width is the number of values a row gets.
func (l *Linear) Width() int { return l.width }

// Link is what turns the linear sums into predictions.
func (l *Linear) Link() Link { return l.link }

// Weights are the coefficients, (dense+sparse columns)×Width, not to be changed.
func (l *Linear) Weights() []float32 { return l.weights }

// Intercepts are Width constants, not to be changed.
func (l *Linear) Intercepts() []float32 { return l.intercepts }

// Predict implements Predictor. Columns that the view has beyond those of the
// model are not read.
func (l *Linear) Predict(m *matrix.Matrix, rows []int32, out []float32) {
	d := m.Dense()
	sum, x := make([]float64, l.width), make([]float32, d.Cols)
	for i, r := range rows {
		l.score(d.Row(int(r), x), d.Sparse, int(r), sum, out[i*l.width:(i+1)*l.width])
	}
}

// PredictOne implements RowPredictor.
func (l *Linear) PredictOne(r *Row, out []float32) {
	var few [16]float64
	sum := few[:]
	if l.width > len(few) {
		sum = make([]float64, l.width)
	}
	l.score(r.Dense, r.Sparse, 0, sum[:l.width], out[:l.width])
}

// score scores a row: x are its dense columns, row r of s its text.
func (l *Linear) score(x []float32, s *matrix.Sparse, r int, sum []float64, out []float32) {
	for k, b := range l.intercepts {
		sum[k] = float64(b)
	}
	l.addDense(x[:min(len(x), l.dense)], sum)
	if s != nil && l.sparse > 0 {
		l.addSparse(s, r, sum)
	}
	l.link.Apply(sum, 1, out)
}

func (l *Linear) addDense(x []float32, sum []float64) {
	if l.width == 1 {
		w, s := l.weights[:len(x)], sum[0]
		for j, v := range x {
			s += float64(float64(v) * float64(w[j]))
		}
		sum[0] = s
		return
	}
	for j, v := range x {
		if v == 0 {
			continue
		}
		f := float64(v)
		for k, w := range l.weights[j*l.width : (j+1)*l.width] {
			sum[k] += float64(f * float64(w))
		}
	}
}

func (l *Linear) addSparse(s *matrix.Sparse, r int, sum []float64) {
	for e := s.Start[r]; e < s.Start[r+1]; e++ {
		j := int(s.Index[e])
		if j >= l.sparse {
			continue
		}
		f, at := float64(s.Value[e]), (l.dense+j)*l.width
		for k, w := range l.weights[at : at+l.width] {
			sum[k] += float64(f * float64(w))
		}
	}
}

// clip bounds v to ±limit and turns NaN into 0.
func clip(v, limit float64) float64 {
	if v != v {
		return 0
	}
	return max(-limit, min(limit, v))
}

// softmax writes exp(v-max) normalised; differences beyond 2·maxLogit are cut.
func softmax(v []float64, out []float32) {
	top := math.Inf(-1)
	for k := range v {
		v[k] = clip(v[k], math.MaxFloat32)
		top = max(top, v[k])
	}
	total := 0.0
	for k := range v {
		v[k] = math.Exp(max(v[k]-top, -2*maxLogit))
		total += v[k]
	}
	for k := range v {
		out[k] = float32(v[k] / total)
	}
}

// Append appends the binary form: dense, sparse, width and link as uint32,
// then intercepts and weights.
func (l *Linear) Append(b []byte) []byte {
	for _, v := range []int{l.dense, l.sparse, l.width, int(l.link)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return appendFloats(appendFloats(b, l.intercepts), l.weights)
}

func decodeLinear(b []byte, features int) (*Linear, error) {
	const head = 16
	if len(b) < head {
		return nil, fmt.Errorf("linear predictor: %d bytes are too few", len(b))
	}
	var h [4]uint64
	for i := range h {
		h[i] = uint64(binary.LittleEndian.Uint32(b[4*i:]))
	}
	dense, sparse, width, link := h[0], h[1], h[2], h[3]
	if dense > uint64(features) {
		return nil, fmt.Errorf("linear predictor: reads %d columns, there are %d", dense, features)
	}
	if width < 1 || width > maxWidth || link > math.MaxUint8 {
		return nil, fmt.Errorf("linear predictor: %d values a row, link %d", width, link)
	}
	// At most 2^33·2^20 numbers: no overflow.
	if n := (dense + sparse + 1) * width; uint64(len(b)-head) != 4*n {
		return nil, fmt.Errorf("linear predictor: %d bytes do not hold %d numbers", len(b), n)
	}
	intercepts, err := readFloats(b[head:], int(width))
	if err != nil {
		return nil, fmt.Errorf("linear predictor: %w", err)
	}
	weights, err := readFloats(b[head+4*int(width):], int((dense+sparse)*width))
	if err != nil {
		return nil, fmt.Errorf("linear predictor: %w", err)
	}
	return NewLinear(int(dense), int(sparse), int(width), weights, intercepts, Link(link))
}
