package linear

import "math"

// folds is the number of fits whose margins, on the rows that they leave out,
// make probabilities of those of a support vector machine.
const folds = 3

// calibrate finds the slope and the shifts that turn margins into the arguments
// of a sigmoid or a softmax with the least log loss (Platt, Advances in Large
// Margin Classifiers, 1999), on margins of rows that were left out. It comes
// before the fit itself, which is worth nothing without it.
func (f *fit) calibrate() {
	z := make([]float64, len(f.y)*f.width)
	for k := range folds {
		in, out := f.leaveOut(k)
		if f.ctx.Err() != nil {
			return
		}
		if len(in.y) == 0 || len(out.y) == 0 {
			continue
		}
		in.solve()
		margins := make([]float64, len(out.y)*f.width)
		newDesign(f.dense, out.rows, f.threads).forward(in.params, f.width, margins)
		at := 0
		for i := range f.y {
			if i%folds == k {
				copy(z[i*f.width:(i+1)*f.width], margins[at:])
				at += f.width
			}
		}
	}
	f.slope, f.shift = f.scaling(z)
}

// leaveOut parts the fit's rows in those of a fold and the others.
func (f *fit) leaveOut(fold int) (in, out *fit) {
	in, out = new(fit), new(fit)
	*in, *out = *f, *f
	r := *f.request
	r.Report, r.MaxSteps, r.Valid.Rows = nil, 0, nil
	in.request, in.limit = &r, maxIterations
	for _, g := range []*fit{in, out} {
		g.rows, g.y, g.w, g.total = nil, nil, nil, 0
	}
	for i := range f.y {
		g := in
		if i%folds == fold {
			g = out
		}
		g.rows, g.y, g.w = append(g.rows, f.rows[i]), append(g.y, f.y[i]), append(g.w, f.w[i])
		g.total += f.w[i]
	}
	return in, out
}

// scaling minimises the log loss of slope·z + shift plus (slope−1)²/2 and as much
// of each shift, which decides where there are next to no rows, by L-BFGS.
func (f *fit) scaling(z []float64) (slope float64, shift []float64) {
	loss := f.likelihood()
	p, trial := make([]float64, 1+f.width), make([]float64, 1+f.width)
	p[0] = 1
	at, d := make([]float64, len(z)), make([]float64, len(z))
	objective := func(p, grad []float64) float64 {
		for i := range at {
			at[i] = float64(p[0]*z[i]) + p[1+i%f.width]
		}
		value := f.sum(func(lo, hi int) float64 { return loss(lo, hi, at, d, nil) })
		clear(grad)
		for i, v := range d {
			grad[0] += float64(v * z[i])
			grad[1+i%f.width] += v
		}
		for k, v := range p {
			if k == 0 {
				v--
			}
			value += float64(v*v) / 2
			grad[k] += v
		}
		return value
	}
	grad, next, step := make([]float64, len(p)), make([]float64, len(p)), make([]float64, len(p))
	var past history
	value := objective(p, grad)
	for range maxIterations {
		past.apply(grad, step)
		down := product(grad, step)
		t := 1.0
		if past.empty() {
			t = min(1, 1/math.Sqrt(product(grad, grad)))
		}
		moved := false
		for ; t > 1e-12 && down < 0; t /= 2 {
			copy(trial, p)
			axpy(t, step, trial)
			if v := objective(trial, next); v < value+float64(1e-4*t*down) {
				moved = value-v > 1e-9*value
				value = v
				break
			}
		}
		if !moved {
			break
		}
		for k := range step {
			step[k] = trial[k] - p[k]
		}
		past.add(step, next, grad)
		p, trial = trial, p
		grad, next = next, grad
	}
	return p[0], p[1:]
}
