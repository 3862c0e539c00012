package folds

import (
	"cmp"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/metrics"
)

// Split says how rows are divided. The same split of the same rows is the same for ever.
type Split struct {
	// Count is the number of folds; 1 for a hold-out.
	Count int
	// Holdout is the share of the rows held out when Count is 1, 0.2 if it is not
	// between 0 and 1.
	Holdout float64
	Seed    uint64
}

const defaultHoldout = 0.2

// Rows returns the validation rows of each fold, ascending; y has the targets, class
// indices when classifying. Folds are stratified: each class is dealt out evenly over
// them; in regression each run of neighbours in the order of y is. A class with one row
// and rows without a target (NaN or negative class) are in no fold.
func (s Split) Rows(t metrics.Task, y []float32) [][]int32 {
	of := make([]int32, len(y)) // fold of each row, -1 for none
	for i := range of {
		of[i] = -1
	}
	r := rng(s.Seed)
	var strata [][]int32
	if t == metrics.Regression {
		strata = [][]int32{s.rankOrder(y, &r)}
	} else {
		strata = classOrder(y, &r)
	}
	count := max(1, s.Count)
	if count == 1 {
		holdOut(of, strata, s.share())
	} else {
		deal(of, strata, count)
	}
	return Lists(of, count)
}

// Rest returns those of n rows that are not among some, ascending as these are.
func Rest(n int, some []int32) []int32 {
	rest := make([]int32, 0, max(0, n-len(some)))
	v := 0
	for i := range int32(n) {
		if v < len(some) && some[v] == i {
			v++
			continue
		}
		rest = append(rest, i)
	}
	return rest
}

func (s Split) share() float64 {
	if s.Holdout > 0 && s.Holdout < 1 {
		return s.Holdout
	}
	return defaultHoldout
}

// deal gives the rows to the folds in turn, and goes on from one stratum to the
// next, so that fold sizes differ by at most one.
func deal(of []int32, strata [][]int32, folds int) {
	c := 0
	for _, rows := range strata {
		for _, i := range rows {
			of[i] = int32(c % folds)
			c++
		}
	}
}

// holdOut takes evenly spaced rows of each stratum: the share of all rows seen
// so far, so that rounding does not add up. A stratum of three rows or more
// gives at least one, and none gives all.
func holdOut(of []int32, strata [][]int32, share float64) {
	seen, taken := 0, 0
	for _, rows := range strata {
		seen += len(rows)
		want := int(math.Floor(float64(seen)*share+0.5)) - taken
		if len(rows) >= 3 {
			want = max(1, want)
		}
		want = max(0, min(want, len(rows)-1))
		for k := range want {
			of[rows[k*len(rows)/want]] = 0
		}
		taken += want
	}
}

// classOrder returns the rows of each class, shuffled, classes with one row left out.
func classOrder(y []float32, r *rng) [][]int32 {
	var classes [][]int32
	for i, v := range y {
		if !(v >= 0) || v >= math.MaxInt32 {
			continue
		}
		c := int(v)
		for len(classes) <= c {
			classes = append(classes, nil)
		}
		classes[c] = append(classes[c], int32(i))
	}
	strata := classes[:0]
	for _, rows := range classes {
		if len(rows) > 1 {
			r.shuffle(rows)
			strata = append(strata, rows)
		}
	}
	return strata
}

// rankOrder returns the rows in the order of y, shuffled within short windows,
// so that dealing them out in turn gives every fold its part of each window.
func (s Split) rankOrder(y []float32, r *rng) []int32 {
	rows := make([]int32, 0, len(y))
	for i, v := range y {
		if v == v {
			rows = append(rows, int32(i))
		}
	}
	slices.SortStableFunc(rows, func(a, b int32) int { return cmp.Compare(y[a], y[b]) })
	window := s.Count
	if window < 2 {
		window = int(math.Ceil(1 / s.share()))
	}
	for lo := 0; lo < len(rows); lo += window {
		r.shuffle(rows[lo:min(lo+window, len(rows))])
	}
	return rows
}

// Lists turns the fold of each row, from 0, into the rows of each fold, ascending; rows
// of any other number are in none.
func Lists(of []int32, folds int) [][]int32 {
	lists := make([][]int32, folds)
	for i, f := range of {
		if f >= 0 && int(f) < folds {
			lists[f] = append(lists[f], int32(i))
		}
	}
	return lists
}
