package search

import (
	"iter"
	"math/rand/v2"
)

// QuasiRandom goes through a Halton sequence, a prime base for each dimension,
// whose digits are permuted at random (Owen, A randomized Halton algorithm in R,
// 2017, arXiv:1706.02808): its points fill a space more evenly than random ones.
// The configurations in the history count as points that were taken.
func QuasiRandom() Sampler { return halton{} }

type halton struct{}

func (halton) Propose(t *Task) iter.Seq2[Params, string] {
	return func(yield func(Params, string) bool) {
		primes := firstPrimes(len(t.Space))
		for n := t.count(); ; n++ {
			p := t.Space.configure(func(i int) float64 {
				u := scrambled(n, primes[i], t.Seed+uint64(i))
				if c := len(t.Space[i].Choices); c > 0 {
					return u * float64(c)
				}
				return u
			})
			if !yield(p, "quasi-random") {
				return
			}
		}
	}
}

func firstPrimes(n int) []int {
	var out []int
	for k := 2; len(out) < n; k++ {
		prime := true
		for _, p := range out {
			prime = prime && k%p != 0
		}
		if prime {
			out = append(out, k)
		}
	}
	return out
}

// scrambled is the radical inverse of n in a base: digit j is permuted by a
// permutation of its own, the zeros above the highest digit too.
func scrambled(n, base int, seed uint64) float64 {
	u := 0.0
	for j, scale := 0, 1.0; scale > 1e-9; j++ {
		scale /= float64(base)
		r := rand.New(rand.NewPCG(seed, uint64(j)+0x5851f42d))
		u += float64(float64(r.Perm(base)[n%base]) * scale)
		n /= base
	}
	return min(u, 1)
}
