package matrix

// Dense is the view for linear learners and neural nets: rows×Cols row-major,
// no missing values, plus the frame's sparse block unchanged (nil without
// text).
type Dense struct {
	Rows, Cols int
	X          []float32
	Sparse     *Sparse
}

// Row returns the dense part of row i.
func (d *Dense) Row(i int) []float32 { return d.X[i*d.Cols : (i+1)*d.Cols] }
