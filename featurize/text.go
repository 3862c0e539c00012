package featurize

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Limits of a text column.
const (
	// maxTerms is the number of sparse columns, the n-grams that occur in the
	// most training rows.
	maxTerms = 50_000
	// maxTreeTerms and maxTreeCells bound the dense term counts for trees.
	maxTreeTerms = 400
	maxTreeCells = 40_000_000
	// maxShare: terms in a larger share of the rows say nothing to trees.
	maxShare = 0.6
	// maxFilterBits bounds the counting filter that spares rare n-grams a map entry.
	maxFilterBits = 22
	// maxCandidates bounds the n-grams counted exactly.
	maxCandidates = 400_000
)

// text makes TF-IDF of the words and word pairs of a column: sparse, for
// linear learners; and a few dense features for trees: counts of the most
// telling terms, and the length and style of the text.
//
// A term's weight is (1+log tf)·idf with idf = log((1+rows)/(1+df))+1, and each
// row is scaled to length 1 (scikit-learn's TfidfVectorizer with
// sublinear_tf). Terms are the n-grams in at least two training rows. They are
// known by 64-bit hashes instead of by their text, which bounds the state.
type text struct {
	Column string `json:"column"`
	// Layout of a column of times, as in category.
	Layout *string `json:"layout,omitempty"`
	// Rows is the number of training rows.
	Rows int `json:"rows"`
	// Hashes (ascending) and Frequency describe the terms, one sparse column each:
	// base64 of little-endian uint64 and uint32.
	Hashes    packed[uint64] `json:"hashes"`
	Frequency packed[uint32] `json:"frequency"`
	// Terms get a dense count for trees.
	Terms []treeTerm `json:"terms"`
	Stop  *stopWords `json:"stop_words,omitempty"`

	idf   []float32
	index hashIndex // hash → sparse column
	tree  hashIndex // hash → place in Terms
}

type treeTerm struct {
	Text string `json:"text"`
	Hash hash   `json:"hash"`
}

// styles are the dense features beside the terms.
var styles = []string{"words", "chars", "upper", "digits", "exclamations"}

// textParams: Stop are words to leave out, none by default.
type textParams struct {
	Stop *stopWords `json:"stop_words"`
}

func (p *textParams) check() error { return nil }

func (p *textParams) fit(f Fitting) (Transform, error) {
	layout := layoutOf(f.col)
	docs := make([]string, f.rows)
	for i := range docs {
		docs[i] = cellAt(f.col, i).text(layout)
	}
	t := &text{Column: f.col.Name, Layout: layout, Rows: f.rows, Terms: []treeTerm{}, Stop: p.Stop}
	terms := countTerms(docs, p.Stop, f.threads)
	kept := slices.Clone(terms[:min(len(terms), maxTerms)])
	slices.SortFunc(kept, func(a, b termCount) int { return cmp.Compare(a.hash, b.hash) })
	for _, k := range kept {
		t.Hashes = append(t.Hashes, k.hash)
		t.Frequency = append(t.Frequency, k.rows)
	}
	t.Terms = nameTerms(docs, p.Stop, treeTerms(terms, f.rows))
	return t, t.ready()
}

// termCount is an n-gram and the number of training rows it occurs in.
type termCount struct {
	hash uint64
	rows uint32
}

// countTerms returns the n-grams in at least two rows, most frequent first,
// ties by hash. A first pass counts rows by the upper bits of the hash; only
// n-grams whose place in that filter holds enough rows are counted exactly.
func countTerms(docs []string, stop *stopWords, threads int) []termCount {
	size := 0
	for _, d := range docs {
		size += len(d)
	}
	shift := 64 - min(bits.Len(uint(size)), maxFilterBits)
	filter := make([]uint32, 1<<(64-shift))
	forDocs(docs, stop, threads, func(_ int, hashes []uint64) {
		for _, h := range hashes {
			atomic.AddUint32(&filter[h>>shift], 1)
		}
	})
	least := leastCount(filter)
	shards := make([]shard, 64)
	forDocs(docs, stop, threads, func(_ int, hashes []uint64) {
		for _, h := range hashes {
			if filter[h>>shift] >= least {
				shards[h%uint64(len(shards))].count(h)
			}
		}
	})
	var out []termCount
	for i := range shards {
		for h, n := range shards[i].counts {
			if n >= 2 {
				out = append(out, termCount{h, n})
			}
		}
	}
	slices.SortFunc(out, func(a, b termCount) int {
		return cmp.Or(cmp.Compare(b.rows, a.rows), cmp.Compare(a.hash, b.hash))
	})
	return out
}

