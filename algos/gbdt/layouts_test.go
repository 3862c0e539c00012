package gbdt

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

// layoutData has features in all layouts: numbers, two blocks of ten one-hot
// columns, 90 mostly-zero counts with a few missing values and negative ones, a
// category of 6 and one of 1,500 levels.
func layoutData(rows int, seed uint64) algos.Data {
	r := rand.New(rand.NewPCG(seed, 11))
	f := &matrix.Frame{Rows: rows}
	add := func(levels int) []float32 {
		col := make([]float32, rows)
		f.Features, f.Cols = append(f.Features, matrix.Feature{Levels: levels}), append(f.Cols, col)
		return col
	}
	a, b, few, many := add(0), add(0), add(6), add(1500)
	var hot, counts [][]float32
	for range 20 {
		hot = append(hot, add(0))
	}
	for range 90 {
		counts = append(counts, add(0))
	}
	y, all := make([]float32, rows), make([]int32, rows)
	for i := range rows {
		all[i] = int32(i)
		a[i], b[i] = float32(r.NormFloat64()), float32(r.IntN(40))
		few[i], many[i] = float32(r.IntN(6)), float32(int(1500*math.Pow(r.Float64(), 3)))
		h0, h1 := r.IntN(10), r.IntN(10)
		hot[h0][i], hot[10+h1][i] = 1, 1
		s := float64(a[i]) + math.Sin(float64(many[i])*7) + float64(few[i]/3) + float64(h0%3) + float64(h1%2)
		for k := range counts {
			switch u := r.IntN(12 + k/2); {
			case u == 0:
				counts[k][i] = float32(r.IntN(5) - 1)
			case u == 1 && r.IntN(9) == 0:
				counts[k][i] = float32(math.NaN())
			}
			if k < 8 && counts[k][i] > 0 {
				s++
			}
		}
		if s > 4 {
			y[i] = 1
		}
	}
	return algos.Data{M: matrix.New(f, nil, 1), Y: y, Rows: all}
}

// slowCells counts a feature's bins by the values themselves, and sums them up as
// histograms keep them.
func slowCells(f *feature, col []float32, rows []int32, packed []int64) []int64 {
	cells := make([]int64, f.bins)
	for _, r := range rows {
		b := f.bins - 1
		switch v := col[r]; {
		case v != v:
		case f.categorical:
			if !f.spec.IsRare(int(v)) {
				b = int(v)
			}
		default:
			b, _ = slices.BinarySearch(f.edges, v)
		}
		cells[b] += packed[r]
	}
	if !f.categorical {
		accumulatePlain(cells[:f.bins-1], cells, 0)
	}
	return cells
}

// TestLayoutsCountAlike compares what a grower finds in its leaves with counts
// of dense columns.
func TestLayoutsCountAlike(t *testing.T) {
	t.Parallel()
	d := layoutData(6000, 1)
	kinds := map[matrix.Kind]int{}
	for _, at := range d.M.Packed().Places {
		kinds[at.Kind]++
	}
	if kinds[matrix.InSparse] < 50 || kinds[matrix.InWide] != 1 || d.M.Packed().Bytes > 30 {
		t.Fatalf("features by kind: %v", kinds)
	}
	for _, slots := range []int{2, 100} {
		for _, threads := range []int{1, 3} {
			t.Run(fmt.Sprint(slots, " histograms, ", threads, " threads"), func(t *testing.T) {
				t.Parallel()
				r := &algos.Request{Problem: algos.Problem{Task: metrics.Binary, Classes: 2}, Train: d, Threads: threads}
				s, err := parseSettings(search.Params{"num_leaves": 25., "cat_smooth": 1., "min_data_per_group": 5.,
					"min_data_in_leaf": 5.}, len(d.Rows), false)
				if err != nil {
					t.Fatal(err)
				}
				b := newBooster(s, r, alone)
				b.grower.slots = b.grower.slots[:min(slots, len(b.grower.slots))]
				s.leafLimit = 25
				for round := 1; round <= 2; round++ {
					if err := b.round(context.Background(), round); err != nil {
						t.Fatal(err)
					}
					checkLeaves(t, b, d.M.Frame)
				}
			})
		}
	}
}

