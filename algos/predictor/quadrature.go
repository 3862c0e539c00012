package predictor

import "math"

// rule is a quadrature rule on [0, 1]: the integral of a function g is about
// the sum of weight[k]·g(at[k]).
type rule struct {
	at, weight    []float64
	rest, invRest []float64 // 1-at, and one over it
}

// gaussLegendre is the rule of n points that is exact for polynomials up to
// degree 2n-1. The points are found by Newton's method from the usual first
// guess, with Legendre's polynomials by their three-term recurrence.
func gaussLegendre(n int) rule {
	r := rule{make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)}
	for i := range n {
		x := math.Cos(math.Pi * (float64(i) + 0.75) / (float64(n) + 0.5))
		p, slope := legendre(n, x)
		for range 8 { // it doubles the digits each time
			x -= p / slope
			p, slope = legendre(n, x)
		}
		r.at[i], r.rest[i] = (1-x)/2, (1+x)/2
		r.weight[i] = 1 / (float64((1-x)*(1+x)) * slope * slope)
		r.invRest[i] = 1 / r.rest[i]
	}
	return r
}

// legendre is the Legendre polynomial of degree n ≥ 1 and its derivative at x,
// which is not ±1.
func legendre(n int, x float64) (value, slope float64) {
	before, p := 1.0, x
	for k := 1; k < n; k++ {
		before, p = p, (float64(float64(float64(2*k+1)*x)*p)-float64(float64(k)*before))/float64(k+1)
	}
	return p, float64(n) * (float64(x*p) - before) / (float64(x*x) - 1)
}
