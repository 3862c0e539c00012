package linear

import (
	"sync"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// sparseBelow is the share of non-zeros below which a dense column is kept
// compressed.
const sparseBelow = 0.25

// design is the training rows of the encoded view: full columns side by side,
// all others compressed twice, by row and by column, so that both products
// with it can be shared out without adding up partial results.
type design struct {
	n       int
	columns int     // of the view, dense and sparse
	full    []int32 // view columns of x
	x       []float32
	byRow   compressed // n rows of view columns
	byCol   compressed // columns columns of rows; made for backward alone
	threads int
}

// compressed is a list of (index, value) a line.
type compressed struct {
	start []int64
	index []int32
	value []float32
}

func (c *compressed) line(i int) ([]int32, []float32) {
	lo, hi := c.start[i], c.start[i+1]
	return c.index[lo:hi], c.value[lo:hi]
}

func newDesign(d *matrix.Dense, rows []int32, threads int) *design {
	g := &design{n: len(rows), columns: d.Cols, threads: threads}
	if d.Sparse != nil {
		g.columns += d.Sparse.Cols
	}
	var thin []int32
	for j, c := range nonZeros(d, rows, threads) {
		if float64(c) < sparseBelow*float64(len(rows)) {
			thin = append(thin, int32(j))
		} else {
			g.full = append(g.full, int32(j))
		}
	}
	g.x = make([]float32, len(rows)*len(g.full))
	share(len(rows), threads, func(lo, hi int) {
		from := make([]float32, d.Cols)
		for i := lo; i < hi; i++ {
			d.Row(int(rows[i]), from)
			to := g.x[i*len(g.full):]
			for a, j := range g.full {
				to[a] = from[j]
			}
		}
	})
	g.byRow = compress(d, rows, thin)
	return g
}

// nonZeros counts the values other than zero of each dense column.
func nonZeros(d *matrix.Dense, rows []int32, threads int) []int {
	count := make([]int, d.Cols)
	var adding sync.Mutex
	share(len(rows), threads, func(lo, hi int) {
		x, own := make([]float32, d.Cols), make([]int, d.Cols)
		for _, r := range rows[lo:hi] {
			for j, v := range d.Row(int(r), x) {
				if v != 0 {
					own[j]++
				}
			}
		}
		adding.Lock()
		defer adding.Unlock()
		for j, n := range own {
			count[j] += n
		}
	})
	return count
}

// compress gathers the thin dense columns and the sparse block.
func compress(d *matrix.Dense, rows, thin []int32) compressed {
	c := compressed{start: make([]int64, 1, len(rows)+1)}
	row := make([]float32, d.Cols)
	for _, r := range rows {
		d.Row(int(r), row)
		for _, j := range thin {
			if v := row[j]; v != 0 {
				c.index, c.value = append(c.index, j), append(c.value, v)
			}
		}
		if s := d.Sparse; s != nil {
			for e := s.Start[r]; e < s.Start[r+1]; e++ {
				c.index = append(c.index, int32(d.Cols)+s.Index[e])
				c.value = append(c.value, s.Value[e])
			}
		}
		c.start = append(c.start, int64(len(c.index)))
	}
	return c
}

// transpose turns rows into columns; each keeps its rows in order.
func (c *compressed) transpose(columns int) compressed {
	t := compressed{start: make([]int64, columns+1), index: make([]int32, len(c.index)), value: make([]float32, len(c.value))}
	for _, j := range c.index {
		t.start[j+1]++
	}
	for j := range columns {
		t.start[j+1] += t.start[j]
	}
	next := append([]int64(nil), t.start[:columns]...)
	for i := range len(c.start) - 1 {
		index, value := c.line(i)
		for e, j := range index {
			t.index[next[j]], t.value[next[j]] = int32(i), value[e]
			next[j]++
		}
	}
	return t
}

// forward computes out = X·b + intercept for b as fit.params: n×width.
func (g *design) forward(b []float64, width int, out []float64) {
	inner := make([]float64, len(g.full)*width)
	for a, j := range g.full {
		copy(inner[a*width:(a+1)*width], b[int(j)*width:])
	}
	intercepts := b[g.columns*width:]
	share(g.n, g.threads, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			x, o := g.x[i*len(g.full):(i+1)*len(g.full)], out[i*width:(i+1)*width]
			index, value := g.byRow.line(i)
			copy(o, intercepts)
			if width == 1 {
				o[0] += dot(x, inner)
				for e, j := range index {
					o[0] += float64(float64(value[e]) * b[j])
				}
				continue
			}
			for a, v := range x {
				axpy(float64(v), inner[a*width:(a+1)*width], o)
			}
			for e, j := range index {
				axpy(float64(value[e]), b[int(j)*width:(int(j)+1)*width], o)
			}
		}
	})
}

