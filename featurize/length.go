package featurize

import (
	"math"
	"unicode"
	"unicode/utf8"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// lengths counts the characters, words, digits, capitals and marks of a text.
type lengths struct {
	ofColumn
	Layout *string `json:"layout,omitempty"` // as in category
}

var lengthNames = []string{"chars", "words", "digits", "capitals", "marks"}

func fitLength(f Fitting) (Transform, error) {
	return &lengths{ofColumn{f.col.Name}, layoutOf(f.col)}, nil
}

func (t *lengths) ready() error { return nil }
func (t *lengths) Kind() string { return "length" }

func (t *lengths) Features() []matrix.Feature {
	var fs []matrix.Feature
	for _, name := range lengthNames {
		fs = append(fs, one(t.Column+"."+name, t.Column)...)
	}
	return fs
}

func (t *lengths) Row(in []Cell, out []float32, _ *Entries) error {
	if in[0].kind == missing {
		for i := range out {
			out[i] = float32(math.NaN())
		}
		return nil
	}
	s := in[0].text(t.Layout)
	out[0], out[1] = float32(utf8.RuneCountInString(s)), float32(wordCount(s))
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			out[2]++
		case unicode.IsUpper(r):
			out[3]++
		case unicode.IsPunct(r) || unicode.IsSymbol(r):
			out[4]++
		}
	}
	return nil
}
