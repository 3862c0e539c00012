package featurize

import (
	"fmt"
	"math"
	"slices"
)

// hashedTerms weighs the terms of texts, which are known by their hash modulo the number
// of buckets, by TF-IDF as scikit-learn does with sublinear_tf: (1+log n)·(1+log((1+rows)/
// (1+rows with it))), scaled to a length of 1.
type hashedTerms struct {
	Rows int `json:"rows"`
	// Frequency is the number of training rows that have the bucket.
	Frequency packed[uint32] `json:"frequency"`

	idf []float64
}

const (
	minBuckets = 16
	maxBuckets = 1 << 16
)

func checkBuckets(n int) error {
	if n < minBuckets || n > maxBuckets {
		return fmt.Errorf("buckets %d: use %d to %d", n, minBuckets, maxBuckets)
	}
	return nil
}

// fitHashedTerms counts the buckets of the training rows; terms appends the hashes of
// a text's terms.
func fitHashedTerms(f Fitting, layout *string, buckets int, terms func(s string, hashes []uint64) []uint64) hashedTerms {
	h := hashedTerms{Rows: f.rows, Frequency: make([]uint32, buckets)}
	var hashes []uint64
	for i := range f.rows {
		hashes = terms(cellAt(f.col, i).text(layout), hashes[:0])
		for _, b := range h.buckets(hashes) {
			h.Frequency[b.index]++
		}
	}
	return h
}

func (h *hashedTerms) prepare(column string) error {
	if n := len(h.Frequency); n < minBuckets || n > maxBuckets || h.Rows < 0 {
		return fmt.Errorf("column %q: %d buckets of %d rows", column, n, h.Rows)
	}
	h.idf = make([]float64, len(h.Frequency))
	for i, n := range h.Frequency {
		if int64(n) > int64(h.Rows) {
			return fmt.Errorf("column %q: a term in more rows than there are", column)
		}
		h.idf[i] = 1 + math.Log(float64(1+h.Rows)/float64(1+n))
	}
	return nil
}

// bucket is a bucket of a text and the number of its terms there.
type bucket struct {
	index int32
	count int
}

// buckets of hashes, in ascending order; hashes is overwritten.
func (h *hashedTerms) buckets(hashes []uint64) []bucket {
	n := uint64(len(h.Frequency))
	for i := range hashes {
		hashes[i] %= n
	}
	slices.Sort(hashes)
	var out []bucket
	for _, b := range hashes {
		if last := len(out) - 1; last >= 0 && out[last].index == int32(b) {
			out[last].count++
		} else {
			out = append(out, bucket{int32(b), 1})
		}
	}
	return out
}

// weigh appends the weights of the terms to e; hashes is overwritten.
func (h *hashedTerms) weigh(hashes []uint64, e *Entries) {
	list := h.buckets(hashes)
	weights := make([]float64, len(list))
	square := 0.0
	for i, b := range list {
		weights[i] = float64(logTF(b.count) * h.idf[b.index])
		square += float64(weights[i] * weights[i])
	}
	scale := math.Sqrt(square)
	for i, b := range list {
		e.Add(b.index, float32(weights[i]/scale))
	}
}
