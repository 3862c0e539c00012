package gemm

// Lanes is the number of columns that are computed together.
const Lanes = 16

// Pad is n rounded up to a multiple of Lanes.
func Pad(n int) int { return (n + Lanes - 1) / Lanes * Lanes }

// depth is how much of k is multiplied at a time, so that a panel stays in the
// first-level cache.
const depth = 384

// kernels are a set of inner loops. Lengths of slices are multiples of 8.
type kernels struct {
	name string
	// rows is the largest number of rows of a tile.
	rows int
	// tile computes rows×Lanes sums over k: c (stride ldc) = a·b, or += with add.
	// Element (i, p) of a is a[i·rs+p·ks], b is k×Lanes.
	tile func(rows int, c []float32, ldc int, a []float32, rs, ks int, b []float32, k int, add bool)
	add  func(dst, src []float32)
	mul  func(dst, src []float32)
	selu func(z, d []float32)
	mish func(z, d []float32)
	wave func(z, d []float32)
	adam func(w, m, v, g []float32, s *Step)
}

// active is chosen once and not changed.
var active = available()[0]

// Kernels names the set of kernels in use, "avx2" or "go".
func Kernels() string { return active.name }

// Panels is the right-hand side of products, a k×n matrix in panels of Lanes
// columns. The zero value is ready to be packed, again and again.
type Panels struct {
	k, n int
	data []float32
}

// Pack takes the k×n matrix b with ld floats a row; n is a multiple of Lanes.
func (p *Panels) Pack(b []float32, k, n, ld int) {
	p.reset(k, n)
	for j := 0; j < n; j += Lanes {
		to := p.data[j*k:]
		for i := range k {
			copy(to[i*Lanes:(i+1)*Lanes], b[i*ld+j:i*ld+j+Lanes])
		}
	}
}

// PackTransposed takes the transpose of the n×k matrix b with ld floats a row; n
// is a multiple of Lanes.
func (p *Panels) PackTransposed(b []float32, k, n, ld int) {
	p.reset(k, n)
	for j := range n {
		from, to := b[j*ld:j*ld+k], p.data[j/Lanes*Lanes*k+j%Lanes:]
		for i, v := range from {
			to[i*Lanes] = v
		}
	}
}

func (p *Panels) reset(k, n int) {
	p.k, p.n = k, n
	if cap(p.data) < k*n {
		p.data = make([]float32, k*n)
	}
	p.data = p.data[:k*n]
}

// Multiply computes c = a·b, or c += a·b with add, for m rows: c has ldc floats a
// row, a has lda.
func Multiply(c []float32, ldc int, a []float32, lda, m int, b *Panels, add bool) {
	multiply(&active, c, ldc, a, lda, 1, m, b, add)
}

// MultiplyTransposed is Multiply with the transpose of a, which has the rows of b
// and lda floats each.
func MultiplyTransposed(c []float32, ldc int, a []float32, lda, m int, b *Panels, add bool) {
	multiply(&active, c, ldc, a, 1, lda, m, b, add)
}

func multiply(set *kernels, c []float32, ldc int, a []float32, rs, ks, m int, b *Panels, add bool) {
	for from := 0; from < b.k || from == 0; from += depth {
		k := min(depth, b.k-from)
		for j := 0; j < b.n; j += Lanes {
			panel := b.data[j*b.k+from*Lanes : j*b.k+(from+k)*Lanes]
			for i := 0; i < m; i += set.rows {
				rows := min(set.rows, m-i)
				var left []float32
				if k > 0 {
					left = a[i*rs+from*ks : (i+rows-1)*rs+(from+k-1)*ks+1]
				}
				set.tile(rows, c[i*ldc+j:(i+rows-1)*ldc+j+Lanes], ldc, left, rs, ks, panel, k, add || from > 0)
			}
		}
	}
}

// Add adds src to dst; the lengths are equal multiples of Lanes.
func Add(dst, src []float32) { active.add(dst, src) }

// Mul multiplies dst by src; the lengths are equal multiples of Lanes.
func Mul(dst, src []float32) { active.mul(dst, src) }

// SELU replaces z by the scaled exponential linear unit of it (Klambauer et al.,
// 2017) and sets d to the slopes; the lengths are equal multiples of Lanes.
func SELU(z, d []float32) { active.selu(z, d) }

// Mish replaces z by z·tanh(log(1+exp z)) (Misra, 2019) and sets d to the slopes;
// the lengths are equal multiples of Lanes.
func Mish(z, d []float32) { active.mish(z, d) }

// Wave replaces z by cos 2πz and sets d to −sin 2πz; the lengths are equal
// multiples of Lanes. |z| above 2²⁰ has lost its phase.
func Wave(z, d []float32) { active.wave(z, d) }

// Step are the constants of a step of Adam (Kingma and Ba, 2014):
//
//	m = Beta1·m + Rest1·g
//	v = Beta2·v + Rest2·g²
//	w = Keep·w − Rate·m/(√v + Epsilon)
type Step struct{ Beta1, Rest1, Beta2, Rest2, Rate, Epsilon, Keep float32 }

// Adam takes a step on the weights w with the gradient g and the moments m and v;
// the lengths are equal multiples of Lanes.
func Adam(w, m, v, g []float32, s *Step) { active.adam(w, m, v, g, s) }
