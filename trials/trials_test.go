package trials_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// target draws a target with missing values, small classes and, in regression, ties.
func target(t *rapid.T, task metrics.Task) []float32 {
	kinds := rapid.IntRange(1, 8).Draw(t, "kinds")
	if task == metrics.Regression {
		kinds = 1000
	}
	y := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float32 {
		return float32(rapid.IntRange(0, kinds-1).Draw(t, "v"))
	}), 0, 300).Draw(t, "y")
	if len(y) > 0 && rapid.Bool().Draw(t, "missing") {
		y[rapid.IntRange(0, len(y)-1).Draw(t, "at")] = float32(math.NaN())
	}
	return y
}

func TestAssignInvariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		task := rapid.SampledFrom([]metrics.Task{metrics.Binary, metrics.Multiclass, metrics.Regression}).Draw(t, "task")
		y := target(t, task)
		s := trials.Split{Folds: rapid.IntRange(1, 10).Draw(t, "folds"), Seed: rapid.Uint64().Draw(t, "seed")}
		if s.Folds == 1 {
			s.Holdout = rapid.Float64Range(0.05, 0.6).Draw(t, "share")
		}
		folds := s.Assign(len(y), task, y, nil)
		if d := cmp.Diff(folds, s.Assign(len(y), task, slices.Clone(y), nil)); d != "" {
			t.Fatalf("not repeatable: %s", d)
		}
		if len(folds) != s.Folds {
			t.Fatalf("%d folds, want %d", len(folds), s.Folds)
		}
		times := make([]int, len(y))
		for _, rows := range folds {
			if !slices.IsSorted(rows) {
				t.Fatal("not ascending")
			}
			for _, i := range rows {
				times[i]++
			}
			if train := s.Train(len(y), rows, nil); len(train)+len(rows) != len(y) {
				t.Fatalf("%d training and %d validation rows of %d", len(train), len(rows), len(y))
			}
		}
		checkCoverage(t, s, task, y, times, folds)
	})
}

func checkCoverage(t *rapid.T, s trials.Split, task metrics.Task, y []float32, times []int, folds [][]int32) {
	count := map[float32]int{}
	for _, v := range y {
		count[v]++
	}
	inFold := make([]map[float32]int, len(folds))
	for f, rows := range folds {
		inFold[f] = map[float32]int{}
		for _, i := range rows {
			inFold[f][y[i]]++
		}
	}
	for i, v := range y {
		single := v != v || task != metrics.Regression && count[v] == 1
		if single && times[i] != 0 {
			t.Fatalf("row %d is alone in its class or missing, and validated", i)
		}
		if !single && s.Folds > 1 && times[i] != 1 {
			t.Fatalf("row %d validated %d times", i, times[i])
		}
	}
	if task == metrics.Regression {
		return
	}
	for v, n := range count {
		if n < 2 || v != v {
			continue
		}
		for f := range folds {
			if s.Folds > 1 && (inFold[f][v] < n/s.Folds || inFold[f][v] > n/s.Folds+1) {
				t.Fatalf("class %v: %d of %d rows in fold %d of %d", v, inFold[f][v], n, f, s.Folds)
			}
			if s.Folds == 1 && (inFold[f][v] >= n || n >= 3 && inFold[f][v] == 0) {
				t.Fatalf("class %v: %d of %d rows held out", v, inFold[f][v], n)
			}
		}
	}
}

func TestAssignShares(t *testing.T) {
	t.Parallel()
	y := make([]float32, 1000)
	for i := range y {
		y[i] = float32(i % 2)
	}
	for _, share := range []float64{0.1, 0.2, 0.33, 0.4} {
		for _, task := range []metrics.Task{metrics.Binary, metrics.Regression} {
			rows := trials.Split{Folds: 1, Holdout: share, Seed: 1}.Assign(len(y), task, y, nil)[0]
			if want := share * 1000; math.Abs(float64(len(rows))-want) > 1 {
				t.Errorf("%s: %d rows held out, want %v", task, len(rows), want)
			}
		}
	}
	if a, b := (trials.Split{Folds: 5, Seed: 1}).Assign(1000, metrics.Binary, y, nil), (trials.Split{Folds: 5, Seed: 2}).Assign(1000, metrics.Binary, y, nil); cmp.Equal(a, b) {
		t.Error("the seed changes nothing")
	}
}

// A regression fold has a mean like the others': that is what dealing by rank is for.
func TestAssignStratifiesRegression(t *testing.T) {
	t.Parallel()
	y := make([]float32, 100)
	for i := range y {
		y[i] = float32(math.Exp(float64(i*37%100) / 10))
	}
	for seed := range uint64(20) {
		for f, rows := range (trials.Split{Folds: 5, Seed: seed}).Assign(100, metrics.Regression, y, nil) {
			var rank float64
			for _, i := range rows {
				rank += float64(i * 37 % 100)
			}
			if mean := rank / float64(len(rows)); math.Abs(mean-49.5) > 2.5 {
				t.Errorf("seed %d fold %d: mean rank %v", seed, f, mean)
			}
		}
	}
}

// The split is part of the determinism contract: these rows must never change.
func TestAssignIsFrozen(t *testing.T) {
	t.Parallel()
	y := []float32{0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 1}
	got := trials.Split{Folds: 3, Seed: 7}.Assign(len(y), metrics.Multiclass, y, nil)
	if d := cmp.Diff(frozenFolds, got); d != "" {
		t.Error(d)
	}
	got = trials.Split{Folds: 3, Seed: 7}.Assign(len(y), metrics.Regression, y, nil)
	if d := cmp.Diff(frozenRegression, got); d != "" {
		t.Error(d)
	}
}

