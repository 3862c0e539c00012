package matrix

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Limits of the dense view.
const (
	// maxOneHot is the number of levels of a feature with a column of their own.
	maxOneHot = 100
	// maxDenseCells bounds rows×columns of the dense view of the training rows.
	maxDenseCells = 400 << 20
	// quantileRows bounds the rows (evenly spread) that medians come from.
	quantileRows = 1 << 15
	// coreLimit and tailLimit shape standardised values: linear up to
	// coreLimit, logarithmic beyond, never above tailLimit.
	coreLimit = 3
	tailLimit = 10
)

// Encoder turns a frame into the dense view: numbers imputed by the training
// median and standardised, levels one-hot encoded, a 0/1 indicator for each
// feature with missing values in training. It is fitted once, without the
// target, immutable and safe for concurrent use; JSON keeps it exactly.
//
// A number v becomes z = (v−centre)/scale. The centre is the median. The scale
// is the standard deviation, or the interquartile range / 1.349 where the
// standard deviation is three times larger than that (heavy tails). It is at
// least a quarter of the mean distance from the median of the values that
// differ from it, so that a rare count does not become a huge number. |z| up to
// 3 stays, beyond it grows as 3+log(|z|−2) and ends at 10.
//
// A categorical feature gets one 0/1 column for each of its most frequent
// levels (up to 100, seen twice or more) and one for all other known levels;
// missing and unseen are zero in all of them. TreeOnly features and those with an
// Encoding are left out.
type Encoder struct {
	features int
	parts    []encoderPart
	names    []string
}

// encoderPart is one feature's way into the dense view; its columns follow
// those of the part before.
type encoderPart struct {
	Feature int    `json:"feature"`
	Name    string `json:"name"`
	// Numeric.
	Center float64 `json:"center,omitempty"`
	Scale  float64 `json:"scale,omitempty"` // 0: categorical
	// Categorical: Kept levels with own columns, then Rare for the others.
	Kept int  `json:"kept,omitempty"`
	Rare bool `json:"rare,omitempty"`
	// Missing adds an indicator column, the part's last.
	Missing bool `json:"missing,omitempty"`

	first int // column
}

func (p *encoderPart) cols() int {
	n := p.Kept
	if p.Scale != 0 {
		n = 1
	}
	if p.Rare {
		n++
	}
	if p.Missing {
		n++
	}
	return n
}

// FitEncoder fits an encoder on the first rows rows of f (0 or more than there
// are: all). It uses up to GOMAXPROCS goroutines, which end before it returns;
// the result does not depend on their number.
func FitEncoder(f *Frame, rows int) *Encoder {
	if rows <= 0 || rows > f.Rows {
		rows = f.Rows
	}
	all := make([]*encoderPart, len(f.Features))
	counts := make([][]int, len(f.Features))
	each(len(f.Features), runtime.GOMAXPROCS(0), func(j int) {
		ft := f.Features[j]
		switch {
		case ft.TreeOnly || ft.Encoding != nil:
		case ft.Levels > 0:
			all[j], counts[j] = fitLevels(f.Cols[j][:rows], ft.Levels)
		default:
			all[j] = fitNumber(f.Cols[j][:rows])
		}
	})
	e := &Encoder{features: len(f.Features)}
	for limit := maxOneHot; ; limit /= 2 {
		e.parts = e.parts[:0]
		cols := 0
		for j, p := range all {
			if p == nil {
				continue
			}
			q := *p
			q.Feature, q.Name = j, f.Features[j].Name
			if c := counts[j]; c != nil {
				q.Kept = keptLevels(c, limit)
				q.Rare = q.Kept < len(c)
			}
			e.parts = append(e.parts, q)
			cols += q.cols()
		}
		if limit == 1 || int64(cols)*int64(rows) <= maxDenseCells {
			break
		}
	}
	e.index()
	return e
}

