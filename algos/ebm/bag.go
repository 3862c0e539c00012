package ebm

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
)

const (
	// strip is the number of terms between two exact computations of the gradients.
	strip = 16
	// checkEvery is the number of cycles between two looks at the held-out rows.
	checkEvery = 2
	// blindCycles are what a bag does that holds out nothing.
	blindCycles = 100
	// smoothing, divided by the learning rate, is the number of first cycles whose
	// cuts are drawn, which gives smooth tables to begin with (as InterpretML does).
	smoothing = 3
	// maxShift bounds what Newton's method may ask of a score at once.
	maxShift = 4
)

// bag boosts on a part of the rows and stops by the others. Scores, gradients
// and sums of a row are side by side, [row·width+output]; a cell has the sums of
// the first derivatives and then those of the second.
type bag struct {
	*fit
	weight []float32 // 0 for rows held out
	held   []int32
	score  []float32
	// first and second are the derivatives of a row's loss: 0 for rows held out.
	// Many classes have, instead, the probabilities and the sums of the targets.
	first, second []float32
	hits          [][]float64 // [term][cell·width+output]: weights of the rows of that class
	counts        [][]int32   // [term][cell]: rows that are not held out
	cells         []float64
	shift         []float32 // of the cells
	cutter        cutter

	from, to   int         // terms that are boosted
	tables     [][]float64 // [term][cell·width+output]
	best, kept [][]float64
	cycle      int
	bestCycle  int
	bestLoss   float64
	done       bool
}

// newBags deals out the rows and starts all scores at the base.
func (f *fit) newBags() {
	f.bags = make([]*bag, f.settings.bags)
	var part []uint8
	for i := range f.bags {
		if i%parts == 0 {
			part = f.deal(uint64(i / parts))
		}
		b := &bag{fit: f, weight: f.w}
		if len(f.rows) >= leastHeld {
			b.weight = append([]float32(nil), f.w...)
			for r, p := range part {
				if int(p) == i%parts {
					b.held = append(b.held, int32(r))
					b.weight[r] = 0
				}
			}
		}
		f.bags[i] = b
	}
	for i, b := range f.bags {
		b.cutter.draw = mix(f.request.Seed ^ uint64(i+1)<<32)
	}
	algos.Each(len(f.bags), f.threads, func(i int) { f.bags[i].start(0) })
}

// start begins with the terms from from on; those before stay as they were best.
func (b *bag) start(from int) {
	b.from, b.to = from, len(b.terms)
	size := 0
	for _, t := range b.terms {
		size = max(size, t.cells)
	}
	b.cells, b.shift = make([]float64, 2*b.width*size), make([]float32, b.width*size)
	for _, t := range b.terms[from:] {
		b.counts = append(b.counts, t.count(b.weight))
		if b.width > 1 {
			b.hits = append(b.hits, b.classWeights(t))
		}
		for _, to := range []*[][]float64{&b.tables, &b.best, &b.kept} {
			*to = append(*to, make([]float64, t.cells*b.width))
		}
	}
	for k := range from {
		copy(b.tables[k], b.best[k])
	}
	b.rescore(from)
	b.cycle, b.bestCycle, b.bestLoss, b.done = 0, 0, b.loss(), from == b.to
}

// rescore sets all scores to what the best tables of the first n terms give.
func (b *bag) rescore(n int) {
	if size := len(b.rows) * b.width; b.score == nil {
		b.score, b.first, b.second = make([]float32, size), make([]float32, size), make([]float32, size)
	}
	for i := range b.score {
		b.score[i] = float32(b.base[i%b.width])
	}
	for k, t := range b.terms[:n] {
		shift := make([]float32, len(b.best[k]))
		for i, v := range b.best[k] {
			shift[i] = float32(v)
		}
		b.apply(t, shift)
	}
}

// classWeights are the weights of the rows of each cell and class.
func (b *bag) classWeights(t *term) []float64 {
	out := make([]float64, t.cells*b.width)
	for i, w := range b.weight {
		out[t.cell(i)*b.width+int(b.y[i])] += float64(w)
	}
	return out
}

// advance boosts for some cycles, unless the bag has stopped or ctx ends.
func (b *bag) advance(cycles int) {
	for range cycles {
		if b.done || b.ctx.Err() != nil {
			return
		}
		for t := b.from; t < b.to; t++ {
			if (t-b.from)%strip == 0 {
				b.refresh()
			}
			b.improve(t)
		}
		b.cycle++
		if b.cycle%checkEvery == 0 {
			b.check()
		}
	}
}

// improve takes a step for a term.
func (b *bag) improve(k int) {
	t := b.terms[k]
	cells, shift := b.cells[:2*b.width*t.cells], b.shift[:b.width*t.cells]
	clear(cells)
	b.sum(t, cells)
	if b.width > 1 {
		b.lessHits(b.hits[k], cells)
	}
	clear(shift)
	b.cutter.random = float64(b.cycle)*b.rate < smoothing
	if !b.cutter.cut(b.fit, t, cells, b.counts[k], shift) {
		return
	}
	for i, v := range shift {
		b.tables[k][i] += float64(v)
	}
	b.apply(t, shift)
}

// lessHits takes what rows should be off the sums of what they are.
func (b *bag) lessHits(hits, cells []float64) {
	w := b.width
	for c := range len(hits) / w {
		for k, v := range hits[c*w : (c+1)*w] {
			cells[2*w*c+k] -= v
		}
	}
}

// check looks at the rows held out and stops if nothing got better for long.
func (b *bag) check() {
	if len(b.held) == 0 {
		b.remember()
		b.done = b.cycle >= blindCycles
		return
	}
	if loss := b.loss(); loss < b.bestLoss {
		b.bestLoss, b.bestCycle = loss, b.cycle
		b.remember()
	}
	b.done = b.cycle-b.bestCycle >= b.patience() || b.cycle >= b.maxCycles()
}

// patience is the number of cycles that a bag goes on for without getting better.
func (f *fit) patience() int { return int(10 + 1.5/f.rate) }

// maxCycles bounds the cycles of a bag.
func (f *fit) maxCycles() int { return int(100 + 200/f.rate) }

func (b *bag) remember() {
	for k := b.from; k < b.to; k++ {
		copy(b.best[k], b.tables[k])
	}
}

// keep makes the best so far what the fit returns if it ends now.
func (b *bag) keep() {
	for k := b.from; k < b.to; k++ {
		copy(b.kept[k], b.best[k])
	}
}

// loss of the rows held out.
func (b *bag) loss() float64 {
	sum := 0.0
	for _, r := range b.held {
		sum += float64(float64(b.w[r]) * b.rowLoss(int(r)))
	}
	return sum
}

func (b *bag) rowLoss(r int) float64 {
	y := float64(b.y[r])
	switch b.request.Problem.Task {
	case metrics.Regression:
		d := float64(b.score[r]) - y
		return d * d
	case metrics.Binary:
		s := float64(b.score[r])
		if y > 0 {
			s = -s
		}
		return max(s, 0) + math.Log1p(math.Exp(-math.Abs(s)))
	}
	s := b.score[r*b.width : (r+1)*b.width]
	top, total := s[0], 0.0
	for _, v := range s {
		top = max(top, v)
	}
	for _, v := range s {
		total += math.Exp(float64(v - top))
	}
	return math.Log(total) - float64(s[int(y)]-top)
}
