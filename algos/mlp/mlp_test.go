package mlp

import (
	"testing"

	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/search"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	// A batch of all rows, so that a weight can be compared with repetition; what
	// is dropped then still differs.
	for name, o := range map[string]algostest.Options{
		"plain": {Repeats: 0.05, Params: search.Params{
			"epochs": 40.0, "width": 16.0, "layers": 2.0, "members": 1.0, "dropout": 0.0, "batch": 1024.0}},
		"pieces": {Repeats: 0.05, Params: search.Params{
			"epochs": 40.0, "width": 16.0, "layers": 1.0, "members": 1.0, "dropout": 0.0, "batch": 1024.0, "pieces": 8.0}},
		"members": {Repeats: 0.3, Params: search.Params{
			"epochs": 40.0, "width": 16.0, "layers": 1.0, "members": 3.0, "dropout": 0.1, "smoothing": 0.05, "batch": 1024.0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			algostest.Run(t, Learner{}, o)
		})
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ epochs, factor, want float64 }{
		{40, 1, 40}, {40, 0.5, 20}, {40, 0.01, 8}, {40, 2, 80}, {40, 100, 160}, {5, 0.5, 5},
	} {
		p := search.Params{"epochs": test.epochs, "width": 64.0}
		if got := (Learner{}).Pace(p, test.factor); got["epochs"] != test.want || got["width"] != 64.0 || p["epochs"] != test.epochs {
			t.Errorf("%v epochs at %v times the time: %v", test.epochs, test.factor, got)
		}
	}
}
