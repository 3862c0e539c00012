package predictor

import (
	"encoding/binary"
	"fmt"
	"math"
)

// neighborsVersion is the first number of the binary form.
const neighborsVersion = 1

// Flags of the binary form.
const (
	neighborsCloser = 1 << iota
	neighborsAbsolute
	neighborsWeights
)

// Append appends the binary form, numbers of four bytes, little-endian: version,
// flags (1 Closer, 2 Absolute, 4 weights), outputs, K, classes, columns, rows and
// clusters; the ends of the clusters, and if there are several their centres; the
// priors; the rows' targets, weights and values.
func (n *Neighbors) Append(b []byte) []byte {
	k, flags := &n.known, 0
	for bit, on := range map[int]bool{neighborsCloser: n.votes.Closer, neighborsAbsolute: n.votes.Absolute, neighborsWeights: k.W != nil} {
		if on {
			flags |= bit
		}
	}
	for _, v := range []int{neighborsVersion, flags, n.width, n.votes.K, k.Classes, k.Columns, len(k.Y), len(k.Ends)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	for _, v := range k.Ends {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	for _, v := range [][]float32{k.Centres, k.Prior, k.Y, k.W, k.X} {
		b = appendFloats(b, v)
	}
	return b
}

func decodeNeighbors(b []byte, columns int) (*Neighbors, error) {
	r := &words{b: b}
	if v := r.number("version", math.MaxInt32); r.err == nil && v != neighborsVersion {
		r.fail("version %d is not known: written by a newer version?", v)
	}
	flags := r.number("flags", neighborsCloser|neighborsAbsolute|neighborsWeights)
	// Whatever is counted takes bytes, so no number may be beyond those left.
	width := r.number("outputs", maxWidth)
	votes := Votes{K: r.number("neighbours", maxNeighbors), Closer: flags&neighborsCloser != 0, Absolute: flags&neighborsAbsolute != 0}
	known := Known{Classes: r.number("classes", min(maxWidth, len(r.b)/4)), Columns: r.number("columns", columns)}
	rows := r.number("rows", len(r.b)/4)
	known.Ends = make([]int32, r.number("clusters", rows))
	for i := range known.Ends {
		known.Ends[i] = int32(r.number("end of a cluster", rows))
	}
	if len(known.Ends) > 1 {
		known.Centres = r.floats("centres", len(known.Ends)*known.Columns)
	}
	known.Prior = r.floats("priors", known.Classes)
	known.Y = r.floats("targets", rows)
	if flags&neighborsWeights != 0 {
		known.W = r.floats("weights", rows)
	}
	known.X = r.floats("values", rows*known.Columns)
	if len(r.b) > 0 {
		r.fail("%d bytes too many", len(r.b))
	}
	if r.err != nil {
		return nil, fmt.Errorf("neighbors predictor: %w", r.err)
	}
	return NewNeighbors(width, known, votes)
}
