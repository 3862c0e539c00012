package gbdt

import (
	"maps"
	"testing"

	"github.com/seed-09a2cce4/automl/search"
)

func TestPace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ rate, factor, want float64 }{
		{0.1, 1, 0.1}, {0.1, 0.5, 0.2}, {0.1, 0.01, 0.3}, {0.1, 2, 0.05}, {0.1, 100, 0.02},
		{0.5, 0.5, 0.5}, {0.5, 2, 0.25}, {0.01, 0.5, 0.02}, {0.01, 2, 0.01},
	} {
		p := search.Params{"learning_rate": test.rate, "num_leaves": 7.0}
		want := search.Params{"learning_rate": test.want, "num_leaves": 7.0}
		if got := New().Pace(p, test.factor); !maps.Equal(got, want) {
			t.Errorf("rate %v at %v times the time: %v", test.rate, test.factor, got)
		}
		if p["learning_rate"] != test.rate {
			t.Error("the parameters given were changed")
		}
	}
	if got := New().Pace(nil, 1); got["learning_rate"] != 0.1 {
		t.Errorf("no parameters: %v", got)
	}
}
