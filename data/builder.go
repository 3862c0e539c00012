package data

import "math"

// Builder makes a column of text cells and finds out its kind from all of them:
// Number if every cell that is not missing is a plain number, Time if every one
// of them is read by the same layout, else String. A Builder is for one
// goroutine.
type Builder struct {
	name     string
	text     bool // cells are gathered as text
	noNumber bool
	numbers  int // cells that were numbers
	infinite int
	floats   []float64
	codes    []int32
	dict     []string
	index    map[string]int32
}

// NewBuilder returns a builder of a column; rows is how many cells to expect.
func NewBuilder(name string, rows int) *Builder {
	return &Builder{name: name, floats: make([]float64, 0, rows)}
}

// NewTextBuilder is NewBuilder for cells declared to be text: the column is
// never of kind Number.
func NewTextBuilder(name string, rows int) *Builder {
	return &Builder{name: name, text: true, noNumber: true, codes: make([]int32, 0, rows)}
}

// Append adds a cell, which is copied where it is kept. It returns false, at
// most once, when the cells before were numbers and this one shows that the
// column is text: then all cells are forgotten, this one included, and the
// caller starts again from the first.
func (b *Builder) Append(cell []byte) bool {
	if b.text {
		b.appendText(cell)
		return true
	}
	if v, ok := shortNumber(cell); ok {
		b.numbers++
		b.floats = append(b.floats, v)
		return true
	}
	v, class := parseNumber(cell)
	switch {
	case class == plainNumber:
		b.numbers++
		if math.IsInf(v, 0) {
			b.infinite++
			v = math.NaN()
		}
	case isMissing(cell):
		v = math.NaN()
	default:
		return b.becomeText(cell)
	}
	b.floats = append(b.floats, v)
	return true
}

// becomeText goes over to text. Cells so far that were all missing are kept.
func (b *Builder) becomeText(cell []byte) bool {
	b.text = true
	b.codes = make([]int32, 0, max(cap(b.floats), 1))
	restart := b.numbers > 0
	if !restart {
		for range b.floats {
			b.codes = append(b.codes, -1)
		}
		b.appendText(cell)
	}
	b.floats, b.infinite = nil, 0
	return !restart
}

func (b *Builder) appendText(cell []byte) {
	code, ok := b.index[string(cell)]
	if !ok {
		code = b.newText(cell)
	}
	b.codes = append(b.codes, code)
}

func (b *Builder) newText(cell []byte) int32 {
	if isMissing(cell) {
		return -1
	}
	if b.index == nil {
		b.index = make(map[string]int32)
	}
	s := string(cell)
	code := int32(len(b.dict))
	b.dict = append(b.dict, s)
	b.index[s] = code
	return code
}

// Column returns the column; the builder is not to be used afterwards. A column
// whose cells are all missing is of kind Number.
func (b *Builder) Column() *Column {
	if len(b.dict) == 0 && !b.noNumber {
		return b.number()
	}
	if times, layout, ok := inferTimes(b.dict); ok {
		c := &Column{Name: b.name, Kind: Time, Layout: layout, Times: make([]int64, len(b.codes))}
		for i, code := range b.codes {
			c.Times[i] = MissingTime
			if code >= 0 {
				c.Times[i] = times[code]
			}
		}
		return c
	}
	return &Column{Name: b.name, Kind: String, Codes: b.codes, Dict: b.dict}
}

func (b *Builder) number() *Column {
	return &Column{Name: b.name, Kind: Number, Floats: b.floats, Infinite: b.infinite}
}
