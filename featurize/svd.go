package featurize

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// svd gives the coordinates of a text along the directions in which the TF-IDF vectors
// of words and pairs of words spread most: a truncated singular value decomposition, by
// subspace iteration from a random start (Halko, Martinsson, Tropp, 2011) on up to
// 20,000 training rows.
type svd struct {
	ofColumn
	Layout *string `json:"layout,omitempty"` // as in category
	projection
	hashedTerms
	Stop *stopWords `json:"stop_words,omitempty"`
}

// svdParams: Components is 1 to 100 (10 by default), Buckets 4,096 by default.
type svdParams struct {
	Components int        `json:"components"`
	Buckets    int        `json:"buckets"`
	Stop       *stopWords `json:"stop_words"`
}

const (
	svdRows   = 20_000
	svdExtra  = 8 // directions beyond those that are kept, for accuracy
	svdRounds = 6
	svdSeed   = 1
)

func (p *svdParams) check() error {
	if err := checkComponents(p.Components); err != nil {
		return err
	}
	return checkBuckets(p.Buckets)
}

func (p *svdParams) fit(f Fitting) (Transform, error) {
	t := &svd{ofColumn: ofColumn{f.col.Name}, Layout: layoutOf(f.col), Stop: p.Stop}
	t.hashedTerms = fitHashedTerms(f, t.Layout, p.Buckets, t.Stop.grams)
	if err := t.prepare(t.Column); err != nil {
		return nil, err
	}
	rows := make([]Entries, min(f.rows, svdRows))
	for k := range rows {
		c := cellAt(f.col, k*f.rows/len(rows))
		t.weigh(t.Stop.grams(c.text(t.Layout), nil), &rows[k])
	}
	var err error
	if t.projection, err = fitProjection(rows, p.Buckets, p.Components); err != nil {
		return nil, err
	}
	return t, t.ready()
}

// directions are the first right singular vectors of the rows, the strongest first; each
// has its largest entry positive. There are at most n, fewer if the rows have less.
func directions(rows []Entries, width, n int) [][]float64 {
	r := rand.New(rand.NewPCG(svdSeed, 0))
	basis := make([][]float64, min(n+svdExtra, width))
	for k := range basis {
		basis[k] = make([]float64, width)
		for b := range basis[k] {
			basis[k][b] = r.NormFloat64()
		}
	}
	basis = orthogonal(basis)
	for range svdRounds {
		for k := range basis {
			basis[k] = spread(rows, basis[k])
		}
		basis = orthogonal(basis)
	}
	gram := make([][]float64, len(basis))
	for i := range basis {
		gram[i] = make([]float64, len(basis))
		s := spread(rows, basis[i])
		for j := range basis {
			gram[i][j] = dot(basis[j], s)
		}
	}
	var out [][]float64
	values, vectors := eigen(gram)
	for _, k := range descending(values) {
		if len(out) == n || !(values[k] > 1e-9) {
			break
		}
		d := make([]float64, width)
		for j := range basis {
			for b, v := range basis[j] {
				d[b] += float64(vectors[j][k] * v)
			}
		}
		out = append(out, upright(d))
	}
	return out
}

// spread is AᵀA·v for the matrix A of the rows.
func spread(rows []Entries, v []float64) []float64 {
	out := make([]float64, len(v))
	for _, e := range rows {
		sum := 0.0
		for i, b := range e.Index {
			sum += float64(float64(e.Value[i]) * v[b])
		}
		for i, b := range e.Index {
			out[b] += float64(float64(e.Value[i]) * sum)
		}
	}
	return out
}

func (t *svd) ready() error {
	if len(t.Directions) != len(t.Frequency)*t.Components {
		return fmt.Errorf("column %q: %d numbers for %d components of %d buckets", t.Column, len(t.Directions), t.Components, len(t.Frequency))
	}
	if err := t.unpack(t.Column); err != nil {
		return err
	}
	return t.prepare(t.Column)
}

func (t *svd) Kind() string               { return "svd" }
func (t *svd) Features() []matrix.Feature { return t.features(t.Column) }

func (t *svd) Row(in []Cell, out []float32, e *Entries) error {
	if in[0].kind == missing {
		for k := range out {
			out[k] = float32(math.NaN())
		}
		return nil
	}
	e.hashes = t.Stop.grams(in[0].text(t.Layout), e.hashes[:0])
	var own Entries
	t.weigh(e.hashes, &own)
	t.coordinates(&own, out)
	return nil
}
