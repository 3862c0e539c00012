// Command gemmasm writes the AVX2 kernels of algos/predictor/gemm with avo:
//
//	go generate ./algos/predictor/gemm
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("!purego")
	for rows := 1; rows <= 6; rows++ {
		tile(rows)
	}
	pairwise("addAVX2", "adds src to dst", func(d, s reg.VecVirtual) { VADDPS(s, d, d) })
	pairwise("mulAVX2", "multiplies dst by src", func(d, s reg.VecVirtual) { VMULPS(s, d, d) })
	selu()
	mish()
	wave()
	adam()
	Generate()
}

// tile is the product of some rows of A and a panel of B, 16 columns wide, with
// the sums in registers.
func tile(rows int) {
	name := fmt.Sprintf("tile%dAVX2", rows)
	TEXT(name, NOSPLIT, "func(c *float32, ldc int, a *float32, rs, ks int, b *float32, k int, add bool)")
	Pragma("noescape")
	Doc(name + " computes one tile: strides in floats, k ≥ 0.")
	c := Load(Param("c"), GP64())
	ldc := Load(Param("ldc"), GP64())
	a := Load(Param("a"), GP64())
	rs := Load(Param("rs"), GP64())
	ks := Load(Param("ks"), GP64())
	b := Load(Param("b"), GP64())
	k := Load(Param("k"), GP64())
	add := Load(Param("add"), GP8())
	SHLQ(Imm(2), ldc)
	SHLQ(Imm(2), rs)
	SHLQ(Imm(2), ks)
	// Rows 3, 4 and 5 are reached from bases of their own.
	a3, c3 := GP64(), GP64()
	LEAQ(Mem{Base: rs, Index: rs, Scale: 2}, a3)
	ADDQ(a, a3)
	LEAQ(Mem{Base: ldc, Index: ldc, Scale: 2}, c3)
	ADDQ(c, c3)
	at := func(base, third, stride reg.Register, row, disp int) Mem {
		if row >= 3 {
			base, row = third, row-3
		}
		if row == 0 {
			return Mem{Base: base, Disp: disp}
		}
		return Mem{Base: base, Index: stride, Scale: uint8(row), Disp: disp}
	}
	sums := make([][2]reg.VecVirtual, rows)
	for i := range sums {
		sums[i] = [2]reg.VecVirtual{YMM(), YMM()}
	}
	TESTB(add, add)
	JZ(LabelRef("zero"))
	for i, s := range sums {
		VMOVUPS(at(c, c3, ldc, i, 0), s[0])
		VMOVUPS(at(c, c3, ldc, i, 32), s[1])
	}
	JMP(LabelRef("start"))
	Label("zero")
	for _, s := range sums {
		VXORPS(s[0], s[0], s[0])
		VXORPS(s[1], s[1], s[1])
	}
	Label("start")
	TESTQ(k, k)
	JZ(LabelRef("done"))
	b0, b1, v := YMM(), YMM(), YMM()
	Label("loop")
	VMOVUPS(Mem{Base: b}, b0)
	VMOVUPS(Mem{Base: b, Disp: 32}, b1)
	for i, s := range sums {
		VBROADCASTSS(at(a, a3, rs, i, 0), v)
		VFMADD231PS(b0, v, s[0])
		VFMADD231PS(b1, v, s[1])
	}
	ADDQ(ks, a)
	ADDQ(ks, a3)
	ADDQ(Imm(64), b)
	DECQ(k)
	JNZ(LabelRef("loop"))
	Label("done")
	for i, s := range sums {
		VMOVUPS(s[0], at(c, c3, ldc, i, 0))
		VMOVUPS(s[1], at(c, c3, ldc, i, 32))
	}
	VZEROUPPER()
	RET()
}

// pairwise is a loop over two slices of n floats, n a multiple of 8.
func pairwise(name, does string, op func(d, s reg.VecVirtual)) {
	TEXT(name, NOSPLIT, "func(dst, src *float32, n int)")
	Pragma("noescape")
	Doc(name + " " + does + "; n is a multiple of 8.")
	dst := Load(Param("dst"), GP64())
	src := Load(Param("src"), GP64())
	n := Load(Param("n"), GP64())
	each(n, func() {
		d, s := YMM(), YMM()
		VMOVUPS(Mem{Base: dst}, d)
		VMOVUPS(Mem{Base: src}, s)
		op(d, s)
		VMOVUPS(d, Mem{Base: dst})
		ADDQ(Imm(32), dst)
		ADDQ(Imm(32), src)
	})
	VZEROUPPER()
	RET()
}

