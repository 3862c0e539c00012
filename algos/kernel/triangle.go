package kernel

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"
)

// triangle is a symmetric matrix by its lower triangle, or a lower triangular one, row
// behind row.
type triangle struct {
	n int
	v []float64
}

func newTriangle(n int) triangle { return triangle{n, make([]float64, n*(n+1)/2)} }

// row i has i+1 values.
func (t triangle) row(i int) []float64 { return t.v[i*(i+1)/2 : (i+1)*(i+2)/2] }

// factor replaces a positive definite matrix by its Cholesky factor. It fails with ctx's
// error.
func (t triangle) factor(ctx context.Context) error {
	for i := range t.n {
		if err := ctx.Err(); err != nil {
			return err
		}
		a := t.row(i)
		for j := range i {
			b := t.row(j)
			a[j] = (a[j] - floats.Dot(a[:j], b[:j])) / b[j]
		}
		// Rounding may take what alpha adds, next to nothing.
		a[i] = math.Sqrt(max(a[i]-floats.Dot(a[:i], a[:i]), 1e-12))
	}
	return nil
}

// solve replaces b, n×width, by the solution for the matrix that t is the factor of.
func (t triangle) solve(b []float64, width int) {
	x := make([]float64, t.n)
	for k := range width {
		for i := range x {
			x[i] = b[i*width+k]
		}
		for i := range x {
			a := t.row(i)
			x[i] = (x[i] - floats.Dot(a[:i], x[:i])) / a[i]
		}
		for i := t.n - 1; i >= 0; i-- {
			a := t.row(i)
			x[i] /= a[i]
			floats.AddScaled(x[:i], -x[i], a[:i])
		}
		for i, v := range x {
			b[i*width+k] = v
		}
	}
}

// inverseDiagonal is the diagonal of the inverse of the matrix that t is the factor of:
// the sums of squares of the columns of the factor's inverse, made row by row.
func (t triangle) inverseDiagonal(ctx context.Context) ([]float64, error) {
	inverse, sums := newTriangle(t.n), make([]float64, t.n)
	for i := range t.n {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		a, m := t.row(i), inverse.row(i)
		for j := range i {
			floats.AddScaled(m[:j+1], -a[j], inverse.row(j))
		}
		floats.Scale(1/a[i], m[:i])
		m[i] = 1 / a[i]
		for j, v := range m {
			sums[j] += float64(v * v)
		}
	}
	return sums, nil
}
