package predictor

import (
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
	case kindPrepared:
		return decodePrepared(b, in.Raw)
	case kindTexted:
		return decodeTexted(b, in)
	case kindReshaped:
		return decodeReshaped(b, in)
	case kindMLP:
		return decodeMLP(b, in.Raw)
	case kindAdditive:
		return decodeAdditive(b, in.Raw)
	case kindBayes:
		return decodeBayes(b, in.Raw)
	case kindNeighbors:
		return decodeNeighbors(b, in.Dense)
	case kindKernel:
		return decodeKernel(b, in.Dense)
	case kindLinear:
		return decodeLinear(b, in.Dense)
	}
	return decodeRegistered(kind, b, in)
}

// Row is one row in the forms that predictors read.
type Row struct {
	// Features are the values of the frame's features.
	Features []float64
	// Dense are the dense columns of the encoded view; predictors of the view
	// matrix.Raw don't read them.
	Dense []float32
	// Sparse has the text as row 0, nil without text.
	Sparse *matrix.Sparse
}

// RowPredictor is a predictor that scores one row without a matrix. All but those
// of other packages are.
type RowPredictor interface {
	Predictor
	// PredictOne writes the Width values that Predict gives for a frame of this row.
	PredictOne(r *Row, out []float32)
}

// Expanded is a predictor of trees that read virtual features, which are made
// from a row, behind those of the frame.
type Expanded interface {
	Predictor
	// Trees are those over the features of the frame and the virtual ones.
	Trees() *Trees
	// Virtual is the number of virtual features.
	Virtual() int
	// Sources are the frame's features that feature i of the trees is made of.
	Sources(i int32) []int32
	// Expand makes a matrix of the given rows with all features of the trees.
	Expand(m *matrix.Matrix, rows []int32) *matrix.Matrix
}

var (
	_ Expanded = (*Statistics)(nil)
	_ Expanded = (*Prepared)(nil)

	_ RowPredictor = (*Texted)(nil)
	_ RowPredictor = (*Reshaped)(nil)
)