func TestAssignFixed(t *testing.T) {
	t.Parallel()
	s := trials.Split{Folds: 5, Fixed: 3}
	got := s.Assign(10, metrics.Regression, make([]float32, 10), nil)
	if d := cmp.Diff([][]int32{{7, 8, 9}}, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]int32{0, 1, 2, 3, 4, 5, 6}, s.Train(10, got[0], nil)); d != "" {
		t.Error(d)
	}
}

func TestMove(t *testing.T) {
	t.Parallel()
	now := time.Unix(9, 0)
	r := &trials.Record{State: trials.Queued}
	steps := []struct {
		to      trials.State
		attempt int
	}{{trials.Running, 1}, {trials.Running, 2}, {trials.Queued, 1}, {trials.Running, 2}, {trials.Failed, 2}}
	for _, s := range steps {
		if err := r.Move(s.to, now); err != nil || r.State != s.to || r.Attempt != s.attempt {
			t.Fatalf("move to %s: %v, %+v", s.to, err, r)
		}
	}
	for _, to := range []trials.State{trials.Running, trials.Queued, trials.Succeeded} {
		if err := r.Move(to, now); !errors.Is(err, trials.ErrFinal) || r.State != trials.Failed {
			t.Errorf("a failed trial moved to %s: %v", to, err)
		}
	}
	if err := (&trials.Record{State: trials.Queued}).Move("", now); err == nil {
		t.Error("moved to no state")
	}
}

func TestRank(t *testing.T) {
	t.Parallel()
	m, err := metrics.Lookup("root_mean_squared_error")
	if err != nil {
		t.Fatal(err)
	}
	rec := func(n int, s trials.State, losses ...float64) *trials.Record {
		r := &trials.Record{Spec: trials.Spec{Number: n, Learner: "l"}, State: s}
		if len(losses) > 0 {
			r.Result = &trials.Result{Loss: losses[0], FoldLosses: losses[1:]}
		}
		return r
	}
	in := []*trials.Record{
		rec(0, trials.Failed), rec(1, trials.Succeeded, 2, 1, 3), rec(2, trials.Pruned, .1, .1),
		rec(3, trials.Succeeded, 1, 1), rec(4, trials.Queued), rec(5, trials.Succeeded, 2, 2),
	}
	var got []int
	for i, row := range trials.Rank(in, m) {
		got = append(got, row.Trial)
		if want := i + 1; i < 3 && row.Rank != want || i >= 3 && row.Rank != 0 {
			t.Errorf("trial %d has rank %d", row.Trial, row.Rank)
		}
		if row.Trial == 1 {
			if *row.Score != 2 || math.Abs(*row.StdErr-1) > 1e-12 {
				t.Errorf("score %v ± %v, want 2 ± 1", *row.Score, *row.StdErr)
			}
		} else if row.StdErr != nil {
			t.Errorf("trial %d has a standard error", row.Trial)
		}
	}
	if d := cmp.Diff([]int{3, 1, 5, 4, 2, 0}, got); d != "" {
		t.Error(d)
	}
	if in[0].Spec.Number != 0 {
		t.Error("Rank changed its argument")
	}
}

func TestModels(t *testing.T) {
	t.Parallel()
	models := []trials.Model{{Kind: "trees", View: "raw", Bytes: []byte{1, 2, 3}}, {Kind: "", View: "dense", Bytes: []byte{}}}
	b := trials.EncodeModels(models)
	got, err := trials.DecodeModels(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(models, got); d != "" {
		t.Error(d)
	}
	for n := range b {
		if _, err := trials.DecodeModels(b[:n]); err == nil {
			t.Errorf("cut to %d bytes: accepted", n)
		}
	}
	if _, err := trials.DecodeModels(append(b, 0)); err == nil {
		t.Error("trailing byte accepted")
	}
	rapid.Check(t, func(t *rapid.T) { // no panic, no huge allocation
		junk := rapid.SliceOf(rapid.Byte()).Draw(t, "junk")
		_, _ = trials.DecodeModels(append([]byte("AMM\x01"), junk...))
	})
}

func TestOOF(t *testing.T) {
	t.Parallel()
	pred := []float32{1, -2.5, float32(math.NaN()), 0}
	b := trials.EncodeOOF(pred)
	got, err := trials.DecodeOOF(b, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if math.Float32bits(v) != math.Float32bits(pred[i]) {
			t.Errorf("value %d: %v, want %v", i, v, pred[i])
		}
	}
	for _, shape := range [][2]int{{4, 2}, {2, 1}, {-2, -2}, {4, 0}} {
		if _, err := trials.DecodeOOF(b, shape[0], shape[1]); err == nil {
			t.Errorf("%v accepted", shape)
		}
	}
	if _, err := trials.DecodeOOF(b[:15], 2, 2); err == nil {
		t.Error("cut blob accepted")
	}
}

func TestMixSeed(t *testing.T) {
	t.Parallel()
	seen := map[uint64]bool{}
	for seed := range uint64(50) {
		for k := range 20 {
			seen[trials.MixSeed(seed, k)] = true
		}
	}
	if len(seen) != 1000 {
		t.Errorf("%d different seeds of 1000", len(seen))
	}
}

func TestCheckIDNamesTheID(t *testing.T) {
	t.Parallel()
	if err := trials.CheckID("a/b"); err == nil || !strings.Contains(err.Error(), `"a/b"`) {
		t.Errorf("got %v", err)
	}
}

var (
	frozenFolds      = [][]int32{{0, 1, 3, 8}, {2, 4, 9, 11}, {5, 6, 7}}
	frozenRegression = [][]int32{{1, 2, 3, 10}, {4, 7, 8, 9}, {0, 5, 6, 11}}
)
