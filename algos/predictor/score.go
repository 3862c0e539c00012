package predictor

import (
	"github.com/seed-09a2cce4/automl/data/matrix"
)

const (
	// blockBytes bounds the slots of a block of rows, and its sums, which should
	// stay in the cache while all trees pass over them.
	blockBytes = 1 << 18
	// maxGroups bounds the groups of lanes in a block. The larger a block, the
	// less often the trees, which may be far larger, come from memory.
	maxGroups = 256
)

// source is where the values of rows come from: double precision where it is
// there.
type source struct {
	cols  [][]float32
	exact [][]float64
}

func sourceOf(m *matrix.Matrix) source { return source{m.Frame.Cols, m.Frame.Exact} }

func (s *source) gather(feature int32, rows *[lanes]int32, v *[lanes]float64) {
	if s.exact != nil {
		col := s.exact[feature]
		for k, r := range rows {
			v[k] = col[r]
		}
		return
	}
	col := s.cols[feature]
	for k, r := range rows {
		v[k] = float64(col[r])
	}
}

func (s *source) at(feature, row int32) float64 {
	if s.exact != nil {
		return s.exact[feature][row]
	}
	return float64(s.cols[feature][row])
}

// scratch is the memory of one scoring call.
type scratch struct {
	x   []uint32        // slots of a row
	xs  [][lanes]uint32 // slots of a group of rows, group after group
	sum []float64       // width values a row
	at  [lanes]uint32   // cells

	byClass []float64 // sums of plain trees, class after class
	mask    maskScratch
}

func (t *Trees) get() *scratch {
	if s, ok := t.scratch.Get().(*scratch); ok {
		return s
	}
	return new(scratch)
}

// spare is the number of slots behind those in use, so that a group can be seen
// as an array of a fixed size.
const spare = maxMixedSlots

// Predict implements Predictor. The frame must have the features of the trees.
func (t *Trees) Predict(m *matrix.Matrix, rows []int32, out []float32) {
	n, w := t.leavesPerSum(), t.width
	t.sums(m, rows, func(from int, sum []float64) {
		for i := 0; i < len(sum); i += w {
			t.out.Apply(sum[i:i+w], n, out[from*w+i:from*w+i+w])
		}
	})
}

// PredictExact is Predict with outputs in double precision: what the formulas
// of the link give, without the bounds that Predict sets. It reads m.Frame.Exact
// where that is there.
func (t *Trees) PredictExact(m *matrix.Matrix, rows []int32, out []float64) {
	n, w := t.leavesPerSum(), t.width
	t.sums(m, rows, func(from int, sum []float64) {
		for i := 0; i < len(sum); i += w {
			t.out.Exact(sum[i:i+w], n)
		}
		copy(out[from*w:], sum)
	})
}

// sums adds up the trees for the rows, block by block; use gets the place of a
// block's first row and the sums, which it may overwrite.
func (t *Trees) sums(m *matrix.Matrix, rows []int32, use func(from int, sum []float64)) {
	s := t.get()
	defer t.scratch.Put(s)
	slots := len(t.plan.slots)
	groups := t.groups(len(rows))
	s.xs = grow(s.xs, groups*slots+spare)
	s.sum = grow(s.sum, groups*lanes*t.width)
	for from := 0; from < len(rows); from += groups * lanes {
		block := rows[from:min(from+groups*lanes, len(rows))]
		t.block(sourceOf(m), block, s)
		use(from, s.sum[:len(block)*t.width])
	}
}

// groups is the number of groups of lanes in a block.
func (t *Trees) groups(rows int) int {
	most := min(maxGroups, blockBytes/(4*lanes*len(t.plan.slots)), blockBytes/(8*lanes*t.width))
	return min(max(1, most), (rows+lanes-1)/lanes)
}

