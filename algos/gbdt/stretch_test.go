package gbdt

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestThresholds compares the search that passes over stretches of bins with one
// that looks at every cut.
func TestThresholds(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	found := 0
	for range 4000 {
		sc := &scales{shift: 20 + uint(random.IntN(20)), minRows: 1 + random.IntN(5), l2: float64(random.IntN(3)) * random.Float64() * 10}
		cells := make([]int64, 2+random.IntN(254))
		rows, total := 1+random.IntN(400), int64(0)
		size, tilt := int64(1)<<random.IntN(12), random.Int64N(200)-100
		for range rows {
			b := random.IntN(len(cells))
			c := (random.Int64N(2*size)-size+tilt*int64(b)/256)<<sc.shift + random.Int64N(200)
			cells[b] += c
			total += c
		}
		before := int64(0)
		if random.IntN(2) == 0 {
			before = 3<<sc.shift + 7
			total += before
		}
		var s leafScan
		s.start(sc, total, rows, 0)
		if random.IntN(2) == 0 { // another feature was looked at before
			s.best.gain = s.parent * random.Float64()
		}
		slow := s
		r := s.ridge
		r.top = (max(s.floor, s.best.gain+s.parent) - float64(s.g*r.slope)) / r.sum
		slowAt := slow.everyThreshold(cells, before)
		accumulate(cells, cells)
		at := -1
		from, to := s.within(cells, before)
		if from < to {
			checkPasses(t, r, cells[from:to], before)
			at = s.thresholds(cells[:to], from, before)
		}
		if at != slowAt || from < to != slow.feasible {
			t.Fatalf("%d bins: cut behind %d of %d to %d; looking at every cut %d, %v", len(cells), at, from, to, slowAt, slow.feasible)
		}
		if at >= 0 {
			found++
		}
	}
	if found < 1000 {
		t.Fatalf("only %d leaves were split", found)
	}
}

// checkPasses holds both ways to pass over sums to what they promise.
func checkPasses(t *testing.T, r ridge, sums []int64, before int64) {
	t.Helper()
	for name, pass := range map[string]func([]int64, int64) int{"pass": r.pass, "passPlain": r.passPlain} {
		n := pass(sums, before)
		for k, sum := range sums[:n] {
			left := before + sum
			dl := float64(left&r.mask) + r.l2
			u := float64(left>>r.shift) - float64(r.slope*dl)
			if float64(u*u) > float64(r.top*float64(dl*(r.sum-dl))) {
				t.Fatalf("%s passed over sum %d of %d, which is a better cut", name, k, n)
			}
		}
	}
}

// TestAccumulate compares both ways to make running sums.
func TestAccumulate(t *testing.T) {
	for n := range 40 {
		cells := packedGradients(n)
		a, b := make([]int64, n), slices.Clone(cells)
		accumulate(a, cells)
		accumulatePlain(b, b, 0)
		if !slices.Equal(a, b) {
			t.Fatalf("%d cells: %v instead of %v", n, a, b)
		}
	}
}

// TestSubtract compares both ways to subtract.
func TestSubtract(t *testing.T) {
	for n := range 40 {
		cells := packedGradients(2 * n)
		a, b := slices.Clone(cells[:n]), slices.Clone(cells[:n])
		subtract(a, cells[n:])
		subtractPlain(b, cells[n:])
		if !slices.Equal(a, b) {
			t.Fatalf("%d cells: %v instead of %v", n, a, b)
		}
	}
}

// everyThreshold is thresholds without passing over any bin.
func (s *leafScan) everyThreshold(values []int64, before int64) (at int) {
	at = -1
	sum := s.h + 2*s.l2
	slope := s.g / sum
	top := (max(s.floor, s.best.gain+s.parent) - float64(s.g*slope)) / sum
	acc := before
	for k, c := range values {
		acc += c
		hl := acc & s.mask
		if hl < s.minH {
			continue
		}
		if hl > s.total&s.mask-s.minH {
			break
		}
		s.feasible = true
		dl := float64(hl) + s.l2
		u := float64(acc>>s.shift) - float64(slope*dl)
		over, below := float64(u*u), float64(dl*(sum-dl))
		if over > float64(top*below) {
			top, at = ulpUp*(over/below), k
		}
	}
	return at
}
