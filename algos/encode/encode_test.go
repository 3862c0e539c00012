package encode

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// ways are all values of matrix.By.
var ways = []matrix.By{matrix.ByFolds, matrix.ByOthers, matrix.ByEarlier}

// numbers is a regression on one category of a few levels; some rows come twice.
func numbers(rows int, seed uint64) (r *algos.Request, g *Grouping) {
	rng := rand.New(rand.NewPCG(seed, 4))
	col, y, w := make([]float32, rows), make([]float32, rows), make([]float32, rows)
	for i := range rows {
		col[i], y[i], w[i] = float32(rng.IntN(12)), float32(rng.NormFloat64()), float32(1+i%3)
	}
	f := &matrix.Frame{Rows: rows, Features: []matrix.Feature{{Name: "c", Levels: 12}}, Cols: [][]float32{col}}
	r = &algos.Request{Problem: algos.Problem{Task: metrics.Regression}, Seed: seed}
	r.Train = algos.Data{M: matrix.New(f, nil, 1), Y: y, W: w}
	for i := range int32(rows) {
		if r.Train.Rows = append(r.Train.Rows, i); i%9 == 0 {
			r.Train.Rows = append(r.Train.Rows, i)
		}
	}
	return r, NewGrouping(f, []int32{0}, []int32{12}, r.Train.Rows)
}

// slow is the definition: the mean of the rows of the group that count for row i.
func slow(t *Target, groups []int32, i int, smooth float64, by matrix.By) float64 {
	var sum, rows, all, n float64
	for k, g := range groups {
		counts := t.unit[k] != t.unit[i]
		switch by {
		case matrix.ByFolds:
			counts = t.fold[k] != t.fold[i]
		case matrix.ByEarlier:
			counts = t.unit[k] < t.unit[i]
		}
		if !counts {
			continue
		}
		wv := float64(t.Weight[k] * t.Values[0][k])
		all += wv
		n += t.Weight[k]
		if g == groups[i] {
			sum += wv
			rows += t.Weight[k]
		}
	}
	return (sum + float64(smooth*(all/n))) / (rows + smooth)
}

func TestEncodingIsTheDefinition(t *testing.T) {
	t.Parallel()
	r, g := numbers(300, 9)
	tg := NewTarget(r, Classes(r))
	at := g.At(r.Train.Rows)
	for _, by := range ways {
		e := tg.Encode(0, at, len(g.Keys), 3, by)
		for i := range at {
			want := slow(tg, at, i, 3, by)
			if math.Abs(e.Train[i]-want) > 1e-9 || math.IsNaN(want) != math.IsNaN(e.Train[i]) {
				t.Fatalf("%s: row %d is encoded as %v, want %v", by, i, e.Train[i], want)
			}
		}
	}
}

// TestOwnTargetIsNotSeen: another target of a row changes its own encoding in no way, and
// the encoding of rows to come, which the same check would catch.
func TestOwnTargetIsNotSeen(t *testing.T) {
	t.Parallel()
	for _, by := range ways {
		for row := range int32(40) {
			r, g := numbers(120, 2)
			at := g.At(r.Train.Rows)
			before := NewTarget(r, Classes(r)).Encode(0, at, len(g.Keys), 1, by)
			r.Train.Y[row] += 50
			after := NewTarget(r, Classes(r)).Encode(0, at, len(g.Keys), 1, by)
			for i, of := range r.Train.Rows {
				if d := math.Abs(after.Train[i] - before.Train[i]); of == row && d > 1e-9 {
					t.Errorf("%s: row %d sees %v of its own target", by, row, d)
				}
			}
			if group := g.Of[row]; math.Abs(after.Whole[group]-before.Whole[group]) < 1e-3 {
				t.Errorf("%s: the rows to come do not see the target of row %d", by, row)
			}
		}
	}
}

// TestCopiesShareAFold: a row that comes several times does not tell on itself.
func TestCopiesShareAFold(t *testing.T) {
	t.Parallel()
	rows := []int32{4, 9, 4, 7, 1, 9, 4, 2, 3, 5}
	folds := Folds(rows, nil, 3, 1)
	seen := map[int]bool{}
	for i, a := range rows {
		seen[folds[i]] = true
		for k, b := range rows {
			if a == b && folds[i] != folds[k] {
				t.Errorf("row %d is in folds %d and %d", a, folds[i], folds[k])
			}
		}
	}
	if len(seen) != 3 {
		t.Errorf("folds %v", folds)
	}
}

// TestGroupsShareAFold: the rows of a group do not tell on each other, unless there
// is one group only.
func TestGroupsShareAFold(t *testing.T) {
	t.Parallel()
	rows, groups := make([]int32, 0, 90), make([]int32, 100)
	for i := range groups {
		if groups[i] = int32(i*7%100) / 5; i%10 > 0 {
			rows = append(rows, int32(i))
		}
	}
	folds, of := Folds(rows, groups, 5, 3), map[int32]int{}
	seen := map[int]bool{}
	for i, row := range rows {
		g := groups[row]
		if f, ok := of[g]; ok && f != folds[i] {
			t.Errorf("group %d is in folds %d and %d", g, f, folds[i])
		}
		of[g], seen[folds[i]] = folds[i], true
	}
	if len(seen) != 5 {
		t.Errorf("folds %v", folds)
	}
	if d := cmp.Diff(Folds(rows, nil, 5, 3), Folds(rows, make([]int32, 100), 5, 3)); d != "" {
		t.Errorf("one group is not no group: %s", d)
	}
}
