package ebm

// term is a table that is boosted: of a feature or of a pair.
type term struct {
	axes   []int // features: numbers of their terms
	cells  int
	narrow []uint8  // cell of each training row, of features
	wide   []uint16 // the same of pairs
	first  *axis
	second *axis     // nil for single features
	weight []float64 // of the rows of each cell
}

// single makes the term of an axis.
func (f *fit) single(i int) *term {
	a := f.axes[i]
	return &term{axes: []int{i}, cells: a.bins, narrow: a.column, first: a}
}

// pair makes the term of two axes; cell i·bins+j is bin i of the first, j of the second.
func (f *fit) pair(i, j int) *term {
	a, b := f.coarse[i], f.coarse[j]
	t := &term{axes: []int{i, j}, cells: a.bins * b.bins, wide: make([]uint16, len(f.rows)), first: a, second: b}
	for r, bin := range a.column {
		t.wide[r] = uint16(int(bin)*b.bins + int(b.column[r]))
	}
	return t
}

// count adds up the rows of each cell that have weight.
func (t *term) count(w []float32) []int32 {
	out := make([]int32, t.cells)
	for i, v := range w {
		if v > 0 {
			out[t.cell(i)]++
		}
	}
	return out
}

// weigh adds up the weights of the rows of each cell.
func (t *term) weigh(w []float32) {
	t.weight = make([]float64, t.cells)
	for i, v := range w {
		t.weight[t.cell(i)] += float64(v)
	}
}

// cell of a training row.
func (t *term) cell(row int) int {
	if t.second == nil {
		return int(t.narrow[row])
	}
	return int(t.wide[row])
}
