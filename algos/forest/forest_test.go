package forest

import (
	"testing"

	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/search"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, l := range []Learner{ExtraTrees(), RandomForest()} {
		t.Run(l.Name(), func(t *testing.T) {
			t.Parallel()
			// Bootstrap samples of weighted and of repeated rows are alike in
			// distribution only, and these forests are small.
			algostest.Run(t, l, algostest.Options{Params: search.Params{"n_estimators": 30.0}, Repeats: 0.6})
		})
	}
}
