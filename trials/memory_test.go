package trials_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-09a2cce4/automl/trials"
	"github.com/seed-09a2cce4/automl/trials/trialstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	t.Parallel()
	trialstest.Store(t, func(*testing.T) trials.Store { return trials.NewMemory() })
}
