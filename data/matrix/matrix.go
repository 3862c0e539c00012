package matrix

import "sync"

// Feature is one output of a fitted feature pipeline.
type Feature struct {
	// Name is unique within a frame, such as "signup.month".
	Name string `json:"name"`
	// Sources are the input columns it was made from.
	Sources []string `json:"sources"`
	// Levels is 0 for a numeric feature; for a categorical one the number of
	// known levels, and the values are codes 0..Levels-1 (0 the most frequent).
	Levels int `json:"levels,omitempty"`
	// TreeOnly features summarise others for trees and are left out of the
	// dense view (the selected terms of a text column, which linear learners
	// see in the sparse block already).
	TreeOnly bool `json:"tree_only,omitempty"`
	// Encoding, if not nil, says that learners see numbers in place of the codes, which
	// are made of the target of a fit's training rows, see package algos/infold.
	// The feature is left out of the dense view.
	Encoding *Encoding `json:"encoding,omitempty"`
}

// Sparse holds text features in compressed rows: row i has the entries
// Index[Start[i]:Start[i+1]] (ascending) with Value at the same places.
type Sparse struct {
	Cols  int
	Start []int64
	Index []int32
	Value []float32
}

// Pick is the text of some rows, in their order; nil of nil.
func (s *Sparse) Pick(rows []int32) *Sparse {
	if s == nil {
		return nil
	}
	out := &Sparse{Cols: s.Cols, Start: make([]int64, 1, len(rows)+1)}
	for _, r := range rows {
		out.Index = append(out.Index, s.Index[s.Start[r]:s.Start[r+1]]...)
		out.Value = append(out.Value, s.Value[s.Start[r]:s.Start[r+1]]...)
		out.Start = append(out.Start, int64(len(out.Index)))
	}
	return out
}

// Frame is a featurized table: column-major float32, NaN where missing, level
// codes for categorical features (unseen levels are NaN), and a sparse block
// for text (nil without text). It is immutable.
type Frame struct {
	Rows     int
	Features []Feature
	Cols     [][]float32
	Sparse   *Sparse
	// Exact, if not nil, has the columns in double precision, for imported
	// models whose thresholds are not float32; Cols then may be nil.
	Exact [][]float64
}

// Filled is the share of the frame's values that are not zero, 1 without values,
// by the values of at most a thousand rows.
func (f *Frame) Filled() float64 {
	const looks = 1000
	n := min(looks, f.Rows)
	filled := 0
	for _, col := range f.Cols {
		for i := range n {
			if !isZero(col[i*f.Rows/n]) {
				filled++
			}
		}
	}
	if n*len(f.Cols) == 0 {
		return 1
	}
	return float64(filled) / float64(n*len(f.Cols))
}

// View names what a learner or predictor reads.
type View string

// The views of a frame.
const (
	// Raw is the frame itself, row by row: what tree predictors read.
	Raw View = "raw"
	// Binned is the frame in bins: what tree trainers read.
	Binned View = "binned"
	// Encoded is imputed, scaled and one-hot encoded, plus the sparse block.
	Encoded View = "dense"
)

// Matrix is a frame with its other views, made when first asked for and shared
// read-only by all trials. It is safe for concurrent use.
type Matrix struct {
	Frame *Frame
	// Encoder makes the dense view; it is fitted once a job on the training rows.
	Encoder *Encoder

	base      *Matrix // that this one extends, or nil
	denseOnce sync.Once
	dense     *Dense
	packOnce  sync.Once
	packed    *Packed
	binsOnce  sync.Once
	bins      *Bins
	threads   int
}

// New wraps a frame. threads bounds the goroutines that make a view.
func New(f *Frame, enc *Encoder, threads int) *Matrix {
	return &Matrix{Frame: f, Encoder: enc, threads: max(1, threads)}
}

// Dense returns the dense view.
func (m *Matrix) Dense() *Dense {
	m.denseOnce.Do(func() { m.dense = m.Encoder.Encode(m.Frame, m.threads) })
	return m.dense
}

// Packed returns the binned view in compact layouts. Edges come from all rows of
// the frame, as those of Bins do.
func (m *Matrix) Packed() *Packed {
	m.packOnce.Do(func() { m.packed = m.pack() })
	return m.packed
}

// Bins returns the binned view in one byte column a feature. Edges come from all rows of the frame, which
// are the job's training rows: they carry nothing of the target.
func (m *Matrix) Bins() *Bins {
	m.binsOnce.Do(func() { m.bins = m.Packed().bins(m.Frame, m.threads) })
	return m.bins
}
