package featurize

import (
	"fmt"
	"slices"
	"sort"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// discretise makes a category of a number: the bin it falls in, of about equally many
// training values or equally wide.
type discretise struct {
	ofColumn
	// Edges, ascending, divide the bins; a value on an edge is above it.
	Edges []float64 `json:"edges"`
}

// discretiseParams are the parameters of a discretise step: Bins is 2 to 256 (10 by
// default), By quantile or width.
type discretiseParams struct {
	Bins int    `json:"bins"`
	By   string `json:"by"`
}

const maxDiscrete = 256

func (p *discretiseParams) check() error {
	if p.Bins < 2 || p.Bins > maxDiscrete || p.By != "quantile" && p.By != "width" {
		return fmt.Errorf("bins %d by %q: use 2 to %d, by quantile or width", p.Bins, p.By, maxDiscrete)
	}
	return nil
}

func (p *discretiseParams) fit(f Fitting) (Transform, error) {
	t := &discretise{ofColumn: ofColumn{f.col.Name}, Edges: []float64{}}
	values := trainingNumbers(f)
	for k := 1; k < p.Bins && len(values) > 0; k++ {
		share := float64(k) / float64(p.Bins)
		edge := quantileOf(values, share)
		if lo, hi := values[0], values[len(values)-1]; p.By == "width" {
			edge = lo + float64(share*(hi-lo))
		}
		if edge > values[0] && !slices.Contains(t.Edges, edge) {
			t.Edges = append(t.Edges, edge)
		}
	}
	return t, t.ready()
}

func (t *discretise) ready() error {
	if !slices.IsSorted(t.Edges) || len(t.Edges) >= maxDiscrete {
		return fmt.Errorf("column %q: its edges are out of order or too many", t.Column)
	}
	return finiteState(t.Column, 1, t.Edges...)
}

func (t *discretise) Kind() string { return "discretise" }

func (t *discretise) Features() []matrix.Feature {
	fs := one(t.Column+".bin", t.Column)
	fs[0].Levels = len(t.Edges) + 1
	return fs
}

func (t *discretise) Row(in []Cell, out []float32, _ *Entries) error {
	return rowOfNumber(in, out, func(v float64) float64 {
		return float64(sort.Search(len(t.Edges), func(i int) bool { return t.Edges[i] > v }))
	})
}
