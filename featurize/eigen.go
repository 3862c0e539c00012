package featurize

import (
	"cmp"
	"math"
	"slices"
)

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i] * b[i])
	}
	return sum
}

// orthogonal makes vectors orthonormal by Gram and Schmidt, twice over for accuracy;
// those that depend on earlier ones are left out.
func orthogonal(vectors [][]float64) [][]float64 {
	var out [][]float64
	for _, v := range vectors {
		before := math.Sqrt(dot(v, v))
		for range 2 {
			for _, u := range out {
				along := dot(u, v)
				for i := range v {
					v[i] -= float64(along * u[i])
				}
			}
		}
		length := math.Sqrt(dot(v, v))
		if !(length > 1e-10*before) {
			continue
		}
		for i := range v {
			v[i] /= length
		}
		out = append(out, v)
	}
	return out
}

// eigen gives the eigenvalues of a small symmetric matrix, which is overwritten, and its
// eigenvectors as columns, by Jacobi's rotations (Golub and Van Loan, section 8.5).
func eigen(a [][]float64) (values []float64, vectors [][]float64) {
	n := len(a)
	vectors = make([][]float64, n)
	for i := range vectors {
		vectors[i] = make([]float64, n)
		vectors[i][i] = 1
	}
	const sweeps = 30
	for range sweeps {
		for p := range n {
			for q := p + 1; q < n; q++ {
				rotate(a, vectors, p, q)
			}
		}
	}
	values = make([]float64, n)
	for i := range a {
		values[i] = a[i][i]
	}
	return values, vectors
}

// rotate makes a[p][q] zero.
func rotate(a, vectors [][]float64, p, q int) {
	if math.Abs(a[p][q]) <= 1e-15*math.Sqrt(math.Abs(a[p][p])*math.Abs(a[q][q])) {
		return
	}
	tau := (a[q][q] - a[p][p]) / (2 * a[p][q])
	t := 1 / (math.Abs(tau) + math.Sqrt(1+float64(tau*tau)))
	if tau < 0 {
		t = -t
	}
	c := 1 / math.Sqrt(1+float64(t*t))
	s := t * c
	for k := range a {
		x, y := a[k][p], a[k][q]
		a[k][p], a[k][q] = float64(c*x)-float64(s*y), float64(s*x)+float64(c*y)
	}
	for k := range a {
		x, y := a[p][k], a[q][k]
		a[p][k], a[q][k] = float64(c*x)-float64(s*y), float64(s*x)+float64(c*y)
		x, y = vectors[k][p], vectors[k][q]
		vectors[k][p], vectors[k][q] = float64(c*x)-float64(s*y), float64(s*x)+float64(c*y)
	}
}

// descending are the places of values, the largest first.
func descending(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(values[j], values[i]) })
	return order
}

// upright turns a vector so that its largest entry is positive.
func upright(v []float64) []float64 {
	largest := 0.0
	for _, x := range v {
		if math.Abs(x) > math.Abs(largest) {
			largest = x
		}
	}
	if largest < 0 {
		for i := range v {
			v[i] = -v[i]
		}
	}
	return v
}
