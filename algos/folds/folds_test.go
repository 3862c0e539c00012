package folds_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-09a2cce4/automl/algos/folds"
	"github.com/seed-09a2cce4/automl/metrics"
)

// A fold and its rest are all rows, and no group is on both sides.
func TestFoldsAndRests(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "rows")
		y, groups := make([]float32, n), make([]int32, n)
		for i := range y {
			y[i], groups[i] = float32(i%3), int32(i%max(1, n/3))
		}
		s := folds.Split{Count: rapid.IntRange(1, 5).Draw(t, "folds"), Seed: rapid.Uint64().Draw(t, "seed")}
		for name, lists := range map[string][][]int32{"rows": s.Rows(metrics.Multiclass, y), "groups": s.Groups(metrics.Multiclass, y, groups)} {
			if len(lists) != s.Count {
				t.Fatalf("%s: %d lists, want %d", name, len(lists), s.Count)
			}
			for _, valid := range lists {
				rest := folds.Rest(n, valid)
				all := slices.Sorted(slices.Values(slices.Concat(valid, rest)))
				for i, row := range all {
					if len(all) != n || row != int32(i) {
						t.Fatalf("%s: fold %v and rest %v are not %d rows", name, valid, rest, n)
					}
				}
				for _, a := range valid {
					if name == "groups" && slices.ContainsFunc(rest, func(b int32) bool { return groups[a] == groups[b] }) {
						t.Fatalf("group %d is on both sides", groups[a])
					}
				}
			}
		}
	})
}
