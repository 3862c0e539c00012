package search

import (
	"iter"
	"math"
	"math/rand/v2"
	"strconv"
)

// What Local does; the first three are FLOW2's values.
const (
	localStep   = 0.1  // of the range, times the root of the number of dimensions
	localLeast  = 0.01 // the same when it has shrunk
	localChange = 0.3  // probability that a choice is drawn anew
	localShrink = 0.7  // of a step, for each 2 × dimensions without an improvement
)

// Local is a randomized direct search (FLOW2: Wu, Wang, Huang, Frugal
// Optimization for Cost-related Hyperparameters, AAAI 2021): from the best
// configuration a step in a random direction, then the opposite one, and shorter
// steps when nothing has become better for long. Starting from a cheap
// configuration it stays among cheap ones as long as these improve.
func Local() Sampler { return local{} }

type local struct{}

func (local) Propose(t *Task) iter.Seq2[Params, string] {
	done, _, _ := t.told()
	if len(done) == 0 {
		return Random().Propose(t)
	}
	best := done[0]
	since := t.since(best.Number)
	base := t.Space.places(best.Params)
	origin := "near " + strconv.Itoa(best.Number)
	return func(yield func(Params, string) bool) {
		for n := since; ; n++ {
			d := float64(max(1, len(t.Space)))
			step := max(localLeast, localStep*math.Pow(localShrink, math.Floor(float64(n)/(2*d)))) * math.Sqrt(d)
			if n%2 == 1 {
				step = -step
			}
			r := rand.New(rand.NewPCG(t.Seed+uint64(best.Number), uint64(n/2)+1))
			step *= 0.5 + r.Float64() // a line has but two directions
			if !yield(t.Space.along(base, step, r), origin) {
				return
			}
		}
	}
}

// along is a step of the given length from base in a random direction.
func (s Space) along(base []float64, step float64, r *rand.Rand) Params {
	direction := make([]float64, len(s))
	length := 0.0
	for i := range direction {
		direction[i] = r.NormFloat64()
		length += float64(direction[i] * direction[i])
	}
	length = max(math.Sqrt(length), 1e-12)
	return s.configure(func(i int) float64 {
		c := float64(len(s[i].Choices))
		u := r.Float64()
		switch {
		case math.IsNaN(base[i]):
			return u * max(c, 1)
		case c > 0 && u < localChange:
			return u / localChange * c
		case c > 0:
			return base[i]
		}
		return reflect(base[i] + float64(step*direction[i]/length))
	})
}

// reflect brings a place back into [0, 1] at the end where it left.
func reflect(u float64) float64 {
	if u = math.Abs(u); u > 1 {
		u = max(0, 2-u)
	}
	return u
}

// since is the number of configurations after that with the given number, as far as
// the history tells; with so many that some may be left out, that of all.
func (t *Task) since(number int) int {
	n := 0
	for i := range t.History {
		if t.History[i].Number > number {
			n++
		}
	}
	if n >= keptNewest {
		return t.count()
	}
	return n
}
