package featurize

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// hashed makes a category of a value by the hash of its text (that of tokens, without
// lower case), whatever training had.
type hashed struct {
	ofColumn
	Layout  *string `json:"layout,omitempty"` // as in category
	Buckets int     `json:"buckets"`
}

// hashedParams: Buckets is 2 to 4,096 (64 by default).
type hashedParams struct {
	Buckets int `json:"buckets"`
}

func (p *hashedParams) check() error {
	if p.Buckets < 2 || p.Buckets > maxLevels {
		return fmt.Errorf("buckets %d: use 2 to %d", p.Buckets, maxLevels)
	}
	return nil
}

func (p *hashedParams) fit(f Fitting) (Transform, error) {
	t := &hashed{ofColumn{f.col.Name}, layoutOf(f.col), p.Buckets}
	return t, t.ready()
}

func (t *hashed) ready() error {
	if err := (&hashedParams{t.Buckets}).check(); err != nil {
		return fmt.Errorf("column %q: %w", t.Column, err)
	}
	return nil
}

func (t *hashed) Kind() string { return "hashing" }

func (t *hashed) Features() []matrix.Feature {
	fs := one(t.Column+".hash", t.Column)
	fs[0].Levels = t.Buckets
	return fs
}

func (t *hashed) Row(in []Cell, out []float32, _ *Entries) error {
	key := in[0].key(t.Layout)
	if key == "" {
		out[0] = float32(math.NaN())
		return nil
	}
	h := uint64(fnvOffset)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * fnvPrime
	}
	out[0] = float32(fmix64(h) % uint64(t.Buckets))
	return nil
}
