package linear

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

const (
	// ridgeColumns and ridgeWork bound the problems solved in closed form: the
	// columns, and rows times columns squared.
	ridgeColumns = 1000
	ridgeWork    = 4e9
	// ridgeParts is the number of parts of the rows whose products are summed
	// apart: fixed, so that threads change nothing.
	ridgeParts = 8
	ridgeBlock = 128
)

func closedForm(rows, columns int) bool {
	return columns <= ridgeColumns && float64(rows)*float64(columns)*float64(columns) <= ridgeWork
}

// ridge solves (XᵀWX + alpha·I)·b = XᵀWy for centred columns and reports
// whether the matrix could be factored.
func (f *fit) ridge() bool {
	p := f.dense.Cols
	g := f.products()
	one, y := p, p+1
	at := func(i, j int) float64 { return g.Data[i*g.Stride+j] } // i <= j
	system, right := mat.NewSymDense(max(p, 1), nil), mat.NewVecDense(max(p, 1), nil)
	if p == 0 {
		f.params[0] = at(one, y) / f.total
		return true
	}
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
			return false
		}
		f.params[j] = v
		intercept -= float64(v * at(j, one))
	}
	f.params[p] = intercept / f.total
	return true
}

// products is the upper triangle of AᵀWA, where A is the dense columns, a
// column of ones and the target.
func (f *fit) products() blas64.Symmetric {
	cols := f.dense.Cols + 2
	parts := make([]blas64.Symmetric, ridgeParts)
	share(ridgeParts, f.threads, func(from, to int) {
		for k := from; k < to; k++ {
			parts[k] = blas64.Symmetric{N: cols, Stride: cols, Uplo: blas.Upper, Data: make([]float64, cols*cols)}
			f.addProducts(k*len(f.rows)/ridgeParts, (k+1)*len(f.rows)/ridgeParts, parts[k])
		}
	})
	for _, part := range parts[1:] {
		axpy(1, part.Data, parts[0].Data)
	}
	return parts[0]
}

func (f *fit) addProducts(lo, hi int, g blas64.Symmetric) {
	cols := g.N
	a := blas64.General{Cols: cols, Stride: cols, Data: make([]float64, ridgeBlock*cols)}
	for ; lo < hi; lo += ridgeBlock {
		a.Rows = min(ridgeBlock, hi-lo)
		for i := range a.Rows {
			root := math.Sqrt(f.w[lo+i])
			row := a.Data[i*cols : (i+1)*cols]
			for j, v := range f.dense.Row(int(f.rows[lo+i])) {
				row[j] = root * float64(v)
			}
			row[cols-2], row[cols-1] = root, root*f.y[lo+i]
		}
		blas64.Syrk(blas.Trans, 1, a, 1, g)
	}
}
