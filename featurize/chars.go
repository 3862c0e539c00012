package featurize

import (
	"fmt"
	"unicode"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// chars weighs the runs of characters within the words of a text, which find what words
// have in common: endings, misspellings, parts of codes. Words are lower-cased and have
// a blank on either side. They are for linear models and nets alone.
type chars struct {
	Column string  `json:"column"`
	Layout *string `json:"layout,omitempty"` // as in category
	Least  int     `json:"least"`
	Most   int     `json:"most"`
	hashedTerms
}

// charsParams: runs of Least to Most characters (3 to 5) in Buckets buckets (16,384).
type charsParams struct {
	Least   int `json:"least"`
	Most    int `json:"most"`
	Buckets int `json:"buckets"`
}

const longestRun = 10

func (p *charsParams) check() error {
	if p.Least < 1 || p.Most < p.Least || p.Most > longestRun {
		return fmt.Errorf("least %d, most %d: use 1 to %d characters", p.Least, p.Most, longestRun)
	}
	return checkBuckets(p.Buckets)
}

func (p *charsParams) fit(f Fitting) (Transform, error) {
	t := &chars{Column: f.col.Name, Layout: layoutOf(f.col), Least: p.Least, Most: p.Most}
	t.hashedTerms = fitHashedTerms(f, t.Layout, p.Buckets, t.runs)
	return t, t.ready()
}

// runs appends the hashes of the runs of a text.
func (t *chars) runs(s string, hashes []uint64) []uint64 {
	word := []rune{' '}
	flush := func() {
		if len(word) > 1 {
			hashes = t.runsOf(append(word, ' '), hashes)
		}
		word = word[:1]
	}
	for _, r := range s {
		if unicode.IsSpace(r) {
			flush()
		} else {
			word = append(word, unicode.ToLower(r))
		}
	}
	flush()
	return hashes
}

func (t *chars) runsOf(word []rune, hashes []uint64) []uint64 {
	for i := range word {
		h := uint64(fnvOffset)
		for n := 1; n <= t.Most && i+n <= len(word); n++ {
			if h = hashRune(h, word[i+n-1]); n >= t.Least {
				hashes = append(hashes, fmix64(h))
			}
		}
	}
	return hashes
}

func (t *chars) ready() error {
	if t.Least < 1 || t.Most < t.Least || t.Most > longestRun {
		return fmt.Errorf("column %q: runs of %d to %d characters", t.Column, t.Least, t.Most)
	}
	return t.prepare(t.Column)
}

func (t *chars) Kind() string               { return "chars" }
func (t *chars) Inputs() []string           { return []string{t.Column} }
func (t *chars) SparseCols() int            { return len(t.Frequency) }
func (t *chars) Supervised() bool           { return false }
func (t *chars) Features() []matrix.Feature { return nil }

func (t *chars) Row(in []Cell, _ []float32, e *Entries) error {
	if in[0].kind != missing {
		e.hashes = t.runs(in[0].text(t.Layout), e.hashes[:0])
		t.weigh(e.hashes, e)
	}
	return nil
}
