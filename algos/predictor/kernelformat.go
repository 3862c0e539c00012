package predictor

import (
	"encoding/binary"
	"fmt"
	"math"
)

// kernelVersion is the first number of the binary form.
const kernelVersion = 1

// Append appends the binary form, little-endian: version, shape, link, outputs,
// columns and rows in four bytes each; the length scale, Base and the weights as
// doubles; the rows' values as floats.
func (k *Kernel) Append(b []byte) []byte {
	s := &k.supports
	for _, v := range []int{kernelVersion, int(s.Shape), int(s.Link), k.width, s.Columns, len(s.Weights) / k.width} {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	b = appendDouble(b, s.Length)
	b = appendDoubles(b, s.Base...)
	b = appendDoubles(b, s.Weights...)
	return appendFloats(b, s.X)
}

func decodeKernel(b []byte, columns int) (*Kernel, error) {
	r := &words{b: b}
	if v := r.number("version", math.MaxInt32); r.err == nil && v != kernelVersion {
		r.fail("version %d is not known: written by a newer version?", v)
	}
	s := Supports{Shape: KernelShape(r.number("kernel", int(kernelShapes)-1)), Link: Link(r.number("link", int(Softmax)))}
	// Whatever is counted takes bytes, so no number may be beyond those left.
	width := r.number("outputs", min(maxWidth, len(r.b)/8))
	s.Columns = r.number("columns", columns)
	rows := r.number("rows", len(r.b)/8)
	if length := r.doubles("length scale", 1); r.err == nil {
		s.Length = length[0]
	}
	s.Base = r.doubles("base", width)
	s.Weights = r.doubles("weights", rows*width)
	s.X = r.floats("values", rows*s.Columns)
	if len(r.b) > 0 {
		r.fail("%d bytes too many", len(r.b))
	}
	if r.err != nil {
		return nil, fmt.Errorf("kernel predictor: %w", r.err)
	}
	return NewKernel(s)
}

// doubles reads n numbers of eight bytes.
func (r *words) doubles(what string, n int) []float64 {
	if r.err != nil || len(r.b)/8 < n {
		r.fail("ends before its %s", what)
		return nil
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(r.b[8*i:]))
	}
	r.b = r.b[8*n:]
	return out
}
