package predictor

import (
	"fmt"
	"math"
	"sync"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindPrepared tags Prepared predictors.
const kindPrepared = "prepared"

// Op says how a derived column is made.
type Op uint8

// Operations on two columns, in single precision: x+y, x−y, x·y and x/y. A
// result that is not finite, and that of a missing operand, is missing. OpLookup
// takes the value of a row's group from a table.
const (
	OpSum Op = iota
	OpDifference
	OpProduct
	OpRatio
	OpLookup
	ops
)

// Apply is the operation on two values; it is not for OpLookup.
func (o Op) Apply(x, y float32) float32 {
	switch o {
	case OpSum:
		return finite(x + y)
	case OpDifference:
		return finite(x - y)
	case OpProduct:
		return finite(x * y)
	}
	return finite(x / y)
}

// Columns is Apply on all values of two columns.
func (o Op) Columns(x, y, out []float32) {
	y, out = y[:len(x)], out[:len(x)]
	switch o {
	case OpSum:
		for i, v := range x {
			out[i] = finite(v + y[i])
		}
	case OpDifference:
		for i, v := range x {
			out[i] = finite(v - y[i])
		}
	case OpProduct:
		for i, v := range x {
			out[i] = finite(v * y[i])
		}
	default:
		for i, v := range x {
			out[i] = finite(v / y[i])
		}
	}
}

// finite is v, or NaN where that is not finite: infinity less infinity is NaN.
func finite(v float32) float32 { return v + (v - v) }

// Derived is a column computed from others. Those of the frame come first,
// behind them the derived ones in their order.
type Derived struct {
	Op Op
	// A and B are the operands, columns that come before. For OpLookup A is the
	// table and B its column.
	A, B int32
}

// Lookup has numbers for groups of rows, a group being the rows with the same
// levels of some features. Whole numbers from 0 up may be used as levels of a
// numeric feature.
type Lookup struct {
	// Features, Levels and Keys are those of Table.
	Features, Levels []int32
	Keys             []uint64
	// Values holds the columns of each group, len(Keys)×len(Default); Default
	// those of groups that have no key. They are finite or NaN.
	Values, Default []float32
}

func (l *Lookup) check(features int) (uint64, error) {
	size, err := checkKeys(features, l.Features, l.Levels, l.Keys)
	if err != nil {
		return 0, err
	}
	if len(l.Default) == 0 || len(l.Values) != len(l.Keys)*len(l.Default) {
		return 0, fmt.Errorf("%d values for %d groups of %d columns", len(l.Values), len(l.Keys), len(l.Default))
	}
	for _, list := range [2][]float32{l.Values, l.Default} {
		for _, v := range list {
			if math.IsInf(float64(v), 0) {
				return 0, fmt.Errorf("an infinite value")
			}
		}
	}
	return size, nil
}

// value is column c of a group.
func (l *Lookup) value(group, c int32) float32 {
	if group < 0 {
		return l.Default[c]
	}
	return l.Values[int(group)*len(l.Default)+int(c)]
}

// Prepared is a sum of trees over the features of a frame and, behind them,
// columns that are derived from these.
type Prepared struct {
	features int
	lookups  []Lookup
	index    []keyIndex
	columns  []Derived
	trees    *Trees

	used    []int32   // frame features that are read as numbers
	needed  []int32   // derived columns that trees read, and what these are made of
	tables  []int32   // lookups of those
	scratch sync.Pool // *derivation
	rows    sync.Pool // *preparedRow
}

// preparedRow is the memory of PredictOne.
type preparedRow struct {
	x     []float64
	group []int32 // of each lookup
	row   Row
}

// derivation is the memory of one block of rows.
type derivation struct {
	m     *matrix.Matrix
	rows  []int32
	group [][]int32 // of each lookup that is needed
}

// NewPrepared makes a predictor for frames of the given number of features.
// Feature features+i of the trees is derived column i. All arguments are kept.
// An operand, table or feature out of range is an error.
func NewPrepared(features int, lookups []Lookup, columns []Derived, trees *Trees) (*Prepared, error) {
	p := &Prepared{features: features, lookups: lookups, columns: columns, trees: trees}
	if err := p.ready(); err != nil {
		return nil, err
	}
	return p, nil
}

// maxDerived bounds derived columns, and tables.
const maxDerived = 1 << 12

// ready checks the parts and makes what follows from them.
func (p *Prepared) ready() error {
	if len(p.columns) > maxDerived || len(p.lookups) > maxDerived {
		return fmt.Errorf("%d columns from %d tables, more than %d", len(p.columns), len(p.lookups), maxDerived)
	}
	for i := range p.lookups {
		l := &p.lookups[i]
		size, err := l.check(p.features)
		if err != nil {
			return fmt.Errorf("table %d: %w", i, err)
		}
		p.index = append(p.index, newKeyIndex(l.Keys, size))
	}
	for i, c := range p.columns {
		if err := p.checkColumn(i, c); err != nil {
			return fmt.Errorf("derived column %d: %w", i, err)
		}
	}
	return p.plan()
}

func (p *Prepared) checkColumn(i int, c Derived) error {
	before := p.features + i
	switch {
	case c.Op >= ops:
		return fmt.Errorf("unknown operation %d", c.Op)
	case c.Op != OpLookup && (c.A < 0 || c.B < 0 || int(c.A) >= before || int(c.B) >= before):
		return fmt.Errorf("operands %d and %d of %d columns", c.A, c.B, before)
	case c.Op == OpLookup && (c.A < 0 || int(c.A) >= len(p.lookups)):
		return fmt.Errorf("table %d of %d", c.A, len(p.lookups))
	case c.Op == OpLookup && (c.B < 0 || int(c.B) >= len(p.lookups[c.A].Default)):
		return fmt.Errorf("column %d of %d in its table", c.B, len(p.lookups[c.A].Default))
	}
	return nil
}

// plan finds out which columns have to be there for the trees.
func (p *Prepared) plan() error {
	need := make([]bool, p.features+len(p.columns))
	for _, j := range p.trees.features() {
		if int(j) >= len(need) {
			return fmt.Errorf("the trees read feature %d of %d", j, len(need))
		}
		need[j] = true
	}
	tables := make([]bool, len(p.lookups))
	for i := len(p.columns) - 1; i >= 0; i-- {
		c := p.columns[i]
		switch {
		case !need[p.features+i]:
		case c.Op == OpLookup:
			tables[c.A] = true
		default:
			need[c.A], need[c.B] = true, true
		}
	}
	for j, ok := range need {
		if ok && j < p.features {
			p.used = append(p.used, int32(j))
		} else if ok {
			p.needed = append(p.needed, int32(j-p.features))
		}
	}
	for i, ok := range tables {
		if ok {
			p.tables = append(p.tables, int32(i))
		}
	}
	return nil
}

// Kind is "prepared".
func (p *Prepared) Kind() string { return kindPrepared }

// View is matrix.Raw.
func (p *Prepared) View() matrix.View { return matrix.Raw }

// Width is the number of values a row gets.
func (p *Prepared) Width() int { return p.trees.width }

// Trees are the trees over frame features and derived columns.
func (p *Prepared) Trees() *Trees { return p.trees }

// Virtual is the number of derived columns.
func (p *Prepared) Virtual() int { return len(p.columns) }

// Derived are the derived columns, not to be changed.
func (p *Prepared) Derived() []Derived { return p.columns }

// Lookups are the tables, not to be changed.
func (p *Prepared) Lookups() []Lookup { return p.lookups }

// Sources are the frame's features, ascending, that feature i of the trees is
// made of.
func (p *Prepared) Sources(i int32) []int32 {
	made := make([]bool, max(p.features, int(i)+1)) // of these
	made[i] = true
	for k := int(i) - p.features; k >= 0; k-- {
		c := p.columns[k]
		switch {
		case !made[p.features+k]:
		case c.Op == OpLookup:
			for _, j := range p.lookups[c.A].Features {
				made[j] = true
			}
		default:
			made[c.A], made[c.B] = true, true
		}
	}
	var out []int32
	for j, ok := range made[:p.features] {
		if ok {
			out = append(out, int32(j))
		}
	}
	return out
}

// Expand makes a matrix of the given rows, in their order, with the features
// that the trees read: those of the frame and the derived ones behind them. The
// columns that no tree needs are zero.
func (p *Prepared) Expand(m *matrix.Matrix, rows []int32) *matrix.Matrix {
	d := p.derivation(len(rows))
	p.derive(m, rows, d)
	zero := make([]float32, len(rows))
	for j, c := range d.m.Frame.Cols {
		if c == nil {
			d.m.Frame.Cols[j] = zero
		}
	}
	return d.m
}

func (p *Prepared) derivation(rows int) *derivation {
	n := p.features + len(p.columns)
	f := &matrix.Frame{Rows: rows, Features: make([]matrix.Feature, n), Cols: make([][]float32, n)}
	for _, j := range p.used {
		f.Cols[j] = make([]float32, rows)
	}
	for _, i := range p.needed {
		f.Cols[p.features+int(i)] = make([]float32, rows)
	}
	d := &derivation{m: matrix.New(f, nil, 1), rows: make([]int32, rows), group: make([][]int32, len(p.lookups))}
	for i := range d.rows {
		d.rows[i] = int32(i)
	}
	for _, i := range p.tables {
		d.group[i] = make([]int32, rows)
	}
	return d
}

// derive makes the columns of the given rows.
func (p *Prepared) derive(m *matrix.Matrix, rows []int32, d *derivation) {
	cols, n := d.m.Frame.Cols, len(rows)
	for _, j := range p.used {
		from, to := m.Frame.Cols[j], cols[j][:n]
		for i, r := range rows {
			to[i] = from[r]
		}
	}
	for _, i := range p.tables {
		p.index[i].groups(p.lookups[i].Features, p.lookups[i].Levels, m.Frame.Cols, rows, d.group[i])
	}
	for _, i := range p.needed {
		c, out := p.columns[i], cols[p.features+int(i)][:n]
		if c.Op != OpLookup {
			c.Op.Columns(cols[c.A][:n], cols[c.B][:n], out)
			continue
		}
		l := &p.lookups[c.A]
		for k, g := range d.group[c.A][:n] {
			out[k] = l.value(g, c.B)
		}
	}
}

// Predict implements Predictor. The frame must have the features that the
// predictor was made for.
func (p *Prepared) Predict(m *matrix.Matrix, rows []int32, out []float32) {
	d, ok := p.scratch.Get().(*derivation)
	if !ok {
		d = p.derivation(statisticRows)
	}
	defer p.scratch.Put(d)
	width := p.Width()
	for len(rows) > 0 {
		n := min(len(rows), statisticRows)
		p.derive(m, rows[:n], d)
		p.trees.Predict(d.m, d.rows[:n], out[:n*width])
		rows, out = rows[n:], out[n*width:]
	}
}

// PredictOne implements RowPredictor.
func (p *Prepared) PredictOne(r *Row, out []float32) {
	s, ok := p.rows.Get().(*preparedRow)
	if !ok {
		s = p.newRow()
	}
	p.one(s, r, out)
	p.rows.Put(s)
}

// newRow is memory for PredictOne.
func (p *Prepared) newRow() *preparedRow {
	s := &preparedRow{x: make([]float64, p.features+len(p.columns)), group: make([]int32, len(p.lookups))}
	s.row.Features = s.x
	return s
}

// one is PredictOne in the memory s.
func (p *Prepared) one(s *preparedRow, r *Row, out []float32) {
	copy(s.x, r.Features[:p.features])
	for _, i := range p.tables {
		s.group[i] = p.index[i].group(p.lookups[i].Features, p.lookups[i].Levels, s.x)
	}
	for _, i := range p.needed {
		c, at := p.columns[i], p.features+int(i)
		if c.Op == OpLookup {
			s.x[at] = float64(p.lookups[c.A].value(s.group[c.A], c.B))
		} else {
			s.x[at] = float64(c.Op.Apply(float32(s.x[c.A]), float32(s.x[c.B])))
		}
	}
	p.trees.PredictOne(&s.row, out)
}
