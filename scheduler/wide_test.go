package scheduler

import (
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/algos/infold"
	"github.com/seed-09a2cce4/automl/metrics"
)

// TestWide: from some width on how many features a trial is given is searched, from few
// on; below it, and where nothing is searched, it is not.
func TestWide(t *testing.T) {
	t.Parallel()
	for _, features := range []int{20, wideFeatures, wideFeatures + 1, 20_000} {
		p := &plan{shape: algos.Shape{Rows: 500, Features: features, DenseCols: features, Task: metrics.Binary, Classes: 2}}
		wide := features > wideFeatures
		p.params = map[string]map[string]any{}
		a, err := p.arm(gbdt.New())
		if err != nil || a.Space.Validate() != nil {
			t.Fatal(err, a.Space.Validate())
		}
		for i, params := range a.Portfolio {
			full := a.Space.Complete(params)
			if got := full.Int(infold.Select, 0); wide != (got == usualFeatures) || a.Space.Contains(full) != nil {
				t.Errorf("%d features: starting point %d is %v", features, i, full)
			}
		}
		if first := firstParams(gbdt.New(), p.shape); wide != (first[infold.Select] == float64(usualFeatures)) {
			t.Errorf("%d features: the first configuration is %v", features, first)
		}
		p.params["gbdt"] = map[string]any{infold.Select: 77.0, "num_leaves": 5.0}
		if a, err = p.arm(gbdt.New()); wide != (err == nil) || wide && a.Portfolio[0][infold.Select] != 77.0 {
			t.Errorf("%d features, 77 asked for: %v, error %v", features, a.Portfolio, err)
		}
		if space := withFeatures(nil, p.shape); space != nil {
			t.Errorf("a learner of which nothing is searched is given %v", space)
		}
	}
}
