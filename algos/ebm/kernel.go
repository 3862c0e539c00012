package ebm

import (
	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
)

// leastSecond keeps the second derivatives of rows that are certain above 0.
const leastSecond = 1e-6

// refresh computes the gradients of all rows from their scores.
func (b *bag) refresh() {
	switch {
	case b.width > 1:
		b.refreshClasses()
	case b.request.Problem.Task == metrics.Regression:
		copy(b.second, b.weight)
		y, first := b.y[:len(b.score)], b.first[:len(b.score)]
		for i, s := range b.score {
			first[i] = b.weight[i] * (s - y[i])
		}
	default:
		y, weight := b.y[:len(b.score)], b.weight[:len(b.score)]
		first, second := b.first[:len(b.score)], b.second[:len(b.score)]
		for i, s := range b.score {
			p := float32(1 / (1 + algos.Exp(-float64(s))))
			first[i] = weight[i] * (p - y[i])
			second[i] = weight[i] * max(p*(1-p), leastSecond)
		}
	}
}

// refreshClasses computes the probabilities of all rows.
func (b *bag) refreshClasses() {
	w := b.width
	for i := range b.weight {
		s, p := b.score[i*w:(i+1)*w], b.first[i*w:(i+1)*w]
		top := s[0]
		for _, v := range s[1:] {
			top = max(top, v)
		}
		total := 0.0
		for k, v := range s {
			e := algos.Exp(float64(v - top))
			total += e
			p[k] = float32(e)
		}
		inverse := float32(1 / total)
		for k := range p {
			p[k] *= inverse
		}
	}
}

// sum adds up the derivatives of a term's cells; of many classes the
// probabilities, from which the classes of the rows are still to be taken.
func (b *bag) sum(t *term, cells []float64) {
	switch {
	case b.width > 1 && t.second == nil:
		sumClasses(t.narrow, b.first, b.weight, b.width, cells)
	case b.width > 1:
		sumClasses(t.wide, b.first, b.weight, b.width, cells)
	case t.second == nil:
		sumRows(t.narrow, b.first, b.second, cells)
	default:
		sumRows(t.wide, b.first, b.second, cells)
	}
}

func sumRows[T uint8 | uint16](column []T, first, second []float32, cells []float64) {
	first, second = first[:len(column)], second[:len(column)]
	for i, c := range column {
		cell := cells[2*int(c) : 2*int(c)+2 : 2*int(c)+2]
		cell[0] += float64(first[i])
		cell[1] += float64(second[i])
	}
}

func sumClasses[T uint8 | uint16](column []T, prob, weight []float32, width int, cells []float64) {
	for i, c := range column {
		w := weight[i]
		if w == 0 {
			continue
		}
		cell := cells[2*width*int(c) : 2*width*(int(c)+1)]
		first, second := cell[:width], cell[width:]
		second = second[:len(first)]
		for k, p := range prob[i*width : (i+1)*width] {
			wp := w * p
			first[k] += float64(wp)
			second[k] += float64(wp - wp*p)
		}
	}
}

// apply adds shift to the scores and moves the gradients along.
func (b *bag) apply(t *term, shift []float32) {
	switch {
	case b.width > 1 && t.second == nil:
		shiftClasses(t.narrow, shift, b.score, b.first, b.width)
	case b.width > 1:
		shiftClasses(t.wide, shift, b.score, b.first, b.width)
	case t.second == nil:
		shiftRows(t.narrow, shift, b.score, b.first, b.second)
	default:
		shiftRows(t.wide, shift, b.score, b.first, b.second)
	}
}

func shiftRows[T uint8 | uint16](column []T, shift, score, first, second []float32) {
	score, first, second = score[:len(column)], first[:len(column)], second[:len(column)]
	for i, c := range column {
		d := shift[c]
		score[i] += d
		first[i] += float32(second[i] * d)
	}
}

// shiftClasses moves the probabilities by their derivatives in the scores,
// dp_k = p_k·(d_k − Σ p_j·d_j).
func shiftClasses[T uint8 | uint16](column []T, shift, score, prob []float32, width int) {
	for i, c := range column {
		d := shift[int(c)*width : (int(c)+1)*width]
		s, p := score[i*width : (i+1)*width][:len(d)], prob[i*width : (i+1)*width][:len(d)]
		mean := float32(0)
		for k, v := range d {
			s[k] += v
			mean += float32(p[k] * v)
		}
		for k, v := range d {
			p[k] += float32(p[k] * (v - mean))
		}
	}
}