// each calls do(0…n-1) on up to threads goroutines.
func each(n, threads int, do func(i int)) {
	if threads > n {
		threads = n
	}
	if threads <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				do(i)
			}
		})
	}
	wg.Wait()
}

// keptLevels counts the leading levels that get a column. Levels are in order
// of falling frequency, so the rare ones come last.
func keptLevels(counts []int, limit int) int {
	n := 0
	for n < len(counts) && n < limit && counts[n] >= 2 {
		n++
	}
	return n
}

func fitLevels(col []float32, levels int) (*encoderPart, []int) {
	p, counts := &encoderPart{}, make([]int, levels)
	for _, v := range col {
		if v != v {
			p.Missing = true
		} else if k := int(v); k >= 0 && k < levels {
			counts[k]++
		}
	}
	return p, counts
}

func fitNumber(col []float32) *encoderPart {
	p := &encoderPart{Scale: 1}
	var n int
	var sum float64
	for _, v := range col {
		if v != v {
			p.Missing = true
			continue
		}
		n++
		sum += float64(v)
	}
	if n == 0 {
		return p
	}
	q1, median, q3 := quartiles(col)
	mean := sum / float64(n)
	var square, away float64
	var differ int
	for _, v := range col {
		if v != v {
			continue
		}
		d := float64(v) - mean
		square += float64(d * d)
		if f := float64(v); f != median {
			away += math.Abs(f - median)
			differ++
		}
	}
	p.Center = median + 0 // never -0, which JSON would drop
	if differ == 0 {
		return p
	}
	scale := math.Sqrt(square / float64(n))
	if robust := (q3 - q1) / 1.349; robust > 0 && scale > 3*robust {
		scale = robust
	} else {
		scale = math.Max(scale, 0.25*away/float64(differ))
	}
	if scale > 0 {
		p.Scale = scale
	}
	return p
}

// quartiles returns the three quartiles of the values that are not missing, of
// which there is at least one.
func quartiles(col []float32) (q1, q2, q3 float64) {
	step := (len(col) + quantileRows - 1) / quantileRows
	s := make([]float32, 0, len(col)/step+1)
	for i := 0; i < len(col); i += step {
		if v := col[i]; v == v {
			s = append(s, v)
		}
	}
	if len(s) == 0 { // missing in every row looked at
		for _, v := range col {
			if v == v {
				s = append(s, v)
			}
		}
	}
	slices.Sort(s)
	at := func(share float64) float64 {
		x := share * float64(len(s)-1)
		i := int(x)
		if i+1 >= len(s) {
			return float64(s[i])
		}
		a, b := float64(s[i]), float64(s[i+1])
		return a + float64((b-a)*(x-float64(i)))
	}
	return at(0.25), at(0.5), at(0.75)
}

// index sets the column positions and names from the parts.
func (e *Encoder) index() {
	e.names = nil
	for i := range e.parts {
		p := &e.parts[i]
		p.first = len(e.names)
		if p.Scale != 0 {
			e.names = append(e.names, p.Name)
		}
		for k := range p.Kept {
			e.names = append(e.names, fmt.Sprintf("%s[%d]", p.Name, k))
		}
		if p.Rare {
			e.names = append(e.names, p.Name+"[rare]")
		}
		if p.Missing {
			e.names = append(e.names, p.Name+"[missing]")
		}
	}
}

// Cols is the number of dense columns.
func (e *Encoder) Cols() int { return len(e.names) }

// Features is the number of features of the frames that Encode takes.
func (e *Encoder) Features() int { return e.features }

// Names names the dense columns: the feature's name, name[k] for level code k,
// name[rare] for all other levels, name[missing] for the indicator.
func (e *Encoder) Names() []string { return slices.Clone(e.names) }

// Feature returns the frame feature that dense column col was made from.
func (e *Encoder) Feature(col int) int {
	i, found := slices.BinarySearchFunc(e.parts, col, func(p encoderPart, c int) int { return p.first - c })
	if !found {
		i--
	}
	return e.parts[i].Feature
}

