package trials

import (
	"github.com/seed-09a2cce4/automl/algos/folds"
	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
)

// Assign returns the validation rows of each fold, ascending: Count lists, one
// for a hold-out or for Fixed. It depends on nothing but its arguments.
//
// n is the number of rows, y their targets (class indices when classifying) and
// keys what featurize.SplitKeys made of Column, indexed by row; keys is not looked
// at without By. Lists are empty if there are fewer rows, groups or times than
// folds.
//
// Without By folds are stratified, by groups they are of whole groups, by time they are
// windows, each behind the rows that train: see package folds. With Repeats the lists
// of one repetition follow those of another.
func (s Split) Assign(n int, t metrics.Task, y []float32, keys []int32) [][]int32 {
	if s.Fixed > 0 {
		return [][]int32{span(max(0, n-s.Fixed), n)}
	}
	var lists [][]int32
	for k := range max(1, s.Repeats) {
		once := s
		if k > 0 {
			once.Seed = MixSeed(s.Seed, k)
		}
		lists = append(lists, once.assign(n, t, y, keys)...)
	}
	return lists
}

// Count is the number of lists that Assign returns.
func (s Split) Count() int {
	if s.Fixed > 0 {
		return 1
	}
	return max(1, s.Folds) * max(1, s.Repeats)
}

// assign is Assign for one repetition.
func (s Split) assign(n int, t metrics.Task, y []float32, keys []int32) [][]int32 {
	y = y[:min(n, len(y))]
	d := folds.Split{Count: s.Folds, Holdout: s.Holdout, Seed: s.Seed}
	switch s.By {
	case featurize.ByGroup:
		return d.Groups(t, y, keys)
	case featurize.ByTime:
		return d.Times(keys)
	case featurize.ByFold:
		return folds.Lists(keys, max(1, s.Folds))
	}
	return d.Rows(t, y)
}

// Train returns the training rows that go with the validation rows of a fold,
// ascending: all others of the n rows, or those of earlier times.
func (s Split) Train(n int, valid, keys []int32) []int32 {
	if s.By != featurize.ByTime || s.Fixed > 0 || len(valid) == 0 {
		return folds.Rest(n, valid)
	}
	first := keys[valid[0]]
	for _, i := range valid {
		first = min(first, keys[i])
	}
	var train []int32
	for i := range int32(n) {
		if keys[i] < first {
			train = append(train, i)
		}
	}
	return train
}

// Whole reports a split by time, after whose folds a trial that is worth keeping trains
// once more, on all rows: they are earlier than any that its model will be asked about.
func (s Split) Whole() bool { return s.By == featurize.ByTime && s.Fixed == 0 }

// Gather takes the predictions for the validation rows of a fold, width a row, into those
// for all rows, which are NaN at first. Those of repetitions are averaged, so that they
// need no more room than one.
func (s Split) Gather(all []float32, width int, valid []int32, pred []float32) {
	share := 1 / float32(max(1, s.Repeats))
	for i, row := range valid {
		to := all[int(row)*width : (int(row)+1)*width]
		for j := range to {
			v := float32(pred[i*width+j] * share)
			if to[j] == to[j] {
				v += to[j]
			}
			to[j] = v
		}
	}
}

func span(lo, hi int) []int32 {
	rows := make([]int32, 0, max(0, hi-lo))
	for i := lo; i < hi; i++ {
		rows = append(rows, int32(i))
	}
	return rows
}

// MixSeed derives an independent seed for part k of something seeded by seed.
func MixSeed(seed uint64, k int) uint64 { return folds.Mix(seed, k) }