func checkLeaves(t *testing.T, b *booster, frame *matrix.Frame) {
	t.Helper()
	g := b.grower
	var w scanScratch
	checked, wide := 0, 0
	for i := range g.leaves {
		l := &g.leaves[i]
		if l.slot < 0 || int(l.node) >= len(g.nodes)-2 {
			continue // given up, or of the last split and not looked at
		}
		n := &g.nodes[l.node]
		rows := g.spread.idx[n.lo:n.hi]
		var scan leafScan
		scan.start(&g.scales, l.total, len(rows), 0)
		for k := range g.features {
			f := &g.features[k]
			want := slowCells(f, frame.Cols[f.frame], rows, g.packed)
			scan.feature(int32(k), f, want, &w)
			if !g.slots[l.slot].alive[k] {
				continue
			}
			if f.place.Kind == matrix.InWide && !keepsWide(len(rows), f.bins) {
				wide++
				continue
			}
			checked++
			h := g.slots[l.slot]
			got := h.cells[f.offset:]
			if f.place.Kind == matrix.InWide {
				got = h.wide[f.place.Index]
			}
			if got = got[:f.bins]; !slices.Equal(got, want) {
				t.Fatalf("leaf of %d rows, feature %d (%+v): its cells are not the counts", len(rows), f.frame, f.place)
			}
		}
		if got, want := l.best.gain, scan.best.gain; math.Abs(got-want) > 1e-9*want {
			t.Errorf("leaf of %d rows: gain %v (%+v), want %v (%+v)", len(rows), got, l.best, want, scan.best)
		}
	}
	if len(g.slots) > 2 && (checked < 200 || wide == 0) {
		t.Errorf("only %d histograms compared, %d wide ones are not kept", checked, wide)
	}
}

// TestLayoutsPartAlike: validation predictions, made by parting bins, are those
// of the predictor on values, for all rows and for a choice with repetitions.
func TestLayoutsPartAlike(t *testing.T) {
	t.Parallel()
	d := layoutData(2500, 2)
	for name, params := range variants {
		if name == "confined" { // names other features
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := divided(t, d, metrics.Binary, 2, "log_loss")
			r.Params, r.MaxSteps = params, 15
			r.Train.Rows = append(r.Train.Rows, r.Train.Rows[:200]...)
			want := fit(t, r)
			if got := predict(want.Predictor, r.Valid); !slices.Equal(got, want.ValidPred) {
				t.Error("predictions on values differ from those on bins")
			}
			r.Threads = 3
			if got := fit(t, r); !slices.Equal(got.Predictor.Append(nil), want.Predictor.Append(nil)) {
				t.Error("three threads give other trees")
			}
		})
	}
}

// TestSparseIsCheaper: the cost model knows what mostly-zero features save.
func TestSparseIsCheaper(t *testing.T) {
	t.Parallel()
	s := algos.Shape{Rows: 100_000, Features: 1000, Task: metrics.Binary, Classes: 2}
	dense := New().Estimate(s, nil)
	s.Filled = 0.04
	if sparse := New().Estimate(s, nil); sparse.Seconds > dense.Seconds/4 || sparse.Bytes > dense.Bytes/2 {
		t.Errorf("sparse %+v, dense %+v", sparse, dense)
	}
}

// TestFirstLevels: the short way to the ends of an order gives what sorting does.
func TestFirstLevels(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	for range 300 {
		levels := make([]level, 1+r.IntN(400))
		for k := range levels {
			levels[k] = level{bin: k, order: float64(r.IntN(100) - 50)}
		}
		r.Shuffle(len(levels), func(i, k int) { levels[i], levels[k] = levels[k], levels[i] })
		n := 1 + r.IntN(min(64, len(levels)))
		w := scanScratch{levels: slices.Clone(levels)}
		first, last := slices.Clone(w.first(n)), slices.Clone(w.last(n))
		slices.SortFunc(levels, compareLevels)
		if !slices.Equal(first, levels[:n]) {
			t.Fatalf("first %d of %d: %v, want %v", n, len(levels), first, levels[:n])
		}
		slices.Reverse(levels)
		if !slices.Equal(last, levels[:n]) {
			t.Fatalf("last %d of %d: %v, want %v", n, len(levels), last, levels[:n])
		}
	}
}
