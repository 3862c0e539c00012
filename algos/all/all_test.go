package all_test

import (
	"slices"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	_ "github.com/seed-09a2cce4/automl/algos/all"
	"github.com/seed-09a2cce4/automl/metrics"
)

func TestAllAreRegistered(t *testing.T) {
	t.Parallel()
	want := []string{"baseline", "bayes", "booster", "ebm", "extra_trees", "gbdt", "gbdt_prepared", "kernel_ridge", "linear", "mlp", "neighbors", "random_forest", "symmetric"}
	if got := algos.Names(); !slices.Equal(got, want) {
		t.Fatalf("registered are %v, want %v", got, want)
	}
	s := algos.Shape{Rows: 1000, Features: 10, DenseCols: 12, Task: metrics.Binary, Classes: 2}
	for _, name := range want {
		l, err := algos.Lookup(name)
		if err != nil || l.Name() != name {
			t.Errorf("Lookup(%q) = %v, %v", name, l, err)
			continue
		}
		if err := l.Space(s).Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
