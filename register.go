package automl

import (
	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
)

// RegisterTransform makes a kind of transform of your own known by its name to plans,
// pipelines, job files and bundles, in this process. Programs that run workers for its
// jobs or load its models have to register it too; one that only loads calls
// featurize.Register. Package featurizetest is the suite that transforms pass.
//
// Errors of this function and the others that register satisfy [IsUserError]: a name that is taken, or none.
func RegisterTransform(m featurize.Maker) error { return asUser(featurize.Register(m)) }

// RegisterLearner makes a learner of your own known by its name. It takes part in searches from
// then on unless [Options.Include] or Exclude leave it out, and a [Pipeline] can be of it. If its
// predictors are of a kind of your own as well, see [RegisterPredictor]. Package
// algostest is the suite that learners pass.
func RegisterLearner(l algos.Learner) error { return asUser(algos.Register(l)) }

// RegisterPredictor says how predictors of a kind of your own are read from a bundle. A
// program that only loads models calls predictor.Register.
func RegisterPredictor(kind string, d predictor.Decoder) error {
	return asUser(predictor.Register(kind, d))
}

// RegisterMetric makes a metric of your own known by its name, for [Options.Metric] and
// wherever else metrics are named.
func RegisterMetric(s metrics.Scorer) error { return asUser(metrics.Register(s)) }

func asUser(err error) error {
	if err != nil {
		return &UserError{err}
	}
	return nil
}
