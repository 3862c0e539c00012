package dataset

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/metrics"
)

func TestHalvesPartTheRows(t *testing.T) {
	t.Parallel()
	const rows, seeds = 400, 3
	y := make([]float32, rows)
	for i := range y[rows/2:] {
		y[rows/2+i] = 1
	}
	y[7] = 2 // alone in its class
	halves := Halves(metrics.Multiclass, y, seeds)
	path := filepath.Join(t.TempDir(), "halves.u8")
	if err := os.WriteFile(path, halves, 0o644); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(halves[:rows], halves[rows:2*rows]) {
		t.Error("two seeds cut in the same way")
	}
	for seed := range seeds {
		tested := make([]int, rows)
		for fold := range 2 {
			train, test, err := ReadHalf(path, rows, seed, fold)
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
		if _, _, err := ReadHalf(path, rows, c[0], c[1]); err == nil {
			t.Errorf("seed %d, fold %d: no error", c[0], c[1])
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	all := []Source{{Name: "big", Rows: 1000}, {Name: "small", Rows: 300}}
	if got, err := Choose(slices.Clone(all), ""); err != nil || len(got) != 1 || got[0].Name != "big" {
		t.Errorf("chosen %v, %v", got, err)
	}
	if got, err := Choose(all, "small"); err != nil || len(got) != 1 || got[0].Name != "small" {
		t.Errorf("chosen %v, %v", got, err)
	}
	if _, err := Choose(all, "none"); err == nil || !strings.Contains(err.Error(), `"none"`) {
		t.Errorf("error %v", err)
	}
}
