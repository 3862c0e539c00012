package predictor

import (
	"fmt"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Predictor is a trained model on the features of a frame. It is immutable and
// safe for concurrent use.
type Predictor interface {
	// Kind is the tag under which Decode finds the format, such as "trees".
	Kind() string
	// View is what the predictor reads: matrix.Raw or matrix.Encoded.
	View() matrix.View
	// Width is the number of values a row gets, see metrics.Width.
	Width() int
	// Predict writes probabilities (classification) or values (regression) for
	// the given rows of m into out, len(rows)×Width, on the calling goroutine.
	Predict(m *matrix.Matrix, rows []int32, out []float32)
	// Append appends the binary form, which Decode reads.
	Append(b []byte) []byte
}

// Inputs are the numbers of columns that a predictor may name.
type Inputs struct {
	Raw   int // features of the frame
	Dense int // dense columns of the encoded view
}

// Decode reads what Append wrote. Every index is checked against the inputs, so
// that a model from anywhere can do no harm.
func Decode(kind string, b []byte, in Inputs) (Predictor, error) {
	switch kind {
	case kindConstant:
		return decodeConstant(b)
	case kindTrees:
		return decodeTrees(b, in.Raw)
	case kindStatistics:
		return decodeStatistics(b, in.Raw)
	case kindLinear:
		return decodeLinear(b, in.Dense)
	}
	return nil, fmt.Errorf("unknown predictor %q: written by a newer version?", kind)
}
