package trials_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// keys draws keys from 0 without gaps.
func keys(t *rapid.T, n int) []int32 {
	raw := rapid.SliceOfN(rapid.Int32Range(0, 20), n, n).Draw(t, "keys")
	seen := map[int32]bool{}
	for _, k := range raw {
		seen[k] = true
	}
	place, next := map[int32]int32{}, int32(0)
	for k := range int32(21) {
		if seen[k] {
			place[k] = next
			next++
		}
	}
	for i, k := range raw {
		raw[i] = place[k]
	}
	return raw
}

func distinct(keys []int32) int {
	if len(keys) == 0 {
		return 0
	}
	return int(slices.Max(keys)) + 1
}

func TestGroupsStayTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		task := rapid.SampledFrom([]metrics.Task{metrics.Binary, metrics.Multiclass, metrics.Regression}).Draw(t, "task")
		y := target(t, task)
		groups := keys(t, len(y))
		s := trials.Split{
			Folds: rapid.IntRange(1, 6).Draw(t, "folds"), Repeats: rapid.IntRange(0, 3).Draw(t, "repeats"),
			By: featurize.ByGroup, Column: "g", Seed: rapid.Uint64().Draw(t, "seed"),
		}
		folds := s.Assign(len(y), task, y, groups)
		if len(folds) != s.Count() {
			t.Fatalf("%d folds, want %d", len(folds), s.Count())
		}
		enough := distinct(groups) >= max(2, s.Folds)
		validated := make([]int, len(y))
		for _, valid := range folds {
			if enough && len(valid) == 0 {
				t.Fatalf("an empty fold although there are %d groups", distinct(groups))
			}
			held := map[int32]bool{}
			for _, i := range valid {
				held[groups[i]] = true
				validated[i]++
			}
			for _, i := range s.Train(len(y), valid, groups) {
				if held[groups[i]] {
					t.Fatalf("group %d trains and validates", groups[i])
				}
			}
		}
		for i, n := range validated {
			if s.Folds > 1 && n != max(1, s.Repeats) {
				t.Fatalf("row %d validated %d times", i, n)
			}
		}
	})
}

// Groups of all sizes: folds are about as large and hold about as much of the
// rarer class.
func TestGroupFoldsAreEven(t *testing.T) {
	t.Parallel()
	var y []float32
	var groups []int32
	for g := range int32(200) {
		for i := range 1 + g%17 {
			groups = append(groups, g)
			positive := float32(0)
			if (g+i)%10 == 0 {
				positive = 1
			}
			y = append(y, positive)
		}
	}
	var total float64
	for _, v := range y {
		total += float64(v)
	}
	for seed := range uint64(10) {
		s := trials.Split{Folds: 5, By: featurize.ByGroup, Seed: seed}
		for f, rows := range s.Assign(len(y), metrics.Binary, y, groups) {
			var positive float64
			for _, i := range rows {
				positive += float64(y[i])
			}
			if n := float64(len(rows)); math.Abs(n/float64(len(y))-0.2) > 0.01 || math.Abs(positive/total-0.2) > 0.02 {
				t.Errorf("seed %d, fold %d: %v of %d rows, %v of %v positive", seed, f, n, len(y), positive, total)
			}
		}
		for _, share := range []float64{0.1, 0.25, 0.5} {
			s := trials.Split{Folds: 1, Holdout: share, By: featurize.ByGroup, Seed: seed}
			if n := len(s.Assign(len(y), metrics.Binary, y, groups)[0]); math.Abs(float64(n)/float64(len(y))-share) > 0.03 {
				t.Errorf("seed %d: %d of %d rows held out, want the share %v", seed, n, len(y), share)
			}
		}
	}
}

func TestEarlierTrainsLaterValidates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		y := target(t, metrics.Regression)
		times := keys(t, len(y))
		s := trials.Split{Folds: rapid.IntRange(1, 6).Draw(t, "folds"), By: featurize.ByTime, Seed: rapid.Uint64().Draw(t, "seed")}
		if s.Folds == 1 {
			s.Holdout = rapid.Float64Range(0.01, 0.99).Draw(t, "share")
		}
		folds := s.Assign(len(y), metrics.Regression, y, times)
		last := int32(-1)
		for f, valid := range folds {
			if distinct(times) <= s.Folds {
				if len(valid) > 0 {
					t.Fatalf("%d times for %d folds, and yet a fold", distinct(times), s.Folds)
				}
				continue
			}
			train := s.Train(len(y), valid, times)
			if len(valid) == 0 || len(train) == 0 {
				t.Fatalf("fold %d: %d rows train, %d validate", f, len(train), len(valid))
			}
			first, end := times[valid[0]], int32(-1)
			for _, i := range valid {
				first, end = min(first, times[i]), max(end, times[i])
			}
			for _, i := range train {
				if times[i] >= first {
					t.Fatalf("fold %d: time %d trains, %d validates", f, times[i], first)
				}
			}
			if first <= last || !slices.IsSorted(valid) {
				t.Fatalf("fold %d begins at time %d, the one before ends at %d", f, first, last)
			}
			last = end
		}
		if distinct(times) > s.Folds && last != slices.Max(times) {
			t.Fatal("the latest rows are not validated")
		}
	})
}

// Without ties the windows are scikit-learn's: TimeSeriesSplit(n_splits=4) of 10
// rows validates 2 rows each time.
func TestTimeWindows(t *testing.T) {
	t.Parallel()
	times := []int32{9, 8, 7, 6, 5, 4, 3, 2, 1, 0} // the latest row first
	y := make([]float32, 10)
	s := trials.Split{Folds: 4, By: featurize.ByTime}
	got := s.Assign(10, metrics.Regression, y, times)
	if d := cmp.Diff([][]int32{{6, 7}, {4, 5}, {2, 3}, {0, 1}}, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]int32{4, 5, 6, 7, 8, 9}, s.Train(10, got[2], times)); d != "" {
		t.Error(d)
	}
	s = trials.Split{Folds: 1, Holdout: 0.3, By: featurize.ByTime}
	if d := cmp.Diff([][]int32{{0, 1, 2}}, s.Assign(10, metrics.Regression, y, times)); d != "" {
		t.Error(d)
	}
}

func TestFoldColumn(t *testing.T) {
	t.Parallel()
	of := []int32{2, 0, 1, 1, 0}
	s := trials.Split{Folds: 3, By: featurize.ByFold}
	if d := cmp.Diff([][]int32{{1, 4}, {2, 3}, {0}}, s.Assign(5, metrics.Regression, make([]float32, 5), of)); d != "" {
		t.Error(d)
	}
}

func TestRepeatsDrawAnew(t *testing.T) {
	t.Parallel()
	y := make([]float32, 40)
	for i := range y {
		y[i] = float32(i % 2)
	}
	once := trials.Split{Folds: 4, Seed: 3}
	s := once
	s.Repeats = 3
	got := s.Assign(len(y), metrics.Binary, y, nil)
	if d := cmp.Diff(once.Assign(len(y), metrics.Binary, y, nil), got[:4]); d != "" || len(got) != 12 {
		t.Errorf("%d folds; the first repetition is not the split without: %s", len(got), d)
	}
	if cmp.Equal(got[:4], got[4:8]) || cmp.Equal(got[4:8], got[8:]) {
		t.Error("repetitions are alike")
	}
}
