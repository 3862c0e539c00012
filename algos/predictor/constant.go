package predictor

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindConstant tags Constant predictors.
const kindConstant = "constant"

// maxWidth bounds the values a row may get, so that a damaged file cannot ask
// for unbounded memory.
const maxWidth = 1 << 20

// Constant predicts the same values for every row.
type Constant struct{ values []float32 }

// NewConstant makes a predictor from the values of a row (a copy is kept).
func NewConstant(values []float32) *Constant {
	return &Constant{values: append([]float32(nil), values...)}
}

// Kind is "constant".
func (c *Constant) Kind() string { return kindConstant }

// View is matrix.Raw, of which nothing is read.
func (c *Constant) View() matrix.View { return matrix.Raw }

// Width is the number of values a row gets.
func (c *Constant) Width() int { return len(c.values) }

// Values is a copy of the values of a row.
func (c *Constant) Values() []float32 { return append([]float32(nil), c.values...) }

// Predict repeats the values for each row.
func (c *Constant) Predict(_ *matrix.Matrix, rows []int32, out []float32) {
	for i := range rows {
		copy(out[i*len(c.values):], c.values)
	}
}

// PredictOne implements RowPredictor.
func (c *Constant) PredictOne(_ *Row, out []float32) { copy(out, c.values) }

// Append appends the binary form: the number of values, then the values.
func (c *Constant) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(c.values)))
	return appendFloats(b, c.values)
}

func decodeConstant(b []byte) (*Constant, error) {
	if len(b) < 4 {
		return nil, fmt.Errorf("constant predictor: %d bytes are too few", len(b))
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < 1 || n > maxWidth || len(b) != 4+4*n {
		return nil, fmt.Errorf("constant predictor: %d bytes do not hold %d values", len(b), n)
	}
	values, err := readFloats(b[4:], n)
	if err != nil {
		return nil, fmt.Errorf("constant predictor: %w", err)
	}
	return &Constant{values: values}, nil
}

// appendFloats appends values as little-endian float32.
func appendFloats(b []byte, v []float32) []byte {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// readFloats reads n finite little-endian float32 values; b holds at least 4n
// bytes.
func readFloats(b []byte, n int) ([]float32, error) {
	v := make([]float32, n)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		if f := float64(v[i]); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fmt.Errorf("value %d is not a finite number", i)
		}
	}
	return v, nil
}
