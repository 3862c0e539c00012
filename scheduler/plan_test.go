package scheduler

import (
	"testing"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/algos/prepared"
)

// TestLearnersThatHaveNothingToDo are left out, unless they are asked for.
func TestLearnersThatHaveNothingToDo(t *testing.T) {
	t.Parallel()
	both := []algos.Learner{gbdt.New(), prepared.New()}
	for _, c := range []struct {
		shape   algos.Shape
		list    []algos.Learner
		include []string
		want    int
	}{
		{algos.Shape{Features: 5}, both, nil, 2},
		{algos.Shape{Features: 1}, both, nil, 1},
		{algos.Shape{Features: 1}, both, []string{"gbdt_prepared"}, 2},
		{algos.Shape{Features: 1}, both[1:], nil, 1},
	} {
		if got := suited(c.list, c.shape, c.include); len(got) != c.want {
			t.Errorf("%+v, include %v: %d learners of %d", c.shape, c.include, len(got), len(c.list))
		}
	}
}
