package scheduler

import (
	"strings"
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/bayes"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// TestLearnersOfOtherTasks are left out; to have asked for one is an error that
// names it and the task.
func TestLearnersOfOtherTasks(t *testing.T) {
	t.Parallel()
	both := []algos.Learner{bayes.Learner{}, gbdt.New()}
	for _, c := range []struct {
		list    []algos.Learner
		task    metrics.Task
		include []string
		want    int // learners, 0 for an error
	}{
		{both, metrics.Binary, nil, 2},
		{both, metrics.Regression, nil, 1},
		{both, metrics.Regression, []string{"gbdt"}, 1},
		{both, metrics.Regression, []string{"bayes", "gbdt"}, 0},
		{both[:1], metrics.Regression, nil, 0},
	} {
		got, err := able(c.list, c.task, &trials.JobOptions{Target: "y", Include: c.include})
		if (err != nil) != (c.want == 0) || len(got) != c.want {
			t.Errorf("%s, include %v: %d learners, error %v", c.task, c.include, len(got), err)
		}
		if err != nil && (!strings.Contains(err.Error(), "bayes") || !strings.Contains(err.Error(), "regression")) {
			t.Errorf("the error names neither learner nor task: %v", err)
		}
	}
}
