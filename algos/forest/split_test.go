package forest

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
)

var nan = float32(math.NaN())

// randomFit prepares a fit on a number and a category, both with missing
// values, that all nodes look at.
func randomFit(t *testing.T, l Learner, task metrics.Task, rows int, seed uint64) *fit {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 3))
	classes := map[metrics.Task]int{metrics.Binary: 2, metrics.Multiclass: 4}[task]
	f := &matrix.Frame{Rows: rows, Features: []matrix.Feature{{Name: "number"}, {Name: "level", Levels: 5}}}
	number, level := make([]float32, rows), make([]float32, rows)
	y, w, all := make([]float32, rows), make([]float32, rows), make([]int32, rows)
	for i := range rows {
		number[i], level[i] = float32(rng.IntN(9)), float32(rng.IntN(5))
		if y[i] = float32(rng.NormFloat64()); classes > 0 {
			y[i] = float32(rng.IntN(classes))
		}
		if rng.IntN(6) == 0 {
			number[i] = nan
		}
		if rng.IntN(6) == 0 {
			level[i] = nan
		}
		w[i], all[i] = 0.5+rng.Float32(), int32(i)
	}
	f.Cols = [][]float32{number, level}
	return prepared(t, l, &algos.Request{
		Problem: algos.Problem{Task: task, Classes: classes, Metric: metrics.Default(task)},
		Train:   algos.Data{M: matrix.New(f, nil, 1), Y: y, W: w, Rows: all},
		Params:  search.Params{"max_features": 1.0}, Seed: seed,
	})
}

func prepared(t *testing.T, l Learner, r *algos.Request) *fit {
	t.Helper()
	f := &fit{ctx: context.Background(), request: r, extra: l.extra, threads: 1}
	if err := f.prepare(l); err != nil {
		t.Fatal(err)
	}
	return f
}

// slowGain is the fall of the impurity (Gini or squared error, times weight)
// when the rows are divided; -Inf where a side is empty.
func slowGain(g *grower, n int, left func(i int) bool) float64 {
	impurity := func(in func(i int) bool) float64 {
		total, y, y2 := 0.0, 0.0, 0.0
		share := make([]float64, max(1, g.f.width))
		for i := range n {
			if !in(i) {
				continue
			}
			w := float64(g.w[i])
			total += w
			if g.class != nil {
				share[g.class[i]] += w
			} else {
				y += w * float64(g.y[i])
				y2 += w * float64(g.y[i]) * float64(g.y[i])
			}
		}
		if total == 0 {
			return math.Inf(1)
		}
		if g.class == nil {
			return y2 - y*y/total
		}
		rest := total
		for _, s := range share {
			rest -= s * s / total
		}
		return rest
	}
	all := impurity(func(int) bool { return true })
	return all - impurity(left) - impurity(func(i int) bool { return !left(i) })
}

// slowBest is the largest gain of any cut of one feature's bins. Categories
// are cut in all possible ways.
func slowBest(g *grower, feature, n int) float64 {
	best := math.Inf(-1)
	spec, col := g.f.bins.Specs[feature], g.f.bins.Cols[feature]
	sets := uint(1) << spec.Bins
	for in := range sets {
		if !spec.Categorical && !isCut(in, spec.Bins) {
			continue
		}
		gain := slowGain(g, n, func(i int) bool { return in>>col[g.rows[i]]&1 == 1 })
		if !math.IsInf(gain, -1) {
			best = max(best, gain)
		}
	}
	return best
}

// isCut reports whether a set of bins is the lower ones, with or without the
// missing one.
func isCut(in uint, bins int) bool {
	values := in &^ (1 << (bins - 1))
	return values&(values+1) == 0
}

