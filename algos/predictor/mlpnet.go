package predictor

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor/gemm"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Activation is the function between the layers of a net.
type Activation uint8

// The activations of package gemm.
const (
	SELU Activation = iota
	Mish
)

// NetInput is one feature's way into a net, or that of one column of the text
// block. The columns of an input follow those of the one before.
//
// A number v becomes z = (v−Center)·Scale and then z/√(1+(z/3)²), which ends at
// ±3; missing is zero, with Indicator a column beside it is 1. A category of
// two levels is ±1 and missing is zero; one of Levels ≤ MaxOneHot levels has a
// column for each; one of more levels has Embedding columns, looked up in a table
// of Levels+1 rows whose last is for missing, unseen and all other levels. A text
// column is multiplied by Scale.
//
// Knots, ascending, give a number further columns, one for each piece between two of
// them: −1 for values below the piece, 1 above, linear within, 0 for missing. They are
// the piecewise linear encoding of Gorishniy, Rubachev and Babenko, On Embeddings for
// Numerical Features in Tabular Deep Learning, NeurIPS 2022, centred.
type NetInput struct {
	Text      bool // Column is one of the text block, else of the features
	Column    int
	Center    float64
	Scale     float64
	Levels    int
	Embedding int
	Indicator bool
	Knots     []float64
}

// MaxKnots is the largest number of knots of an input.
const MaxKnots = 65

// MaxOneHot is the number of levels from which on a net looks categories up.
const MaxOneHot = 9

// Columns is the number of columns that the input becomes.
func (in *NetInput) Columns() int {
	switch {
	case in.Embedding > 0:
		return in.Embedding
	case in.Levels > 2:
		return in.Levels
	}
	n := 1
	if in.Indicator {
		n = 2
	}
	return n + max(0, len(in.Knots)-1)
}

// put writes the columns for the value v; out is zero, table the embedding.
func (in *NetInput) put(v float32, table, out []float32) {
	switch {
	case in.Embedding > 0:
		k := in.Level(v)
		copy(out[:in.Embedding], table[k*in.Embedding:])
	case in.Levels > 0:
		k := in.Level(v)
		switch {
		case k == in.Levels:
		case in.Levels <= 2:
			out[0] = float32(1 - 2*k)
		default:
			out[k] = 1
		}
	case v != v:
		if in.Indicator {
			out[1] = 1
		}
	default:
		out[0] = smoothClip((float64(v) - in.Center) * in.Scale)
		if len(in.Knots) > 0 {
			in.pieces(float64(v), out[in.Columns()-len(in.Knots)+1:])
		}
	}
}

func (in *NetInput) knotsFit() bool {
	for k, v := range in.Knots {
		if math.IsNaN(v) || math.IsInf(v, 0) || k > 0 && !(v > in.Knots[k-1]) {
			return false
		}
	}
	return len(in.Knots) == 0 || len(in.Knots) > 1 && len(in.Knots) <= MaxKnots && in.Levels == 0 && !in.Text
}

// pieces writes the columns between the knots.
func (in *NetInput) pieces(v float64, out []float32) {
	for k, from := range in.Knots[:len(in.Knots)-1] {
		to := in.Knots[k+1]
		switch {
		case v <= from:
			out[k] = -1
		case v >= to:
			out[k] = 1
		default:
			out[k] = float32(2*((v-from)/(to-from)) - 1)
		}
	}
}

// Level is the row of a value in the table of a category, Levels for all that
// have none of their own.
func (in *NetInput) Level(v float32) int {
	if v >= 0 && v < float32(in.Levels) {
		return int(v)
	}
	return in.Levels
}

// smoothClip is about z near zero and ends at ±3.
func smoothClip(z float64) float32 {
	const limit = 3
	if math.Abs(z) > 1e6 {
		return float32(math.Copysign(limit, z))
	}
	return float32(z / math.Sqrt(1+float64(z/limit*(z/limit))))
}

