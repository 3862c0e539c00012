package gbdt

import (
	"testing"

	"github.com/seed-09a2cce4/automl/algos/algostest"
	"github.com/seed-09a2cce4/automl/search"
)

func TestSymmetricContract(t *testing.T) {
	t.Parallel()
	// Rows are drawn and scores blurred at random, so that repeated rows are only
	// about the same.
	algostest.Run(t, NewSymmetric(), algostest.Options{Params: search.Params{"rounds": 60., "learning_rate": .15}, Repeats: 0.8})
}
