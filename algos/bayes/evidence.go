package bayes

import (
	"math"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// evidence is the model by the statistics of some parts.
func (f *fit) evidence(of ...int) predictor.Evidence {
	b := &builder{fit: f, of: of, prior: make([]float64, f.classes)}
	weights := joined(&f.total, of)
	total := 0.0
	for _, v := range weights {
		total += v
	}
	e := predictor.Evidence{Prior: make([]float32, f.classes)}
	for k, v := range weights {
		b.prior[k] = (v + 1/float64(f.classes)) / (total + 1)
		e.Prior[k] = float32(math.Log(b.prior[k]))
	}
	b.addBag()
	for _, c := range f.columns {
		sums := joined(&c.sums, of)
		switch {
		case c.levels > 0 && f.kind == gaussian:
			e.Levels = append(e.Levels, predictor.Levels{Feature: int32(c.feature), Known: c.levels, Weight: b.shares(sums)})
		case c.levels > 0:
			e.Levels = append(e.Levels, predictor.Levels{Feature: int32(c.feature), Known: c.levels, Weight: b.words(sums)})
		case f.kind == gaussian:
			e.Normals = append(e.Normals, b.normal(c, sums))
		default:
			e.Counts = append(e.Counts, predictor.Count{Feature: int32(c.feature), Low: c.centre, Spread: c.spread, Weight: b.words(sums)})
		}
	}
	e.Text = b.words(joined(&f.text, of))
	return e
}

// builder makes the weights of a model.
type builder struct {
	*fit
	of    []int
	prior []float64
	bag   []float64 // the sums of all words of each class
	whole float64   // of all classes
}

// addBag adds up the words: those of the text, and unless the kind is gaussian
// all columns.
func (b *builder) addBag() {
	b.bag = make([]float64, b.classes)
	words := 0
	add := func(parts *[parts][]float64) {
		sums := joined(parts, b.of)
		for i, v := range sums {
			b.bag[i%b.classes] += v
		}
		words += len(sums) / b.classes
	}
	add(&b.text)
	if b.kind != gaussian {
		for _, c := range b.columns {
			add(&c.sums)
		}
	}
	for k := range b.bag {
		b.bag[k] += b.alpha * float64(words)
		b.whole += b.bag[k]
	}
}

// words turns the sums of some words, [word·classes+k], into weights: the
// logarithm of the share in the class's bag, or less that in the bag of all others.
func (b *builder) words(sums []float64) []float32 {
	n := b.classes
	out := make([]float32, len(sums))
	logs := make([]float64, n)
	for at := 0; at < len(sums); at += n {
		all := 0.0
		for _, v := range sums[at : at+n] {
			all += v + b.alpha
		}
		mean := 0.0
		for k, v := range sums[at : at+n] {
			if b.kind == complement {
				logs[k] = -math.Log((all - v - b.alpha) / (b.whole - b.bag[k]))
			} else {
				logs[k] = math.Log((v + b.alpha) / b.bag[k])
			}
			mean += logs[k] / float64(n)
		}
		// What all classes share says nothing.
		for k, v := range logs {
			out[at+k] = float32(v - mean)
		}
	}
	return out
}

// shares turns the weights of some levels, [level·classes+k], into what each says:
// the logarithm of the class's share of the level's rows by its prior.
func (b *builder) shares(sums []float64) []float32 {
	n := b.classes
	out := make([]float32, len(sums))
	for at := 0; at < len(sums); at += n {
		level := 0.0
		for _, v := range sums[at : at+n] {
			level += v
		}
		for k, v := range sums[at : at+n] {
			out[at+k] = float32(math.Log((v/b.prior[k] + b.alpha) / (level + b.alpha)))
		}
	}
	return out
}

// normal makes the distributions of a number: in each class as if alpha rows had
// the mean and the variance of all.
func (b *builder) normal(c *column, sums []float64) predictor.Normal {
	n := b.classes
	out := predictor.Normal{
		Feature: int32(c.feature), Centre: c.centre, Spread: c.spread,
		Offset: make([]float32, n), Half: make([]float32, n), Mean: make([]float32, n),
	}
	var all [moments]float64
	known := make([]float64, 2*n) // weights of known and of missing values
	for k := range n {
		for i, v := range sums[moments*k:][:moments] {
			all[i] += v
		}
		known[k], known[n+k] = sums[moments*k], sums[moments*k+3]
	}
	told := b.shares(known)
	out.Missing = told[n:]
	if !(all[0] > 0) {
		return out
	}
	mean := all[1] / all[0]
	variance := all[2]/all[0] - float64(mean*mean)
	if !(variance > 1e-12) { // a constant
		copy(out.Offset, told[:n])
		return out
	}
	for k := range n {
		s := sums[moments*k:][:moments]
		weight := s[0] + b.alpha
		m := (s[1] + float64(b.alpha*mean)) / weight
		square := (s[2] + float64(b.alpha*(variance+float64(mean*mean)))) / weight
		v := max(0, square-float64(m*m)) + float64(b.smoothing*variance)
		out.Mean[k], out.Half[k] = float32(m), float32(0.5/v)
		out.Offset[k] = told[k] - float32(0.5*math.Log(v))
	}
	return out
}
