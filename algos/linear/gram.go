package linear

import "math"

const (
	// gramColumns and gramWork bound the problems solved by Newton's method: the
	// columns, and rows times the square of the values other than zero a row.
	gramColumns = 1000
	gramWork    = 8e9
	// gramFilled bounds these values where the products are made anew in every
	// step: beyond it L-BFGS, which multiplies by vectors alone, is faster.
	gramFilled = 150
	// gramParts is the number of parts of the rows whose products are summed
	// apart: fixed, so that threads change nothing.
	gramParts = 4
)

// gram is the symmetric matrix XᵀHX for a diagonal H, with the columns centred
// by H: what is left of the Hessian once the intercept has been solved for.
type gram struct {
	p     int
	sums  []float64 // p×p
	means []float64 // XᵀH1 / total
	total float64   // of H
}

func (g *gram) row(j int) []float64 { return g.sums[j*g.p : (j+1)*g.p] }

// products computes the gram matrix for the curvatures h of the rows, nil if the
// context ends.
func (f *fit) products(h []float64) *gram {
	l := layout(f.design)
	parts := make([][]float64, gramParts)
	share(gramParts, f.threads, func(from, to int) {
		for k := from; k < to; k++ {
			parts[k] = f.productsOf(l, h, k*f.design.n/gramParts, (k+1)*f.design.n/gramParts)
		}
	})
	for _, part := range parts {
		if part == nil {
			return nil
		}
	}
	for _, part := range parts[1:] {
		axpy(1, part, parts[0])
	}
	return l.centre(parts[0])
}

// products' layout: the lower triangle of AᵀHA, where A is the full columns, a
// column of ones and the thin columns, in this order.
type products struct {
	size  int
	place []int // of each column of the view in A
	one   int
}

func layout(d *design) *products {
	l := &products{size: d.columns + 1, place: make([]int, d.columns), one: len(d.full)}
	for j := range l.place {
		l.place[j] = -1
	}
	for a, j := range d.full {
		l.place[j] = a
	}
	next := l.one + 1
	for j, a := range l.place {
		if a < 0 {
			l.place[j] = next
			next++
		}
	}
	return l
}

func (l *products) centre(sums []float64) *gram {
	at := func(i, j int) float64 { return sums[max(i, j)*l.size+min(i, j)] }
	p := len(l.place)
	g := &gram{p: p, sums: make([]float64, p*p), means: make([]float64, p), total: at(l.one, l.one)}
	scale := 0.0
	if g.total > 0 {
		scale = 1 / g.total
	}
	for i, a := range l.place {
		g.means[i] = at(a, l.one) * scale
		for j, b := range l.place[:i+1] {
			v := at(a, b) - float64(g.means[i]*at(b, l.one))
			if i == j {
				v = max(0, v)
			}
			g.sums[i*p+j], g.sums[j*p+i] = v, v
		}
	}
	return g
}

// productsOf sums the products of the rows lo..hi, four at a time.
func (f *fit) productsOf(l *products, h []float64, lo, hi int) []float64 {
	sums := make([]float64, l.size*l.size)
	m := l.one + 1
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
			f.design.fullRow(i+k, h[i+k], rows[k], scaled[k])
			f.design.thinProducts(l, sums, i+k, h[i+k], scaled[k])
		}
		addFour(sums, l.size, &rows, &scaled)
	}
	return sums
}

// fullRow gathers the full columns and one of a row, as they are and times h.
func (d *design) fullRow(i int, h float64, row, scaled []float64) {
	n := len(d.full)
	for a, v := range d.x[i*n : (i+1)*n] {
		row[a] = float64(v)
		scaled[a] = h * float64(v)
	}
	row[n], scaled[n] = 1, h
}

// thinProducts adds the products of a row's thin values with all others.
func (d *design) thinProducts(l *products, sums []float64, i int, h float64, scaled []float64) {
	index, value := d.byRow.line(i)
	for a, j := range index {
		v, at := float64(value[a]), l.place[j]*l.size
		axpy(v, scaled, sums[at:at+len(scaled)])
		v *= h
		for b, k := range index[:a+1] {
			lo, hi := l.place[k], l.place[j]
			sums[max(lo, hi)*l.size+min(lo, hi)] += float64(v * float64(value[b]))
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

// descend minimises grad·δ + δᵀGδ/2 + l2·|δ|²/2 + l1·|b+δ|₁ over δ, from zero,
// by coordinate descent with covariance updates (Friedman, Hastie and Tibshirani,
// Journal of Statistical Software 33, 2010, section 2.2): passes over the
// coordinates that are not zero until they stand still, then one over all.
// changes below eps, in units of the objective, count as standing still.
func (g *gram) descend(grad, b []float64, l1, l2, eps float64, delta []float64) {
	const passes = 10_000
	r := append([]float64(nil), grad[:g.p]...)
	clear(delta[:g.p])
	var active []int
	all := true
	for range passes {
		most := 0.0
		if all {
			active = active[:0]
			for j := range g.p {
				most = max(most, g.coordinate(j, r, b, l1, l2, delta))
				if b[j]+delta[j] != 0 {
					active = append(active, j)
				}
			}
		} else {
			for _, j := range active {
				most = max(most, g.coordinate(j, r, b, l1, l2, delta))
			}
		}
		switch {
		case most > eps:
			all = false
		case all:
			return
		default:
			all = true
		}
	}
}

// coordinate moves coordinate j to its minimum and returns the change of the
// objective, about.
func (g *gram) coordinate(j int, r, b []float64, l1, l2 float64, delta []float64) float64 {
	row := g.row(j)
	curve := row[j] + l2
	if !(curve > 0) {
		return 0
	}
	old := b[j] + delta[j]
	v := old - r[j]/curve
	v = math.Copysign(max(0, math.Abs(v)-l1/curve), v)
	d := v - old
	if d == 0 {
		return 0
	}
	delta[j] += d
	axpy(d, row, r[:g.p])
	r[j] += float64(l2 * d)
	return float64(curve * float64(d*d))
}
