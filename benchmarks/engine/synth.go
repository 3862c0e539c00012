package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
)

// makers are the sets by name; scale divides the number of rows, seed differs
// between the draws of a set.
var makers = []struct {
	name string
	make func(name string, scale int, seed uint64) *dataset.Set
}{
	{"dense200k", func(name string, s int, seed uint64) *dataset.Set {
		return dense(name, 200_000/s, 50_000/s, 32, seed+1)
	}},
	{"dense1m", func(name string, s int, seed uint64) *dataset.Set {
		return dense(name, 1_000_000/s, 100_000/s, 28, seed+2)
	}},
	{"cat200k", func(name string, s int, seed uint64) *dataset.Set {
		return categorical(name, 200_000/s, 50_000/s, seed+3)
	}},
	{"classes26", func(name string, s int, seed uint64) *dataset.Set {
		return classes(name, 15_000/s, 5_000/s, 16, 26, seed+4)
	}},
	{"small2k", func(name string, _ int, seed uint64) *dataset.Set {
		return dense(name, 2_000, 20_000, 20, seed+5)
	}},
	{"sparse100k", func(name string, s int, seed uint64) *dataset.Set {
		return sparse(name, 100_000/s, 25_000/s, 1000, seed+6)
	}},
}

// seedsApart is by how much the seeds of two draws differ.
const seedsApart = 1000

// makeSet draws a set for the first time, draw 0, or once more under the name NAME.DRAW.
func makeSet(name string, draw, scale int) (*dataset.Set, bool) {
	for _, m := range makers {
		if m.name != name {
			continue
		}
		if draw > 0 {
			name = fmt.Sprintf("%s.%d", name, draw)
		}
		return m.make(name, scale, uint64(draw)*seedsApart), true
	}
	return nil, false
}

func newSet(name string, train, test, features int) *dataset.Set {
	s := &dataset.Set{Name: name, Train: train, Test: test, Features: features, Levels: make([]int, features), Classes: 2}
	s.Cols = make([][]float32, features)
	for j := range s.Cols {
		s.Cols[j] = make([]float32, train+test)
	}
	s.Y = make([]float32, train+test)
	return s
}

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// draw makes y a coin of probability sigmoid(score).
func draw(s *dataset.Set, r *rand.Rand, row int, score float64) {
	if r.Float64() < 1/(1+math.Exp(-score)) {
		s.Y[row] = 1
	}
}

// dense has numbers of several shapes and a target of slopes, steps
// and interactions of a third of them.
func dense(name string, train, test, features int, seed uint64) *dataset.Set {
	s, r := newSet(name, train, test, features), source(seed)
	x := make([]float64, features)
	for i := range s.Y {
		for j := range x {
			switch j % 4 {
			case 0:
				x[j] = r.NormFloat64()
			case 1:
				x[j] = math.Exp(r.NormFloat64())
			case 2:
				x[j] = r.Float64()
			default:
				x[j] = float64(r.IntN(100)) / 10
			}
			s.Cols[j][i] = float32(x[j])
		}
		score := 0.7*x[0] + math.Sin(3*x[2]) + 0.5*math.Log(x[1]) - 0.2*(x[3]-5) + 0.4*x[4] + 0.3*x[0]*x[4]
		if x[6] > 0.5 && x[8] > 0 {
			score += 1.2
		}
		score += 0.4*x[12] - 0.5*math.Abs(x[16]) + 0.2*x[7]*x[6] - 1
		draw(s, r, i, score)
	}
	return s
}

// categorical has 12 numbers and 8 columns of 5 to 10,000 levels of uneven
// frequency, each level with an effect of its own.
func categorical(name string, train, test int, seed uint64) *dataset.Set {
	const numbers = 12
	sizes := []int{5, 12, 30, 100, 300, 1000, 3000, 10_000}
	s, r := newSet(name, train, test, numbers+len(sizes)), source(seed)
	effects := make([][]float64, len(sizes))
	for k, n := range sizes {
		effects[k] = make([]float64, n)
		for l := range effects[k] {
			effects[k][l] = 0.8 * r.NormFloat64()
		}
	}
	for k, n := range sizes {
		s.Levels[numbers+k] = n
	}
	for i := range s.Y {
		score := 0.0
		for j := range numbers {
			v := r.NormFloat64()
			s.Cols[j][i] = float32(v)
			if j < 4 {
				score += 0.4 * v
			}
		}
		for k, n := range sizes {
			u := r.Float64()
			level := int(float64(n) * u * u * u) // low codes are frequent
			s.Cols[numbers+k][i] = float32(level)
			score += effects[k][level]
		}
		score += 0.5 * effects[3][int(s.Cols[numbers+3][i])] * float64(s.Cols[0][i])
		draw(s, r, i, 0.7*score)
	}
	return s
}

// classes has small whole numbers and as many centres as classes, like letters.
func classes(name string, train, test, features, n int, seed uint64) *dataset.Set {
	s, r := newSet(name, train, test, features), source(seed)
	s.Classes = n
	centres := make([][]float64, 2*n)
	for c := range centres {
		centres[c] = make([]float64, features)
		for j := range centres[c] {
			centres[c][j] = 7.5 + 2.5*r.NormFloat64()
		}
	}
	for i := range s.Y {
		c := r.IntN(2 * n)
		s.Y[i] = float32(c % n)
		for j := range features {
			s.Cols[j][i] = float32(math.Round(max(0, min(15, centres[c][j]+1.9*r.NormFloat64()))))
		}
	}
	return s
}

// sparse is 20 one-hot blocks of 25 levels and 500 counts that are mostly zero.
func sparse(name string, train, test, features int, seed uint64) *dataset.Set {
	s, r := newSet(name, train, test, features), source(seed)
	s.Sparse = true
	effect := make([]float64, features)
	for j := range effect {
		if j%25 < 3 || j >= 500 && j < 540 { // the frequent ones tell
			effect[j] = 0.7 * r.NormFloat64()
		}
	}
	for i := range s.Y {
		score := 0.0
		for b := range 20 {
			u := r.Float64()
			j := 25*b + int(25*u*u)
			s.Cols[j][i] = 1
			score += effect[j]
		}
		for j := 500; j < features; j++ {
			if r.Float64() < 0.5/float64(1+(j-500)/10) {
				c := float64(1 + r.IntN(4))
				s.Cols[j][i] = float32(c)
				score += effect[j] * math.Log(1+c)
			}
		}
		if s.Cols[3][i] > 0 && s.Cols[500][i] > 0 {
			score += 2
		}
		draw(s, r, i, 0.7*score)
	}
	return s
}