// Net is the shape of a multi-layer perceptron. Its parameters are one slice in
// segments, each padded to a multiple of gemm.Lanes: the embeddings, the scales
// of the inputs (one set a member), weights (inputs×outputs, row-major) and biases
// of each hidden layer, then weights and biases of each member's head. Members
// share all but scales and heads (TabM-mini: Gorishniy et al., 2024).
type Net struct {
	Features   int // of the frame
	TextCols   int // of its text block
	Inputs     []NetInput
	Members    int
	Widths     []int // of the hidden layers, multiples of gemm.Lanes
	Outputs    int
	Activation Activation

	columns int // of all inputs
	first   []int
	tables  []int // where the embedding of each input begins
	scales  int
	hidden  []int
	heads   int
	size    int
	text    []int32 // input of each text column, -1 for none
}

// Limits of nets that are read from files.
const (
	maxNetWidth   = 1 << 14
	maxNetLayers  = 16
	maxNetMembers = 64
	maxNetSize    = 1 << 28
	maxNetText    = 1 << 22
)

// Init computes the places of the parameters. It fails if a size is out of range
// or an input names what is not there.
func (n *Net) Init() error {
	if n.Members < 1 || n.Members > maxNetMembers || n.Outputs < 1 || n.Outputs > maxWidth ||
		n.Features < 0 || n.TextCols < 0 || n.TextCols > maxNetText || n.Activation > Mish || len(n.Widths) < 1 || len(n.Widths) > maxNetLayers {
		return fmt.Errorf("net of %d members with %d outputs, %d layers, activation %d", n.Members, n.Outputs, len(n.Widths), n.Activation)
	}
	n.columns, n.first, n.tables, n.hidden, n.text = 0, nil, nil, nil, nil
	if err := n.initInputs(); err != nil {
		return err
	}
	n.scales = n.size
	size := n.size + n.Members*n.InputWidth()
	in := n.InputWidth()
	for _, w := range n.Widths {
		if w < gemm.Lanes || w > maxNetWidth || w%gemm.Lanes != 0 {
			return fmt.Errorf("net with a layer of %d: want a multiple of %d up to %d", w, gemm.Lanes, maxNetWidth)
		}
		n.hidden = append(n.hidden, size)
		size += (in + 1) * w
		if size > maxNetSize {
			return fmt.Errorf("net of more than %d parameters", maxNetSize)
		}
		in = w
	}
	n.heads = size
	if n.size = size + n.Members*(in+1)*n.OutputWidth(); n.size > maxNetSize {
		return fmt.Errorf("net of more than %d parameters", maxNetSize)
	}
	return nil
}

func (n *Net) initInputs() error {
	n.size = 0
	if n.TextCols > 0 {
		n.text = make([]int32, n.TextCols)
		for i := range n.text {
			n.text[i] = -1
		}
	}
	for i := range n.Inputs {
		in := &n.Inputs[i]
		limit := n.Features
		if in.Text {
			limit = len(n.text)
		}
		switch {
		case in.Column < 0 || in.Column >= limit:
			return fmt.Errorf("net input %d reads column %d of %d", i, in.Column, limit)
		case math.IsNaN(in.Center+in.Scale) || math.IsInf(in.Center+in.Scale, 0):
			return fmt.Errorf("net input %d is scaled by no finite number", i)
		case in.Levels < 0 || in.Levels > 1<<24 || in.Embedding < 0 || in.Embedding > maxNetWidth,
			in.Embedding > 0 && in.Levels < 1, in.Embedding == 0 && in.Levels > MaxOneHot, in.Text && in.Levels > 0:
			return fmt.Errorf("net input %d has %d levels in %d columns", i, in.Levels, in.Embedding)
		case !in.knotsFit():
			return fmt.Errorf("net input %d has %d knots: a number has 2 to %d finite ones, ascending", i, len(in.Knots), MaxKnots)
		}
		if in.Text {
			n.text[in.Column] = int32(i)
		}
		n.first, n.tables = append(n.first, n.columns), append(n.tables, n.size)
		n.columns += in.Columns()
		if in.Embedding > 0 {
			n.size += gemm.Pad((in.Levels + 1) * in.Embedding)
		}
		if n.columns > maxNetSize || n.size > maxNetSize {
			return fmt.Errorf("net inputs of more than %d columns or parameters", maxNetSize)
		}
	}
	return nil
}

