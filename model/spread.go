package model

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Spread says how far answers lie from predicted numbers, by out-of-fold
// residuals: an interval about every prediction, and quantiles.
//
// It is conformal (Vovk et al. 2005; residuals out of fold as in Barber et al.
// 2021, whose CV+ keeps them apart by fold where this takes them together): a bound
// at level p is the ⌈p·(n+1)⌉-th smallest of n residuals, so that a new row's
// answer is below it with probability p or a little more, whatever the model and
// the noise, as long as rows are exchangeable. A prediction is a mean of fold
// models, which errs a little less than each of them: intervals are wide rather
// than narrow. Rows are calibrated in bins of the prediction (Mondrian; Boström
// and Johansson 2020), so that the width goes with the noise where that goes with
// the prediction.
type Spread struct {
	// Edges part the bins, ascending: bin b has the predictions from Edges[b-1] to
	// below Edges[b].
	Edges []float64 `json:"edges,omitempty"`
	// Bounds are added to the predictions of each bin for the interval.
	Bounds [][2]float64 `json:"bounds,omitempty"`
	// Offsets are added for the quantiles, in their order, bin by bin.
	Offsets [][]float64 `json:"offsets,omitempty"`
}

const (
	spreadBins = 10  // at most
	spreadRows = 200 // of a bin at least
	spreadTail = 5   // rows of a bin at least beyond its outermost bound
)

// SpreadRows is how many rows it takes to calibrate an interval (0 for none) and
// quantiles.
func SpreadRows(interval float64, quantiles []float64) int {
	p := outermost(interval, quantiles)
	return max(1, int(math.Ceil(p/(1-p)-1e-6)))
}

// outermost is the level of the bound that is furthest out, from 0.5.
func outermost(interval float64, quantiles []float64) float64 {
	p := (1 + interval) / 2
	for _, q := range quantiles {
		p = max(p, q, 1-q)
	}
	return p
}

// NewSpread calibrates an interval that is to hold that share of the answers (0
// for none) and quantiles (ascending, between 0 and 1) on answers y and
// out-of-fold predictions; w are weights, nil for one each. It fails with fewer
// rows than SpreadRows.
func NewSpread(y, pred, w []float32, share float64, quantiles []float64) (*Spread, error) {
	if need := SpreadRows(share, quantiles); len(y) < need {
		return nil, fmt.Errorf("intervals and quantiles: %d rows to calibrate on are too few: the outermost takes %d", len(y), need)
	}
	order := interval(0, len(y))
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(pred[a], pred[b]) })
	least := max(spreadRows, int(spreadTail/(1-outermost(share, quantiles))))
	size := max(least, len(y)/spreadBins)
	s := &Spread{}
	start := 0
	for i := 1; i <= len(order); i++ {
		if i < len(order) && (i-start < size || len(order)-i < size || pred[order[i]] == pred[order[i-1]]) {
			continue
		}
		s.calibrate(newResiduals(y, pred, w, order[start:i]), share, quantiles)
		if i < len(order) {
			s.Edges = append(s.Edges, float64(pred[order[i]]))
		}
		start = i
	}
	return s, nil
}

// calibrate adds a bin.
func (s *Spread) calibrate(r *residuals, interval float64, quantiles []float64) {
	if interval > 0 {
		p := (1 + interval) / 2
		s.Bounds = append(s.Bounds, [2]float64{r.below(p), r.above(p)})
	}
	if len(quantiles) > 0 {
		offsets := make([]float64, len(quantiles))
		for i, q := range quantiles {
			if q < 0.5 {
				offsets[i] = r.below(1 - q)
			} else {
				offsets[i] = r.above(q)
			}
		}
		s.Offsets = append(s.Offsets, offsets)
	}
}

// residuals are ascending, with the weight of each.
type residuals struct {
	values, weights []float64
	total           float64
}

