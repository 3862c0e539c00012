package model

import (
	"fmt"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// Terms are the tables that an additive member (explainable boosting) is made
// of: what it predicts is the link of the intercepts plus one cell of each table,
// so that they can be plotted as they are. Over the training rows every table has
// mean 0, those of pairs for every bin of either feature.
type Terms struct {
	Trial  int     `json:"trial"` // of the member
	Weight float64 `json:"weight"`
	// Outputs are as in [Explanation]; values are in the unit of the margin, such
	// as log-odds, which for regression is the target's own.
	Outputs    []string    `json:"outputs"`
	Intercepts []float64   `json:"intercepts"` // of each output
	Terms      []TermTable `json:"terms"`
}

// TermTable is a term: a table over the bins of one feature or of two.
type TermTable struct {
	Axes []TermAxis `json:"axes"`
	// Values has, for each output, the cells: cell i of a feature, or cell
	// i·bins+j of a pair, bins being those of the second axis.
	Values [][]float64 `json:"values"`
}

// TermAxis is a feature in bins, of which the last has missing values.
type TermAxis struct {
	Feature string   `json:"feature"`
	Columns []string `json:"columns"` // that the feature is made of
	// Edges of a number: bin i has the values up to Edges[i] that are above
	// Edges[i-1], one more those above the last.
	Edges []float64 `json:"edges,omitempty"`
	// Levels of a category have a bin each; all others count as missing.
	Levels []string `json:"levels,omitempty"`
	Bins   int      `json:"bins"`
}

// Terms lists the tables of all additive members, in the order of the members.
// It fails if there is none.
func (m *Model) Terms() ([]Terms, error) {
	var out []Terms
	for _, mem := range m.spec.Members {
		p, ok := mem.Predictor.(*predictor.Additive)
		if !ok {
			continue
		}
		t := Terms{Trial: mem.Trial, Weight: mem.Weight, Outputs: m.outputs()}
		for _, v := range p.Intercepts() {
			t.Intercepts = append(t.Intercepts, float64(v))
		}
		for _, term := range p.Terms() {
			t.Terms = append(t.Terms, m.termTable(p, &term))
		}
		out = append(out, t)
	}
	if out == nil {
		return nil, fmt.Errorf("no member of the model is additive: fit with the learner ebm alone")
	}
	return out, nil
}

func (m *Model) termTable(p *predictor.Additive, term *predictor.Term) TermTable {
	features := m.spec.Pipeline.Features()
	origins := m.spec.Pipeline.Origins()
	var t TermTable
	for _, a := range term.Axes {
		axis := &p.Axes()[a]
		f := features[axis.Feature]
		x := TermAxis{Feature: f.Name, Columns: f.Sources, Bins: axis.Bins()}
		for _, v := range axis.Edges {
			x.Edges = append(x.Edges, float64(v))
		}
		names := origins[axis.Feature].Levels
		for k := range axis.Levels {
			if k < len(names) {
				x.Levels = append(x.Levels, names[k])
			} else {
				x.Levels = append(x.Levels, fmt.Sprintf("[%d]", k))
			}
		}
		t.Axes = append(t.Axes, x)
	}
	t.Values = make([][]float64, p.Width())
	for i, v := range term.Values {
		k := i % p.Width()
		t.Values[k] = append(t.Values[k], float64(v))
	}
	return t
}
