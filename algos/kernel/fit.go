package kernel

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
)

// fit is the state of one Fit.
type fit struct {
	settings
	ctx     context.Context
	request *algos.Request

	columns, width int
	classes        int // 0 for numbers
	rows           []int32
	y, w           []float64 // w: after merge of the rows that differ
	x              []float32 // of these, rows×columns
	target         []float64 // the same, rows×width: numbers less their mean, indicators less their share
	base           []float64
}

// gather collects the rows with weight, those that differ, and of many of them some.
func (f *fit) gather() error {
	r := f.request
	f.width = metrics.Width(r.Problem.Task, r.Problem.Classes)
	if r.Problem.Task != metrics.Regression {
		f.classes = max(2, r.Problem.Classes)
	}
	if err := r.EachRow(func(row int32, y, w float32) error {
		f.rows, f.y, f.w = append(f.rows, row), append(f.y, float64(y)), append(f.w, float64(w))
		return nil
	}); err != nil {
		return err
	}
	f.weigh()
	f.merge()
	f.thin()
	f.centre()
	return nil
}

// weigh keeps weights as they are, numbers of rows, unless their mean is below one: then
// it becomes one.
func (f *fit) weigh() {
	total := 0.0
	for _, w := range f.w {
		total += w
	}
	if mean := total / float64(len(f.w)); mean < 1 {
		for i := range f.w {
			f.w[i] /= mean
		}
	}
}

// merge makes one row of those that look the same, with their weights together and their
// targets' mean, which the solution does not tell apart; then no row says what one
// left out is like. From then on w, x and target are those of the rows that differ.
func (f *fit) merge() {
	d := f.request.Train.M.Dense()
	f.columns = d.Cols
	x, key := make([]float32, d.Cols), []byte(nil)
	seen := map[string]int{}
	n := 0
	for i, row := range f.rows {
		x = d.Row(int(row), x)
		key = key[:0]
		for _, v := range x {
			key = binary.LittleEndian.AppendUint32(key, math.Float32bits(v))
		}
		at, known := seen[string(key)]
		w, y := f.w[i], f.y[i]
		if !known {
			at = n
			seen[string(key)] = at
			n++
			f.w[at] = 0
			f.x = append(f.x, x[:f.columns]...)
			f.target = append(f.target, make([]float64, f.width)...)
		}
		f.w[at] += w
		for k := range f.width {
			t := &f.target[at*f.width+k]
			*t += float64(w / f.w[at] * (f.aim(y, k) - *t)) // a running mean: sums might overflow
		}
	}
	f.w = f.w[:n]
}

// thin keeps maxRows of more rows, drawn by the seed: of each class at least as many as its
// equal part, of which the others leave more. Those drawn stand for the whole class.
func (f *fit) thin() {
	if len(f.w) <= maxRows {
		return
	}
	of := f.groups()
	slices.SortStableFunc(of, func(a, b []int) int { return len(a) - len(b) })
	var kept []int
	rng := rand.New(rand.NewPCG(f.request.Seed, 1))
	for k, rows := range of {
		rng.Shuffle(len(rows), func(a, b int) { rows[a], rows[b] = rows[b], rows[a] })
		some := rows[:min(len(rows), (maxRows-len(kept))/(len(of)-k))]
		all, left := 0.0, 0.0
		for i, at := range rows {
			all += f.w[at]
			if i < len(some) {
				left += f.w[at]
			}
		}
		for _, at := range some {
			f.w[at] *= all / left
		}
		kept = append(kept, some...)
	}
	slices.Sort(kept)
	for i, at := range kept {
		f.w[i] = f.w[at]
		copy(f.x[i*f.columns:(i+1)*f.columns], f.x[at*f.columns:])
		copy(f.target[i*f.width:(i+1)*f.width], f.target[at*f.width:])
	}
	f.w, f.x, f.target = f.w[:len(kept)], f.x[:len(kept)*f.columns], f.target[:len(kept)*f.width]
}

// groups are the rows that most often have each class, or all rows.
func (f *fit) groups() [][]int {
	of := make([][]int, max(1, f.classes))
	for i := range f.w {
		t, k := f.target[i*f.width:(i+1)*f.width], 0
		switch {
		case f.classes > 0 && f.width == 1 && t[0] > 0:
			k = 1
		case f.width > 1:
			k = slices.Index(t, slices.Max(t))
		}
		of[k] = append(of[k], i)
	}
	return of
}

// centre takes from the targets their mean, base: what is added to the sums.
func (f *fit) centre() {
	f.base = make([]float64, f.width)
	total := 0.0
	for i, w := range f.w {
		total += w
		for k := range f.base {
			f.base[k] += float64(w / total * (f.target[i*f.width+k] - f.base[k]))
		}
	}
	for i := range f.target {
		f.target[i] -= f.base[i%f.width]
	}
}

