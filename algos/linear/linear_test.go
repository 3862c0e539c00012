package linear

import (
	"testing"

	"github.com/seed-09a2cce4/automl/algos/algostest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	algostest.Run(t, Learner{}, algostest.Options{})
}
