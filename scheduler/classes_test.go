package scheduler

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-09a2cce4/automl/data"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// Balanced weights are scikit-learn's: n / (K · n_c), by the rows' weights if
// there are any, of the training rows alone.
func TestClassWeights(t *testing.T) {
	t.Parallel()
	table, err := data.NewTable(
		&data.Column{Name: "y", Kind: data.String, Dict: []string{"a", "b", "c"}, Codes: []int32{0, 0, 0, 1, 0, 1, 2, 2, 2}},
		&data.Column{Name: "w", Kind: data.Number, Floats: []float64{1, 1, 1, 4, 1, 4, 4, 100, 100}},
	)
	if err != nil {
		t.Fatal(err)
	}
	p := &plan{table: table, valid: 2}
	target := &featurize.Target{Name: "y", Task: metrics.Multiclass, Classes: []string{"a", "b", "c"}}
	for _, tt := range []struct {
		o    trials.JobOptions
		want []float64
		err  string
	}{
		{trials.JobOptions{}, nil, ""},
		{trials.JobOptions{Balanced: true}, []float64{7. / 12, 7. / 6, 7. / 3}, ""},
		{trials.JobOptions{Balanced: true, Weight: "w"}, []float64{16. / 12, 16. / 24, 16. / 12}, ""},
		{trials.JobOptions{ClassWeights: map[string]float64{"b": 5}}, []float64{1, 5, 1}, ""},
		{trials.JobOptions{ClassWeights: map[string]float64{"d": 5}}, nil, `target "y" has no class "d"`},
	} {
		got, err := p.classWeights(&tt.o, target)
		if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%+v: %v", tt.o, err)
		}
		close := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })
		if d := cmp.Diff(tt.want, got, close); d != "" {
			t.Errorf("%+v: %s", tt.o, d)
		}
	}
}
