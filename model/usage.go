package model

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// Usage is the share that an input column has in what the trees of a model do.
type Usage struct {
	Column string  `json:"column"`
	Share  float64 `json:"share"`
}

// UsageKind says what is counted.
type UsageKind string

// Kinds of Usage.
const (
	// ByGain counts the loss that the tests on a column saved in training.
	ByGain UsageKind = "gain"
	// BySplits counts the tests on a column.
	BySplits UsageKind = "split"
)

// Usage says how much the trees of a model make of each input column, the most
// used first. The shares sum to 1: each member's gains or tests are divided by
// their sum, since losses have different units, and members count by their
// weight. A test on a feature made of several columns counts for each of them
// in equal parts. known is the part of the ensemble's weight that the shares
// come from: members without trees, or whose trees do not know their gains,
// have none. It fails where no member has any.
//
// Both numbers are about training: they favour columns of many values, and say
// nothing of rows the model has not seen (Importance does).
func (m *Model) Usage(kind UsageKind) (list []Usage, known float64, err error) {
	if kind != ByGain && kind != BySplits {
		return nil, 0, fmt.Errorf("usage %q: there are %q and %q", kind, ByGain, BySplits)
	}
	columns := m.spec.Pipeline.Columns()
	shares := make([]float64, len(columns))
	features := sourcesOf(m.spec.Pipeline.Features(), columns)
	for _, mem := range m.spec.Members {
		amounts := usedBy(mem.Predictor, features, kind, len(columns))
		total := 0.0
		for _, v := range amounts {
			total += v
		}
		if !(total > 0) {
			continue
		}
		known += mem.Weight
		for c, v := range amounts {
			shares[c] += float64(mem.Weight * v / total)
		}
	}
	if known == 0 {
		return nil, 0, fmt.Errorf("no member of the model has trees that know the %s of their tests", kind)
	}
	for c, name := range columns {
		list = append(list, Usage{name, shares[c] / known})
	}
	slices.SortStableFunc(list, func(a, b Usage) int { return cmp.Compare(b.Share, a.Share) })
	return list, known, nil
}

// usedBy is what a predictor makes of each column, nil if it has no trees.
func usedBy(p predictor.Predictor, features [][]int, kind UsageKind, columns int) []float64 {
	trees, ok := p.(*predictor.Trees)
	if s, virtual := p.(predictor.Expanded); virtual {
		trees, ok = s.Trees(), true
		features = virtualSources(s, features)
	}
	if !ok {
		return nil
	}
	splits, gain := trees.Usage(len(features))
	amounts := splits
	if kind == ByGain {
		amounts = gain
	}
	out := make([]float64, columns)
	for f, v := range amounts {
		for _, c := range features[f] {
			out[c] += v / float64(len(features[f]))
		}
	}
	return out
}
