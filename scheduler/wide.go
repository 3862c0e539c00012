package scheduler

import (
	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/infold"
	"github.com/seed-09a2cce4/automl/search"
)

// Where there are more features than wideFeatures, how many of them a trial is given is a
// parameter of each learner's search.
const (
	wideFeatures  = 1000
	usualFeatures = 500
	leastFeatures = 50
)

// withFeatures adds the number of features to what is searched for a learner, unless
// nothing is or there are too few of them.
func withFeatures(space search.Space, s algos.Shape) search.Space {
	if s.Features <= wideFeatures || len(space) == 0 {
		return space
	}
	return append(space[:len(space):len(space)], search.Dimension{
		Name: infold.Select, Low: leastFeatures, High: float64(s.Features), Integer: true, Log: true, Default: float64(usualFeatures),
	})
}
