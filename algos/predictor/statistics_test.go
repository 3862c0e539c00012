package predictor

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// statisticsCase has two numeric features and three categorical ones, a small
// table that is indexed directly and a large one that is hashed.
type statisticsCase struct {
	frame  *matrix.Frame
	tables []Table
	trees  []Tree
	width  int
}

const statisticsFeatures = 5

var statisticsLevels = [statisticsFeatures]int{0, 0, 3, 500, 70}

func newStatisticsCase(seed uint64, width int) statisticsCase {
	r := rand.New(rand.NewPCG(seed, 5))
	c := statisticsCase{width: width, frame: &matrix.Frame{Rows: 700}}
	for _, levels := range statisticsLevels {
		col := make([]float32, c.frame.Rows)
		for i := range col {
			col[i] = float32(r.NormFloat64())
			if levels > 0 {
				col[i] = float32(r.IntN(levels))
			}
			if r.IntN(9) == 0 {
				col[i] = float32(math.NaN())
			}
		}
		c.frame.Features = append(c.frame.Features, matrix.Feature{Levels: levels})
		c.frame.Cols = append(c.frame.Cols, col)
	}
	c.tables = []Table{
		c.table(r, 2, []int32{2}, 1),
		c.table(r, 3, []int32{3, 4}, 2),
		c.table(r, 1, []int32{2, 3, 4}, 3),
	}
	for range 9 {
		tree := (&treeCase{shape: shape{leaves: 12, width: width}}).randomTree(r)
		for k := range tree {
			if n := &tree[k]; n.Feature >= 0 {
				n.Feature = int32(r.IntN(statisticsFeatures + 6))
				if n.Threshold = float64(float32(r.NormFloat64())); n.Feature >= 2 {
					n.Threshold = float64(r.IntN(16)) + 0.5
				}
			}
		}
		c.trees = append(c.trees, tree)
	}
	return c
}

// table knows the groups of every step-th row.
func (c *statisticsCase) table(r *rand.Rand, columns int, features []int32, step int) Table {
	t := Table{Features: features}
	for _, j := range features {
		t.Levels = append(t.Levels, int32(statisticsLevels[j]))
	}
	for i := 0; i < c.frame.Rows; i += step {
		t.Keys = append(t.Keys, slowKey(&t, c.frame, i))
	}
	slices.Sort(t.Keys)
	t.Keys = slices.Compact(t.Keys)
	for range columns * len(t.Keys) {
		t.Values = append(t.Values, uint8(r.IntN(16)))
	}
	for range columns {
		t.Default = append(t.Default, uint8(r.IntN(16)))
	}
	return t
}

func slowKey(t *Table, f *matrix.Frame, row int) uint64 {
	key := uint64(0)
	for k, j := range t.Features {
		code := uint64(t.Levels[k])
		if v := f.Cols[j][row]; v == v {
			code = uint64(v)
		}
		key = key*uint64(t.Levels[k]+1) + code
	}
	return key
}

func (c *statisticsCase) make(t *testing.T) *Statistics {
	t.Helper()
	s, err := NewStatistics(statisticsFeatures, c.tables, c.trees, c.width, make([]float64, c.width), Identity)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// slow is the definition of the predictor.
func (c *statisticsCase) slow(rows []int32) []float32 {
	var out []float32
	for _, r := range rows {
		var x []float64
		for j := range statisticsFeatures {
			x = append(x, float64(c.frame.Cols[j][r]))
		}
		for k := range c.tables {
			t := &c.tables[k]
			values := t.Default
			if i, ok := slices.BinarySearch(t.Keys, slowKey(t, c.frame, int(r))); ok {
				values = t.Values[i*len(t.Default):][:len(t.Default)]
			}
			for _, v := range values {
				x = append(x, float64(v))
			}
		}
		sum := definedTrees(&treeCase{shape: shape{width: c.width}, trees: c.trees, base: make([]float64, c.width)}, x)
		for _, v := range sum {
			out = append(out, float32(v))
		}
	}
	return out
}

func TestStatisticsAgreeWithDefinition(t *testing.T) {
	t.Parallel()
	for _, width := range []int{1, 3} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			c := newStatisticsCase(uint64(width), width)
			s := c.make(t)
			rows := make([]int32, c.frame.Rows)
			for i := range rows {
				rows[i] = int32(i * 31 % len(rows))
			}
			m := matrix.New(c.frame, nil, 1)
			want := c.slow(rows)
			got := make([]float32, len(want))
			s.Predict(m, rows, got)
			check(t, "Predict", want, got)
			for i := range 20 {
				s.Predict(m, rows[i:i+1], got[i*width:])
			}
			check(t, "Predict of single rows", want, got)
			for i, r := range rows {
				row := Row{Features: exactRow(c.frame, r)}
				s.PredictOne(&row, got[i*width:(i+1)*width])
			}
			check(t, "PredictOne", want, got)
			expanded := make([]float32, len(want))
			all := make([]int32, len(rows))
			for i := range all {
				all[i] = int32(i)
			}
			s.Trees().Predict(s.Expand(m, rows), all, expanded)
			check(t, "the trees on expanded rows", want, expanded)

			b := s.Append(nil)
			read, err := Decode(kindStatistics, b, Inputs{Raw: statisticsFeatures})
			if err != nil {
				t.Fatal(err)
			}
			read.Predict(m, rows, expanded)
			check(t, "Decode", want, expanded)
			if d := cmp.Diff(b, read.Append(nil)); d != "" {
				t.Errorf("the binary form changes when read: %s", d)
			}
			if d := cmp.Diff(c.tables, s.Tables()); d != "" {
				t.Errorf("tables change: %s", d)
			}
		})
	}
}

