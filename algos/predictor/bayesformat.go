package predictor

import (
	"encoding/binary"
	"fmt"
	"math"
)

// bayesVersion is the first number of the binary form.
const bayesVersion = 1

// Append appends the binary form, numbers of four bytes, little-endian: version,
// outputs, classes, numbers of Normals, Counts, Levels and columns of text; the
// priors; of each Normal the feature, centre, spread, offsets, halves, means and
// what a missing value says; of each Count the feature, low, spread and weights; of
// each Levels the feature, the known levels and the weights; the weights of text.
func (b *Bayes) Append(to []byte) []byte {
	e := &b.e
	for _, v := range []int{bayesVersion, b.width, b.classes, len(e.Normals), len(e.Counts), len(e.Levels), len(e.Text) / b.classes} {
		to = binary.LittleEndian.AppendUint32(to, uint32(v))
	}
	to = appendFloats(to, e.Prior)
	for i := range e.Normals {
		n := &e.Normals[i]
		to = binary.LittleEndian.AppendUint32(to, uint32(n.Feature))
		to = appendFloats(to, []float32{n.Centre, n.Spread})
		for _, v := range [][]float32{n.Offset, n.Half, n.Mean, n.Missing} {
			to = appendFloats(to, v)
		}
	}
	for i := range e.Counts {
		c := &e.Counts[i]
		to = binary.LittleEndian.AppendUint32(to, uint32(c.Feature))
		to = appendFloats(appendFloats(to, []float32{c.Low, c.Spread}), c.Weight)
	}
	for i := range e.Levels {
		l := &e.Levels[i]
		to = binary.LittleEndian.AppendUint32(to, uint32(l.Feature))
		to = appendFloats(binary.LittleEndian.AppendUint32(to, uint32(l.Known)), l.Weight)
	}
	return appendFloats(to, e.Text)
}

func decodeBayes(b []byte, features int) (*Bayes, error) {
	r := &words{b: b}
	if v := r.number("version", math.MaxInt32); r.err == nil && v != bayesVersion {
		r.fail("version %d is not known: written by a newer version?", v)
	}
	// Whatever is counted takes bytes, so no number may be beyond those left.
	width := r.number("outputs", min(maxWidth, len(r.b)))
	classes := r.number("classes", min(maxWidth, len(r.b)))
	e := Evidence{
		Normals: make([]Normal, r.number("numbers", len(r.b)/12)), Counts: make([]Count, r.number("counts", len(r.b)/12)),
		Levels: make([]Levels, r.number("categories", len(r.b)/8)),
	}
	text := r.number("columns of text", len(r.b)/4)
	e.Prior = r.floats("priors", classes)
	for i := range e.Normals {
		n := Normal{Feature: int32(r.number("feature", features-1))}
		n.Centre, n.Spread = r.pair("centre and spread")
		n.Offset, n.Half = r.floats("offsets", classes), r.floats("halves", classes)
		n.Mean, n.Missing = r.floats("means", classes), r.floats("missing values", classes)
		e.Normals[i] = n
	}
	for i := range e.Counts {
		c := Count{Feature: int32(r.number("feature", features-1))}
		c.Low, c.Spread = r.pair("low and spread")
		c.Weight = r.floats("weights", classes)
		e.Counts[i] = c
	}
	for i := range e.Levels {
		l := Levels{Feature: int32(r.number("feature", features-1)), Known: r.number("levels", maxWidth)}
		l.Weight = r.floats("weights of levels", (l.Known+1)*classes)
		e.Levels[i] = l
	}
	e.Text = r.floats("weights of text", text*classes)
	if len(r.b) > 0 {
		r.fail("%d bytes too many", len(r.b))
	}
	if r.err != nil {
		return nil, fmt.Errorf("bayes predictor: %w", r.err)
	}
	return NewBayes(width, e)
}

// pair reads two finite numbers.
func (r *words) pair(what string) (a, b float32) {
	if v := r.floats(what, 2); len(v) == 2 {
		return v[0], v[1]
	}
	return 0, 0
}
