package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/benchmarks/dataset"
)

// steps is a set whose class is whether its one feature is above a half; one
// row is alone in its class.
func steps(rows int) *dataset.Set {
	s := &dataset.Set{Name: "steps", Train: rows, Features: 1, Levels: []int{0}, Classes: 3, Cols: [][]float32{make([]float32, rows)}, Y: make([]float32, rows)}
	for i := range rows {
		s.Cols[0][i] = float32(i) / float32(rows)
		if 2*i >= rows {
			s.Y[i] = 1
		}
	}
	s.Y[7] = 2
	return s
}

func TestHalvesPartTheRows(t *testing.T) {
	t.Parallel()
	const rows, seeds = 400, 3
	dir, set := t.TempDir(), steps(rows)
	halves := halvesOf(set, seeds)
	path := filepath.Join(dir, halvesFile)
	if err := os.WriteFile(path, halves, 0o644); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(halves[:rows], halves[rows:2*rows]) {
		t.Error("two seeds cut in the same way")
	}
	for seed := range seeds {
		tested := make([]int, rows)
		for fold := range 2 {
			train, test, err := half(path, rows, seed, fold)
			if err != nil {
				t.Fatal(err)
			}
			if len(train)+len(test) != rows || len(test) < rows/2-1 {
				t.Errorf("seed %d, fold %d: %d training and %d test rows", seed, fold, len(train), len(test))
			}
			if !slices.Contains(train, 7) {
				t.Error("the only row of its class is tested")
			}
			for _, r := range test {
				tested[r]++
			}
		}
		for r, n := range tested {
			want := 1
			if r == 7 {
				want = 0
			}
			if n != want {
				t.Fatalf("seed %d: row %d is tested %d times, want %d", seed, r, n, want)
			}
		}
	}
	for _, c := range [][2]int{{seeds, 0}, {-1, 0}, {0, 2}, {0, -1}} {
		if _, _, err := half(path, rows, c[0], c[1]); err == nil {
			t.Errorf("seed %d, fold %d: no error", c[0], c[1])
		}
	}
}

func TestTrain(t *testing.T) {
	t.Parallel()
	set := steps(400)
	for _, j := range []job{
		{learner: "gbdt", mode: "same", threads: 1},
		{learner: "gbdt", mode: "defaults", threads: 1, holdout: 0.2, refit: true},
		{learner: "gbdt", mode: "defaults", threads: 1, holdout: 0.2},
	} {
		fitted, err := j.train(context.Background(), set, dataset.Rows(400))
		if err != nil {
			t.Fatal(err)
		}
		if j.mode == "same" && fitted.Steps != 100 {
			t.Errorf("%d steps with LightGBM's parameters, want 100", fitted.Steps)
		}
		if fitted.Steps < 1 || fitted.Predictor.Width() != 3 {
			t.Errorf("%+v: %d steps, width %d", j, fitted.Steps, fitted.Predictor.Width())
		}
	}
	for flag, j := range map[string]job{"-mode": {learner: "gbdt", mode: "other"}, "learner": {learner: "none", mode: "same"}} {
		if _, err := j.train(context.Background(), set, dataset.Rows(400)); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("error %v, want %s in it", err, flag)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	all := []source{{name: "big", Rows: 1000}, {name: "small", Rows: 300}}
	if got, err := choose(slices.Clone(all), ""); err != nil || len(got) != 1 || got[0].name != "big" {
		t.Errorf("chosen %v, %v", got, err)
	}
	if got, err := choose(all, "small"); err != nil || len(got) != 1 || got[0].name != "small" {
		t.Errorf("chosen %v, %v", got, err)
	}
	if _, err := choose(all, "none"); err == nil || !strings.Contains(err.Error(), `"none"`) {
		t.Errorf("error %v", err)
	}
}
