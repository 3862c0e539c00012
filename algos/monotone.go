package algos

import "github.com/seed-09a2cce4/automl/search"

// Monotone is what a Learner may implement beside: it can keep its predictions
// (of two classes the probability of the second) from falling, or from rising,
// as a feature grows and the others stay.
type Monotone interface {
	// Monotone returns the parameters that make a fit do so: ways has 1 for not
	// falling and -1 for not rising, by the name of a feature without levels.
	Monotone(ways map[string]int) search.Params
}