// backward computes grad = Xᵀ·r, the sums of r last: the shape of fit.params.
func (g *design) backward(r []float64, width int, grad []float64) {
	clear(grad)
	share(len(g.full), g.threads, func(lo, hi int) {
		inner := make([]float64, (hi-lo)*width)
		for i := range g.n {
			x, ri := g.x[i*len(g.full)+lo:i*len(g.full)+hi], r[i*width:(i+1)*width]
			if width == 1 {
				scaled(ri[0], x, inner)
				continue
			}
			for a, v := range x {
				axpy(float64(v), ri, inner[a*width:(a+1)*width])
			}
		}
		for a := lo; a < hi; a++ {
			copy(grad[int(g.full[a])*width:], inner[(a-lo)*width:(a-lo+1)*width])
		}
	})
	share(g.columns, g.threads, func(lo, hi int) {
		for j := lo; j < hi; j++ {
			index, value := g.byCol.line(j)
			if width == 1 {
				s := 0.0
				for e, i := range index {
					s += float64(float64(value[e]) * r[i])
				}
				grad[j] += s
				continue
			}
			to := grad[j*width : (j+1)*width]
			for e, i := range index {
				axpy(float64(value[e]), r[int(i)*width:(int(i)+1)*width], to)
			}
		}
	})
	to := grad[g.columns*width:]
	for i := range g.n {
		for k, v := range r[i*width : (i+1)*width] {
			to[k] += v
		}
	}
}

// dot sums in four lanes, so that additions need not wait for each other.
func dot(x []float32, b []float64) float64 {
	b = b[:len(x)]
	var s0, s1, s2, s3 float64
	for len(x) >= 4 && len(b) >= 4 {
		s0 += float64(float64(x[0]) * b[0])
		s1 += float64(float64(x[1]) * b[1])
		s2 += float64(float64(x[2]) * b[2])
		s3 += float64(float64(x[3]) * b[3])
		x, b = x[4:], b[4:]
	}
	for j, v := range x {
		s0 += float64(float64(v) * b[j])
	}
	return (s0 + s1) + (s2 + s3)
}

// axpy adds a·x to y.
func axpy(a float64, x, y []float64) {
	if a == 0 {
		return
	}
	y = y[:len(x)]
	for k, v := range x {
		y[k] += float64(a * v)
	}
}

// scaled adds a·x to y for single precision x.
func scaled(a float64, x []float32, y []float64) {
	y = y[:len(x)]
	for k, v := range x {
		y[k] += float64(a * float64(v))
	}
}

// share calls do on up to threads goroutines with ranges that cover 0…n-1.
// What do computes for an index must not depend on the ranges.
func share(n, threads int, do func(lo, hi int)) {
	if threads <= 1 || n <= 1 {
		do(0, n)
		return
	}
	part := (n + threads - 1) / threads
	var wg sync.WaitGroup
	for lo := 0; lo < n; lo += part {
		wg.Go(func() { do(lo, min(lo+part, n)) })
	}
	wg.Wait()
}
