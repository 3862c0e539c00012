package search

import (
	"cmp"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
)

// Sampler proposes configurations of one space by ask and tell: all that it was
// told is in the task's history, and it remembers nothing else. It must be a
// pure function of the task and safe for concurrent use. Package searchtest
// holds what every sampler promises.
type Sampler interface {
	// Propose goes through proposals and their origins in words, the most
	// wanted first. Every proposal is a configuration of the space; proposals
	// may repeat each other and the history. The sequence has no end: the
	// caller takes the first that is new to it.
	Propose(t *Task) iter.Seq2[Params, string]
}

// Task is what a sampler is asked.
type Task struct {
	Space Space
	// History are earlier configurations of the space in the order of their
	// numbers: the best, and the newest of those that ended well, that failed and
	// that still run. Those that run have no loss: a sampler keeps away from them as
	// from those that are known.
	History []Observation
	// Count is the number of all earlier configurations; 0 means those of History.
	Count int
	// Seed and Number, that of the study's suggestion, are the source of chance.
	Seed   uint64
	Number int
}

// count is the number of all earlier configurations.
func (t *Task) count() int { return max(t.Count, len(t.History)) }

// rand is the task's source of chance, a stream for each purpose.
func (t *Task) rand(purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(t.Seed^(purpose*0x9e3779b97f4a7c15), uint64(t.Number)+1))
}

// told divides the history: observations with a loss, best first and ties by
// number; those that failed, an infinite loss included; and those that still
// run or were passed over.
func (t *Task) told() (done, failed, open []*Observation) {
	for i := range t.History {
		switch o := &t.History[i]; {
		case o.Failed || math.IsInf(o.Loss, 0):
			failed = append(failed, o)
		case math.IsNaN(o.Loss):
			open = append(open, o)
		default:
			done = append(done, o)
		}
	}
	slices.SortFunc(done, func(a, b *Observation) int { // not stable, which would be slower
		return cmp.Or(cmp.Compare(a.Loss, b.Loss), cmp.Compare(a.Number, b.Number))
	})
	return done, failed, open
}

// newest are the last n of a list in the order of numbers.
func newest(list []*Observation, n int) []*Observation {
	return list[max(0, len(list)-n):]
}

const (
	drawTries = 200     // proposals before a space counts as exhausted
	fewValues = 1 << 12 // configurations of a space that are gone through one by one
)

// proposals are a sampler's, drawn one after the other, and random draws and those
// of a small space where it repeats itself.
type proposals struct {
	space   Space
	learner string
	seed    uint64
	pull    func() (Params, string, bool)
	stop    func()
}

func propose(s Sampler, t *Task, learner string) *proposals {
	p := &proposals{space: t.Space, learner: learner, seed: t.Seed}
	p.pull, p.stop = iter.Pull2(s.Propose(t))
	return p
}

// next is the first proposal that is not among the keys seen; false means that
// the space has no other, or next to none.
func (p *proposals) next(seen *keys) (Suggestion, bool) {
	for range drawTries {
		params, origin, ok := p.pull()
		if !ok {
			break
		}
		if sug := newSuggestion(p.learner, params, origin); !seen.has(sug.Key) {
			return sug, true
		}
	}
	r := rand.New(rand.NewPCG(p.seed, uint64(seen.count())))
	for range drawTries {
		if sug := newSuggestion(p.learner, p.space.Sample(r), "random"); !seen.has(sug.Key) {
			return sug, true
		}
	}
	for params := range p.space.few(fewValues) {
		if sug := newSuggestion(p.learner, params, "remaining"); !seen.has(sug.Key) {
			return sug, true
		}
	}
	return Suggestion{}, false
}

// Random draws uniformly in each dimension's scale.
func Random() Sampler { return random{} }

type random struct{}

func (random) Propose(t *Task) iter.Seq2[Params, string] {
	return func(yield func(Params, string) bool) {
		for r := t.rand(1); yield(t.Space.Sample(r), "random"); {
		}
	}
}
