package metrics

import "math"

// label is the predicted class of row i.
func (s *sample) label(i int) int {
	if s.task == Binary {
		if s.pred[i] > 0.5 {
			return 1
		}
		return 0
	}
	row := s.pred[i*s.classes : (i+1)*s.classes]
	best := 0
	for k, p := range row {
		if p > row[best] {
			best = k
		}
	}
	return best
}

// counts are a confusion matrix's diagonal and margins, by class. present says
// which classes some row has or is predicted to have, whatever its weight.
type counts struct {
	hit, truth, guess []float64
	present           []bool
}

func (s *sample) counts() *counts {
	c := &counts{
		hit: make([]float64, s.classes), truth: make([]float64, s.classes),
		guess: make([]float64, s.classes), present: make([]bool, s.classes),
	}
	for i, v := range s.y {
		k, g, w := int(v), s.label(i), s.weight(i)
		c.truth[k] += w
		c.guess[g] += w
		if k == g {
			c.hit[k] += w
		}
		c.present[k], c.present[g] = true, true
	}
	return c
}

func accuracy(s *sample) (float64, error) {
	return s.mean(func(i int) float64 {
		if s.label(i) == int(s.y[i]) {
			return 1
		}
		return 0
	}), nil
}

// balancedAccuracy is the mean recall of the classes that have weight.
func balancedAccuracy(s *sample) (float64, error) {
	c := s.counts()
	sum, n := 0.0, 0
	for k, t := range c.truth {
		if t > 0 {
			sum += c.hit[k] / t
			n++
		}
	}
	return sum / float64(n), nil
}

// ratio of two counts; 0 where it is not defined, as zero_division=0.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func precisionOf(hit, _, guess float64) float64 { return ratio(hit, guess) }
func recallOf(hit, truth, _ float64) float64    { return ratio(hit, truth) }
func f1Of(hit, truth, guess float64) float64    { return ratio(2*hit, truth+guess) }

// average says how a score of one class becomes one of all.
type average int

const (
	positive average = iota // class 1 of two, else macro
	macro                   // mean over the classes
	micro                   // of the summed counts
	weighted                // mean weighted by the classes' shares
)

// averaged makes a metric from the score of one class.
func averaged(of func(hit, truth, guess float64) float64, how average) func(*sample) (float64, error) {
	return func(s *sample) (float64, error) {
		c := s.counts()
		if how == positive && s.task == Binary {
			return of(c.hit[1], c.truth[1], c.guess[1]), nil
		}
		var hit, truth, guess, sum, weight float64
		for k := range c.hit {
			hit, truth, guess = hit+c.hit[k], truth+c.truth[k], guess+c.guess[k]
			w := c.truth[k]
			if how != weighted {
				w = 0
				if c.present[k] {
					w = 1
				}
			}
			sum += float64(w * of(c.hit[k], c.truth[k], c.guess[k]))
			weight += w
		}
		if how == micro {
			return of(hit, truth, guess), nil
		}
		return ratio(sum, weight), nil
	}
}

// matthews is the correlation of labels and predicted labels (Gorodkin 2004
// for many classes), 0 where either does not vary.
func matthews(s *sample) (float64, error) {
	c := s.counts()
	var hit, cross, guess2, truth2 float64
	for k := range c.hit {
		hit += c.hit[k]
		cross += float64(c.truth[k] * c.guess[k])
		guess2 += float64(c.guess[k] * c.guess[k])
		truth2 += float64(c.truth[k] * c.truth[k])
	}
	n2 := float64(s.total * s.total)
	scale := float64((n2 - guess2) * (n2 - truth2))
	// With weights, rounding can leave a trace where there is no variation.
	if scale <= 1e-24*n2*n2 {
		return 0, nil
	}
	return (float64(hit*s.total) - cross) / math.Sqrt(scale), nil
}
