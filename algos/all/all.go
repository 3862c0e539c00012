package all

import (
	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/baseline"
	"github.com/seed-09a2cce4/automl/algos/bayes"
	"github.com/seed-09a2cce4/automl/algos/ebm"
	"github.com/seed-09a2cce4/automl/algos/forest"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/algos/linear"
	"github.com/seed-09a2cce4/automl/algos/mlp"
	"github.com/seed-09a2cce4/automl/algos/neighbors"
	"github.com/seed-09a2cce4/automl/algos/prepared"
)

func init() {
	algos.Register(baseline.Learner{})
	algos.Register(bayes.Learner{})
	algos.Register(ebm.Learner{})
	algos.Register(forest.ExtraTrees())
	algos.Register(forest.RandomForest())
	algos.Register(gbdt.New())
	algos.Register(gbdt.NewSymmetric())
	algos.Register(linear.Learner{})
	algos.Register(neighbors.Learner{})
	algos.Register(prepared.New())
	algos.Register(mlp.Learner{})
}
