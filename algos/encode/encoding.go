package encode

import (
	"cmp"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// Encoding is the smoothed mean of a column of the target within groups.
type Encoding struct {
	Whole []float64 // of each group, from all training rows: what other rows get
	None  float64   // of groups never seen
	// Train is that of each training row, without its own target; NaN where nothing
	// else is left.
	Train []float64
}

// Encode computes the encoding of column c for the groups of the training rows, of which
// there are count: (sum + smooth·mean) / (rows + smooth), weights counting as rows, the
// mean being that of the rows that count.
func (t *Target) Encode(c int, groups []int32, count int, smooth float64, by matrix.By) *Encoding {
	prior := t.sum[c] / t.total
	e := &Encoding{Whole: make([]float64, count), None: prior, Train: make([]float64, len(groups))}
	if by == matrix.ByOthers && t.grouped {
		by = matrix.ByFolds
	}
	sum, rows := make([]float64, count*InnerFolds), make([]float64, count*InnerFolds)
	for i, g := range groups {
		at := int(g)*InnerFolds + t.fold[i]
		sum[at] += float64(t.Weight[i] * t.Values[c][i])
		rows[at] += t.Weight[i]
	}
	for g := range e.Whole {
		s, n := without(sum, rows, g, -1)
		e.Whole[g] = Smoothed(s, n, prior, smooth)
	}
	switch by {
	case matrix.ByEarlier:
		t.earlier(e, c, groups, smooth)
	case matrix.ByOthers:
		t.others(e, c, groups, sum, rows, smooth)
	default:
		var apart [InnerFolds]float64
		for g := range e.Whole {
			for f := range apart {
				s, n := without(sum, rows, g, f)
				apart[f] = Smoothed(s, n, t.apart[c][f], smooth)
			}
			copy(sum[g*InnerFolds:], apart[:])
		}
		for i, g := range groups {
			e.Train[i] = sum[int(g)*InnerFolds+t.fold[i]]
		}
	}
	return e
}

// others fills Train from all rows of other units.
func (t *Target) others(e *Encoding, c int, groups []int32, sum, rows []float64, smooth float64) {
	own := make([]float64, t.units)  // sums of the units that come several times
	held := make([]float64, t.units) // and their weights
	for i, u := range t.unit {
		own[u] += float64(t.Weight[i] * t.Values[c][i])
		held[u] += t.Weight[i]
	}
	for i, g := range groups {
		u := t.unit[i] // copies of a row are in one group, as they are equal
		prior := ratio(t.sum[c]-own[u], t.total-held[u], math.NaN())
		s, n := without(sum, rows, int(g), -1)
		e.Train[i] = Smoothed(s-own[u], n-held[u], prior, smooth)
	}
}

// earlier fills Train from the units that come before in the random order.
func (t *Target) earlier(e *Encoding, c int, groups []int32, smooth float64) {
	order := make([]int, len(groups))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(t.unit[a], t.unit[b]), cmp.Compare(a, b)) })
	sum, rows := make([]float64, len(e.Whole)), make([]float64, len(e.Whole))
	var all, n float64
	for lo := 0; lo < len(order); {
		hi := lo
		for ; hi < len(order) && t.unit[order[hi]] == t.unit[order[lo]]; hi++ {
			i := order[hi]
			e.Train[i] = Smoothed(sum[groups[i]], rows[groups[i]], ratio(all, n, math.NaN()), smooth)
		}
		for _, i := range order[lo:hi] {
			w := t.Weight[i]
			wv := float64(w * t.Values[c][i])
			sum[groups[i]] += wv
			rows[groups[i]] += w
			all, n = all+wv, n+w
		}
		lo = hi
	}
}

// without adds up what all folds but one have of a group.
func without(sum, rows []float64, group, fold int) (s, n float64) {
	for f := range InnerFolds {
		if f != fold {
			s += sum[group*InnerFolds+f]
			n += rows[group*InnerFolds+f]
		}
	}
	return s, n
}

// Smoothed is the mean of a number of rows with this sum, drawn towards prior as if smooth
// more rows had that.
func Smoothed(sum, rows, prior, smooth float64) float64 {
	if rows+smooth <= 1e-9 {
		return prior
	}
	return (sum + float64(smooth*prior)) / (rows + smooth)
}
