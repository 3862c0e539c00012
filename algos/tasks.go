package algos

import (
	"slices"

	"github.com/seed-09a2cce4/automl/metrics"
)

// Tasks is what a Learner may implement beside if there are tasks that it cannot
// learn: those that it can.
type Tasks interface {
	Tasks() []metrics.Task
}

// Learns says whether a learner can learn a task.
func Learns(l Learner, task metrics.Task) bool {
	t, some := l.(Tasks)
	return !some || slices.Contains(t.Tasks(), task)
}
