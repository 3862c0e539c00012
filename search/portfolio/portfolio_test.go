package portfolio_test

import (
	"testing"

	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/search"
	"github.com/seed-09a2cce4/automl/search/portfolio"
)

// TestOrders holds each order to what a study takes, and to its bounds.
func TestOrders(t *testing.T) {
	t.Parallel()
	list := portfolio.Of("linear", metrics.Regression, 1000)
	if len(list) == 0 {
		t.Fatal("there is no order of linear models for small tables of numbers")
	}
	seen := map[string]bool{}
	for _, p := range list {
		if key := search.Key("linear", p); seen[key] || len(p) == 0 {
			t.Errorf("%s comes twice, or says nothing", key)
		} else {
			seen[key] = true
		}
	}
	if _, err := search.NewStudy(search.Config{Arms: []search.Arm{{Learner: "linear", Portfolio: list}}}); err != nil {
		t.Error(err)
	}
	if portfolio.Of("linear", metrics.Regression, 1<<30) != nil || portfolio.Of("genius", metrics.Regression, 1000) != nil {
		t.Error("there are orders for what was not measured")
	}
}