func TestStatisticsSources(t *testing.T) {
	t.Parallel()
	c := newStatisticsCase(1, 1)
	s := c.make(t)
	for i, want := range map[int32][]int32{1: {1}, 5: {2}, 6: {2}, 7: {3, 4}, 10: {2, 3, 4}} {
		if got := s.Sources(i); !slices.Equal(want, got) {
			t.Errorf("feature %d is made of %v, want %v", i, got, want)
		}
	}
}

func TestStatisticsRefuse(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*Table){
		"no features":          func(t *Table) { t.Features, t.Levels = nil, nil },
		"feature twice":        func(t *Table) { t.Features[1] = t.Features[0] },
		"feature beyond":       func(t *Table) { t.Features[1] = statisticsFeatures },
		"negative feature":     func(t *Table) { t.Features[0] = -1 },
		"no levels":            func(t *Table) { t.Levels[0] = 0 },
		"too many levels":      func(t *Table) { t.Levels[0] = math.MaxInt32 },
		"levels missing":       func(t *Table) { t.Levels = t.Levels[:1] },
		"key twice":            func(t *Table) { t.Keys[1] = t.Keys[0] },
		"key beyond":           func(t *Table) { t.Keys[len(t.Keys)-1] = 501 * 71 },
		"values missing":       func(t *Table) { t.Values = t.Values[1:] },
		"no columns":           func(t *Table) { t.Default, t.Values = nil, nil },
		"key that never ends":  func(t *Table) { t.Keys[len(t.Keys)-1] = math.MaxUint64 },
		"too many combined":    func(t *Table) { t.Levels = []int32{maxLevels, maxLevels}; t.Features = []int32{3, 4, 4} },
		"columns beyond bound": func(t *Table) { t.Default = make([]byte, maxVirtual+1); t.Keys, t.Values = nil, nil },
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newStatisticsCase(1, 1)
			damage(&c.tables[1])
			if _, err := NewStatistics(statisticsFeatures, c.tables, c.trees, 1, nil, Identity); err == nil {
				t.Error("accepted")
			}
		})
	}
	c := newStatisticsCase(1, 1)
	if _, err := NewStatistics(statisticsFeatures, c.tables[:1], c.trees, 1, nil, Identity); err == nil {
		t.Error("trees that read a column of no table are accepted")
	}
	b := c.make(t).Append(nil)
	if _, err := decodeStatistics(b, statisticsFeatures-1); err == nil {
		t.Error("a frame with too few features is accepted")
	}
	for n := range b {
		if _, err := decodeStatistics(b[:n], statisticsFeatures); err == nil {
			t.Fatalf("the first %d bytes are accepted", n)
		}
	}
}

func FuzzDecodeStatistics(f *testing.F) {
	c := newStatisticsCase(1, 1)
	c.trees = c.trees[:2]
	s, err := NewStatistics(statisticsFeatures, c.tables, nil, 1, nil, Identity)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.Append(nil))
	c.tables = c.tables[:1]
	c.trees = []Tree{{{Feature: 5, Threshold: 3.5, Left: 1, Right: 2}, {Feature: -1, Value: []float64{1}}, {Feature: -1, Value: []float64{2}}}}
	if s, err = NewStatistics(statisticsFeatures, c.tables, c.trees, 1, nil, Identity); err != nil {
		f.Fatal(err)
	}
	f.Add(s.Append(nil))
	m := matrix.New(c.frame, nil, 1)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodeStatistics(b, statisticsFeatures)
		if err != nil {
			return
		}
		if _, err := decodeStatistics(p.Append(nil), statisticsFeatures); err != nil {
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
