package scheduler

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/metrics"
	"github.com/seed-09a2cce4/automl/trials"
)

// able leaves out the learners that cannot learn the task; to have asked for one of
// them by name is a mistake.
func able(list []algos.Learner, task metrics.Task, o *trials.JobOptions) ([]algos.Learner, error) {
	var out []algos.Learner
	var not []string
	for _, l := range list {
		switch {
		case algos.Learns(l, task):
			out = append(out, l)
		case slices.Contains(o.Include, l.Name()):
			return nil, fmt.Errorf("learner %s cannot learn target %q, a %s task: leave it out, or set the task", l.Name(), o.Target, task)
		default:
			not = append(not, l.Name())
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no learner is left for target %q, a %s task: %s cannot learn it", o.Target, task, strings.Join(not, ", "))
	}
	return out, nil
}
