package gbdt

import (
	"fmt"
	"math"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// feature is a useful column of the binned view.
type feature struct {
	frame       int // its index in the frame
	bins        int // the missing bin included
	offset      int // of its cells in a leaf's histogram
	categorical bool
	levels      int
	edges       []float32
	spec        matrix.BinSpec
	place       matrix.Place
}

// columns are the bins of some rows, in the layouts of matrix.Packed.
type columns struct {
	tiles  [][]uint64 // nil where useless
	wide   [][]uint16
	sparse []*matrix.SparseBlock
}

// rowset is a selection of rows, counted from 0 in its own order: columns and
// targets are gathered, so that a subset reads memory as densely as the whole.
type rowset struct {
	n int
	columns
	y, w []float32 // w nil means ones
}

// usefulFeatures lists the features that can be split at all, and the number of
// cells that their histograms have, but for those of wide features.
func usefulFeatures(m *matrix.Matrix) ([]feature, int) {
	p := m.Packed()
	var out []feature
	cells := 0
	for j, s := range p.Specs {
		if s.Bins < 2 || s.Bins == 2 && !s.HasMissing {
			continue
		}
		f := feature{frame: j, bins: s.Bins, offset: cells, categorical: s.Categorical,
			levels: m.Frame.Features[j].Levels, edges: s.Edges, spec: s, place: p.Places[j]}
		if f.place.Kind != matrix.InWide {
			cells += s.Bins
		}
		out = append(out, f)
	}
	return out, cells
}

// checkData refuses data that a fit could not make sense of.
func checkData(what string, p algos.Problem, d algos.Data) error {
	if d.M == nil {
		return fmt.Errorf("%s data: no matrix", what)
	}
	rows := d.M.Frame.Rows
	if len(d.Y) < rows || d.W != nil && len(d.W) < rows {
		return fmt.Errorf("%s data: %d targets and %d weights for %d rows", what, len(d.Y), len(d.W), rows)
	}
	for _, r := range d.Rows {
		if r < 0 || int(r) >= rows {
			return fmt.Errorf("%s data: row %d of %d", what, r, rows)
		}
		y := float64(d.Y[r])
		if math.IsNaN(y) || math.IsInf(y, 0) {
			return fmt.Errorf("%s data: the target of row %d is %v", what, r, y)
		}
		if p.Task != metrics.Regression && (y < 0 || int(y) >= p.Classes || y != math.Trunc(y)) {
			return fmt.Errorf("%s data: the target of row %d is class %v of %d", what, r, y, p.Classes)
		}
		if d.W == nil {
			continue
		}
		if w := float64(d.W[r]); !(w >= 0) || math.IsInf(w, 0) {
			return fmt.Errorf("%s data: the weight of row %d is %v: use numbers from 0 up", what, r, w)
		}
	}
	return checkSoft(what, p, d)
}

// gatherRows makes a rowset. Where the selection is all rows in order the
// matrix's own columns are shared, and the targets are.
func gatherRows(d algos.Data, features []feature, c crew) *rowset {
	p := d.M.Packed()
	n := len(d.Rows)
	if isWhole(d.Rows, p.Rows) {
		s := &rowset{n: n, y: d.Y[:n:n], columns: columns{p.Tiles, p.Wide, p.Sparse}}
		if d.W != nil {
			s.w = d.W[:n:n]
		}
		return s
	}
	s := &rowset{n: n, y: pick(d.Y, d.Rows), w: pick(d.W, d.Rows)}
	useful := make([]bool, len(p.Tiles))
	for i := range features {
		if at := features[i].place; at.Kind == matrix.InBytes {
			useful[at.Index/8] = true
		}
	}
	s.tiles, s.wide = make([][]uint64, len(p.Tiles)), make([][]uint16, len(p.Wide))
	s.sparse = make([]*matrix.SparseBlock, len(p.Sparse))
	c.run(len(p.Tiles), func(i, _ int) {
		if useful[i] {
			s.tiles[i] = pick(p.Tiles[i], d.Rows)
		}
	})
	c.run(len(p.Wide), func(i, _ int) { s.wide[i] = pick(p.Wide[i], d.Rows) })
	c.run(len(p.Sparse), func(i, _ int) { s.sparse[i] = p.Sparse[i].Pick(d.Rows) })
	return s
}

func isWhole(rows []int32, n int) bool {
	if len(rows) != n {
		return false
	}
	for i, r := range rows {
		if int(r) != i {
			return false
		}
	}
	return true
}

func pick[T any](from []T, rows []int32) []T {
	if from == nil {
		return nil
	}
	out := matrix.Large[T](len(rows))
	for i, r := range rows {
		out[i] = from[r]
	}
	return out
}
