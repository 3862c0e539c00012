package folds

import "slices"

// Times returns the validation rows of each fold, ascending, as expanding windows
// (scikit-learn's TimeSeriesSplit); keys has each row's time, as a rank from 0 without
// gaps. The rows in the order of time are cut into Count+1 blocks of about the same size,
// between different times; fold k validates block k+1, and all before it train. A
// hold-out is the last part. The random seed changes nothing.
func (s Split) Times(keys []int32) [][]int32 {
	times := members(keys)
	folds := max(1, s.Count)
	lists := make([][]int32, folds)
	if len(times) <= folds {
		return lists
	}
	n := float64(len(keys))
	first := (1 - s.share()) * n // rows before the first validation
	if folds > 1 {
		first = n / float64(folds+1)
	}
	before, f := 0, -1 // rows before time k, and the fold that it is in
	for k, rows := range times {
		// A block begins where its share of the rows has passed, or because only
		// as many times are left as there are blocks to begin.
		next := first + float64(f+1)*(n-first)/float64(folds)
		if f+1 < folds && k > 0 && (float64(before) >= next-0.5 || len(times)-k <= folds-1-f) {
			f++
		}
		if f >= 0 {
			lists[f] = append(lists[f], rows...)
		}
		before += len(rows)
	}
	for _, rows := range lists {
		slices.Sort(rows)
	}
	return lists
}
