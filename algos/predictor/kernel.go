package predictor

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor/gemm"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindKernel tags Kernel predictors.
const kindKernel = "kernel"

// kernelBlock is the number of rows whose distances are computed together.
const kernelBlock = 64

// KernelShape is how the likeness of two rows falls with their distance.
type KernelShape uint8

// Shapes, of the distance r in length scales: exp(−r²/2), Matérn's of ν = 5/2, and
// exp(−r).
const (
	Gaussian KernelShape = iota
	Matern
	Exponential
	kernelShapes
)

// At is the likeness at a squared distance in squared length scales, 1 at 0.
func (s KernelShape) At(d2 float64) float64 {
	if s == Gaussian {
		return math.Exp(-d2 / 2)
	}
	r := math.Sqrt(d2)
	if s == Exponential {
		return math.Exp(-r)
	}
	r *= math.Sqrt(5)
	return (1 + r + float64(r*r)/3) * math.Exp(-r)
}

// Supports are the rows that a Kernel model remembers.
type Supports struct {
	Columns int       // of the dense view
	X       []float32 // rows×Columns
	// Weights are rows×width, Base has width values.
	Weights, Base []float64
	Shape         KernelShape
	Length        float64 // the length scale, above 0
	// Link is Identity, Sigmoid (width 1: the probability of class 1) or Softmax.
	Link Link
}

// Kernel predicts by sums over remembered rows of their weights times their likeness
// to the row asked about: kernel ridge regression, which is the mean of a Gaussian
// process (Rasmussen and Williams, 2006).
type Kernel struct {
	width    int
	supports Supports
	panels   gemm.Panels
}

// NewKernel makes a model whose width is the length of s.Base. The slices are kept.
// Lengths that do not fit, numbers that are not finite and other links are errors.
func NewKernel(s Supports) (*Kernel, error) {
	width := len(s.Base)
	if width < 1 || width > maxWidth || len(s.Weights)%width != 0 {
		return nil, fmt.Errorf("kernel predictor: %d weights, %d values a row", len(s.Weights), width)
	}
	rows := len(s.Weights) / width
	switch {
	case rows < 1 || s.Columns < 0 || len(s.X) != rows*s.Columns:
		return nil, fmt.Errorf("kernel predictor: %d values for %d rows of %d columns", len(s.X), rows, s.Columns)
	case s.Shape >= kernelShapes || !(s.Length > 0) || math.IsInf(1/s.Length, 0) || math.IsInf(s.Length, 0):
		return nil, fmt.Errorf("kernel predictor: kernel %d with length scale %v", s.Shape, s.Length)
	case s.Link != Identity && s.Link != Softmax && (s.Link != Sigmoid || width != 1):
		return nil, fmt.Errorf("kernel predictor: link %d does not fit %d values a row", s.Link, width)
	case !allFinite(s.X) || !allFinite(s.Weights) || !allFinite(s.Base):
		return nil, fmt.Errorf("kernel predictor: a value is not a finite number")
	}
	k := &Kernel{width: width, supports: s}
	PackDistances(&k.panels, s.X, rows, s.Columns)
	return k, nil
}

// Kind is "kernel".
func (k *Kernel) Kind() string { return kindKernel }

// View is matrix.Encoded, of which the sparse block is not read.
func (k *Kernel) View() matrix.View { return matrix.Encoded }

// Width is the number of values a row gets.
func (k *Kernel) Width() int { return k.width }

// Predict implements Predictor. Columns that the view has beyond those of the
// model are not read.
func (k *Kernel) Predict(m *matrix.Matrix, rows []int32, out []float32) {
	d := m.Dense()
	s := k.scratch(min(kernelBlock, len(rows)))
	x := make([]float32, d.Cols)
	for from := 0; from < len(rows); from += kernelBlock {
		block := rows[from:min(from+kernelBlock, len(rows))]
		for i, r := range block {
			s.ask(i, d.Row(int(r), x))
		}
		s.score(len(block), out[from*k.width:])
	}
}

// PredictOne implements RowPredictor.
func (k *Kernel) PredictOne(r *Row, out []float32) {
	s := k.scratch(1)
	s.ask(0, r.Dense)
	s.score(1, out)
}

// kernelScratch is the memory of a block of rows that are asked about.
type kernelScratch struct {
	*Kernel
	q       []float32 // as AskDistances has them
	squares []float64 // of each row: its own, which PackDistances leaves out
	scores  []float32
	sum     []float64
}

func (k *Kernel) scratch(rows int) *kernelScratch {
	s := &kernelScratch{Kernel: k, squares: make([]float64, rows), sum: make([]float64, k.width)}
	s.q = make([]float32, rows*(k.supports.Columns+1))
	s.scores = make([]float32, rows*gemm.Pad(len(k.supports.Weights)/k.width))
	return s
}

func (s *kernelScratch) ask(i int, x []float32) {
	x = x[:s.supports.Columns]
	ld := len(x) + 1
	AskDistances(s.q[i*ld:(i+1)*ld], x)
	sum := 0.0
	for _, v := range x {
		sum += float64(float64(v) * float64(v))
	}
	s.squares[i] = sum
}

// score writes what the first rows that were asked get.
func (s *kernelScratch) score(rows int, out []float32) {
	m := &s.supports
	ld, known := m.Columns+1, len(m.Weights)/s.width
	pad := gemm.Pad(known)
	gemm.Multiply(s.scores, pad, s.q, ld, rows, &s.panels, false)
	inverse := 1 / m.Length
	for i := range rows {
		copy(s.sum, m.Base)
		for at, v := range s.scores[i*pad : i*pad+known] {
			d := max(0, float64(v)+s.squares[i]) * inverse * inverse
			like := m.Shape.At(d)
			for c, w := range m.Weights[at*s.width : (at+1)*s.width] {
				s.sum[c] += float64(w * like)
			}
		}
		m.Link.Apply(s.sum, 1, out[i*s.width:(i+1)*s.width])
	}
}
