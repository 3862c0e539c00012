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
	g := f.products()
	if g == nil {
		return false
	}
	p := f.design.columns
	if p == 0 {
		f.params[0] = g.at(g.one, g.y) / f.total
		return true
	}
	system, right := mat.NewSymDense(p, nil), mat.NewVecDense(p, nil)
	for i, a := range g.place {
		mean := g.at(a, g.one) / f.total
		for j := i; j < p; j++ {
			b := g.place[j]
			system.SetSym(i, j, g.at(a, b)-float64(mean*g.at(b, g.one)))
		}
		system.SetSym(i, i, max(0, system.At(i, i))+f.alpha)
		right.SetVec(i, g.at(a, g.y)-float64(mean*g.at(g.one, g.y)))
	}
	var c mat.Cholesky
	var b mat.VecDense
	if !c.Factorize(system) || c.SolveVecTo(&b, right) != nil {
		return false
	}
	intercept := g.at(g.one, g.y)
	for j, a := range g.place {
		v := b.AtVec(j)
		if math.IsNaN(v) || math.IsInf(v, 0) {
			clear(f.params)
			return false
		}
		f.params[j] = v
		intercept -= float64(v * g.at(a, g.one))
	}
	f.params[p] = intercept / f.total
	return true
}

// gram is the lower triangle of AᵀWA, where A is the full columns, a column of
// ones, the target and the thin columns, in this order.
type gram struct {
	size   int
	sums   []float64 // size×size
	place  []int     // of each column of the view in A
	one, y int
}

func (g *gram) at(i, j int) float64 {
	if i < j {
		i, j = j, i
	}
	return g.sums[i*g.size+j]
}

// products computes the gram matrix; nil if the context ends.
func (f *fit) products() *gram {
	d := f.design
	g := &gram{size: d.columns + 2, place: make([]int, d.columns), one: len(d.full), y: len(d.full) + 1}
	next := len(d.full) + 2
	isFull := make(map[int]int, len(d.full))
	for a, j := range d.full {
		isFull[int(j)] = a
	}
	for j := range g.place {
		if a, ok := isFull[j]; ok {
			g.place[j] = a
			continue
		}
		g.place[j] = next
		next++
	}
	parts := make([][]float64, ridgeParts)
	share(ridgeParts, f.threads, func(from, to int) {
		for k := from; k < to; k++ {
			parts[k] = f.productsOf(g, k*len(f.rows)/ridgeParts, (k+1)*len(f.rows)/ridgeParts)
		}
	})
	for _, part := range parts {
		if part == nil {
			return nil
		}
		if g.sums == nil {
			g.sums = part
		} else {
			axpy(1, part, g.sums)
		}
	}
	return g
}

// productsOf sums the products of the rows lo..hi, four at a time.
func (f *fit) productsOf(g *gram, lo, hi int) []float64 {
	d := f.design
	sums := make([]float64, g.size*g.size)
	m := len(d.full) + 2
	var rows, scaled [4][]float64
	for k := range rows {
		rows[k], scaled[k] = make([]float64, m), make([]float64, m)
	}
	for i := lo; i < hi; i += 4 {
		if (i-lo)&1023 == 0 && f.ctx.Err() != nil {
			return nil
		}
		for k := range rows {
			if i+k >= hi {
				clear(scaled[k])
				continue
			}
			f.fullRow(i+k, rows[k], scaled[k])
			f.thinProducts(g, sums, i+k, scaled[k])
		}
		addFour(sums, g.size, &rows, &scaled)
	}
	return sums
}

// fullRow gathers the full columns, one and the target of a row, as they are
// and times the weight.
func (f *fit) fullRow(i int, row, scaled []float64) {
	n := len(f.design.full)
	for a, v := range f.design.x[i*n : (i+1)*n] {
		row[a] = float64(v)
	}
	row[n], row[n+1] = 1, f.y[i]
	for a, v := range row {
		scaled[a] = f.w[i] * v
	}
}

// thinProducts adds the products of a row's thin values with all others.
func (f *fit) thinProducts(g *gram, sums []float64, i int, scaled []float64) {
	index, value := f.design.byRow.line(i)
	for a, j := range index {
		v, at := float64(value[a]), g.place[j]*g.size
		axpy(v, scaled, sums[at:at+len(scaled)])
		v *= f.w[i]
		for b, k := range index[:a+1] {
			sums[at+g.place[k]] += float64(v * float64(value[b]))
		}
	}
}

// addFour adds the products of four rows of full columns.
func addFour(sums []float64, size int, rows, scaled *[4][]float64) {
	for a := range rows[0] {
		s0, s1, s2, s3 := scaled[0][a], scaled[1][a], scaled[2][a], scaled[3][a]
		to := sums[a*size : a*size+a+1]
		r0, r1, r2, r3 := rows[0][:len(to)], rows[1][:len(to)], rows[2][:len(to)], rows[3][:len(to)]
		for b := range to {
			to[b] += (float64(s0*r0[b]) + float64(s1*r1[b])) + (float64(s2*r2[b]) + float64(s3*r3[b]))
		}
	}
}
