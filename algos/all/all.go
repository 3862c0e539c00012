package all

import (
	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/baseline"
	"github.com/seed-09a2cce4/automl/algos/bayes"
	"github.com/seed-09a2cce4/automl/algos/booster"
	"github.com/seed-09a2cce4/automl/algos/ebm"
	"github.com/seed-09a2cce4/automl/algos/forest"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/algos/kernel"
	"github.com/seed-09a2cce4/automl/algos/linear"
	"github.com/seed-09a2cce4/automl/algos/mlp"
	"github.com/seed-09a2cce4/automl/algos/neighbors"
	"github.com/seed-09a2cce4/automl/algos/prepared"
)

func init() {
	for _, l := range []algos.Learner{
		baseline.Learner{},
		bayes.Learner{},
		booster.Learner{},
		ebm.Learner{},
		forest.ExtraTrees(),
		forest.RandomForest(),
		gbdt.New(),
		gbdt.NewSymmetric(),
		kernel.Learner{},
		linear.Learner{},
		neighbors.Learner{},
		prepared.New(),
		mlp.Learner{},
	} {
		if err := algos.Register(l); err != nil {
			panic(err) // two of them have one name: no test would pass
		}
	}
}
