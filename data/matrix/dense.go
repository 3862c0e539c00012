package matrix

// Dense is the view for linear learners and neighbours: rows of Cols numbers, none
// missing, plus the frame's sparse block unchanged (nil without text). It keeps numbers
// as such and what becomes columns of zeros and ones in a byte a feature, so that
// it is no larger for having many columns; Row spreads a row out.
type Dense struct {
	Rows, Cols int
	Sparse     *Sparse

	parts   []encoderPart
	numbers []float32 // Rows×values, of the parts that are numbers, in their order
	values  int
	marks   []uint8 // Rows×len(parts), see encoderPart.mark
}

// Row writes the columns of row i to x, which has room for Cols numbers, and returns them.
func (d *Dense) Row(i int, x []float32) []float32 {
	x = x[:d.Cols]
	clear(x)
	numbers := d.numbers[i*d.values : (i+1)*d.values]
	for k, mark := range d.marks[i*len(d.parts) : (i+1)*len(d.parts)] {
		p := &d.parts[k]
		if p.Scale != 0 {
			x[p.first] = numbers[0]
			numbers = numbers[1:]
		}
		if mark != 0 {
			x[p.first+int(mark)-1] = 1
		}
	}
	return x
}
