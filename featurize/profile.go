package featurize

import (
	"math"
	"strings"
	"unicode"

	"github.com/seed-09a2cce4/automl/data"
)

// profile is what the training rows say about a column.
type profile struct {
	col  *data.Column
	name string
	// rows = present + missing + infinite.
	rows, present, infinite int
	// distinct values; counted up to maxDistinct, when the rows seen until then
	// are in seen, otherwise seen = present.
	distinct, seen int

	// Numbers (storage kind Number).
	low, high float64
	whole     bool // only integers
	zeroOne   bool // only 0 and 1
	rising    bool // each row one more than the row before

	// Words (storage kind String): used values and their rows.
	values []string
	counts []int
}

const maxDistinct = 1 << 17

func profileOf(c *data.Column, rows int) *profile {
	p := &profile{col: c, name: c.Name, rows: rows}
	switch c.Kind {
	case data.Number:
		p.numbers(c.Floats[:rows])
		// The reader has made infinite cells missing already.
		p.infinite += c.Infinite
	case data.Time:
		set := newNumberSet()
		for _, t := range c.Times[:rows] {
			if t != data.MissingTime {
				p.present++
				p.count(set, uint64(t))
			}
		}
	default:
		p.words(c.Codes[:rows], c.Dict)
	}
	return p
}

func (p *profile) count(set *numberSet, bits uint64) {
	if p.distinct < maxDistinct {
		p.seen++
		if set.add(bits) {
			p.distinct++
		}
	}
}

func (p *profile) numbers(values []float64) {
	p.whole, p.zeroOne, p.rising = true, true, true
	p.low, p.high = math.Inf(1), math.Inf(-1)
	set := newNumberSet()
	last := math.NaN()
	for _, v := range values {
		switch {
		case math.IsInf(v, 0):
			p.infinite++
			continue
		case v != v:
			continue
		}
		v += 0 // -0 is 0
		p.present++
		p.low, p.high = min(p.low, v), max(p.high, v)
		p.whole = p.whole && v == math.Trunc(v)
		p.zeroOne = p.zeroOne && (v == 0 || v == 1)
		p.rising = p.rising && (p.present == 1 || v == last+1)
		last = v
		p.count(set, math.Float64bits(v))
	}
}

func (p *profile) words(codes []int32, dict []string) {
	counts := make([]int, len(dict))
	for _, k := range codes {
		if k >= 0 {
			counts[k]++
		}
	}
	for k, n := range counts {
		if n > 0 && wordCell(dict[k]).kind != missing {
			p.values = append(p.values, dict[k])
			p.counts = append(p.counts, n)
			p.present += n
		}
	}
	p.distinct, p.seen = len(p.values), p.present
}

// missing counts the rows without a value.
func (p *profile) missing() int { return p.rows - p.present }

// share is the number of distinct values a row that has one.
func (p *profile) share() float64 { return float64(p.distinct) / float64(max(p.seen, 1)) }

// test counts the words, by rows, for which ok fails, with up to three examples.
func (p *profile) test(ok func(s string) bool) (bad int, examples []string) {
	for i, s := range p.values {
		if !ok(s) {
			bad += p.counts[i]
			if len(examples) < 3 {
				examples = append(examples, shorten(s))
			}
		}
	}
	return bad, examples
}

// mean is the mean of a measure of the words over the rows.
func (p *profile) mean(measure func(s string) float64) float64 {
	sum := 0.0
	for i, s := range p.values {
		sum += measure(s) * float64(p.counts[i])
	}
	return sum / float64(max(p.present, 1))
}

func wordCount(s string) float64 {
	n, inside := 0, false
	for _, r := range s {
		space := unicode.IsSpace(r)
		if !space && (!inside || alone(r)) {
			n++
		}
		inside = !space
	}
	return float64(n)
}

// shorten cuts a value for a message.
func shorten(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// numberSet is a set of 64-bit values, by open addressing; nil slots are
// marked apart so that any value can be held.
type numberSet struct {
	keys []uint64
	used []bool
	n    int
}

func newNumberSet() *numberSet { return &numberSet{make([]uint64, 64), make([]bool, 64), 0} }

// add reports whether the value was new.
func (s *numberSet) add(v uint64) bool {
	if 2*s.n >= len(s.keys) {
		old := *s
		*s = numberSet{make([]uint64, 4*len(old.keys)), make([]bool, 4*len(old.keys)), 0}
		for i, u := range old.used {
			if u {
				s.add(old.keys[i])
			}
		}
	}
	mask := uint64(len(s.keys) - 1)
	i := fmix64(v) & mask
	for ; s.used[i]; i = (i + 1) & mask {
		if s.keys[i] == v {
			return false
		}
	}
	s.keys[i], s.used[i] = v, true
	s.n++
	return true
}
