package linear

import (
	"bytes"
	"context"
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

func TestSupportVectorsEndInTime(t *testing.T) {
	t.Parallel()
	r := problem(4, 300, 1, 0)
	r.Params["loss"] = lossHinge
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (Learner{}).Fit(ctx, r); err != context.Canceled {
		t.Errorf("error %v of a cancelled fit", err)
	}
	full, err := Learner{}.Fit(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	r.MaxSteps = full.Steps
	again, err := Learner{}.Fit(context.Background(), r)
	if err != nil || !bytes.Equal(full.Predictor.Append(nil), again.Predictor.Append(nil)) {
		t.Errorf("%d steps do not give the same model again: %v", full.Steps, err)
	}
}

func TestConformanceWithAbsolutePenalty(t *testing.T) {
	t.Parallel()
	algostest.Run(t, Learner{}, algostest.Options{Params: search.Params{"alpha": 2.0, "l1_ratio": 0.7}})
}
