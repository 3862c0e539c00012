package gbdt

import (
	"math"
	"math/bits"
)

// noiseSize is the number of rounding offsets that rows share in turn, a power of two.
const noiseSize = 1 << 12

// quantiser packs gradient and Hessian of a row into one int64, the Hessian in
// the low shift bits. Sums of packed values are packed sums: the widths are such
// that no sum over the rows overflows its part. Rounding is stochastic, so that
// sums are unbiased even where a few huge gradients leave the others only a
// few steps.
type quantiser struct {
	shift        uint
	gTop, hTop   float64 // the largest quantised values
	noise        []float64
	gStep, hStep float64 // of the current tree: real value of one unit
}

func newQuantiser(rows int, unitHessian bool, seed uint64) *quantiser {
	length := bits.Len(uint(rows))
	spare := 63 - 2*length
	h := max(2, min(14, spare*2/5))
	if unitHessian {
		h = 1
	}
	g := max(2, min(24, spare-h))
	q := &quantiser{shift: uint(length + h), gTop: float64(int(1)<<g - 1), hTop: float64(int(1)<<h - 1)}
	q.noise = make([]float64, noiseSize)
	for i := range q.noise {
		q.noise[i] = unit(mix(seed + uint64(i)))
	}
	return q
}

// pack quantises all gradients into out, scaled by their largest values. seed
// varies the rounding from tree to tree.
func (q *quantiser) pack(grad []pair, out []int64, seed uint64, c crew) {
	count := (len(grad) + block - 1) / block
	tops := make([]pair, count)
	c.blocks(len(grad), func(lo, hi, b int) { tops[b] = topOf(grad[lo:hi]) })
	var top pair
	for _, t := range tops {
		top.g, top.h = max(top.g, t.g), max(top.h, t.h)
	}
	q.packScaled(grad, out, top.g, top.h, seed, c)
}

// packScaled is pack with the largest values given.
func (q *quantiser) packScaled(grad []pair, out []int64, gTop, hTop float32, seed uint64, c crew) {
	gScale, hScale := scaleTo(q.gTop, gTop), scaleTo(q.hTop, hTop)
	q.gStep, q.hStep = 1/gScale, 1/hScale
	c.blocks(len(grad), func(lo, hi, _ int) {
		q.packBlock(grad[lo:hi], out[lo:hi], gScale, hScale, uint(seed)+uint(lo))
	})
}

func topOf(grad []pair) pair {
	var g, h float32
	for _, p := range grad {
		a := math.Float32frombits(math.Float32bits(p.g) &^ (1 << 31))
		if a > g {
			g = a
		}
		if p.h > h {
			h = p.h
		}
	}
	return pair{g, h}
}

func scaleTo(limit float64, top float32) float64 {
	if top == 0 {
		return 1
	}
	return limit / float64(top)
}

func (q *quantiser) packBlock(grad []pair, out []int64, gScale, hScale float64, at uint) {
	// The bias makes the sum positive, where truncation is floor.
	const bias = 1 << 30
	noise := (*[noiseSize]float64)(q.noise)
	shift := q.shift & 63
	out = out[:len(grad)]
	for i, p := range grad {
		n := (at + uint(i)) & (noiseSize - 1)
		m := (n*5 + 1) & (noiseSize - 1)
		g := int64(float64(float64(p.g)*gScale)+(noise[n]+bias)) - bias
		h := int64(float64(float64(p.h)*hScale) + noise[m])
		out[i] = g<<shift + h
	}
}
