package predictor

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// TestMasksSuit keeps the comparisons with the definition from passing by walks alone.
func TestMasksSuit(t *testing.T) {
	t.Parallel()
	drawn := func(s shape) *treeCase { return randomCase(rand.New(rand.NewPCG(1, 9)), s) }
	for _, c := range []struct {
		name  string
		trees *treeCase
		suits bool
	}{
		{"numbers", drawn(shape{count: 40, leaves: 31, width: 1}), hasMasks},
		{"few sets", drawn(shape{count: 4, leaves: 31, width: 1, cats: true}), hasMasks},
		{"sets", drawn(shape{count: 20, leaves: 90, width: 1, cats: true, levels: 200}), hasMasks},
		{"vectors", drawn(shape{count: 9, leaves: 30, width: 3, vector: true, cats: true}), hasMasks},
		{"linear leaves", drawn(shape{count: 20, leaves: 31, width: 1, exact: true}), hasMasks},
		{"256 leaves", balancedTrees(3, 256), hasMasks},
		{"too many leaves", balancedTrees(3, 257), false},
		{"too many codes", drawn(shape{count: 20, leaves: 90, width: 1, cats: true, levels: 290}), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := NewTrees(c.trees.trees, c.trees.width, c.trees.base, c.trees.link)
			if masked := p.masks(); slices.ContainsFunc(masked, func(m maskTree) bool { return m.suits() }) != c.suits {
				t.Errorf("%d trees in the form for many rows, want any: %v", len(masked), c.suits)
			}
		})
	}
}

// TestMasksOfAnyRows compares blocks of every number of rows with single rows.
func TestMasksOfAnyRows(t *testing.T) {
	t.Parallel()
	c := randomCase(rand.New(rand.NewPCG(2, 9)), shape{count: 30, leaves: 40, width: 2, cats: true, levels: 200})
	p := NewTrees(c.trees, c.width, c.base, c.link)
	var rows []int32
	m := matrix.New(c.frame, nil, 1)
	for n := range 3*span + 1 {
		got := make([]float64, n*c.width)
		p.PredictExact(m, rows, got)
		check(t, "PredictExact", predictRows(p.PredictRow, c, rows), got)
		rows = append(rows, int32(n*7%c.frame.Rows))
	}
}