// each runs body n/8 times.
func each(n reg.Register, body func()) {
	SHRQ(Imm(3), n)
	JZ(LabelRef("done"))
	Label("loop")
	body()
	DECQ(n)
	JNZ(LabelRef("loop"))
	Label("done")
}

var constants = map[float32]Mem{}

// eight is a constant in all lanes.
func eight(v float32) Mem {
	if m, ok := constants[v]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("eight%d", len(constants)), RODATA|NOPTR)
	for i := range 8 {
		DATA(4*i, U32(math.Float32bits(v))) // F32 writes 1 as an integer
	}
	constants[v] = m
	return m
}

// exp replaces x, which is at most 80, by its exponential: the polynomial of
// Cephes' expf after subtracting a multiple of log 2.
func exp(x reg.VecVirtual) {
	n, p, two := YMM(), YMM(), YMM()
	VMAXPS(eight(-80), x, x)
	VMULPS(eight(1.44269504088896341), x, n)
	VROUNDPS(Imm(8), n, n)
	VFNMADD231PS(eight(0.693359375), n, x)
	VFNMADD231PS(eight(-2.12194440e-4), n, x)
	VMOVUPS(eight(1.9875691500e-4), p)
	for _, c := range []float32{1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1} {
		VFMADD213PS(eight(c), x, p)
	}
	VMULPS(x, x, two)
	VFMADD213PS(x, two, p)
	VADDPS(eight(1), p, p)
	VCVTPS2DQ(n, n)
	VPSLLD(Imm(23), n, n)
	VPADDD(n, p, x)
}

const (
	scale = 1.0507009873554805
	alpha = 1.6732632423543772
)

// selu is z → scale·z above zero, scale·alpha·(exp z − 1) below.
func selu() {
	TEXT("seluAVX2", NOSPLIT, "func(z, d *float32, n int)")
	Pragma("noescape")
	Doc("seluAVX2 replaces z by its activation and sets d to the slope; n is a multiple of 8.")
	z := Load(Param("z"), GP64())
	d := Load(Param("d"), GP64())
	n := Load(Param("n"), GP64())
	each(n, func() {
		x, e, above, slope := YMM(), YMM(), YMM(), YMM()
		zero := YMM()
		VXORPS(zero, zero, zero)
		VMOVUPS(Mem{Base: z}, x)
		VCMPPS(Imm(14), zero, x, above)
		VMINPS(zero, x, e)
		exp(e)
		VMULPS(eight(scale*alpha), e, slope)
		VSUBPS(eight(scale*alpha), slope, e)
		VMULPS(eight(scale), x, x)
		VBLENDVPS(above, x, e, x)
		VBLENDVPS(above, eight(scale), slope, slope)
		VMOVUPS(x, Mem{Base: z})
		VMOVUPS(slope, Mem{Base: d})
		ADDQ(Imm(32), z)
		ADDQ(Imm(32), d)
	})
	VZEROUPPER()
	RET()
}

// mish is z → z·tanh(log(1+exp z)), by e = exp z: tanh = e(e+2)/(e(e+2)+2).
func mish() {
	TEXT("mishAVX2", NOSPLIT, "func(z, d *float32, n int)")
	Pragma("noescape")
	Doc("mishAVX2 replaces z by its activation and sets d to the slope; n is a multiple of 8.")
	z := Load(Param("z"), GP64())
	d := Load(Param("d"), GP64())
	n := Load(Param("n"), GP64())
	each(n, func() {
		x, e, t, u := YMM(), YMM(), YMM(), YMM()
		VMOVUPS(Mem{Base: z}, x)
		VMINPS(eight(20), x, e)
		exp(e)
		VADDPS(eight(2), e, t)
		VMULPS(e, t, t)
		VADDPS(eight(2), t, u)
		VDIVPS(u, t, t) // the hyperbolic tangent
		VADDPS(eight(1), e, u)
		VDIVPS(u, e, e) // the sigmoid
		VMULPS(t, t, u)
		VSUBPS(eight(1), u, u)
		VMULPS(x, e, e)
		VFNMADD213PS(t, e, u) // t + x·sigmoid·(1−t²)
		VMULPS(t, x, x)
		VMOVUPS(x, Mem{Base: z})
		VMOVUPS(u, Mem{Base: d})
		ADDQ(Imm(32), z)
		ADDQ(Imm(32), d)
	})
	VZEROUPPER()
	RET()
}