func TestBestSplitIsTheBest(t *testing.T) {
	t.Parallel()
	for _, task := range []metrics.Task{metrics.Regression, metrics.Binary, metrics.Multiclass} {
		for seed := range uint64(40) {
			rows := []int{4, 12, 30, 33, 90}[seed%5]
			g := newGrower(randomFit(t, RandomForest(), task, rows, seed))
			clear(g.f.rare) // few rows make rare levels
			g.f.doubt = 0
			g.rng = rand.New(rand.NewPCG(seed, 1))
			n := g.sample()
			if g.pure(0, n) {
				continue
			}
			g.sumUp(0, n)
			for feature := range 2 {
				if feature == 1 && task == metrics.Multiclass {
					continue // ordered by one class: good, not always best
				}
				best := split{gain: math.Inf(-1)}
				g.consider(int32(feature), &best)
				want := slowBest(g, feature, n)
				if math.Abs(best.gain-want) > 1e-4 && best.gain != want {
					t.Errorf("%s, seed %d, feature %d: gain %v, the best is %v", task, seed, feature, best.gain, want)
				}
			}
		}
	}
}

// The gain that a split claims is that of the rows it moves.
func TestSplitsDoWhatTheyClaim(t *testing.T) {
	t.Parallel()
	for _, l := range []Learner{ExtraTrees(), RandomForest()} {
		for _, task := range []metrics.Task{metrics.Regression, metrics.Binary, metrics.Multiclass} {
			for seed := range uint64(40) {
				g := newGrower(randomFit(t, l, task, 60, seed))
				g.rng = rand.New(rand.NewPCG(seed, 1))
				for j := range g.order {
					g.order[j] = int32(j)
				}
				n := g.sample()
				s, ok := g.search(0, n)
				if !ok {
					t.Fatalf("%s, %s, seed %d: no split", l.Name(), task, seed)
				}
				mid := g.partition(&part{lo: 0, hi: n, split: s})
				if got := slowGain(g, n, func(i int) bool { return i < mid }); math.Abs(got-s.gain) > 1e-4 {
					t.Errorf("%s, %s, seed %d: gain %v, claimed %v", l.Name(), task, seed, got, s.gain)
				}
			}
		}
	}
}

// A tree grown to the end predicts, for every training row, the mean of the
// rows that no bin tells apart: thresholds, sets and missing values mean to the
// predictor what they meant in training.
func TestTreePredictsWhatItLearned(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		f := randomFit(t, ExtraTrees(), metrics.Regression, 200, seed)
		type key [2]uint8
		sum, weight := map[key]float64{}, map[key]float64{}
		of := func(r int32) key { return key{f.bins.Cols[0][r], f.bins.Cols[1][r]} }
		for i, r := range f.rows {
			sum[of(r)] += float64(f.w[i]) * float64(f.request.Train.Y[r])
			weight[of(r)] += float64(f.w[i])
		}
		tree := newGrower(f).tree(0)
		p := predictor.NewTrees([]predictor.Tree{tree}, 1, nil, predictor.Mean)
		out := make([]float32, len(f.rows))
		p.Predict(f.request.Train.M, f.rows, out)
		for i, r := range f.rows {
			if want := sum[of(r)] / weight[of(r)]; math.Abs(float64(out[i])-want) > 1e-5 {
				t.Fatalf("seed %d, row %d: %v, want %v", seed, r, out[i], want)
			}
		}
	}
}

func TestLeavesAreLimited(t *testing.T) {
	t.Parallel()
	f := randomFit(t, RandomForest(), metrics.Regression, 300, 1)
	free := leavesOf(newGrower(f).tree(0))
	f.leaves = 5
	tree := newGrower(f).tree(0)
	if n := leavesOf(tree); n != 5 || free <= 5 {
		t.Errorf("%d leaves with a limit of 5, %d without", n, free)
	}
	// The cuts that help the most come first: a larger tree starts with them.
	f.leaves = 6
	larger := newGrower(f).tree(0)
	for id := range tree {
		if tree[id].Feature >= 0 && (tree[id].Feature != larger[id].Feature || tree[id].Threshold != larger[id].Threshold) {
			t.Errorf("node %d changes with the limit", id)
		}
	}
}

func leavesOf(t predictor.Tree) int {
	n := 0
	for i := range t {
		if t[i].Feature < 0 {
			n++
		}
	}
	return n
}

