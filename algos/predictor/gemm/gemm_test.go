package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// sets runs a test with every set of kernels that runs here.
func sets(t *testing.T, test func(*testing.T, *kernels)) {
	for _, set := range available() {
		t.Run(set.name, func(t *testing.T) {
			t.Parallel()
			test(t, &set)
		})
	}
}

func random(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

// product is c += a·b in double precision; element (i, p) of a is a[i·rs+p·ks].
func product(c []float64, ldc int, a []float32, rs, ks int, b []float32, ldb, m, n, k int) {
	for i := range m {
		for j := range n {
			for p := range k {
				c[i*ldc+j] += float64(a[i*rs+p*ks]) * float64(b[p*ldb+j])
			}
		}
	}
}

func TestMultiplyIsTheProduct(t *testing.T) {
	t.Parallel()
	sets(t, func(t *testing.T, set *kernels) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, m := range []int{1, 2, 3, 4, 5, 6, 7, 13, 64} {
			for _, n := range []int{16, 48} {
				for _, k := range []int{0, 1, 7, 64, depth, depth + 5} {
					for _, add := range []bool{false, true} {
						check(t, set, rng, m, n, k, add)
					}
				}
			}
		}
	})
}

func check(t *testing.T, set *kernels, rng *rand.Rand, m, n, k int, add bool) {
	t.Helper()
	const gap = 3 // between the rows
	for _, transposed := range []bool{false, true} {
		a, lda, rs, ks := random(rng, m*(k+gap)), k+gap, k+gap, 1
		if transposed {
			a, lda, rs, ks = random(rng, k*(m+gap)), m+gap, 1, m+gap
		}
		b, c := random(rng, k*(n+gap)), random(rng, m*(n+gap))
		want := make([]float64, len(c))
		for i, v := range c {
			if add || i%(n+gap) >= n { // what lies between rows stays
				want[i] = float64(v)
			}
		}
		product(want, n+gap, a, rs, ks, b, n+gap, m, n, k)
		var p Panels
		p.Pack(b, k, n, n+gap)
		multiply(set, c, n+gap, a, rs, ks, m, &p, add)
		for i, v := range c {
			if math.Abs(float64(v)-want[i]) > 1e-5*float64(k+10) {
				t.Fatalf("%d×%d×%d, transposed %v, add %v, stride %d: element %d is %v, want %v", m, n, k, transposed, add, lda, i, v, want[i])
			}
		}
	}
}

func TestPackTransposedIsPackOfTheTranspose(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	const k, n = 19, 32
	b := random(rng, n*k)
	turned := make([]float32, k*n)
	for i := range k {
		for j := range n {
			turned[i*n+j] = b[j*k+i]
		}
	}
	var p, q Panels
	p.PackTransposed(b, k, n, k)
	q.Pack(turned, k, n, n)
	if !slices.Equal(p.data, q.data) {
		t.Error("other panels")
	}
}

// An element is the same bits whatever rows it is computed with.
func TestRowsDoNotMatter(t *testing.T) {
	t.Parallel()
	sets(t, func(t *testing.T, set *kernels) {
		rng := rand.New(rand.NewPCG(5, 6))
		const m, n, k = 23, 32, 450
		a := random(rng, m*k)
		var p Panels
		p.Pack(random(rng, k*n), k, n, n)
		all := make([]float32, m*n)
		multiply(set, all, n, a, k, 1, m, &p, false)
		for rows := 1; rows < m; rows++ {
			some := make([]float32, rows*n)
			multiply(set, some, n, a[(m-rows)*k:], k, 1, rows, &p, false)
			if !slices.Equal(some, all[(m-rows)*n:]) {
				t.Fatalf("the last %d rows differ alone", rows)
			}
		}
	})
}

