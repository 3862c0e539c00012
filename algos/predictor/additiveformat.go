package predictor

import (
	"encoding/binary"
	"fmt"
	"math"
)

// additiveVersion is the first number of the binary form.
const additiveVersion = 1

// Append appends the binary form, numbers of four bytes, little-endian: version,
// link, outputs, axes and terms; the intercepts; for each axis the feature, the
// levels and the number of edges, then the edges; for each term the number of
// its axes and these, then its values.
func (a *Additive) Append(b []byte) []byte {
	for _, v := range []int{additiveVersion, int(a.link), a.width, len(a.axes), len(a.terms)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	b = appendFloats(b, a.intercepts)
	for i := range a.axes {
		x := &a.axes[i]
		for _, v := range []int{int(x.Feature), x.Levels, len(x.Edges)} {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
		b = appendFloats(b, x.Edges)
	}
	for i := range a.terms {
		t := &a.terms[i]
		b = binary.LittleEndian.AppendUint32(b, uint32(len(t.Axes)))
		for _, x := range t.Axes {
			b = binary.LittleEndian.AppendUint32(b, uint32(x))
		}
		b = appendFloats(b, t.Values)
	}
	return b
}

// words reads numbers of four bytes until they run out.
type words struct {
	b   []byte
	err error
}

func (r *words) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// number reads one of at most limit.
func (r *words) number(what string, limit int) int {
	if len(r.b) < 4 {
		r.fail("ends before its %s", what)
		return 0
	}
	v := binary.LittleEndian.Uint32(r.b)
	r.b = r.b[4:]
	if limit < 0 || uint64(v) > uint64(limit) {
		r.fail("%s %d, at most %d is possible", what, v, limit)
		return 0
	}
	return int(v)
}

// floats reads n finite numbers.
func (r *words) floats(what string, n int) []float32 {
	if r.err != nil || n < 0 || len(r.b)/4 < n {
		r.fail("ends before its %s", what)
		return nil
	}
	v, err := readFloats(r.b, n)
	if err != nil {
		r.fail("%s: %w", what, err)
	}
	r.b = r.b[4*n:]
	return v
}

func decodeAdditive(b []byte, features int) (*Additive, error) {
	r := &words{b: b}
	if v := r.number("version", math.MaxInt32); r.err == nil && v != additiveVersion {
		r.fail("version %d is not known: written by a newer version?", v)
	}
	link := Link(r.number("link", math.MaxUint8))
	// Every axis and term takes bytes, so no number may be beyond those left.
	width := r.number("outputs", min(maxWidth, len(r.b)))
	axes := make([]Axis, r.number("axes", min(maxAxes, len(r.b))))
	terms := make([]Term, r.number("terms", min(maxAxes, len(r.b))))
	intercepts := r.floats("intercepts", width)
	for i := range axes {
		axes[i] = r.axis(features)
	}
	for i := range terms {
		terms[i] = r.term(axes, width)
	}
	if len(r.b) > 0 {
		r.fail("%d bytes too many", len(r.b))
	}
	if r.err != nil {
		return nil, fmt.Errorf("additive predictor: %w", r.err)
	}
	return NewAdditive(intercepts, link, axes, terms)
}

func (r *words) axis(features int) Axis {
	a := Axis{Feature: int32(r.number("feature", features-1)), Levels: r.number("levels", math.MaxUint8)}
	a.Edges = r.floats("edges", r.number("number of edges", math.MaxUint8))
	return a
}

func (r *words) term(axes []Axis, width int) Term {
	t := Term{Axes: make([]int, r.number("axes of a term", 2))}
	cells := 1
	for i := range t.Axes {
		t.Axes[i] = r.number("axis", len(axes)-1)
		if r.err == nil {
			cells *= axes[t.Axes[i]].Bins()
		}
	}
	t.Values = r.floats("values", cells*width)
	return t
}