// aim is what sum k is to be for target y: y itself, whether it is class k, or of two
// classes ±1 for the latter.
func (f *fit) aim(y float64, k int) float64 {
	switch {
	case f.classes == 0:
		return y
	case f.width == 1:
		return 2*y - 1
	case int(y) == k:
		return 1
	}
	return 0
}

// solve finds the weights of the rows: (K + alpha/w)⁻¹ times the targets.
func (f *fit) solve() (predictor.Supports, error) {
	s := predictor.Supports{
		Columns: f.columns, X: f.x, Base: f.base, Shape: f.shape, Length: f.length * f.spread(), Link: predictor.Identity,
		Weights: f.target, // solved in place
	}
	want := slices.Clone(f.target)
	l := f.likeness(s.Length)
	if err := l.factor(f.ctx); err != nil {
		return s, err
	}
	l.solve(f.target, f.width)
	if f.classes > 0 {
		inverse, err := l.inverseDiagonal(f.ctx)
		if err != nil {
			return s, err
		}
		// Without its own row, a sum is the target less weight over inverse.
		without := make([]float64, len(want))
		for i := range want {
			want[i] += f.base[i%f.width]
			without[i] = want[i] - f.target[i]/inverse[i/f.width]
		}
		s.Link = predictor.Softmax
		if f.width == 1 {
			s.Link = predictor.Sigmoid
		}
		steep := f.steepness(without, want)
		for _, v := range [][]float64{s.Weights, s.Base} {
			for i := range v {
				v[i] *= steep
			}
		}
	}
	return s, nil
}

// spread is the root of the mean squared distance of two rows, 1 if all are the same.
func (f *fit) spread() float64 {
	mean := make([]float64, f.columns)
	sum, total := 0.0, 0.0
	for i, w := range f.w {
		total += w
		for j, v := range f.x[i*f.columns : (i+1)*f.columns] {
			// Welford's update of mean and squares.
			d := float64(v) - mean[j]
			mean[j] += float64(w / total * d)
			sum += float64(w * d * (float64(v) - mean[j]))
		}
	}
	if v := math.Sqrt(2 * sum / total); v > 0 && !math.IsInf(v, 0) {
		return v
	}
	return 1
}

// likeness is the lower triangle of K + alpha/w.
func (f *fit) likeness(length float64) triangle {
	n := len(f.w)
	l := newTriangle(n)
	inverse := 1 / length
	for i := range n {
		a, row := f.x[i*f.columns:(i+1)*f.columns], l.row(i)
		for j := range i {
			sum := 0.0
			for c, v := range f.x[j*f.columns : (j+1)*f.columns] {
				d := float64(a[c]) - float64(v)
				sum += float64(d * d)
			}
			row[j] = f.shape.At(sum * inverse * inverse)
		}
		row[i] = 1 + f.alpha/f.w[i]
	}
	return l
}

// steepness is the factor of the sums z of rows left out with the least log loss under the
// link; want are their targets. These count as a little short of certain, as in Platt's
// method, so that it is finite.
func (f *fit) steepness(z, want []float64) float64 {
	total := 0.0
	for _, w := range f.w {
		total += w
	}
	unsure := 1 / (total + 2)
	// The slope of the loss grows with the factor: bisection on its logarithm.
	low, high := math.Log(1e-3), math.Log(1e3)
	for range 40 {
		at := (low + high) / 2
		if f.slope(z, want, math.Exp(at), unsure) > 0 {
			high = at
		} else {
			low = at
		}
	}
	return math.Exp((low + high) / 2)
}

// slope is the derivative of the log loss by the factor.
func (f *fit) slope(z, want []float64, factor, unsure float64) float64 {
	sum := 0.0
	p := make([]float64, f.width)
	for i, w := range f.w {
		v, t := z[i*f.width:(i+1)*f.width], want[i*f.width:(i+1)*f.width]
		if f.width == 1 {
			share := unsure + (1-2*unsure)*(t[0]+1)/2
			sum += float64(w * v[0] * (1/(1+math.Exp(-factor*v[0])) - share))
			continue
		}
		top, all := slices.Max(v), 0.0
		for k, x := range v {
			p[k] = math.Exp(factor * (x - top))
			all += p[k]
		}
		rest := unsure / float64(f.width-1)
		for k, x := range v {
			share := rest + (1-unsure-rest)*t[k]
			sum += float64(w * x * (p[k]/all - share))
		}
	}
	return sum
}
