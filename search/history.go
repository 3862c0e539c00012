package search

import (
	"cmp"
	"math"
	"slices"
)

// What a sampler is given of a space's observations: enough to choose by, and no
// more, so that a suggestion costs the same however many there were.
const (
	keptBest   = 64
	keptNewest = 400 // with a loss
	keptFailed = 100
	keptOpen   = 200
)

// History is what a study was told. It takes in one observation after the other;
// what it holds depends on which these were, and not on their order. The zero value
// is empty. It is not safe for concurrent use.
type History struct {
	seen    map[string]bool // keys
	earlier map[string]bool // keys of an earlier study, see Study.Begin
	arms    map[string]*told
	losses  middle
}

// told are the observations of one learner, each list in the order of numbers, best
// by loss.
type told struct {
	best, newest, failed, open []Observation
	count                      int // all, kept or not
	fails                      int // failures
	fine                       bool
}

// HistoryOf is a history of these observations.
func HistoryOf(list []Observation) *History {
	h := new(History)
	for _, o := range list {
		h.Add(o)
	}
	return h
}

// Add takes in an observation: a configuration that was suggested, as long as it has
// no loss and has not failed, and then, once, the same with what became of it.
func (h *History) Add(o Observation) {
	if h.seen == nil {
		h.seen = map[string]bool{}
	}
	if h.arms == nil {
		h.arms = map[string]*told{}
	}
	h.seen[o.Key] = true
	t := h.arms[o.Learner]
	if t == nil {
		t = new(told)
		h.arms[o.Learner] = t
	}
	if t.add(o) {
		h.losses.add(o.Loss)
	}
}

// Has reports whether the configuration with a key was suggested.
func (h *History) Has(key string) bool { return h.seen[key] }

func byNumber(a, b Observation) int { return cmp.Compare(a.Number, b.Number) }

func byLoss(a, b Observation) int { return cmp.Or(cmp.Compare(a.Loss, b.Loss), byNumber(a, b)) }

// add reports whether the observation has a loss to compare by.
func (t *told) add(o Observation) bool {
	if i, open := slices.BinarySearchFunc(t.open, o, byNumber); open {
		t.open = slices.Delete(t.open, i, i+1)
	} else {
		t.count++
	}
	if o.Failed {
		t.fails++
	} else if !math.IsNaN(o.Loss) {
		t.fine = true
	}
	switch {
	case o.Failed || math.IsInf(o.Loss, 0):
		t.failed = lastOf(t.failed, o, keptFailed)
	case math.IsNaN(o.Loss):
		i, _ := slices.BinarySearchFunc(t.open, o, byNumber)
		t.open = slices.Insert(t.open, i, o)
	default:
		t.newest = lastOf(t.newest, o, keptNewest)
		t.best = firstOf(t.best, o, keptBest)
		return true
	}
	return false
}

// lastOf adds to a list in the order of numbers, of which the last most stay.
func lastOf(list []Observation, o Observation, most int) []Observation {
	i, _ := slices.BinarySearchFunc(list, o, byNumber)
	if list = slices.Insert(list, i, o); len(list) > most {
		list = slices.Delete(list, 0, 1)
	}
	return list
}

// firstOf adds to a list in the order of losses, of which the first most stay.
func firstOf(list []Observation, o Observation, most int) []Observation {
	i, _ := slices.BinarySearchFunc(list, o, byLoss)
	if i == most {
		return list
	}
	if list = slices.Insert(list, i, o); len(list) > most {
		list = slices.Delete(list, most, len(list))
	}
	return list
}

// list are the observations that are kept, in the order of their numbers.
func (t *told) list() []Observation {
	if t == nil {
		return nil
	}
	out := slices.Concat(t.newest, t.failed, t.open[max(0, len(t.open)-keptOpen):])
	for _, o := range t.best {
		if _, there := slices.BinarySearchFunc(t.newest, o, byNumber); !there {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, byNumber)
	return out
}

// least is the best loss, NaN if there is none.
func (t *told) least() float64 {
	if t == nil || len(t.best) == 0 {
		return math.NaN()
	}
	return t.best[0].Loss
}

// broken learners have failed armFails times and never succeeded.
func (h *History) broken(learner string) bool {
	t := h.arms[learner]
	return t != nil && t.fails >= armFails && !t.fine
}

// keys are those of a history, more that came up since, and those of an earlier study
// where these count.
type keys struct {
	of            *History
	more, earlier map[string]bool
}

func (k *keys) has(key string) bool { return k.of.seen[key] || k.more[key] || k.earlier[key] }

// add must be of a key that is not there.
func (k *keys) add(key string) { k.more[key] = true }

func (k *keys) count() int { return len(k.of.seen) + len(k.more) + len(k.earlier) }

// middle keeps the upper median of the numbers it was given, in two heaps: low has
// the smaller half, negated, high the others.
type middle struct{ low, high heap }

func (m *middle) add(v float64) {
	if len(m.high) > 0 && v < m.high[0] {
		m.low.push(-v)
	} else {
		m.high.push(v)
	}
	switch {
	case len(m.low) > len(m.high):
		m.high.push(-m.low.pop())
	case len(m.high) > len(m.low)+1:
		m.low.push(-m.high.pop())
	}
}

// value is NaN if there are none.
func (m *middle) value() float64 {
	if len(m.high) == 0 {
		return math.NaN()
	}
	return m.high[0]
}

// heap has its least number first.
type heap []float64

func (h *heap) push(v float64) {
	*h = append(*h, v)
	for i := len(*h) - 1; i > 0; {
		up := (i - 1) / 2
		if (*h)[up] <= (*h)[i] {
			return
		}
		(*h)[up], (*h)[i] = (*h)[i], (*h)[up]
		i = up
	}
}

func (h *heap) pop() float64 {
	list := *h
	least, n := list[0], len(list)-1
	list[0] = list[n]
	list = list[:n]
	for i := 0; ; {
		down := 2*i + 1
		if down+1 < n && list[down+1] < list[down] {
			down++
		}
		if down >= n || list[i] <= list[down] {
			break
		}
		list[i], list[down] = list[down], list[i]
		i = down
	}
	*h = list
	return least
}
