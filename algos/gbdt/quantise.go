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
// sums are unbiased.
type quantiser struct {
	shift        uint
	unit         bool    // all Hessians are 1
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
	q := &quantiser{shift: uint(length + h), unit: unitHessian, gTop: float64(int(1)<<g - 1), hTop: float64(int(1)<<h - 1)}
	q.noise = make([]float64, noiseSize)
	for i := range q.noise {
		q.noise[i] = unit(mix(seed + uint64(i)))
	}
	return q
}

// pack quantises all gradients into out, in units such that the sums of their
// absolute values just fit. However heavy the tails are, a mean gradient has thousands
// of units with a million rows, and dozens with a hundred million. seed varies the
// rounding from tree to tree.
func (q *quantiser) pack(grad []pair, out []int64, seed uint64, c crew) {
	gSum, hSum := sumsOf(grad, c)
	room := uint(63) - q.shift
	gScale := scaleTo(float64(uint64(1)<<min(room, maxSumBits)-2)-float64(len(grad)), gSum)
	hScale := 1.0
	if !q.unit {
		hScale = scaleTo(float64(uint64(1)<<q.shift-1)-float64(len(grad)), hSum)
	}
	q.packIn(grad, out, gScale, hScale, seed, c)
}

// maxSumBits keeps sums of gradients far below 2^53.
const maxSumBits = 40

// sumsOf sums up absolute gradients and Hessians, by blocks.
func sumsOf(grad []pair, c crew) (g, h float64) {
	parts := make([]struct{ g, h float64 }, (len(grad)+block-1)/block)
	c.blocks(len(grad), func(lo, hi, b int) {
		var g, h float64
		for _, p := range grad[lo:hi] {
			g += math.Abs(float64(p.g))
			h += float64(p.h)
		}
		parts[b].g, parts[b].h = g, h
	})
	for _, p := range parts {
		g, h = g+p.g, h+p.h
	}
	return g, h
}

// packScaled is pack in units of which gTop and hTop, the largest values, have as
// many as any rows can bear. Several calls so have the same units.
func (q *quantiser) packScaled(grad []pair, out []int64, gTop, hTop float32, seed uint64, c crew) {
	q.packIn(grad, out, scaleTo(q.gTop, float64(gTop)), scaleTo(q.hTop, float64(hTop)), seed, c)
}

func (q *quantiser) packIn(grad []pair, out []int64, gScale, hScale float64, seed uint64, c crew) {
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

func scaleTo(limit, top float64) float64 {
	if top == 0 {
		return 1
	}
	return limit / top
}

func (q *quantiser) packBlock(grad []pair, out []int64, gScale, hScale float64, at uint) {
	// The bias makes the sum positive, where truncation is floor.
	const bias = 1 << (maxSumBits + 1)
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