// encodeBlock rows at a time are written, so that they stay in the cache while
// the frame's columns pass by.
const encodeBlock = 512

// Encode makes the dense view of a frame with the features that the encoder
// was fitted on, on up to threads goroutines, which end before it returns.
func (e *Encoder) Encode(f *Frame, threads int) *Dense {
	d := &Dense{Rows: f.Rows, Cols: e.Cols(), Sparse: f.Sparse, parts: e.parts, marks: make([]uint8, f.Rows*len(e.parts))}
	for i := range e.parts {
		if e.parts[i].Scale != 0 {
			d.values++
		}
	}
	d.numbers = make([]float32, f.Rows*d.values)
	each((f.Rows+encodeBlock-1)/encodeBlock, threads, func(b int) {
		lo := b * encodeBlock
		hi := min(lo+encodeBlock, f.Rows)
		at := lo * d.values
		for i := range e.parts {
			p := &e.parts[i]
			for r, v := range f.Cols[p.Feature][lo:hi] {
				d.marks[(lo+r)*len(e.parts)+i] = p.mark(v)
			}
			if p.Scale == 0 {
				continue
			}
			for r, v := range f.Cols[p.Feature][lo:hi] {
				d.numbers[at+r*d.values] = p.number(v)
			}
			at++
		}
	})
	return d
}

// Row encodes one row: x holds the features, out the Cols() dense columns.
// Its bits are those of Encode.
func (e *Encoder) Row(x, out []float32) {
	clear(out)
	for i := range e.parts {
		p := &e.parts[i]
		v := x[p.Feature]
		if p.Scale != 0 {
			out[p.first] = p.number(v)
		}
		if mark := p.mark(v); mark != 0 {
			out[p.first+int(mark)-1] = 1
		}
	}
}

// number is a value of a numeric part, standardised; a missing one becomes the median,
// which is zero.
func (p *encoderPart) number(v float32) float32 {
	if v != v {
		return 0
	}
	return float32(squash((float64(v) - p.Center) / p.Scale))
}

// mark is the position, from 1, of the part's column that is 1 for the value; 0 if none is.
func (p *encoderPart) mark(v float32) uint8 {
	switch k := int(v); {
	case v != v:
		if p.Missing {
			return uint8(p.cols())
		}
	case p.Scale != 0:
	case k >= 0 && k < p.Kept:
		return uint8(k + 1)
	case p.Rare:
		return uint8(p.Kept + 1)
	}
	return 0
}

// squash is the identity in the core and logarithmic in the tails.
func squash(z float64) float64 {
	a := math.Abs(z)
	if a <= coreLimit {
		return z
	}
	return math.Copysign(math.Min(coreLimit+math.Log(a-(coreLimit-1)), tailLimit), z)
}

type encoderJSON struct {
	Features int           `json:"features"`
	Parts    []encoderPart `json:"parts"`
}

// MarshalJSON writes all that Encode needs.
func (e *Encoder) MarshalJSON() ([]byte, error) {
	return json.Marshal(encoderJSON{e.features, e.parts})
}

// UnmarshalJSON reads what MarshalJSON wrote and refuses what cannot have been
// fitted, so that an encoder from anywhere can do no harm.
func (e *Encoder) UnmarshalJSON(b []byte) error {
	var j encoderJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("encoder: %w", err)
	}
	last := -1
	for _, p := range j.Parts {
		if p.Feature <= last || p.Feature >= j.Features {
			return fmt.Errorf("encoder: feature %d out of order or range", p.Feature)
		}
		if p.Scale < 0 || p.Kept < 0 || p.Kept > maxOneHot || p.Scale != 0 && (p.Kept != 0 || p.Rare) {
			return fmt.Errorf("encoder: feature %d has impossible parameters", p.Feature)
		}
		last = p.Feature
	}
	e.features, e.parts = j.Features, j.Parts
	e.index()
	return nil
}