func TestSmallestLeaf(t *testing.T) {
	t.Parallel()
	for _, l := range []Learner{ExtraTrees(), RandomForest()} {
		f := randomFit(t, l, metrics.Binary, 200, 5)
		f.least = 9
		for i := range f.w {
			f.w[i] = 1
		}
		g := newGrower(f)
		tree := g.tree(0)
		if len(tree) < 3 {
			t.Fatalf("%s: no split", l.Name())
		}
		for i := range tree {
			// Weights are at least one a row: cover bounds the rows from above.
			if tree[i].Feature < 0 && tree[i].Cover < 9 {
				t.Errorf("%s: a leaf of weight %v", l.Name(), tree[i].Cover)
			}
		}
	}
}

func TestUndividedTreeIsTheWeightedMean(t *testing.T) {
	t.Parallel()
	f := randomFit(t, ExtraTrees(), metrics.Regression, 50, 8)
	f.least = 50
	tree := newGrower(f).tree(0)
	if len(tree) != 1 || math.Abs(float64(tree[0].Value[0])-f.mean) > 1e-6 {
		t.Errorf("%+v, want the mean %v", tree, f.mean)
	}
	f = randomFit(t, ExtraTrees(), metrics.Multiclass, 50, 8)
	f.least = 50
	tree = newGrower(f).tree(0)
	for k, v := range tree[0].Value {
		if math.Abs(float64(v)-f.prior[k]) > 1e-6 {
			t.Errorf("%v, want the shares %v", tree[0].Value, f.prior)
		}
	}
}

func TestBadParameters(t *testing.T) {
	t.Parallel()
	for _, p := range []search.Params{
		{"max_features": 0.0}, {"max_features": 1.5}, {"max_features": math.NaN()},
		{"min_samples_leaf": 0.0}, {"n_estimators": 0.0}, {"n_estimators": 1e9},
	} {
		r := randomFit(t, ExtraTrees(), metrics.Binary, 20, 1).request
		r.Params = p
		if _, err := ExtraTrees().Fit(context.Background(), r); err == nil {
			t.Errorf("%v was accepted", p)
		}
	}
}

// A category whose levels hardly come again is not learned by heart.
func TestRareLevelsAreNotTold(t *testing.T) {
	t.Parallel()
	const rows = 100
	level, y, all := make([]float32, rows), make([]float32, rows), make([]int32, rows)
	for i := range rows {
		level[i], y[i], all[i] = float32(max(0, i-20)), float32(i%7), int32(i)
	}
	frame := &matrix.Frame{Rows: rows, Features: []matrix.Feature{{Name: "name", Levels: rows}}, Cols: [][]float32{level}}
	r := &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression, Metric: metrics.Default(metrics.Regression)},
		Train:   algos.Data{M: matrix.New(frame, nil, 1), Y: y, Rows: all}, Params: search.Params{},
	}
	for _, l := range []Learner{ExtraTrees(), RandomForest()} {
		if tree := newGrower(prepared(t, l, r)).tree(0); len(tree) > 3 {
			t.Errorf("%s: %d nodes, of one frequent level and 79 that came once", l.Name(), len(tree))
		}
	}
}

// numberFit prepares a fit on one number.
func numberFit(t *testing.T, l Learner, x, y []float32) *fit {
	t.Helper()
	all := make([]int32, len(x))
	for i := range all {
		all[i] = int32(i)
	}
	frame := &matrix.Frame{Rows: len(x), Features: []matrix.Feature{{Name: "number"}}, Cols: [][]float32{x}}
	return prepared(t, l, &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression, Metric: metrics.Default(metrics.Regression)},
		Train:   algos.Data{M: matrix.New(frame, nil, 1), Y: y, Rows: all}, Params: search.Params{},
	})
}

