package linear

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"gonum.org/v1/gonum/mat"
)

const (
	// ridgeColumns and ridgeWork bound the problems solved in closed form: the
	// columns, and rows times the square of the values other than zero a row.
	ridgeColumns = 1000
	ridgeWork    = 8e9
	// ridgeParts is the number of parts of the rows whose products are summed
	// apart: fixed, so that threads change nothing.
	ridgeParts = 4
)

func closedForm(rows, columns int, filled float64) bool {
	return columns <= ridgeColumns && float64(rows)*filled*filled <= ridgeWork
}

// filled is about the number of dense values other than zero in a row: one a
// feature.
func filled(s algos.Shape) float64 { return float64(min(s.DenseCols, s.Features)) }

// ridge solves (XᵀWX + alpha·I)·b = XᵀWy for centred columns and reports
// whether it could: the context may end first, the matrix may not be factored.
func (f *fit) ridge() bool {
	p := f.design.columns
	g := f.products()
	if g == nil {
		return false
	}
	at := func(i, j int) float64 { return g[i*(p+2)+j] } // i <= j
	one, y := p, p+1
	if p == 0 {
		f.params[0] = at(one, y) / f.total
		return true
	}
	system, right := mat.NewSymDense(p, nil), mat.NewVecDense(p, nil)
	for i := range p {
		mean := at(i, one) / f.total
		for j := i; j < p; j++ {
			system.SetSym(i, j, at(i, j)-float64(mean*at(j, one)))
		}
		system.SetSym(i, i, max(0, system.At(i, i))+f.alpha)
		right.SetVec(i, at(i, y)-float64(mean*at(one, y)))
	}
	var c mat.Cholesky
	var b mat.VecDense
	if !c.Factorize(system) || c.SolveVecTo(&b, right) != nil {
		return false
	}
	intercept := at(one, y)
	for j := range p {
		v := b.AtVec(j)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			clear(f.params)
			return false
		}
		f.params[j] = v
		intercept -= float64(v * at(j, one))
	}
	f.params[p] = intercept / f.total
	return true
}

// products is the upper triangle of AᵀWA, where A is the columns of the view,
// a column of ones and the target; nil if the context ends.
func (f *fit) products() []float64 {
	parts := make([][]float64, ridgeParts)
	share(ridgeParts, f.threads, func(from, to int) {
		for k := from; k < to; k++ {
			parts[k] = f.productsOf(k*len(f.rows)/ridgeParts, (k+1)*len(f.rows)/ridgeParts)
		}
	})
	for _, part := range parts[1:] {
		if part == nil || parts[0] == nil {
			return nil
		}
		axpy(1, part, parts[0])
	}
	return parts[0]
}

func (f *fit) productsOf(lo, hi int) []float64 {
	d := f.design
	size := d.columns + 2
	g := make([]float64, size*size)
	var index []int
	var value []float64
	for i := lo; i < hi; i++ {
		if i&1023 == 0 && f.ctx.Err() != nil {
			return nil
		}
		index, value = index[:0], value[:0]
		for a, v := range d.x[i*len(d.full) : (i+1)*len(d.full)] {
			index, value = append(index, int(d.full[a])), append(value, float64(v))
		}
		at, values := d.byRow.line(i)
		for e, j := range at {
			index, value = append(index, int(j)), append(value, float64(values[e]))
		}
		index, value = append(index, size-2, size-1), append(value, 1, f.y[i])
		addProducts(g, size, index, value, f.w[i])
	}
	return g
}

// addProducts adds the weighted products of a row's values, each pair once, in
// the upper triangle.
func addProducts(g []float64, size int, index []int, value []float64, w float64) {
	for a, j := range index {
		scaled := w * value[a]
		row := g[j*size : (j+1)*size]
		for b, k := range index[a:] {
			if k >= j {
				row[k] += float64(scaled * value[a+b])
			} else {
				g[k*size+j] += float64(scaled * value[a+b])
			}
		}
	}
}