func newResiduals(y, pred, w []float32, rows []int32) *residuals {
	rows = slices.Clone(rows)
	of := func(i int32) float64 { return float64(y[i]) - float64(pred[i]) }
	slices.SortStableFunc(rows, func(a, b int32) int { return cmp.Compare(of(a), of(b)) })
	r := &residuals{}
	for _, i := range rows {
		weight := 1.0
		if w != nil {
			weight = float64(w[i])
		}
		r.values, r.weights = append(r.values, of(i)), append(r.weights, weight)
		r.total += weight
	}
	return r
}

// wanted is the weight that a bound at level p leaves on its inner side: p of all
// residuals and one more, which is the new row's.
func (r *residuals) wanted(p float64) float64 {
	n := float64(len(r.values))
	return float64(p*r.total*(n+1)/n) - 1e-9*r.total
}

// above is the least residual up to which there is enough weight.
func (r *residuals) above(p float64) float64 {
	sum, want := 0.0, r.wanted(p)
	for i, w := range r.weights {
		if sum += w; sum >= want {
			return r.values[i]
		}
	}
	return r.values[len(r.values)-1]
}

// below is the greatest residual down to which there is enough weight.
func (r *residuals) below(p float64) float64 {
	sum, want := 0.0, r.wanted(p)
	for i, w := range slices.Backward(r.weights) {
		if sum += w; sum >= want {
			return r.values[i]
		}
	}
	return r.values[0]
}

// check reports a spread that does not belong to an interval and quantiles.
func (s *Spread) check(interval float64, quantiles []float64) error {
	if err := checkLevels(interval, quantiles); err != nil {
		return err
	}
	bounds, offsets := 0, 0
	if interval > 0 {
		bounds = len(s.Edges) + 1
	}
	if len(quantiles) > 0 {
		offsets = len(s.Edges) + 1
	}
	if !slices.IsSorted(s.Edges) || len(s.Bounds) != bounds || len(s.Offsets) != offsets {
		return fmt.Errorf("%w: %d bins of intervals, %d of quantiles, %d edges", ErrCorrupt, len(s.Bounds), len(s.Offsets), len(s.Edges))
	}
	for _, b := range s.Bounds {
		if !(b[0] <= b[1]) || math.IsInf(b[1]-b[0], 0) {
			return fmt.Errorf("%w: an interval from %v to %v", ErrCorrupt, b[0], b[1])
		}
	}
	for _, o := range s.Offsets {
		if len(o) != len(quantiles) || !slices.IsSorted(o) || slices.ContainsFunc(o, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
			return fmt.Errorf("%w: quantiles %v", ErrCorrupt, o)
		}
	}
	return nil
}

func checkLevels(interval float64, quantiles []float64) error {
	last := 0.0
	for _, q := range quantiles {
		if !(q > last && q < 1) {
			return fmt.Errorf("%w: quantiles %v", ErrCorrupt, quantiles)
		}
		last = q
	}
	if !(interval >= 0 && interval < 1) {
		return fmt.Errorf("%w: interval %v", ErrCorrupt, interval)
	}
	return nil
}

// add gives predictions their intervals and quantiles.
func (s *Spread) add(p *Predictions, quantiles []float64) {
	n := len(p.Values)
	if len(s.Bounds) > 0 {
		p.Lower, p.Upper = make([]float64, n), make([]float64, n)
	}
	if len(s.Offsets) > 0 {
		p.Levels, p.Quantiles = quantiles, make([]float64, 0, n*len(quantiles))
	}
	for i, v := range p.Values {
		bin, at := slices.BinarySearch(s.Edges, v)
		if at {
			bin++
		}
		if p.Lower != nil {
			p.Lower[i], p.Upper[i] = v+s.Bounds[bin][0], v+s.Bounds[bin][1]
		}
		if p.Levels != nil {
			for _, o := range s.Offsets[bin] {
				p.Quantiles = append(p.Quantiles, v+o)
			}
		}
	}
}