// leastCount is the smallest count, 2 or more, that at most maxCandidates
// places of the filter reach.
func leastCount(filter []uint32) uint32 {
	var by [1 << 10]int // counts above the last place share it
	for _, n := range filter {
		by[min(n, uint32(len(by)-1))]++
	}
	total, least := 0, len(by)
	for least > 2 && total+by[least-1] <= maxCandidates {
		total += by[least-1]
		least--
	}
	return uint32(least)
}

type shard struct {
	mu     sync.Mutex
	counts map[uint64]uint32
}

func (s *shard) count(h uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[uint64]uint32{}
	}
	s.counts[h]++
}

const docBlock = 256

// forDocs calls do with the distinct n-gram hashes of every text, ascending, on
// several goroutines.
func forDocs(docs []string, stop *stopWords, threads int, do func(i int, hashes []uint64)) {
	scratch := sync.Pool{New: func() any { return new([]uint64) }}
	_ = each((len(docs)+docBlock-1)/docBlock, threads, func(b int) error {
		buf := scratch.Get().(*[]uint64)
		defer scratch.Put(buf)
		for i := b * docBlock; i < min((b+1)*docBlock, len(docs)); i++ {
			hashes := stop.grams(docs[i], (*buf)[:0])
			*buf = hashes
			slices.Sort(hashes)
			do(i, slices.Compact(hashes))
		}
		return nil
	})
}

