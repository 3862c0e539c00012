package gbdt

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestQuantiser: no sum overflows, the parts of a packed sum are those of its
// rows, and the mean gradient has many units however heavy the tails are.
func TestQuantiser(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3000).Draw(t, "rows")
		tail := rapid.Float64Range(0, 12).Draw(t, "tail")
		sameSign := rapid.Bool().Draw(t, "sameSign")
		seed := rapid.Uint64().Draw(t, "seed")
		grad := make([]pair, n)
		var sumH, absG float64
		for i := range grad {
			g := math.Exp(tail * normal(seed, uint64(2*i)) / 2)
			if !sameSign && i%2 == 0 {
				g = -g
			}
			grad[i] = pair{float32(g), float32(math.Exp(tail * normal(seed, uint64(2*i+1)) / 2))}
			sumH, absG = sumH+float64(grad[i].h), absG+math.Abs(float64(grad[i].g))
		}
		q := newQuantiser(n, false, seed)
		packed := make([]int64, n)
		q.pack(grad, packed, seed, alone)
		sum, g, h := int64(0), int64(0), int64(0)
		mask := int64(1)<<q.shift - 1
		for i, v := range packed {
			sum += v
			g, h = g+v>>q.shift, h+v&mask
			if e := math.Abs(float64(v>>q.shift)*q.gStep - float64(grad[i].g)); e > q.gStep*(1+1e-3) {
				t.Fatalf("gradient %v is off by %v, a unit is %v", grad[i].g, e, q.gStep)
			}
			if e := math.Abs(float64(v&mask)*q.hStep - float64(grad[i].h)); e > q.hStep*(1+1e-3) {
				t.Fatalf("Hessian %v is off by %v, a unit is %v", grad[i].h, e, q.hStep)
			}
		}
		if sum>>q.shift != g || sum&mask != h {
			t.Fatalf("the sum holds %d and %d, the rows add up to %d and %d", sum>>q.shift, sum&mask, g, h)
		}
		if mean := absG / float64(n); mean < 1e6*q.gStep {
			t.Fatalf("the mean gradient is %v units", mean/q.gStep)
		}
		if mean := sumH / float64(n); mean < 1000*q.hStep {
			t.Fatalf("the mean Hessian is %v units", mean/q.hStep)
		}
	})
}

// TestQuantiserOfMany: with a hundred million rows a mean gradient still has
// units to spare.
func TestQuantiserOfMany(t *testing.T) {
	t.Parallel()
	q := newQuantiser(100_000_000, false, 1)
	if g := math.Exp2(float64(63-q.shift)) / 1e8; g < 8 {
		t.Errorf("a mean gradient has %v units", g)
	}
	if h := math.Exp2(float64(q.shift)) / 1e8; h < 4 {
		t.Errorf("a mean Hessian has %v units", h)
	}
}

// TestHeavyTail: a few targets a billion times the others' do not hide from the
// trees what the others are like.
func TestHeavyTail(t *testing.T) {
	t.Parallel()
	const n = 5000
	grad := make([]pair, n)
	for i := range grad {
		grad[i] = pair{float32(i%2)*2 - 1, 1}
	}
	grad[7].g = 1e9
	q := newQuantiser(n, true, 3)
	packed := make([]int64, n)
	q.pack(grad, packed, 5, alone)
	var sums [2]float64
	for i, v := range packed {
		if i != 7 {
			sums[i%2] += float64(v>>q.shift) * q.gStep
		}
	}
	for k, want := range []float64{-n / 2, n/2 - 1} {
		if math.Abs(sums[k]-want) > 10 {
			t.Errorf("the sum of %v gradients is %v", want, sums[k])
		}
	}
}
