//go:build !purego

package gemm

import "golang.org/x/sys/cpu"

//go:generate go run -C ../../../tools ./gemmasm -out ../algos/predictor/gemm/kernels_amd64.s -stubs ../algos/predictor/gemm/kernels_amd64.go -pkg gemm

var avx2 = kernels{
	name: "avx2", rows: 6, tile: tileAVX2,
	add:  func(dst, src []float32) { pair(addAVX2, dst, src) },
	mul:  func(dst, src []float32) { pair(mulAVX2, dst, src) },
	selu: func(z, d []float32) { pair(seluAVX2, z, d) },
	mish: func(z, d []float32) { pair(mishAVX2, z, d) },
	wave: func(z, d []float32) { pair(waveAVX2, z, d) },
	adam: func(w, m, v, g []float32, s *Step) {
		n := len(g)
		if n == 0 {
			return
		}
		_, _, _ = w[:n], m[:n], v[:n]
		adamAVX2(&w[0], &m[0], &v[0], &g[0], n, &s.Beta1)
	},
}

// available are the sets of kernels that run here, the best first.
func available() []kernels {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		return []kernels{avx2, plain}
	}
	return []kernels{plain}
}

// pair calls a loop over two slices of one length.
func pair(do func(a, b *float32, n int), a, b []float32) {
	if n := len(a); n > 0 {
		do(&a[0], &b[:n][0], n)
	}
}

var tiles = [...]func(c *float32, ldc int, a *float32, rs, ks int, b *float32, k int, add bool){
	tile1AVX2, tile2AVX2, tile3AVX2, tile4AVX2, tile5AVX2, tile6AVX2,
}

func tileAVX2(rows int, c []float32, ldc int, a []float32, rs, ks int, b []float32, k int, add bool) {
	var left, right *float32
	if k > 0 {
		left, right = &a[0], &b[0]
	}
	tiles[rows-1](&c[0], ldc, left, rs, ks, right, k, add)
}
