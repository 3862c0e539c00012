package algos

import "github.com/seed-09a2cce4/automl/search"

// Portfolio is what a Learner may implement beside: good configurations to try
// first, in order of worth for a data shape. The first is the default.
type Portfolio interface {
	Portfolio(s Shape) []search.Params
}

// Selective is what a Learner may implement beside: whether it has anything to do
// on data of a shape that other learners don't.
type Selective interface {
	Suits(s Shape) bool
}

// Paced is what a Learner may implement beside whose fits give quality for time, as
// boosting does in smaller steps.
type Paced interface {
	// Pace answers a copy of p with which a fit takes about factor times as long, as
	// far as that is sensible; all else is as in p.
	Pace(p search.Params, factor float64) search.Params
}
