package gbdt

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// categories makes a set of categorical columns of the given numbers of levels,
// with missing values, whose first two together decide the target.
func categories(rows, classes int, weights bool, seed uint64, levels ...int) algos.Data {
	r := rand.New(rand.NewPCG(seed, 21))
	f := &matrix.Frame{Rows: rows}
	d := algos.Data{Y: make([]float32, rows), Rows: make([]int32, rows)}
	for _, n := range levels {
		col := make([]float32, rows)
		for i := range col {
			// Skewed, so that some levels are rare.
			col[i] = float32(int(float64(n) * math.Pow(r.Float64(), 2)))
			if r.IntN(15) == 0 {
				col[i] = float32(math.NaN())
			}
		}
		f.Features, f.Cols = append(f.Features, matrix.Feature{Levels: n}), append(f.Cols, col)
	}
	for i := range d.Y {
		d.Rows[i] = int32(i)
		a, b := f.Cols[0][i], f.Cols[1][i]
		key := uint64(math.Float32bits(a))<<32 | uint64(math.Float32bits(b))
		value := unit(mix(key)) + 0.3*r.Float64()
		d.Y[i] = float32(value)
		if classes > 0 {
			d.Y[i] = float32(min(classes-1, int(value/1.3*float64(classes))))
		}
	}
	if weights {
		d.W = make([]float32, rows)
		for i := range d.W {
			d.W[i] = r.Float32() + 0.1
		}
	}
	d.M = matrix.New(f, nil, 1)
	return d
}

func problemOf(classes int) algos.Problem {
	task := metrics.Multiclass
	switch classes {
	case 0:
		task = metrics.Regression
	case 2:
		task = metrics.Binary
	}
	return algos.Problem{Task: task, Classes: classes, Metric: metrics.Default(task)}
}

// boosterOf makes a symmetric booster on some data.
func boosterOf(t *testing.T, d algos.Data, classes int, p search.Params) *symmetricBooster {
	t.Helper()
	problem := problemOf(classes)
	s, err := parseSymmetric(p, problem.Task, len(d.Rows), false)
	if err != nil {
		t.Fatal(err)
	}
	return newSymmetricBooster(s, &algos.Request{Problem: problem, Train: d, Seed: 3}, alone)
}

// TestOrderedStatistics compares the words with their definition: row by row, a
// look at all rows of the same codes that come before.
func TestOrderedStatistics(t *testing.T) {
	t.Parallel()
	for _, classes := range []int{0, 2, 3, 7} {
		for _, weights := range []bool{false, true} {
			t.Run(fmt.Sprint(classes, weights), func(t *testing.T) {
				t.Parallel()
				b := boosterOf(t, categories(300, classes, weights, 1, 5, 40), classes, nil)
				s := b.stats
				for _, cats := range [][]int{{0}, {1}, {0, 1}} {
					c := s.find(cats)
					for v := range s.orderings {
						s.compute(c, v)
						checkWords(t, s, c, v)
					}
				}
			})
		}
	}
}

func checkWords(t *testing.T, s *statistics, c *combination, v int) {
	t.Helper()
	o := &s.orderings[v]
	if !slices.Equal(sorted(o.rows), sequence(len(c.groups))) {
		t.Fatalf("order %d is no permutation", v)
	}
	same := func(a, b int32) bool {
		for _, k := range c.cats {
			if s.cats[k].train[a] != s.cats[k].train[b] {
				return false
			}
		}
		return true
	}
	for at, r := range o.rows {
		for col := range o.columns {
			st := &o.columns[col]
			if st.counter || c.narrow && col > 0 {
				continue
			}
			rows, sum := float32(0), float32(0)
			for _, before := range o.rows[:at] {
				if same(before, r) {
					rows += s.target.weight(before)
					sum += s.target.weight(before) * s.target.value(before, st.class)
				}
			}
			want := c.scales[*st][st.cell(float64(rows), float64(sum))]
			if got := uint8(c.words[v][r]>>(4*col)) & 15; got != want {
				t.Fatalf("%v, order %d, row %d: statistic %+v is %d, want %d", c.cats, v, r, *st, got, want)
			}
		}
	}
}

func sorted(rows []int32) []int32 {
	out := slices.Clone(rows)
	slices.Sort(out)
	return out
}

