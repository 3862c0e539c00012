package search

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// Arm is one learner a study may suggest.
type Arm struct {
	Learner string
	Space   Space
	// Portfolio are good starting points, best first; what they leave out is
	// completed with the defaults of Space. Empty means the defaults alone.
	Portfolio []Params
	// Weight is the arm's share of the starting order and of the samples after
	// it, relative to the other arms; 0 means 1.
	Weight float64
	// Once takes the arm out after its portfolio: nothing is sampled from Space.
	Once bool
}

// Config is all that a study depends on.
type Config struct {
	Arms []Arm
	Seed uint64
	// First are suggested before the portfolios, in this order; their Key and Origin are set.
	First []Suggestion
	// Known are trials of an earlier study of the same losses. What they tried is not
	// sampled again.
	Known []Observation
	// Sampler follows the portfolios; nil means Mixed.
	Sampler Sampler
}

// Suggestion is one configuration to try.
type Suggestion struct {
	Learner string
	Params  Params
	// Key is the canonical form of Learner and Params: equal keys, equal configurations.
	Key string
	// Origin says where it came from: "first", "portfolio", the sampler ("random",
	// "quasi-random", "tpe", "gp", "remaining") or "near <number>", the number of
	// the observation that it is a step away from.
	Origin string
}

// Observation is an earlier suggestion and what became of it.
type Observation struct {
	Suggestion
	Number int
	// Loss is lower for better; NaN if there is none (it runs, it failed, it was passed over).
	Loss float64
	// Failed says that it was tried and gave nothing.
	Failed bool
}

// Study answers what to try next. It is immutable and safe for concurrent use.
type Study struct {
	arms    []Arm
	seed    uint64
	sampler Sampler
	start   []Suggestion // what comes first, and the portfolios, interleaved
	known   []Observation
}

// How arms are chosen; the values were chosen by hand and are no more than sensible.
const (
	armFloor   = 0.03 // an arm's least share, relative to the best arm's
	armUnknown = 0.3  // an arm without any loss
	armFails   = 3    // failures without any success that take an arm out
)

// maxPassed is how many observations with negative numbers a history may have.
const maxPassed = 1 << 20

// NewStudy checks a configuration.
func NewStudy(c Config) (*Study, error) {
	if len(c.Arms) == 0 {
		return nil, errors.New("nothing to search: no learners")
	}
	seen := map[string]bool{}
	s := &Study{arms: slices.Clone(c.Arms), seed: c.Seed, sampler: c.Sampler}
	if s.sampler == nil {
		s.sampler = Mixed()
	}
	for i := range s.arms {
		a := &s.arms[i]
		if seen[a.Learner] {
			return nil, fmt.Errorf("learner %q is there twice", a.Learner)
		}
		seen[a.Learner] = true
		if a.Weight == 0 {
			a.Weight = 1
		}
		if !(a.Weight > 0) || math.IsInf(a.Weight, 0) {
			return nil, fmt.Errorf("learner %q: weight %v is not positive", a.Learner, a.Weight)
		}
		if err := a.Space.Validate(); err != nil {
			return nil, fmt.Errorf("learner %q: %w", a.Learner, err)
		}
		for j, p := range a.Portfolio {
			if err := checkValues(p); err != nil {
				return nil, fmt.Errorf("learner %q: portfolio entry %d: %w", a.Learner, j+1, err)
			}
		}
	}
	start, err := s.first(c.First)
	if err != nil {
		return nil, err
	}
	for i, o := range c.Known {
		o.Number, o.Key = i-len(c.Known)-maxPassed, Key(o.Learner, o.Params)
		s.known = append(s.known, o)
	}
	s.start = distinct(append(start, s.untried(startOrder(s.arms))...))
	return s, nil
}

// first checks the suggestions that come before all others.
func (s *Study) first(list []Suggestion) ([]Suggestion, error) {
	var out []Suggestion
	for _, f := range list {
		if !slices.ContainsFunc(s.arms, func(a Arm) bool { return a.Learner == f.Learner }) {
			return nil, fmt.Errorf("first suggestions: learner %q is not among the arms", f.Learner)
		}
		if err := checkValues(f.Params); err != nil {
			return nil, fmt.Errorf("first suggestions: learner %q: %w", f.Learner, err)
		}
		out = append(out, newSuggestion(f.Learner, f.Params, "first"))
	}
	return out, nil
}

func checkValues(p Params) error {
	for name, v := range p {
		switch v := v.(type) {
		case string:
		case float64:
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("%q is %v", name, v)
			}
		default:
			return fmt.Errorf("%q is a %T: use float64 or string", name, v)
		}
	}
	return nil
}