// Size is the number of parameters.
func (n *Net) Size() int { return n.size }

// Columns is the number of columns of the inputs, without padding.
func (n *Net) Columns() int { return n.columns }

// InputWidth is Columns padded, at least gemm.Lanes.
func (n *Net) InputWidth() int { return max(gemm.Lanes, gemm.Pad(n.columns)) }

// OutputWidth is Outputs padded.
func (n *Net) OutputWidth() int { return gemm.Pad(n.Outputs) }

// First is the first column of input i.
func (n *Net) First(i int) int { return n.first[i] }

// Fan is the number of columns that layer l reads, padded; layer len(Widths) are
// the heads.
func (n *Net) Fan(l int) int {
	if l == 0 {
		return n.InputWidth()
	}
	return n.Widths[l-1]
}

// Table is the part of p that is the embedding of input i, (Levels+1)×Embedding.
func (n *Net) Table(p []float32, i int) []float32 {
	in := &n.Inputs[i]
	return p[n.tables[i] : n.tables[i]+gemm.Pad((in.Levels+1)*in.Embedding)]
}

// Scale is the part of p that are the scales of a member, InputWidth.
func (n *Net) Scale(p []float32, member int) []float32 {
	w := n.InputWidth()
	return p[n.scales+member*w : n.scales+(member+1)*w]
}

// Layer are the parts of p that are weights, Fan(l)×Widths[l], and biases of a
// hidden layer.
func (n *Net) Layer(p []float32, l int) (weights, biases []float32) {
	at, end := n.hidden[l], n.hidden[l]+n.Fan(l)*n.Widths[l]
	return p[at:end], p[end : end+n.Widths[l]]
}

// Head are the parts of p that are weights, Fan(len(Widths))×OutputWidth, and
// biases of a member's head.
func (n *Net) Head(p []float32, member int) (weights, biases []float32) {
	in, out := n.Fan(len(n.Widths)), n.OutputWidth()
	at := n.heads + member*(in+1)*out
	return p[at : at+in*out], p[at+in*out : at+(in+1)*out]
}

// Encode writes the inputs of rows of a frame into x, len(rows)×InputWidth, with
// the embeddings of p.
func (n *Net) Encode(f *matrix.Frame, rows []int32, p, x []float32) {
	width := n.InputWidth()
	clear(x[:len(rows)*width])
	for i := range n.Inputs {
		in := &n.Inputs[i]
		if in.Text {
			continue
		}
		var table []float32
		if in.Embedding > 0 {
			table = n.Table(p, i)
		}
		col, at := f.Cols[in.Column], n.first[i]
		for k, r := range rows {
			in.put(col[r], table, x[k*width+at:])
		}
	}
	if f.Sparse != nil {
		for k, r := range rows {
			n.encodeText(f.Sparse, int(r), x[k*width:(k+1)*width])
		}
	}
}

// encodeText adds row r of the text block.
func (n *Net) encodeText(s *matrix.Sparse, r int, x []float32) {
	for e := s.Start[r]; e < s.Start[r+1]; e++ {
		j := int(s.Index[e])
		if j >= len(n.text) || n.text[j] < 0 {
			continue
		}
		i := n.text[j]
		x[n.first[i]] = float32(float64(s.Value[e]) * n.Inputs[i].Scale)
	}
}

// Activate replaces z by the activation of it and sets d to the slopes.
func (n *Net) Activate(z, d []float32) {
	if n.Activation == Mish {
		gemm.Mish(z, d)
		return
	}
	gemm.SELU(z, d)
}
