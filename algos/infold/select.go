package infold

import (
	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/search"
)

// Select is the parameter of a fit that says how many features the learner is given,
// those that tell most of the target by themselves: 1 and up, all of them if there are
// no more or it is not there.
const Select = "select"

// selectCell is the time in seconds that the choice among features takes for a value, once
// for the rows of a fold.
const selectCell = 4e-8

// given is how many features a fit is given at most, 0 for all.
func given(p search.Params, most int) int {
	n := p.Int(Select, 0)
	if n <= 0 || most > 0 && most < n {
		return most
	}
	return n
}

// Estimate is what Fit costs with the features that the parameters ask for.
func Estimate(l algos.Learner, s algos.Shape, p search.Params) algos.Cost {
	n := given(p, 0)
	if n == 0 || n >= s.Features {
		return l.Estimate(s, p)
	}
	part := s
	part.Features, part.Categorical = n, min(s.Categorical, n)
	part.DenseCols = int(int64(s.DenseCols) * int64(n) / int64(s.Features))
	cost := l.Estimate(part, p)
	cost.Seconds += selectCell * float64(min(s.Rows, mostRows)) * float64(s.Features)
	cost.Bytes += int64(s.Rows) * int64(5*n+4*part.DenseCols) // views of its own
	return cost
}