// startOrder interleaves the portfolios: entry j of an arm of weight w comes at
// (j+½)/w, so that each arm is seen in proportion to its weight.
func startOrder(arms []Arm) []Suggestion {
	type entry struct {
		at float64
		s  Suggestion
	}
	var all []entry
	for _, a := range arms {
		list := a.Portfolio
		if len(list) == 0 {
			list = []Params{{}}
		}
		for j, p := range list {
			s := newSuggestion(a.Learner, a.Space.Complete(p), "portfolio")
			all = append(all, entry{(float64(j) + 0.5) / a.Weight, s})
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	var out []Suggestion
	for _, e := range all {
		out = append(out, e.s)
	}
	return out
}

// untried leaves out what an earlier study tried.
func (s *Study) untried(list []Suggestion) []Suggestion {
	if len(s.known) == 0 {
		return list
	}
	return slices.DeleteFunc(list, func(sug Suggestion) bool {
		return slices.ContainsFunc(s.known, func(o Observation) bool { return o.Key == sug.Key })
	})
}

// distinct leaves out what has come before.
func distinct(list []Suggestion) []Suggestion {
	seen := map[string]bool{}
	var out []Suggestion
	for _, s := range list {
		if !seen[s.Key] {
			seen[s.Key] = true
			out = append(out, s)
		}
	}
	return out
}

func newSuggestion(learner string, p Params, origin string) Suggestion {
	return Suggestion{Learner: learner, Params: p, Key: Key(learner, p), Origin: origin}
}

// Key is the canonical form of a configuration.
func Key(learner string, p Params) string {
	names := make([]string, 0, len(p))
	for n := range p {
		names = append(names, n)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(learner)
	for _, n := range names {
		b.WriteByte(' ')
		b.WriteString(n)
		b.WriteByte('=')
		switch v := p[n].(type) {
		case float64:
			b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
		case string:
			b.WriteString(strconv.Quote(v))
		default:
			fmt.Fprintf(&b, "%v", v)
		}
	}
	return b.String()
}

// Begin is the history of a study that has suggested nothing: it has what is known of an
// earlier one.
func (s *Study) Begin() *History {
	h := HistoryOf(s.known)
	h.earlier, h.seen = h.seen, nil
	return h
}

// Begins is the number of configurations that come before all that is sampled: the first
// ones and the portfolios.
func (s *Study) Begins() int { return len(s.start) }

// Ask suggests the configuration with the given number: the first of Suggestions.
// false means that there is none.
func (s *Study) Ask(number int, h *History) (Suggestion, bool) {
	for sug := range s.Suggestions(number, h) {
		return sug, true
	}
	return Suggestion{}, false
}

// Suggestions goes through what may be tried as the given number, the most wanted
// first, for callers that cannot take each. The history, which must not change
// meanwhile, holds what was suggested before, with the losses that the answer may
// depend on: the sequence is a function of the study's configuration, number and
// history alone. None is in the history, none comes twice; the sequence ends when no
// other is left.
func (s *Study) Suggestions(number int, h *History) iter.Seq[Suggestion] {
	return func(yield func(Suggestion) bool) {
		seen := &keys{of: h, more: map[string]bool{}}
		for _, sug := range s.start {
			if seen.has(sug.Key) {
				continue
			}
			if !h.broken(sug.Learner) && !yield(sug) {
				return
			}
			seen.add(sug.Key)
		}
		seen.earlier = h.earlier
		s.sample(number, h, seen, yield)
	}
}

// sample goes through what the sampler suggests for arms drawn by their shares.
func (s *Study) sample(number int, h *History, seen *keys, yield func(Suggestion) bool) {
	shares := s.shares(h)
	asked := make([]*proposals, len(s.arms))
	defer func() {
		for _, p := range asked {
			if p != nil {
				p.stop()
			}
		}
	}()
	r := rand.New(rand.NewPCG(s.seed, uint64(number)+1))
	for i := pick(shares, r); i >= 0; i = pick(shares, r) {
		if asked[i] == nil {
			a := &s.arms[i]
			task := &Task{Space: a.Space, Seed: s.seed + uint64(i), Number: number}
			if t := h.arms[a.Learner]; t != nil {
				task.History, task.Count = t.list(), t.count
			}
			asked[i] = propose(s.sampler, task, a.Learner)
		}
		sug, ok := asked[i].next(seen)
		if !ok {
			shares[i] = 0 // exhausted
			continue
		}
		seen.add(sug.Key)
		if !yield(sug) {
			return
		}
	}
}

// shares are how often each arm is to be sampled: its weight, less the further
// its best loss is from the best of all, in units of the median's distance.
func (s *Study) shares(h *History) []float64 {
	best := math.NaN()
	for _, a := range s.arms {
		if v := h.arms[a.Learner].least(); !math.IsNaN(v) && !(best <= v) {
			best = v
		}
	}
	scale := h.losses.value() - best
	out := make([]float64, len(s.arms))
	for i, a := range s.arms {
		switch least := h.arms[a.Learner].least(); {
		case a.Once || len(a.Space) == 0 || h.broken(a.Learner):
		case math.IsNaN(least):
			out[i] = a.Weight * armUnknown
		case scale > 0:
			out[i] = a.Weight * max(armFloor, math.Exp(-2*(least-best)/scale))
		case least > best: // half of all losses are equal: nothing to measure by
			out[i] = a.Weight * armFloor
		default:
			out[i] = a.Weight
		}
	}
	return out
}

// pick draws an index by its share; -1 if all are zero.
func pick(shares []float64, r *rand.Rand) int {
	total, last := 0.0, -1
	for i, w := range shares {
		if w > 0 {
			total += w
			last = i
		}
	}
	u := r.Float64() * total
	for i, w := range shares {
		if w > 0 && u < w {
			return i
		}
		u -= w
	}
	return last
}
