package predictor

import (
	"fmt"
	"slices"
	"sync"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// kindStatistics tags Statistics predictors.
const kindStatistics = "statistics"

const (
	// maxTableFeatures bounds the categories that are combined in a table.
	maxTableFeatures = 16
	// maxLevels is where the codes of a float32 column stop being exact.
	maxLevels = 1 << 24
	// maxVirtual bounds the columns of all tables.
	maxVirtual = 1 << 16
	// statisticRows is the number of rows that are expanded at a time.
	statisticRows = 256
)

// Table has what the training rows said of each group, a group being the rows
// with the same levels of some categorical features. A column of a table is one
// statistic, quantised to a small number.
type Table struct {
	// Features are the categorical features, ascending; Levels their numbers of
	// levels. Missing and unknown codes count as one level more.
	Features []int32
	Levels   []int32
	// Keys are the groups that were seen, ascending: the codes of a group as the
	// digits of a number, that of the first feature leading, with Levels[i]+1 as
	// the base of digit i. The product of the bases is below 2^63.
	Keys []uint64
	// Values holds the columns of each group, len(Keys)×len(Default); Default
	// those of groups never seen.
	Values  []uint8
	Default []uint8
}

// Statistics is a sum of trees over the features of a frame and, behind them,
// virtual features: the columns of tables of target statistics, in order.
type Statistics struct {
	features int
	tables   []table
	owner    []int32 // table of each virtual feature
	trees    *Trees
	used     []int32 // frame features that trees read

	scratch sync.Pool // *expansion
	rows    sync.Pool // *[]float64
}

// table is a Table with an index of its keys.
type table struct {
	Table
	index keyIndex
}

// expansion is the memory of one block of rows.
type expansion struct {
	frame *matrix.Frame
	m     *matrix.Matrix
	rows  []int32
	group []int32
}

// NewStatistics makes a predictor for frames of the given number of features.
// The trees, width, base and link are those of [NewTrees]; feature features+i of
// the trees is the i-th column of all tables. The tables are kept. A table that
// breaks the rules of its fields, or a tree that names a feature beyond the
// last, is an error.
func NewStatistics(features int, tables []Table, trees []Tree, width int, base []float64, link Link) (*Statistics, error) {
	s := &Statistics{features: features}
	for i := range tables {
		if err := s.add(tables[i]); err != nil {
			return nil, fmt.Errorf("table %d: %w", i, err)
		}
	}
	for i, t := range trees {
		for k := range t {
			if int(t[k].Feature) >= features+len(s.owner) {
				return nil, fmt.Errorf("tree %d reads feature %d of %d", i, t[k].Feature, features+len(s.owner))
			}
		}
	}
	s.setTrees(NewTrees(trees, width, base, link))
	return s, nil
}

func (s *Statistics) setTrees(t *Trees) {
	s.trees = t
	for _, j := range t.features() {
		if int(j) < s.features {
			s.used = append(s.used, j)
		}
	}
}

func (s *Statistics) add(t Table) error {
	size, err := t.check(s.features)
	if err != nil {
		return err
	}
	if len(s.owner)+len(t.Default) > maxVirtual {
		return fmt.Errorf("more than %d columns", maxVirtual)
	}
	for range t.Default {
		s.owner = append(s.owner, int32(len(s.tables)))
	}
	s.tables = append(s.tables, table{t, newKeyIndex(t.Keys, size)})
	return nil
}

// check returns the number of possible groups.
func (t *Table) check(features int) (uint64, error) {
	size, err := checkKeys(features, t.Features, t.Levels, t.Keys)
	if err != nil {
		return 0, err
	}
	if len(t.Default) == 0 || len(t.Values) != len(t.Keys)*len(t.Default) {
		return 0, fmt.Errorf("%d values for %d groups of %d columns", len(t.Values), len(t.Keys), len(t.Default))
	}
	return size, nil
}

// value is column c of a group.
func (t *table) value(group int32, c int) uint8 {
	if group < 0 {
		return t.Default[c]
	}
	return t.Values[int(group)*len(t.Default)+c]
}

// Kind is "statistics".
func (s *Statistics) Kind() string { return kindStatistics }

// View is matrix.Raw.
func (s *Statistics) View() matrix.View { return matrix.Raw }

// Width is the number of values a row gets.
func (s *Statistics) Width() int { return s.trees.width }

// Trees are the trees over frame features and virtual ones.
func (s *Statistics) Trees() *Trees { return s.trees }

// Virtual is the number of columns of all tables.
func (s *Statistics) Virtual() int { return len(s.owner) }

// Tables are the tables of statistics, not to be changed.
func (s *Statistics) Tables() []Table {
	out := make([]Table, len(s.tables))
	for i := range s.tables {
		out[i] = s.tables[i].Table
	}
	return out
}

// Sources are the frame's features that feature i of the trees is made of: of a
// frame's feature itself, of a virtual one those of its table.
func (s *Statistics) Sources(i int32) []int32 {
	if int(i) < s.features {
		return []int32{i}
	}
	return slices.Clone(s.tables[s.owner[int(i)-s.features]].Features)
}

// Expand makes a matrix of the given rows, in their order, with the features
// that the trees read: those of the frame and the virtual ones behind them. The
// columns that no tree reads are zero.
func (s *Statistics) Expand(m *matrix.Matrix, rows []int32) *matrix.Matrix {
	e := s.expansion(len(rows))
	s.expand(m, rows, e)
	zero := make([]float32, len(rows))
	for j, c := range e.frame.Cols {
		if c == nil {
			e.frame.Cols[j] = zero
		}
	}
	return e.m
}

func (s *Statistics) expansion(rows int) *expansion {
	n := s.features + len(s.owner)
	f := &matrix.Frame{Rows: rows, Features: make([]matrix.Feature, n), Cols: make([][]float32, n)}
	for _, j := range s.used {
		f.Cols[j] = make([]float32, rows)
	}
	for i := range s.owner {
		f.Cols[s.features+i] = make([]float32, rows)
	}
	e := &expansion{frame: f, m: matrix.New(f, nil, 1), rows: make([]int32, rows), group: make([]int32, rows)}
	for i := range e.rows {
		e.rows[i] = int32(i)
	}
	return e
}

func (s *Statistics) expand(m *matrix.Matrix, rows []int32, e *expansion) {
	for _, j := range s.used {
		from, to := m.Frame.Cols[j], e.frame.Cols[j]
		for i, r := range rows {
			to[i] = from[r]
		}
	}
	at := s.features
	for k := range s.tables {
		t := &s.tables[k]
		t.index.groups(t.Features, t.Levels, m.Frame.Cols, rows, e.group)
		for c := range t.Default {
			to := e.frame.Cols[at]
			for i := range rows {
				to[i] = float32(t.value(e.group[i], c))
			}
			at++
		}
	}
}

// PredictOne implements RowPredictor.
func (s *Statistics) PredictOne(r *Row, out []float32) {
	x, ok := s.rows.Get().(*[]float64)
	if !ok {
		x = new([]float64)
	}
	defer s.rows.Put(x)
	*x = append((*x)[:0], r.Features[:s.features]...)
	for k := range s.tables {
		t := &s.tables[k]
		group := t.index.group(t.Features, t.Levels, r.Features)
		for c := range t.Default {
			*x = append(*x, float64(t.value(group, c)))
		}
	}
	s.trees.PredictOne(&Row{Features: *x}, out)
}

// Predict implements Predictor. The frame must have the features that the
// predictor was made for.
func (s *Statistics) Predict(m *matrix.Matrix, rows []int32, out []float32) {
	e, ok := s.scratch.Get().(*expansion)
	if !ok {
		e = s.expansion(statisticRows)
	}
	defer s.scratch.Put(e)
	width := s.Width()
	for len(rows) > 0 {
		n := min(len(rows), statisticRows)
		s.expand(m, rows[:n], e)
		s.trees.Predict(e.m, e.rows[:n], out[:n*width])
		rows, out = rows[n:], out[n*width:]
	}
}
