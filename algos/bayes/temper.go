package bayes

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
)

const (
	lowest, highest = 1e-4, 100 // temperatures
	// fewRows is the number of rows below which a temperature is not told from 1.
	fewRows = 20
)

// sampled bounds the rows that decide on the temperature.
func sampled(classes int) int { return max(512, min(8192, 200_000/classes)) }

// said is what the features say of a row for each class, and the row's own.
type said struct {
	evidence []float64
	class    int
	weight   float64
}

// temperature finds what to multiply all evidence by: the minimum of the log loss,
// which is convex, of rows of each part by the statistics of the others.
func (f *fit) temperature() (float64, error) {
	var list []said
	prior := [parts][]float32{}
	var owner []uint8
	step := (len(f.rows) + sampled(f.classes) - 1) / sampled(f.classes)
	for p := range parts {
		e := f.evidence(1 - p)
		prior[p] = e.Prior
		e.Prior = make([]float32, f.classes)
		b, err := predictor.NewBayes(metrics.Width(f.request.Problem.Task, f.classes), e)
		if err != nil {
			return 0, err
		}
		for i := 0; i < len(f.rows); i += step {
			if int(f.part[i]) != p {
				continue
			}
			s := said{evidence: make([]float64, f.classes), class: int(f.y[i]), weight: f.w[i]}
			b.Sums(f.request.Train.M, f.rows[i:i+1], s.evidence)
			list, owner = append(list, s), append(owner, uint8(p))
		}
	}
	if len(list) < fewRows {
		return 1, nil
	}
	slope := func(t float64) (first, second float64) {
		scratch := make([]float64, f.classes)
		for i := range list {
			a, b := list[i].slope(prior[owner[i]], t, scratch)
			first += a
			second += b
		}
		return first, second
	}
	return minimum(slope), nil
}

// slope is the first and second derivative of the row's loss in t.
func (s *said) slope(prior []float32, t float64, scratch []float64) (first, second float64) {
	top := math.Inf(-1)
	for k, v := range s.evidence {
		scratch[k] = float64(prior[k]) + float64(t*v)
		top = max(top, scratch[k])
	}
	total, mean, square := 0.0, 0.0, 0.0
	for k, v := range scratch {
		p := math.Exp(v - top)
		total += p
		mean += float64(p * s.evidence[k])
		square += float64(p * float64(s.evidence[k]*s.evidence[k]))
	}
	mean /= total
	return float64(s.weight * (mean - s.evidence[s.class])), float64(s.weight * (square/total - float64(mean*mean)))
}

// minimum goes from 1 by Newton's method on the logarithm of the temperature,
// kept between bounds.
func minimum(slope func(t float64) (first, second float64)) float64 {
	low, high := math.Log(lowest), math.Log(highest)
	x := 0.0
	for range 30 {
		t := math.Exp(x)
		first, second := slope(t)
		if first == 0 {
			break
		}
		if first > 0 {
			high = x
		} else {
			low = x
		}
		next := (low + high) / 2
		if curve := float64(t*t)*second + t*first; curve > 0 {
			if y := x - t*first/curve; y > low && y < high {
				next = y
			}
		}
		if math.Abs(next-x) < 1e-3 {
			x = next
			break
		}
		x = next
	}
	return math.Exp(x)
}

// temper multiplies all evidence by t.
func temper(e *predictor.Evidence, t float64) {
	scale := func(tables ...[]float32) {
		for _, table := range tables {
			for i, v := range table {
				table[i] = float32(float64(v) * t)
			}
		}
	}
	for i := range e.Normals {
		n := &e.Normals[i]
		scale(n.Offset, n.Half, n.Missing)
	}
	for i := range e.Counts {
		scale(e.Counts[i].Weight)
	}
	for i := range e.Levels {
		scale(e.Levels[i].Weight)
	}
	scale(e.Text)
}
