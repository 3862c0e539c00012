package featurize

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// quantile gives the share of training values below a number, by interpolation
// between quantiles of them, or the standard normal quantile of that share,
// cut at ±5.2.
type quantile struct {
	ofColumn
	Points []float64 `json:"points"` // ascending
	Normal bool      `json:"normal,omitempty"`
}

// quantileParams are the parameters of a quantile step: Points is 2 to 10,000 (100 by
// default), Output uniform or normal.
type quantileParams struct {
	Points int    `json:"points"`
	Output string `json:"output"`
}

func (p *quantileParams) check() error {
	if p.Points < 2 || p.Points > 10_000 || p.Output != "uniform" && p.Output != "normal" {
		return fmt.Errorf("points %d, output %q: use 2 to 10000, and uniform or normal", p.Points, p.Output)
	}
	return nil
}

func (p *quantileParams) fit(f Fitting) (Transform, error) {
	t := &quantile{ofColumn: ofColumn{f.col.Name}, Points: []float64{}, Normal: p.Output == "normal"}
	if values := trainingNumbers(f); len(values) > 0 {
		for k := range p.Points {
			t.Points = append(t.Points, quantileOf(values, float64(k)/float64(p.Points-1)))
		}
	}
	return t, t.ready()
}

func (t *quantile) ready() error {
	if !slices.IsSorted(t.Points) || len(t.Points) == 1 {
		return fmt.Errorf("column %q: its quantiles are out of order or too few", t.Column)
	}
	return finiteState(t.Column, 1, t.Points...)
}

func (t *quantile) Kind() string               { return "quantile" }
func (t *quantile) Features() []matrix.Feature { return one(t.Column+".quantile", t.Column) }

func (t *quantile) Row(in []Cell, out []float32, _ *Entries) error {
	return rowOfNumber(in, out, func(v float64) float64 {
		share := t.share(v)
		if !t.Normal {
			return share
		}
		share = min(max(share, 1e-7), 1-1e-7)
		return math.Sqrt2 * math.Erfinv(2*share-1)
	})
}

// share is the middle of the shares of the points that v equals, or interpolated
// between its neighbours; ½ without points.
func (t *quantile) share(v float64) float64 {
	n := len(t.Points)
	if n == 0 {
		return 0.5
	}
	lo := sort.SearchFloat64s(t.Points, v)
	hi := sort.Search(n, func(i int) bool { return t.Points[i] > v })
	switch last := float64(n - 1); {
	case hi > lo:
		return float64(lo+hi-1) / 2 / last
	case lo == 0:
		return 0
	case lo == n:
		return 1
	default:
		a, b := t.Points[lo-1], t.Points[lo]
		return (float64(lo-1) + (v-a)/(b-a)) / last
	}
}
