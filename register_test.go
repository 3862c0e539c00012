package automl

import (
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
)

// Parts of one's own under names that are not to be had.
type (
	namedLearner struct {
		algos.Learner
		name string
	}
	namedMaker struct {
		featurize.Maker
		name  string
		types []featurize.Type
	}
	namedScorer struct {
		metrics.Scorer
		metric metrics.Metric
	}
)

func (n namedLearner) Name() string          { return n.name }
func (n namedMaker) Kind() string            { return n.name }
func (n namedMaker) Types() []featurize.Type { return n.types }
func (n namedScorer) Metric() metrics.Metric { return n.metric }

func TestRegisterErrors(t *testing.T) {
	t.Parallel()
	some := []featurize.Type{featurize.Text}
	decode := func([]byte, predictor.Inputs) (predictor.Predictor, error) { return nil, nil }
	for want, err := range map[string]error{
		`learner "gbdt" is registered already`:        RegisterLearner(namedLearner{name: "gbdt"}),
		`without a name`:                              RegisterLearner(namedLearner{}),
		`transform "svd" is registered already`:       RegisterTransform(namedMaker{name: "svd", types: some}),
		`transform "chain" is registered already`:     RegisterTransform(namedMaker{name: "chain", types: some}),
		`transform "mine" is for no type`:             RegisterTransform(namedMaker{name: "mine"}),
		`columns of type "constant" make no features`: RegisterTransform(namedMaker{name: "mine", types: []featurize.Type{featurize.Constant}}),
		`transform of no name`:                        RegisterTransform(namedMaker{types: some}),
		`predictor "trees" is registered already`:     RegisterPredictor("trees", decode),
		`without kind or decoder`:                     RegisterPredictor("mine", nil),
		`metric "roc_auc" is registered already`:      RegisterMetric(namedScorer{metric: metrics.Metric{Name: "roc_auc", Tasks: []metrics.Task{metrics.Binary}}}),
		`metric "auc" is registered already`:          RegisterMetric(namedScorer{metric: metrics.Metric{Name: "auc", Tasks: []metrics.Task{metrics.Binary}}}),
		`metric "My Own": write its name as "my_own"`: RegisterMetric(namedScorer{metric: metrics.Metric{Name: "My Own"}}),
		`metric "mine" is for no task`:                RegisterMetric(namedScorer{metric: metrics.Metric{Name: "mine"}}),
		`metric "mine": unknown task "ranking"`:       RegisterMetric(namedScorer{metric: metrics.Metric{Name: "mine", Tasks: []metrics.Task{"ranking"}}}),
	} {
		if err == nil || !IsUserError(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
