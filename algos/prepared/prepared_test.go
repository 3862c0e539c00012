package prepared

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/search"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	algostest.Run(t, New(), algostest.Options{Params: search.Params{"rounds": 30.}, Repeats: 0.8})
}