// Random cuts fall between two bins as often as a number between the outermost
// mean values does.
func TestDrawnCutsGoByValues(t *testing.T) {
	t.Parallel()
	inf := float32(math.Inf(1))
	for _, x := range [][]float32{
		{1, 1, 1, 2, 2, 2, 3, 3, 3, 103, 103, 103, 104, 104, 104},
		{-inf, -inf, -inf, 0, 0, 0, 5, 5, 5, inf, inf, inf},
		{nan, nan, nan, -1, -1, -1, 7, 7, 7},
	} {
		f := numberFit(t, ExtraTrees(), x, make([]float32, len(x)))
		places := f.places[0]
		for low := range places {
			for high := low + 1; high < len(places); high++ {
				for k := range 50 {
					share := float64(k) / 50
					a, z := float64(places[low]), float64(places[high])
					want := low
					for b := low; b < high; b++ {
						if float64(places[b]) <= float64(float32(a+share*(z-a))) {
							want = b
						}
					}
					got := f.drawCut(&view{low: uint8(low), high: uint8(high)}, share)
					if got != want {
						t.Fatalf("%v, bins %d to %d, share %v: cut %d, want %d", x, low, high, share, got, want)
					}
				}
			}
		}
	}
}

// Where missing values are told from all others, values beyond those seen are
// with the others.
func TestMissingAgainstOthersKnown(t *testing.T) {
	t.Parallel()
	for _, l := range []Learner{ExtraTrees(), RandomForest()} {
		x, y := make([]float32, 80), make([]float32, 80)
		for i := range x {
			if x[i] = float32(i / 4); i%2 == 0 {
				x[i], y[i] = nan, 1
			}
		}
		f := numberFit(t, l, x, y)
		g := newGrower(f)
		f.rows, f.w, f.y = f.rows[:40], f.w[:40], f.y[:40] // the larger values are not seen
		for seed := range 20 {
			tree := g.tree(seed)
			p := predictor.NewTrees([]predictor.Tree{tree}, 1, nil, predictor.Mean)
			out := make([]float32, 1)
			if p.Predict(f.request.Train.M, []int32{79}, out); out[0] > 0.5 {
				t.Errorf("%s, tree %d: %v for the largest value, as if it were missing", l.Name(), seed, out[0])
			}
		}
	}
}

func TestCoversAddUp(t *testing.T) {
	t.Parallel()
	tree := newGrower(randomFit(t, ExtraTrees(), metrics.Regression, 200, 4)).tree(0)
	for id := range tree {
		if n := &tree[id]; n.Feature >= 0 && (n.Cover <= 0 || n.Cover != tree[n.Left].Cover+tree[n.Right].Cover) {
			t.Errorf("node %d: cover %v of %v and %v", id, n.Cover, tree[n.Left].Cover, tree[n.Right].Cover)
		}
	}
}

// A category of many levels without any sense does not hide a number that tells
// something.
func TestManyLevelsTellLittle(t *testing.T) {
	t.Parallel()
	const rows = 240
	rng := rand.New(rand.NewPCG(1, 2))
	number, level := make([]float32, rows), make([]float32, rows)
	y, all := make([]float32, rows), make([]int32, rows)
	for i := range rows {
		number[i], level[i], all[i] = rng.Float32(), float32(i%60), int32(i)
		y[i] = number[i] + float32(rng.NormFloat64())/2
	}
	frame := &matrix.Frame{Rows: rows, Features: []matrix.Feature{{Name: "number"}, {Name: "level", Levels: 60}}, Cols: [][]float32{number, level}}
	f := prepared(t, RandomForest(), &algos.Request{
		Problem: algos.Problem{Task: metrics.Regression, Metric: metrics.Default(metrics.Regression)},
		Train:   algos.Data{M: matrix.New(frame, nil, 1), Y: y, Rows: all}, Params: search.Params{"max_features": 1.0},
	})
	first := func(doubt float64) (numbers int) {
		f.doubt = doubt
		g := newGrower(f)
		for k := range 40 {
			if g.tree(k)[0].Feature == 0 {
				numbers++
			}
		}
		return numbers
	}
	if with, without := first(levelDoubt), first(0); with < without+10 {
		t.Errorf("%d of 40 trees start with the number, %d in the exact order", with, without)
	}
}