func sequence(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// TestScaleIsMonotonic: levels rise with the statistic, and use the whole range
// where values differ enough.
func TestScaleIsMonotonic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.IntRange(1, 60).Draw(t, "groups")
		rows, sums := make([]float32, groups), make([]float32, groups)
		st := &statistic{class: 1, prior: rapid.SampledFrom(priors[:]).Draw(t, "prior")}
		distinct := map[int]bool{}
		for g := range rows {
			n := rapid.IntRange(1, 50).Draw(t, "rows")
			rows[g] = float32(n)
			sums[g] = float32(rapid.IntRange(0, n).Draw(t, "sum"))
			distinct[st.cell(float64(rows[g]), float64(sums[g]))] = true
		}
		s := newScale(st, rows, sums)
		if !slices.IsSorted(s[:]) || s[scaleCells-1] >= statLevels {
			t.Fatalf("levels %v", s)
		}
		levels := map[uint8]bool{}
		for c := range distinct {
			levels[s[c]] = true
		}
		if len(distinct) <= statLevels && len(levels) != len(distinct) {
			t.Errorf("%d values share %d levels", len(distinct), len(levels))
		}
	})
}

// TestRenumber: equal pairs and only those get the same number, whichever table
// is used.
func TestRenumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "rows")
		radix := rapid.SampledFrom([]int{2, 50, 60_000}).Draw(t, "radix")
		codes, groups := make([]int32, n), make([]int32, n)
		for i := range codes {
			codes[i] = int32(rapid.IntRange(0, radix-1).Draw(t, "code"))
			groups[i] = int32(rapid.IntRange(0, 9).Draw(t, "group"))
		}
		out, count := renumber(codes, groups, 10, radix)
		number := map[[2]int32]int32{}
		for i, g := range out {
			key := [2]int32{groups[i], codes[i]}
			if want, ok := number[key]; ok && want != g || g < 0 || int(g) >= count {
				t.Fatalf("pair %v is %d and %d of %d", key, want, g, count)
			}
			number[key] = g
		}
		if len(number) != count {
			t.Errorf("%d pairs have %d numbers", len(number), count)
		}
	})
}

// TestStatisticsLearnCombinations: two categories that decide the target only
// together are found, and the predictor agrees with the fit on validation rows,
// bit by bit, unseen groups included.
func TestStatisticsLearnCombinations(t *testing.T) {
	t.Parallel()
	for _, classes := range []int{0, 2, 4} {
		t.Run(fmt.Sprint(classes), func(t *testing.T) {
			t.Parallel()
			d := categories(4000, classes, false, 2, 12, 12, 300)
			train, valid := d, d
			train.Rows, valid.Rows = d.Rows[:3000], d.Rows[3000:]
			r := &algos.Request{Problem: problemOf(classes), Train: train, Valid: valid, Seed: 1, Threads: 2,
				Params: search.Params{"rounds": 40., "learning_rate": 0.2, "depth": 4.}}
			f, err := NewSymmetric().Fit(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			s, ok := f.Predictor.(*predictor.Statistics)
			if !ok {
				t.Fatalf("the predictor is a %T", f.Predictor)
			}
			if !slices.ContainsFunc(s.Tables(), func(t predictor.Table) bool { return slices.Equal(t.Features, []int32{0, 1}) }) {
				t.Error("no tree looks at both categories together")
			}
			got := make([]float32, len(f.ValidPred))
			s.Predict(d.M, valid.Rows, got)
			if !slices.Equal(f.ValidPred, got) {
				t.Error("the predictor differs from the fit's predictions")
			}
		})
	}
}

// TestStatisticsHaveRoom: tables stay within the bound.
func TestStatisticsHaveRoom(t *testing.T) {
	t.Parallel()
	b := boosterOf(t, categories(2000, 2, false, 3, 40, 40, 300, 300), 2, search.Params{"rounds": 30.})
	b.stats.room = 700
	for i := range 30 {
		if err := b.round(context.Background(), i+1); err != nil {
			t.Fatal(err)
		}
	}
	groups := 0
	for _, c := range b.stats.known {
		if c.table != nil {
			groups += len(c.table.keys)
		}
	}
	if groups == 0 || groups > 700 {
		t.Errorf("the tables have %d groups, the bound is 700", groups)
	}
}

// TestForgottenStatisticsComeBack: what was dropped is computed again alike.
func TestForgottenStatisticsComeBack(t *testing.T) {
	t.Parallel()
	b := boosterOf(t, categories(500, 2, true, 4, 9, 30), 2, nil)
	c := b.stats.find([]int{0, 1})
	b.stats.compute(c, 1)
	before := slices.Clone(c.words[1])
	b.stats.forgetBeyond(0)
	if c.words[1] != nil || c.groups != nil {
		t.Fatal("nothing was forgotten")
	}
	b.stats.compute(c, 1)
	if !slices.Equal(before, c.words[1]) {
		t.Error("the statistics changed")
	}
}
