package linear

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
)

// lossBlock is the number of rows whose losses are added up before they join
// the total: fixed, so that threads change nothing.
const lossBlock = 1024

// Losses, by the names of the parameter "loss".
const (
	lossAuto     = "auto"
	lossSquared  = "squared"
	lossQuantile = "quantile"
	lossPoisson  = "poisson"
	lossLogistic = "logistic"
	lossHinge    = "hinge"
)

// lossRows sums the weighted losses of rows lo..hi at the sums z (n×width), and
// sets their derivatives and, if asked for by a slice that is not nil, their
// curvatures.
type lossRows func(lo, hi int, z, derivative, curvature []float64) float64

// chooseLoss reads the parameter "loss". Its "auto" is the loss that the metric
// asks for: medians have the least absolute errors, those of rows weighted by
// 1/|target| the least percentage errors, class probabilities the least log loss,
// and means the least squares.
func (f *fit) chooseLoss() error {
	p := f.request.Problem
	f.loss = f.request.Params.String("loss", lossAuto)
	f.quantile = f.request.Params.Float("quantile", 0.5)
	if !(f.quantile > 0 && f.quantile < 1) {
		return fmt.Errorf("quantile %v must be within (0, 1)", f.quantile)
	}
	if f.loss == lossAuto {
		f.loss = lossLogistic
		if p.Task == metrics.Regression {
			f.loss = lossSquared
			switch p.Metric.Name {
			case "mean_absolute_error", "median_absolute_error":
				f.loss = lossQuantile
			case "mean_absolute_percentage_error":
				f.loss, f.percent = lossQuantile, true
			}
		}
	}
	switch f.loss {
	case lossSquared, lossQuantile, lossPoisson:
		if p.Task == metrics.Regression {
			return nil
		}
	case lossLogistic, lossHinge:
		if p.Task != metrics.Regression {
			return nil
		}
	}
	return fmt.Errorf("loss %q for a %s target: use %s, %s, %s or %s for regression, %s, %s or %s for classes", f.loss, p.Task,
		lossAuto, lossSquared, lossQuantile, lossPoisson, lossAuto, lossLogistic, lossHinge)
}

func (f *fit) link() predictor.Link {
	switch {
	case f.loss == lossPoisson:
		return predictor.Exp
	case f.request.Problem.Task == metrics.Regression:
		return predictor.Identity
	case f.width == 1:
		return predictor.Sigmoid
	}
	return predictor.Softmax
}

func (f *fit) lossRows() lossRows {
	switch {
	case f.loss == lossSquared:
		return f.squared
	case f.loss == lossQuantile:
		return f.pinball
	case f.loss == lossPoisson:
		return f.poisson
	case f.loss == lossHinge:
		return f.hinge
	}
	return f.likelihood()
}

// likelihood is the log loss of classes.
func (f *fit) likelihood() lossRows {
	if f.width == 1 {
		return f.logistic
	}
	return f.softmax
}

func (f *fit) squared(lo, hi int, z, derivative, curvature []float64) float64 {
	sum := 0.0
	for i := lo; i < hi; i++ {
		d := z[i] - f.y[i]
		derivative[i] = f.w[i] * d
		sum += float64(derivative[i] * d)
	}
	if curvature != nil {
		copy(curvature[lo:hi], f.w[lo:hi])
	}
	return sum / 2
}

// pinball is the loss of a quantile, smooth within f.smooth of zero. Its
// curvature is that of the parabola above it which touches it at z (Hunter and
// Lange, Journal of Computational and Graphical Statistics 9, 2000).
func (f *fit) pinball(lo, hi int, z, derivative, curvature []float64) float64 {
	sum, q, s := 0.0, f.quantile, f.smooth
	for i := lo; i < hi; i++ {
		r, w := f.y[i]-z[i], f.w[i]
		a := math.Abs(r)
		if a <= s {
			derivative[i] = -w * (r/(2*s) + q - 0.5)
			sum += float64(w * (float64(r*r)/(4*s) + float64((q-0.5)*r) + s/4))
		} else {
			slope := q
			if r < 0 {
				slope = q - 1
			}
			derivative[i] = -w * slope
			sum += float64(w * float64(slope*r))
		}
		if curvature != nil {
			curvature[i] = w / (2 * max(a, s))
		}
	}
	return sum
}

// maxExponent bounds the sums of Poisson regression.
const maxExponent = 80

func (f *fit) poisson(lo, hi int, z, derivative, curvature []float64) float64 {
	sum := 0.0
	for i := lo; i < hi; i++ {
		v, w := z[i], f.w[i]
		if v > maxExponent {
			return math.Inf(1) // no step may lead here
		}
		e := math.Exp(v)
		derivative[i] = w * (e - f.y[i])
		if curvature != nil {
			curvature[i] = w * e
		}
		sum += float64(w * (e - float64(f.y[i]*v)))
	}
	return sum
}

// hinge is the squared hinge loss of each class against the others.
func (f *fit) hinge(lo, hi int, z, derivative, curvature []float64) float64 {
	sum := 0.0
	for i := lo; i < hi; i++ {
		for k := range f.width {
			at, class, side := i*f.width+k, k, -1.0
			if f.width == 1 {
				class = 1
			}
			if int(f.y[i]) == class {
				side = 1
			}
			m := max(0, 1-float64(side*z[at]))
			derivative[at] = -2 * side * f.w[i] * m
			sum += float64(f.w[i] * float64(m*m))
			if curvature == nil {
				continue
			}
			curvature[at] = 0
			if m > 0 {
				curvature[at] = 2 * f.w[i]
			}
		}
	}
	return sum
}

func (f *fit) logistic(lo, hi int, z, derivative, curvature []float64) float64 {
	sum := 0.0
	for i := lo; i < hi; i++ {
		// With a = |z| and e = exp(-a): log(1+exp(z)) = max(z, 0) + log(1+e).
		v, y := z[i], f.y[i]
		e := math.Exp(-math.Abs(v))
		p := e / (1 + e)
		if v >= 0 {
			p = 1 / (1 + e)
		}
		derivative[i] = f.w[i] * (p - y)
		if curvature != nil {
			curvature[i] = f.w[i] * e / float64((1+e)*(1+e))
		}
		sum += float64(f.w[i] * (max(v, 0) + math.Log(1+e) - float64(y*v)))
	}
	return sum
}

// softmax sets no curvatures: its Hessian is not diagonal in the classes.
func (f *fit) softmax(lo, hi int, z, derivative, _ []float64) float64 {
	sum := 0.0
	for i := lo; i < hi; i++ {
		zi, di := z[i*f.width:(i+1)*f.width], derivative[i*f.width:(i+1)*f.width]
		top := zi[0]
		for _, v := range zi {
			top = max(top, v)
		}
		total := 0.0
		for k, v := range zi {
			di[k] = math.Exp(v - top)
			total += di[k]
		}
		y, wi := int(f.y[i]), f.w[i]
		for k := range di {
			di[k] *= wi / total
		}
		di[y] -= wi
		sum += float64(wi * (math.Log(total) - (zi[y] - top)))
	}
	return sum
}

// sum adds a function of row blocks in their order.
func (f *fit) sum(of func(lo, hi int) float64) float64 {
	n := len(f.y)
	blocks := make([]float64, (n+lossBlock-1)/lossBlock)
	share(len(blocks), f.threads, func(from, to int) {
		for b := from; b < to; b++ {
			blocks[b] = of(b*lossBlock, min((b+1)*lossBlock, n))
		}
	})
	total := 0.0
	for _, v := range blocks {
		total += v
	}
	return total
}
