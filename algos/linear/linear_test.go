package linear

import (
	"testing"

	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/search"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	algostest.Run(t, Learner{}, algostest.Options{})
}

func TestConformanceWithAbsolutePenalty(t *testing.T) {
	t.Parallel()
	algostest.Run(t, Learner{}, algostest.Options{Params: search.Params{"alpha": 2.0, "l1_ratio": 0.7}})
}