// treeTerms picks the terms that say most by themselves without the target:
// those with the largest share·log(1/share), which favours terms in about a
// third of the rows. Terms in too many or in hardly any row are left out.
func treeTerms(terms []termCount, rows int) map[uint64]int {
	most := min(maxTreeTerms, maxTreeCells/max(rows, 1))
	least := uint32(max(3, rows/1000))
	type scored struct {
		termCount
		score float64
	}
	var s []scored
	for _, t := range terms {
		share := float64(t.rows) / float64(rows)
		if t.rows >= least && share <= maxShare {
			s = append(s, scored{t, -share * math.Log(share)})
		}
	}
	slices.SortStableFunc(s, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	rank := map[uint64]int{}
	for i, t := range s[:min(len(s), most)] {
		rank[t.hash] = i
	}
	return rank
}

// nameTerms finds the words of the terms in the texts.
func nameTerms(docs []string, stop *stopWords, rank map[uint64]int) []treeTerm {
	names := make([]string, len(rank))
	left := len(rank)
	for _, doc := range docs {
		if left == 0 {
			break
		}
		var last span
		have := false
		note := func(h uint64, name func() string) {
			if i, ok := rank[h]; ok && names[i] == "" {
				names[i] = name()
				left--
			}
		}
		stop.tokens(doc, func(t span) {
			lower := func(s span) string { return strings.ToLower(doc[s.from:s.to]) }
			note(t.hash, func() string { return lower(t) })
			if have {
				l := last
				note(pairHash(l.hash, t.hash), func() string { return lower(l) + " " + lower(t) })
			}
			last, have = t, true
		})
	}
	terms := make([]treeTerm, len(rank))
	for h, i := range rank {
		terms[i] = treeTerm{names[i], hash(h)}
	}
	return terms
}

func (t *text) ready() error {
	switch {
	case len(t.Hashes) != len(t.Frequency):
		return fmt.Errorf("column %q has %d terms and %d frequencies", t.Column, len(t.Hashes), len(t.Frequency))
	case len(t.Hashes) > maxTerms || len(t.Terms) > maxTreeTerms || t.Rows < 0:
		return fmt.Errorf("column %q has too many terms or a negative number of rows", t.Column)
	}
	t.idf = make([]float32, len(t.Frequency))
	for i, n := range t.Frequency {
		if int64(n) > int64(t.Rows) || i > 0 && t.Hashes[i-1] >= t.Hashes[i] {
			return fmt.Errorf("column %q has terms out of order or in more rows than there are", t.Column)
		}
		t.idf[i] = float32(math.Log(float64(1+t.Rows)/float64(1+n)) + 1)
	}
	t.index = newHashIndex(t.Hashes)
	hashes := make([]uint64, len(t.Terms))
	for i, term := range t.Terms {
		hashes[i] = uint64(term.Hash)
	}
	t.tree = newHashIndex(hashes)
	return nil
}

func (t *text) Kind() string     { return "text" }
func (t *text) Inputs() []string { return []string{t.Column} }
func (t *text) SparseCols() int  { return len(t.Hashes) }
func (t *text) Supervised() bool { return false }

func (t *text) Features() []matrix.Feature {
	fs := make([]matrix.Feature, 0, len(styles)+len(t.Terms))
	add := func(name string) {
		fs = append(fs, matrix.Feature{Name: name, Sources: []string{t.Column}, TreeOnly: true})
	}
	for _, s := range styles {
		add(t.Column + "." + s)
	}
	for _, term := range t.Terms {
		add(t.Column + ":" + term.Text)
	}
	return fs
}

func (t *text) Row(in []Cell, out []float32, e *Entries) error {
	if in[0].kind == missing {
		for i := range styles {
			out[i] = float32(math.NaN())
		}
		return nil
	}
	s := in[0].text(t.Layout)
	e.hashes = t.Stop.grams(s, e.hashes[:0])
	hashes := e.hashes
	t.style(s, hashes, out)
	counts := out[len(styles):]
	cols := hashes[:0] // sparse columns take the place of the hashes
	for _, h := range hashes {
		if k := t.tree.find(h); k >= 0 {
			counts[k]++
		}
		if k := t.index.find(h); k >= 0 {
			cols = append(cols, uint64(k))
		}
	}
	slices.Sort(cols)
	first := len(e.Index)
	square := 0.0
	for i := 0; i < len(cols); {
		k, n := cols[i], 0
		for ; i < len(cols) && cols[i] == k; i++ {
			n++
		}
		v := logTF(n) * float64(t.idf[k])
		square += float64(v * v)
		e.Add(int32(k), float32(v))
	}
	if square > 0 {
		scale := 1 / math.Sqrt(square)
		for i, v := range e.Value[first:] {
			e.Value[first+i] = float32(float64(v) * scale)
		}
	}
	return nil
}

// style writes the length and style of a text whose n-grams are given.
func (t *text) style(s string, grams []uint64, out []float32) {
	var chars, letters, upper, digits, bangs int
	for _, r := range s {
		chars++
		switch {
		case r >= 'a' && r <= 'z':
			letters++
		case r >= 'A' && r <= 'Z':
			letters++
			upper++
		case r >= '0' && r <= '9':
			digits++
		case r == '!':
			bangs++
		case r > unicode.MaxASCII && unicode.IsLetter(r):
			letters++
			if unicode.IsUpper(r) {
				upper++
			}
		}
	}
	out[0] = float32((len(grams) + 1) / 2) // n words make n-1 pairs
	out[1] = float32(chars)
	if letters > 0 {
		out[2] = float32(upper) / float32(letters)
	}
	out[3] = float32(digits)
	out[4] = float32(bangs)
}

// logTF is 1+log n, by table for the counts that matter.
func logTF(n int) float64 {
	if n < len(logs) {
		return logs[n]
	}
	return 1 + math.Log(float64(n))
}

var logs = func() (t [64]float64) {
	for n := 1; n < len(t); n++ {
		t[n] = 1 + math.Log(float64(n))
	}
	return t
}()

// hashIndex maps hashes to their place, by open addressing with linear probing;
// the hashes are mixed already. At least half of the slots are free (place -1).
type hashIndex struct {
	keys  []uint64
	place []int32
	shift int
}

func newHashIndex(hashes []uint64) hashIndex {
	n := bits.Len(uint(2*len(hashes) + 1))
	x := hashIndex{make([]uint64, 1<<n), make([]int32, 1<<n), 64 - n}
	for i := range x.place {
		x.place[i] = -1
	}
	for i, h := range hashes {
		s := x.slot(h)
		if x.place[s] < 0 {
			x.keys[s], x.place[s] = h, int32(i)
		}
	}
	return x
}

// slot is where h is or would be.
func (x *hashIndex) slot(h uint64) int {
	s := int(h >> x.shift)
	for x.place[s] >= 0 && x.keys[s] != h {
		s = (s + 1) & (len(x.keys) - 1)
	}
	return s
}

// find returns the place of h, -1 if it has none.
func (x *hashIndex) find(h uint64) int32 { return x.place[x.slot(h)] }

// hash is a uint64 that JSON keeps, as hexadecimal text.
type hash uint64

// MarshalText writes the hash.
func (h hash) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%016x", uint64(h)), nil }

// UnmarshalText reads the hash.
func (h *hash) UnmarshalText(b []byte) error {
	v, err := strconv.ParseUint(string(b), 16, 64)
	*h = hash(v)
	return err
}

// packed is a list of numbers that JSON holds as base64 of little-endian bytes.
type packed[T uint32 | uint64] []T

// MarshalText writes the numbers.
func (p packed[T]) MarshalText() ([]byte, error) {
	b, err := binary.Append(nil, binary.LittleEndian, []T(p))
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText reads the numbers.
func (p *packed[T]) UnmarshalText(b []byte) error {
	raw, err := base64.StdEncoding.DecodeString(string(b))
	if err != nil {
		return err
	}
	var zero T
	size := binary.Size(zero)
	if len(raw)%size != 0 {
		return errors.New("packed numbers are cut short")
	}
	*p = make([]T, len(raw)/size)
	_, err = binary.Decode(raw, binary.LittleEndian, []T(*p))
	return err
}