// cosine sets q to cos 2πr = sin 2π(1/4 − |r|) for r within ±1/2: the
// polynomial of Taylor's series of the sine.
func cosine(r, q reg.VecVirtual) {
	s, p := YMM(), YMM()
	VMAXPS(r, minus(r), s)
	VMOVUPS(eight(0.25), q)
	VSUBPS(s, q, q)
	VMULPS(q, q, s)
	VMOVUPS(eight(-15.0946425), p)
	for _, c := range []float32{42.0586939, -76.7058597, 81.6052493, -41.3417022, 6.28318531} {
		VFMADD213PS(eight(c), s, p)
	}
	VMULPS(p, q, q)
}

// minus is −x.
func minus(x reg.VecVirtual) reg.VecVirtual {
	y := YMM()
	VXORPS(y, y, y)
	VSUBPS(x, y, y)
	return y
}

// wave is z → cos 2πz, with −sin 2πz beside it.
func wave() {
	TEXT("waveAVX2", NOSPLIT, "func(z, d *float32, n int)")
	Pragma("noescape")
	Doc("waveAVX2 replaces z by cos 2πz and sets d to −sin 2πz; n is a multiple of 8.")
	z := Load(Param("z"), GP64())
	d := Load(Param("d"), GP64())
	n := Load(Param("n"), GP64())
	each(n, func() {
		r, whole, s := YMM(), YMM(), YMM()
		VMOVUPS(Mem{Base: z}, r)
		VROUNDPS(Imm(8), r, whole)
		VSUBPS(whole, r, r) // within ±1/2
		cosine(r, s)
		VMOVUPS(s, Mem{Base: z})
		VADDPS(eight(0.25), r, r) // −sin is cos a quarter ahead
		VROUNDPS(Imm(8), r, whole)
		VSUBPS(whole, r, r)
		cosine(r, s)
		VMOVUPS(s, Mem{Base: d})
		ADDQ(Imm(32), z)
		ADDQ(Imm(32), d)
	})
	VZEROUPPER()
	RET()
}

// adam is one step of Adam with decoupled weight decay.
func adam() {
	TEXT("adamAVX2", NOSPLIT, "func(w, m, v, grad *float32, n int, c *float32)")
	Pragma("noescape")
	Doc("adamAVX2 takes one step; n is a multiple of 8, c the seven constants of Step in order.")
	w := Load(Param("w"), GP64())
	m := Load(Param("m"), GP64())
	v := Load(Param("v"), GP64())
	g := Load(Param("grad"), GP64())
	n := Load(Param("n"), GP64())
	c := Load(Param("c"), GP64())
	k := make([]reg.VecVirtual, 7)
	for i := range k {
		k[i] = YMM()
		VBROADCASTSS(Mem{Base: c, Disp: 4 * i}, k[i])
	}
	b1, r1, b2, r2, rate, eps, keep := k[0], k[1], k[2], k[3], k[4], k[5], k[6]
	each(n, func() {
		wi, mi, vi, gi := YMM(), YMM(), YMM(), YMM()
		VMOVUPS(Mem{Base: g}, gi)
		VMULPS(Mem{Base: m}, b1, mi)
		VFMADD231PS(r1, gi, mi)
		VMOVUPS(mi, Mem{Base: m})
		VMULPS(gi, gi, gi)
		VMULPS(Mem{Base: v}, b2, vi)
		VFMADD231PS(r2, gi, vi)
		VMOVUPS(vi, Mem{Base: v})
		VSQRTPS(vi, vi)
		VADDPS(eps, vi, vi)
		VDIVPS(vi, mi, mi)
		VMULPS(Mem{Base: w}, keep, wi)
		VFNMADD231PS(rate, mi, wi)
		VMOVUPS(wi, Mem{Base: w})
		for _, p := range []reg.Register{w, m, v, g} {
			ADDQ(Imm(32), p)
		}
	})
	VZEROUPPER()
	RET()
}