// block adds up all trees for a block of rows: each tree passes over the rows
// while both are in the cache.
func (t *Trees) block(src source, rows []int32, s *scratch) {
	slots := len(t.plan.slots)
	groups := (len(rows) + lanes - 1) / lanes
	for g := range groups {
		t.plan.expandGroup(src, rows[g*lanes:min((g+1)*lanes, len(rows))], s.xs[g*slots:(g+1)*slots])
	}
	masked, stride := t.spread(len(rows), s)
	if t.plain() {
		t.addNumbers(len(rows), masked, stride, s)
		return
	}
	for i := range groups * lanes {
		copy(s.sum[i*t.width:], t.base)
	}
	for i := range t.levels {
		mask := masked != nil && masked[i].suits()
		if mask {
			masked[i].part(&s.mask, stride)
		}
		for g := range groups {
			if mask {
				for k := range s.at {
					s.at[k] = masked[i].cells[s.mask.leaves[g*lanes+k]]
				}
			} else {
				t.walk(i, g, s)
			}
			sum := s.sum[g*lanes*t.width : (g+1)*lanes*t.width]
			if t.linearOf != nil {
				t.addLinear(i, src, rows[g*lanes:min((g+1)*lanes, len(rows))], &s.at, sum)
				continue
			}
			for k, c := range s.at {
				t.addVector(c, sum[k*t.width:(k+1)*t.width])
			}
		}
	}
}

// spread prepares for maskTrees, which it returns with the bytes of a span; nil where they
// are not for so many rows.
func (t *Trees) spread(rows int, s *scratch) (masked []maskTree, stride int) {
	if rows < maskRows || t.masks() == nil {
		return nil, 0
	}
	spans := (rows + span - 1) / span
	stride = (len(t.plan.slots) + t.setSlots) * span
	s.mask.slots = grow(s.mask.slots, spans*stride)
	s.mask.leaves = grow(s.mask.leaves, spans*span)
	t.plan.spread(s.xs, (rows+lanes-1)/lanes, stride, s.mask.slots)
	return t.masked, stride
}

// walk takes a group of rows to their leaves of tree i.
func (t *Trees) walk(i, group int, s *scratch) {
	slots := len(t.plan.slots)
	xs := s.xs[group*slots : (group+1)*slots+spare]
	root, levels := t.roots[i], t.levels[i]
	switch {
	case t.packed != nil:
		walkRows(t.packed, root, levels, (*[maxSlots][lanes]uint32)(xs), &s.at)
	case t.mixed != nil:
		walkRowsMixed(t.mixed, t.plan.bits, root, levels, (*[maxMixedSlots][lanes]uint32)(xs), &s.at)
	default:
		walkRowsWide(t.wide, t.plan.bits, root, levels, xs, &s.at)
	}
}

// addNumbers adds up plain trees.
func (t *Trees) addNumbers(rows int, masked []maskTree, stride int, s *scratch) {
	padded := (rows + span - 1) / span * span
	s.byClass = grow(s.byClass, t.width*padded)
	for class, base := range t.base {
		for i := range padded {
			s.byClass[class*padded+i] = base
		}
	}
	for i := range t.levels {
		sum := s.byClass[i%t.width*padded:][:padded]
		if masked != nil && masked[i].suits() {
			masked[i].part(&s.mask, stride)
			masked[i].add(s.mask.leaves, sum)
			continue
		}
		for from := 0; from < rows; from += lanes {
			t.walk(i, from/lanes, s)
			t.addLeaves(&s.at, (*[lanes]float64)(sum[from:]))
		}
	}
	for i := range rows {
		for class := range t.width {
			s.sum[i*t.width+class] = s.byClass[class*padded+i]
		}
	}
}

// addLeaves adds the leaves of eight rows to their sums.
func (t *Trees) addLeaves(at *[lanes]uint32, sum *[lanes]float64) {
	if v := t.values.single; v != nil {
		for k, c := range at {
			sum[k] += float64(v[c])
		}
		return
	}
	v := t.values.double
	for k, c := range at {
		sum[k] += v[c]
	}
}

