package predictor

import (
	"encoding/binary"
	"fmt"
	"math"
)

// mlpVersion is the first byte of the binary form.
const mlpVersion = 1

// Append appends the binary form: the version (a byte), activation and whether
// there is a target (a byte each); then as unsigned varints the numbers of
// features, text columns, members, outputs, hidden layers, each layer's width and
// the number of inputs; each input as flags (a byte: 1 text, 2 indicator, 4 knots),
// varints column, levels and embedding, float64 centre and scale, and of knots their
// number, a varint, and float64; the target's four float64; the parameters as float32.
func (m *MLP) Append(b []byte) []byte {
	n := &m.net
	b = append(b, mlpVersion, byte(n.Activation), flag(m.target != nil, 1))
	for _, v := range []int{n.Features, n.TextCols, n.Members, n.Outputs, len(n.Widths)} {
		b = binary.AppendUvarint(b, uint64(v))
	}
	for _, w := range n.Widths {
		b = binary.AppendUvarint(b, uint64(w))
	}
	b = binary.AppendUvarint(b, uint64(len(n.Inputs)))
	for i := range n.Inputs {
		in := &n.Inputs[i]
		b = append(b, flag(in.Text, 1)|flag(in.Indicator, 2)|flag(len(in.Knots) > 0, 4))
		for _, v := range []int{in.Column, in.Levels, in.Embedding} {
			b = binary.AppendUvarint(b, uint64(v))
		}
		b = appendDoubles(b, in.Center, in.Scale)
		if len(in.Knots) > 0 {
			b = appendDoubles(binary.AppendUvarint(b, uint64(len(in.Knots))), in.Knots...)
		}
	}
	if t := m.target; t != nil {
		b = appendDoubles(b, t.Mean, t.Scale, t.Low, t.High)
	}
	return appendFloats(b, m.params)
}

func flag(on bool, bit byte) byte {
	if on {
		return bit
	}
	return 0
}

func appendDoubles(b []byte, values ...float64) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// double reads a float64; whoever uses it checks it.
func (r *statisticsReader) double() float64 {
	b := r.bytes(8)
	if len(b) < 8 {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// byte reads one byte.
func (r *statisticsReader) byte() byte {
	if b := r.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func decodeMLP(b []byte, features int) (*MLP, error) {
	m, err := readMLP(b, features)
	if err != nil {
		return nil, fmt.Errorf("mlp predictor: %w", err)
	}
	return m, nil
}

func readMLP(b []byte, features int) (*MLP, error) {
	r := &statisticsReader{b: b}
	if v := r.byte(); r.err == nil && v != mlpVersion {
		return nil, fmt.Errorf("version %d, this program knows %d", v, mlpVersion)
	}
	n := Net{Activation: Activation(r.byte())}
	hasTarget := r.byte() == 1
	n.Features = int(r.uint("features", uint64(features)))
	n.TextCols = int(r.uint("text columns", maxNetText))
	n.Members = int(r.uint("members", maxNetMembers))
	n.Outputs = int(r.uint("outputs", maxWidth))
	n.Widths = make([]int, r.uint("layers", maxNetLayers))
	for l := range n.Widths {
		n.Widths[l] = int(r.uint("width", maxNetWidth))
	}
	const least = 20 // bytes of an input
	n.Inputs = make([]NetInput, r.uint("inputs", uint64(len(r.b)/least)))
	for i := range n.Inputs {
		in := &n.Inputs[i]
		flags := r.byte()
		in.Text, in.Indicator = flags&1 != 0, flags&2 != 0
		in.Column = int(r.uint("column", math.MaxInt32))
		in.Levels = int(r.uint("levels", math.MaxInt32))
		in.Embedding = int(r.uint("embedding", maxNetWidth))
		in.Center, in.Scale = r.double(), r.double()
		if flags&4 != 0 {
			in.Knots = make([]float64, r.uint("knots", MaxKnots))
			for k := range in.Knots {
				in.Knots[k] = r.double()
			}
		}
	}
	var target *Target
	if hasTarget {
		target = &Target{Mean: r.double(), Scale: r.double(), Low: r.double(), High: r.double()}
	}
	if r.err != nil {
		return nil, r.err
	}
	if err := n.Init(); err != nil {
		return nil, err
	}
	if len(r.b) != 4*n.size {
		return nil, fmt.Errorf("%d bytes do not hold %d parameters", len(r.b), n.size)
	}
	params, err := readFloats(r.b, n.size)
	if err != nil {
		return nil, err
	}
	return NewMLP(n, params, target)
}
