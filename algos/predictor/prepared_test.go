package predictor

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

var _ RowPredictor = (*Prepared)(nil)

// preparedCase has the frame and the groups of a statisticsCase, and columns of
// all kinds, some of others.
type preparedCase struct {
	frame   *matrix.Frame
	lookups []Lookup
	columns []Derived
	trees   []Tree
	width   int
}

func newPreparedCase(seed uint64, width int) *preparedCase {
	r := rand.New(rand.NewPCG(seed, 6))
	s := newStatisticsCase(seed, width)
	c := &preparedCase{frame: s.frame, width: width}
	for i := range c.frame.Rows { // quotients that are not finite
		if i%11 == 0 {
			c.frame.Cols[1][i] = 0
		}
	}
	for i := range s.tables {
		t := &s.tables[i]
		l := Lookup{Features: t.Features, Levels: t.Levels, Keys: t.Keys}
		for range t.Values {
			l.Values = append(l.Values, float32(r.NormFloat64()))
		}
		for range t.Default {
			l.Default = append(l.Default, float32(math.NaN()))
		}
		c.lookups = append(c.lookups, l)
	}
	c.columns = []Derived{ // from 5 on
		{OpSum, 0, 1}, {OpDifference, 1, 0}, {OpProduct, 0, 0}, {OpRatio, 0, 1},
		{OpLookup, 0, 1}, {OpLookup, 1, 2}, {OpLookup, 2, 0},
		{OpDifference, 0, 9}, {OpRatio, 12, 5}, {OpLookup, 0, 0},
	}
	for range 9 {
		tree := (&treeCase{shape: shape{leaves: 12, width: width}}).randomTree(r)
		for k := range tree {
			if n := &tree[k]; n.Feature >= 0 {
				n.Feature = int32(r.IntN(statisticsFeatures + len(c.columns) - 1)) // the last column is not read
				n.Threshold = float64(float32(r.NormFloat64()))
			}
		}
		c.trees = append(c.trees, tree)
	}
	return c
}

func (c *preparedCase) make() (*Prepared, error) {
	return NewPrepared(statisticsFeatures, c.lookups, c.columns, NewTrees(c.trees, c.width, nil, Identity))
}

// values are the features of a row by the definition.
func (c *preparedCase) values(row int32) []float64 {
	var x []float64
	for j := range statisticsFeatures {
		x = append(x, float64(c.frame.Cols[j][row]))
	}
	for _, d := range c.columns {
		if d.Op == OpLookup {
			l := &c.lookups[d.A]
			v := l.Default[d.B]
			key := slowKey(&Table{Features: l.Features, Levels: l.Levels}, c.frame, int(row))
			if i, ok := slices.BinarySearch(l.Keys, key); ok {
				v = l.Values[i*len(l.Default)+int(d.B)]
			}
			x = append(x, float64(v))
			continue
		}
		a, b := float32(x[d.A]), float32(x[d.B])
		v := map[Op]float32{OpSum: a + b, OpDifference: a - b, OpProduct: a * b, OpRatio: a / b}[d.Op]
		if math.IsInf(float64(v), 0) {
			v = float32(math.NaN())
		}
		x = append(x, float64(v))
	}
	return x
}

func TestPreparedAgreesWithDefinition(t *testing.T) {
	t.Parallel()
	for _, width := range []int{1, 3} {
		c := newPreparedCase(uint64(width), width)
		p, err := c.make()
		if err != nil {
			t.Fatal(err)
		}
		rows := make([]int32, c.frame.Rows)
		var want []float32
		for i := range rows {
			rows[i] = int32(i * 31 % len(rows))
			sum := definedTrees(&treeCase{shape: shape{width: width}, trees: c.trees, base: make([]float64, width)}, c.values(rows[i]))
			for _, v := range sum {
				want = append(want, float32(v))
			}
		}
		m := matrix.New(c.frame, nil, 1)
		got := make([]float32, len(want))
		p.Predict(m, rows, got)
		check(t, "Predict", want, got)
		for i, r := range rows {
			p.PredictOne(&Row{Features: exactRow(c.frame, r)}, got[i*width:(i+1)*width])
		}
		check(t, "PredictOne", want, got)
		all := make([]int32, len(rows))
		for i := range all {
			all[i] = int32(i)
		}
		p.Trees().Predict(p.Expand(m, rows), all, got)
		check(t, "the trees on expanded rows", want, got)
		b := p.Append(nil)
		read, err := Decode(kindPrepared, b, Inputs{Raw: statisticsFeatures})
		if err != nil {
			t.Fatal(err)
		}
		read.Predict(m, rows, got)
		check(t, "Decode", want, got)
		if d := cmp.Diff(b, read.Append(nil)); d != "" {
			t.Errorf("the binary form changes when read: %s", d)
		}
	}
}

