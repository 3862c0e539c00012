package featurize

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// svd gives the coordinates of a text along the directions in which the TF-IDF vectors
// of words and pairs of words spread most: a truncated singular value decomposition, by
// subspace iteration from a random start (Halko, Martinsson, Tropp, 2011) on up to
// 20,000 training rows.
type svd struct {
	ofColumn
	Layout     *string `json:"layout,omitempty"` // as in category
	Components int     `json:"components"`
	// Directions has the bits of a float32 for each bucket and component.
	Directions packed[uint32] `json:"directions"`
	hashedTerms

	along []float32
}

// svdParams: Components is 1 to 100 (10 by default), Buckets 4,096 by default.
type svdParams struct {
	Components int `json:"components"`
	Buckets    int `json:"buckets"`
}

const (
	maxComponents = 100
	svdRows       = 20_000
	svdExtra      = 8 // directions beyond those that are kept, for accuracy
	svdRounds     = 6
	svdSeed       = 1
)

func fitSVD(f fitting) (Transform, error) {
	p := svdParams{10, 1 << 12}
	if err := f.decode(&p); err != nil {
		return nil, err
	}
	if p.Components < 1 || p.Components > maxComponents {
		return nil, fmt.Errorf("parameters: components %d: use 1 to %d", p.Components, maxComponents)
	}
	t := &svd{ofColumn: ofColumn{f.col.Name}, Layout: layoutOf(f.col), Components: p.Components}
	var err error
	if t.hashedTerms, err = fitHashedTerms(f, t.Layout, p.Buckets, grams); err != nil {
		return nil, err
	}
	t.Directions = make([]uint32, p.Buckets*p.Components)
	if err := t.ready(); err != nil { // the weights
		return nil, err
	}
	var rows []Entries
	for k := range min(f.rows, svdRows) {
		c := cellAt(f.col, k*f.rows/min(f.rows, svdRows))
		var e Entries
		t.weigh(grams(c.text(t.Layout), nil), &e)
		rows = append(rows, e)
	}
	for k, d := range directions(rows, p.Buckets, p.Components) {
		for b, v := range d {
			t.Directions[b*p.Components+k] = math.Float32bits(float32(v))
		}
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
	n := len(t.Frequency) * t.Components
	if t.Components < 1 || t.Components > maxComponents || len(t.Directions) != n {
		return fmt.Errorf("column %q: %d numbers for %d components of %d buckets", t.Column, len(t.Directions), t.Components, len(t.Frequency))
	}
	t.along = make([]float32, n)
	for i, b := range t.Directions {
		v := math.Float32frombits(b)
		if !(math.Abs(float64(v)) <= 1.001) {
			return fmt.Errorf("column %q: a direction has the number %v", t.Column, v)
		}
		t.along[i] = v
	}
	return t.prepare(t.Column)
}

func (t *svd) Kind() string { return "svd" }

func (t *svd) Features() []matrix.Feature {
	var fs []matrix.Feature
	for k := range t.Components {
		fs = append(fs, one(t.Column+".svd"+strconv.Itoa(k+1), t.Column)...)
	}
	return fs
}

func (t *svd) Row(in []Cell, out []float32, e *Entries) error {
	if in[0].kind == missing {
		for k := range out {
			out[k] = float32(math.NaN())
		}
		return nil
	}
	e.hashes = grams(in[0].text(t.Layout), e.hashes[:0])
	var own Entries
	t.weigh(e.hashes, &own)
	for k := range out {
		sum := 0.0
		for i, b := range own.Index {
			sum += float64(float64(own.Value[i]) * float64(t.along[int(b)*t.Components+k]))
		}
		out[k] = float32(sum)
	}
	return nil
}
