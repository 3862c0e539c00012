package featurize

import (
	"errors"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

var errDate = errors.New("holds dates where training had none: convert it, or train again")

// numeric passes a number on as float32, less an offset where the values are
// large beside their range (years in seconds, say), so that float32 keeps them
// apart. Values beyond float32 become its largest.
type numeric struct {
	Column string  `json:"column"`
	Offset float64 `json:"offset,omitempty"`
}

func fitNumeric(f Fitting) (Transform, error) {
	lo, hi := math.Inf(1), math.Inf(-1)
	for i := range f.rows {
		if v, _ := cellAt(f.col, i).number(); v == v {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	n := &numeric{Column: f.col.Name}
	if span := hi - lo; span > 0 && math.Max(math.Abs(lo), math.Abs(hi)) > 4096*span {
		n.Offset = lo
	}
	return n, n.ready()
}

func (n *numeric) ready() error               { return nil }
func (n *numeric) Kind() string               { return "numeric" }
func (n *numeric) Inputs() []string           { return []string{n.Column} }
func (n *numeric) SparseCols() int            { return 0 }
func (n *numeric) Supervised() bool           { return false }
func (n *numeric) Features() []matrix.Feature { return one(n.Column, n.Column) }

func one(name, source string) []matrix.Feature {
	return []matrix.Feature{{Name: name, Sources: []string{source}}}
}

func (n *numeric) Row(in []Cell, out []float32, _ *Entries) error {
	v, ok := in[0].number()
	if !ok {
		return errDate
	}
	out[0] = clamp(v - n.Offset)
	return nil
}

// numbers does Row's work on many cells of a column of numbers at once.
func (n *numeric) numbers(cells []float64, out []float32) {
	for i, v := range cells {
		out[i] = clamp(numberCell(v).orNaN() - n.Offset)
	}
}

// clamp rounds to float32, keeps NaN, and never returns an infinity.
func clamp(v float64) float32 {
	if v > math.MaxFloat32 {
		return math.MaxFloat32
	}
	if v < -math.MaxFloat32 {
		return -math.MaxFloat32
	}
	return float32(v)
}

// boolean makes 0 or 1 of words such as no and yes. Numbers stay as they are:
// what was 0 or 1 in training may be a count; other words are missing.
type boolean struct {
	Column string `json:"column"`
}

func fitBoolean(f Fitting) (Transform, error) {
	return &boolean{f.col.Name}, nil
}

func (b *boolean) ready() error               { return nil }
func (b *boolean) Kind() string               { return "boolean" }
func (b *boolean) Inputs() []string           { return []string{b.Column} }
func (b *boolean) SparseCols() int            { return 0 }
func (b *boolean) Supervised() bool           { return false }
func (b *boolean) Features() []matrix.Feature { return one(b.Column, b.Column) }

func (b *boolean) Row(in []Cell, out []float32, _ *Entries) error {
	v, ok := in[0].boolean()
	if !ok {
		return errDate
	}
	out[0] = clamp(v)
	return nil
}
