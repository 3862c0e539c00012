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