func TestActivations(t *testing.T) {
	t.Parallel()
	tanh := func(x float64) float64 { return math.Tanh(math.Log1p(math.Exp(x))) }
	functions := map[string]struct {
		of          func(*kernels) func(z, d []float32)
		value, rise func(x float64) float64
	}{
		"selu": {func(k *kernels) func(z, d []float32) { return k.selu },
			func(x float64) float64 {
				if x > 0 {
					return seluScale * x
				}
				return seluScale * seluAlpha * math.Expm1(x)
			},
			func(x float64) float64 {
				if x > 0 {
					return seluScale
				}
				return seluScale * seluAlpha * math.Exp(x)
			}},
		"mish": {func(k *kernels) func(z, d []float32) { return k.mish },
			func(x float64) float64 { return x * tanh(x) },
			func(x float64) float64 { return tanh(x) + x*(1-tanh(x)*tanh(x))/(1+math.Exp(-x)) }},
		"wave": {func(k *kernels) func(z, d []float32) { return k.wave },
			func(x float64) float64 { return math.Cos(2 * math.Pi * x) },
			func(x float64) float64 { return -math.Sin(2 * math.Pi * x) }},
	}
	for name, f := range functions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sets(t, func(t *testing.T, set *kernels) {
				z := []float32{0, 1e-30, -1e-30, -1e3, -90, -80, 12, 20, 25, 30, 0.25, -0.25, 0.5, -0.5, 0.75, 1}
				for x := float32(-12); x < 12; x += 0.0625 {
					z = append(z, x+0.01)
				}
				x, d := slices.Clone(z), make([]float32, len(z))
				f.of(set)(z, d)
				for i, v := range x {
					if name == "wave" && math.Abs(float64(v)) > 1e6 {
						continue
					}
					near(t, fmt.Sprintf("value at %v", v), z[i], f.value(float64(v)))
					near(t, fmt.Sprintf("slope at %v", v), d[i], f.rise(float64(v)))
				}
			})
		})
	}
}

func near(t *testing.T, what string, got float32, want float64) {
	t.Helper()
	if math.IsNaN(want) { // the slow version overflows
		want = 0
	}
	if !(math.Abs(float64(got)-want) <= 2e-6*max(1, math.Abs(want))) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestAddMulAdam(t *testing.T) {
	t.Parallel()
	sets(t, func(t *testing.T, set *kernels) {
		rng := rand.New(rand.NewPCG(7, 8))
		for _, n := range []int{0, 16, 48} {
			w, m, v, g := random(rng, n), random(rng, n), random(rng, n), random(rng, n)
			for i := range v {
				v[i] *= v[i]
			}
			w0, m0, v0 := slices.Clone(w), slices.Clone(m), slices.Clone(v)
			s := Step{Beta1: 0.9, Rest1: 0.1, Beta2: 0.95, Rest2: 0.05, Rate: 0.03, Epsilon: 1e-8, Keep: 0.99}
			set.adam(w, m, v, g, &s)
			for i, x := range g {
				first := 0.9*float64(m0[i]) + 0.1*float64(x)
				second := 0.95*float64(v0[i]) + 0.05*float64(x)*float64(x)
				near(t, "first moment", m[i], first)
				near(t, "second moment", v[i], second)
				near(t, "weight", w[i], 0.99*float64(w0[i])-0.03*first/(math.Sqrt(second)+1e-8))
			}
			sum, times := slices.Clone(w0), slices.Clone(w0)
			set.add(sum, g)
			set.mul(times, g)
			for i, x := range g {
				if sum[i] != w0[i]+x || times[i] != w0[i]*x {
					t.Errorf("%v and %v: sum %v, product %v", w0[i], x, sum[i], times[i])
				}
			}
		}
	})
}

func BenchmarkMultiply(b *testing.B) {
	for _, set := range available() {
		for _, size := range [][3]int{{64, 256, 256}, {256, 256, 256}, {1024, 1024, 1024}} {
			m, n, k := size[0], size[1], size[2]
			b.Run(fmt.Sprintf("%s/%d×%d×%d", set.name, m, n, k), func(b *testing.B) {
				rng := rand.New(rand.NewPCG(1, 1))
				x, y, c := random(rng, m*(k+Lanes)), random(rng, k*n), make([]float32, m*(n+Lanes))
				var p Panels
				for b.Loop() {
					p.Pack(y, k, n, n)
					multiply(&set, c, n+Lanes, x, k+Lanes, 1, m, &p, false)
				}
				b.ReportMetric(2*float64(m)*float64(n)*float64(k)*float64(b.N)/1e9/b.Elapsed().Seconds(), "GFLOP/s")
			})
		}
	}
}

func BenchmarkActivation(b *testing.B) {
	for _, set := range available() {
		for name, f := range map[string]func(z, d []float32){"selu": set.selu, "mish": set.mish, "wave": set.wave} {
			b.Run(set.name+"/"+name, func(b *testing.B) {
				z, d := random(rand.New(rand.NewPCG(1, 1)), 1<<14), make([]float32, 1<<14)
				for b.Loop() {
					f(z, d)
				}
				b.ReportMetric(float64(b.N)*(1<<14)/1e9/b.Elapsed().Seconds(), "Gvalues/s")
			})
		}
	}
}