func TestPreparedRowsAllocateNothing(t *testing.T) {
	c := newPreparedCase(1, 1)
	p, err := c.make()
	if err != nil {
		t.Fatal(err)
	}
	row, out := Row{Features: exactRow(c.frame, 3)}, make([]float32, 1)
	// What PredictOne does but for taking s from a pool, which may be emptied at any time.
	s := p.newRow()
	if n := testing.AllocsPerRun(200, func() { p.one(s, &row, out) }); n > 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func TestPreparedSources(t *testing.T) {
	t.Parallel()
	p, err := newPreparedCase(1, 1).make()
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range map[int32][]int32{1: {1}, 5: {0, 1}, 7: {0}, 9: {2}, 11: {2, 3, 4}, 12: {0, 2}, 13: {0, 1, 2}} {
		if got := p.Sources(i); !slices.Equal(want, got) {
			t.Errorf("feature %d is made of %v, want %v", i, got, want)
		}
	}
}

func TestPreparedRefuses(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(*preparedCase){
		"operand of itself":  func(c *preparedCase) { c.columns[0].A = 5 },
		"operand behind":     func(c *preparedCase) { c.columns[0].B = 9 },
		"negative operand":   func(c *preparedCase) { c.columns[0].A = -1 },
		"unknown operation":  func(c *preparedCase) { c.columns[0].Op = ops },
		"table beyond":       func(c *preparedCase) { c.columns[4].A = 3 },
		"negative table":     func(c *preparedCase) { c.columns[4].A = -1 },
		"column beyond":      func(c *preparedCase) { c.columns[4].B = 2 },
		"negative column":    func(c *preparedCase) { c.columns[4].B = -1 },
		"column not there":   func(c *preparedCase) { c.columns = c.columns[:8] },
		"too many columns":   func(c *preparedCase) { c.columns = append(c.columns, make([]Derived, maxDerived)...) },
		"feature beyond":     func(c *preparedCase) { c.lookups[1].Features[1] = statisticsFeatures },
		"key beyond":         func(c *preparedCase) { c.lookups[1].Keys[len(c.lookups[1].Keys)-1] = 501 * 71 },
		"values missing":     func(c *preparedCase) { c.lookups[1].Values = c.lookups[1].Values[1:] },
		"an infinite value":  func(c *preparedCase) { c.lookups[1].Values[0] = float32(math.Inf(1)) },
		"an infinite other":  func(c *preparedCase) { c.lookups[1].Default[0] = float32(math.Inf(-1)) },
		"no column in table": func(c *preparedCase) { c.lookups[1].Default, c.lookups[1].Values = nil, nil },
	} {
		c := newPreparedCase(1, 1)
		damage(c)
		if _, err := c.make(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	p, err := newPreparedCase(1, 1).make()
	if err != nil {
		t.Fatal(err)
	}
	b := p.Append(nil)
	if _, err := decodePrepared(b, statisticsFeatures-1); err == nil {
		t.Error("a frame with too few features is accepted")
	}
	for n := 0; n < len(b); n += 1 + n/50 {
		if _, err := decodePrepared(b[:n], statisticsFeatures); err == nil {
			t.Fatalf("the first %d bytes are accepted", n)
		}
	}
}

func FuzzDecodePrepared(f *testing.F) {
	c := newPreparedCase(1, 1)
	c.trees = c.trees[:1]
	p, err := c.make()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.Append(nil))
	c.lookups, c.columns = nil, c.columns[:4]
	c.trees = []Tree{{{Feature: 8, Threshold: 0.5, Left: 1, Right: 2}, {Feature: -1, Value: []float64{1}}, {Feature: -1, Value: []float64{2}}}}
	if p, err = c.make(); err != nil {
		f.Fatal(err)
	}
	f.Add(p.Append(nil))
	m := matrix.New(c.frame, nil, 1)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodePrepared(b, statisticsFeatures)
		if err != nil {
			return
		}
		if _, err := decodePrepared(p.Append(nil), statisticsFeatures); err != nil {
			t.Fatalf("cannot read what was just written: %v", err)
		}
		if p.Width() > 100 {
			return
		}
		out := make([]float32, 3*p.Width())
		p.Predict(m, []int32{5, 0, 9}, out)
		one := make([]float32, p.Width())
		if p.Predict(m, []int32{9}, one); !slices.Equal(one, out[2*p.Width():]) {
			t.Error("a single row is predicted otherwise")
		}
	})
}
