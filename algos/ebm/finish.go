package ebm

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/metrics"
)

const (
	// purifyRounds bounds the rounds of purify, which ends where a round moves
	// less than purifyLeast.
	purifyRounds = 50
	purifyLeast  = 1e-7
)

// predictor makes the model of what the bags keep.
func (f *fit) predictor() (*predictor.Additive, error) {
	tables := make([][]float64, len(f.terms))
	algos.Each(len(tables), f.threads, func(k int) {
		tables[k] = make([]float64, f.terms[k].cells*f.width)
		for _, b := range f.bags {
			for i, v := range b.kept[k] {
				tables[k][i] += v / float64(len(f.bags))
			}
		}
	})
	for k, t := range f.terms {
		if t.second != nil {
			f.purify(t, tables[k], tables[t.axes[0]], tables[t.axes[1]])
		}
	}
	intercepts := append([]float64(nil), f.base...)
	for k, t := range f.terms {
		centre(t.weight, tables[k], intercepts)
	}
	return f.additive(tables, intercepts)
}

// purify moves what single features can say of a pair's table to their own
// tables, until its rows and columns have mean 0 (Lengerich et al. 2020). The
// model stays the same.
func (f *fit) purify(t *term, table, first, second []float64) {
	a, b, w := t.first.bins, t.second.bins, f.width
	moveA, moveB := make([]float64, a*w), make([]float64, b*w)
	for range purifyRounds {
		moved := 0.0
		for k := range w {
			for i := range a {
				m := pull(table, t.weight, i*b, 1, b, w, k)
				moveA[i*w+k] += m
				moved = max(moved, math.Abs(m))
			}
			for j := range b {
				m := pull(table, t.weight, j, b, a, w, k)
				moveB[j*w+k] += m
				moved = max(moved, math.Abs(m))
			}
		}
		if moved < purifyLeast {
			break
		}
	}
	spread(moveA, t.first.from, w, first)
	spread(moveB, t.second.from, w, second)
}

// pull takes the mean of output k off n cells, step apart, and answers it.
func pull(table, weight []float64, at, step, n, width, k int) float64 {
	sum, total := 0.0, 0.0
	for i := range n {
		c := at + i*step
		sum += float64(weight[c] * table[c*width+k])
		total += weight[c]
	}
	if total == 0 {
		return 0
	}
	mean := sum / total
	for i := range n {
		table[(at+i*step)*width+k] -= mean
	}
	return mean
}

// spread adds what moved from the bins of a coarse axis to those of the fine one.
func spread(moved []float64, from []uint8, width int, table []float64) {
	for fine, coarse := range from {
		for k := range width {
			table[fine*width+k] += moved[int(coarse)*width+k]
		}
	}
}

// centre moves the mean of a table to the intercepts.
func centre(weight, table, intercepts []float64) {
	width := len(intercepts)
	for k := range intercepts {
		intercepts[k] += pull(table, weight, 0, 1, len(weight), width, k)
	}
}

// additive writes tables and intercepts in the units of the target. Axes that no
// term uses are left out.
func (f *fit) additive(tables [][]float64, intercepts []float64) (*predictor.Additive, error) {
	link := predictor.Softmax
	switch f.request.Problem.Task {
	case metrics.Regression:
		link = predictor.Identity
	case metrics.Binary:
		link = predictor.Sigmoid
	}
	var axes []predictor.Axis
	place := map[*axis]int{}
	var terms []predictor.Term
	for k, t := range f.terms {
		out := predictor.Term{Values: make([]float32, len(tables[k]))}
		for i, v := range tables[k] {
			out.Values[i] = bounded(v * f.scale)
		}
		for _, a := range []*axis{t.first, t.second} {
			if a == nil {
				continue
			}
			if _, ok := place[a]; !ok {
				place[a] = len(axes)
				axes = append(axes, a.Axis)
			}
			out.Axes = append(out.Axes, place[a])
		}
		terms = append(terms, out)
	}
	base := make([]float32, f.width)
	for k, v := range intercepts {
		base[k] = bounded(float64(v*f.scale) + f.mean)
	}
	return predictor.NewAdditive(base, link, axes, terms)
}

func bounded(v float64) float32 { return float32(max(-math.MaxFloat32, min(math.MaxFloat32, v))) }
