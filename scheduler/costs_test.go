package scheduler

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

func TestCostMatrix(t *testing.T) {
	t.Parallel()
	target := &featurize.Target{Name: "y", Task: metrics.Multiclass, Classes: []string{"1", "2", "rest"}}
	full := map[string]map[string]float64{"1": {"2": 3, "rest": 4}, "2.0": {"1": 5, "rest": 6}, "rest": {"1": 7, "2": 8, "rest": -1}}
	for _, tt := range []struct {
		costs map[string]map[string]float64
		want  [][]float64
		err   string
	}{
		{nil, nil, ""},
		{full, [][]float64{{0, 3, 4}, {5, 0, 6}, {7, 8, -1}}, ""},
		{map[string]map[string]float64{"1": {"2": 3, "rest": 4}, "2": {"1": 5, "rest": 6}}, nil, `none is given for class "rest" predicted as "1"`},
		{map[string]map[string]float64{"three": {"2": 3}}, nil, `no class "three"`},
		{map[string]map[string]float64{"1": {"rets": 3}}, nil, `costs of class "1": target "y" has no class "rets": did you mean "rest"?`},
	} {
		got, err := costMatrix(&trials.JobOptions{Costs: tt.costs}, target)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%v: %v", tt.costs, err)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%v: %s", tt.costs, d)
		}
	}
	number := &featurize.Target{Name: "y", Task: metrics.Regression}
	if _, err := costMatrix(&trials.JobOptions{Costs: full}, number); err == nil {
		t.Error("a number with costs of classes")
	}
}