// addVector adds a leaf's values to those of a row.
func (t *Trees) addVector(c uint32, sum []float64) {
	at := int(t.offset[c])
	if v := t.values.single; v != nil {
		for k, f := range v[at : at+len(sum)] {
			sum[k] += float64(f)
		}
		return
	}
	for k, f := range t.values.double[at : at+len(sum)] {
		sum[k] += f
	}
}

// addLinear adds the leaves of tree i, some of which are linear, for up to
// eight rows.
func (t *Trees) addLinear(i int, src source, rows []int32, at *[lanes]uint32, sum []float64) {
	for k, r := range rows {
		t.addAny(i, at[k], func(f int32) float64 { return src.at(f, r) }, sum[k*t.width:(k+1)*t.width])
	}
}

// addAny adds a leaf of tree i of any form; x gives the row's values.
func (t *Trees) addAny(i int, c uint32, x func(feature int32) float64, sum []float64) {
	if t.linearOf != nil && t.linearOf[c] > 0 {
		if v, ok := t.linear[t.linearOf[c]-1].value(x); ok {
			sum[i%t.width] += v
			return
		}
	}
	if t.vector {
		t.addVector(c, sum)
		return
	}
	sum[i%t.width] += t.values.at(int(c))
}

// value is the model's, false if one of its inputs is NaN.
func (m *LeafModel) value(x func(feature int32) float64) (float64, bool) {
	sum := m.Const
	for k, f := range m.Features {
		v := x(f)
		if v != v {
			return 0, false
		}
		sum += float64(m.Coef[k] * v)
	}
	return sum, true
}

// PredictRow scores one row, x being its values by frame feature, and writes
// Width values to out: those of PredictExact. After the first calls it allocates
// nothing.
func (t *Trees) PredictRow(x, out []float64) {
	t.Margin(x, out)
	t.out.Exact(out[:t.width], t.leavesPerSum())
}

// PredictOne implements RowPredictor.
func (t *Trees) PredictOne(r *Row, out []float32) {
	s := t.get()
	s.sum = grow(s.sum, t.width)
	t.margin(r.Features, s, s.sum)
	t.out.Apply(s.sum, t.leavesPerSum(), out[:t.width])
	t.scratch.Put(s)
}

// Margin is PredictRow without the link: base plus the sum of the leaves.
func (t *Trees) Margin(x, out []float64) {
	s := t.get()
	t.margin(x, s, out[:t.width])
	t.scratch.Put(s)
}

func (t *Trees) margin(x []float64, s *scratch, sum []float64) {
	s.x = grow(s.x, len(t.plan.slots)+spare)
	t.plan.expandRow(x, s.x)
	copy(sum, t.base)
	for i := 0; i < len(t.levels); i += lanes {
		n := min(lanes, len(t.levels)-i)
		levels := int32(0)
		for k := range s.at {
			s.at[k] = t.roots[i+min(k, n-1)]
			levels = max(levels, t.levels[i+min(k, n-1)])
		}
		switch {
		case t.packed != nil:
			walkTrees(t.packed, levels, (*[maxSlots]uint32)(s.x), &s.at)
		case t.mixed != nil:
			walkTreesMixed(t.mixed, t.plan.bits, levels, (*[maxMixedSlots]uint32)(s.x), &s.at)
		default:
			walkTreesWide(t.wide, t.plan.bits, levels, s.x, &s.at)
		}
		switch {
		case t.linearOf != nil:
			for k := range n {
				t.addAny(i+k, s.at[k], func(f int32) float64 { return x[f] }, sum)
			}
		case t.vector:
			for k := range n {
				t.addVector(s.at[k], sum)
			}
		default:
			for k := range n {
				sum[(i+k)%len(sum)] += t.values.at(int(s.at[k]))
			}
		}
	}
}

// grow returns a slice of n elements, s itself if it has the room.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
