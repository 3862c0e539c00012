package trials

import (
	"cmp"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/featurize"
	"github.com/seed-09a2cce4/automl/metrics"
)

// defaultHoldout is the share held out when Split.Holdout is not set.
const defaultHoldout = 0.2

// Assign returns the validation rows of each fold, ascending: Count lists, one
// for a hold-out or for Fixed. It depends on nothing but its arguments.
//
// n is the number of rows, y their targets (class indices when classifying) and
// keys what featurize.SplitKeys made of Column, indexed by row; keys is not looked
// at without By. Lists are empty if there are fewer rows, groups or times than
// folds.
//
// Without By folds are stratified: each class is dealt out evenly over the folds;
// in regression each run of neighbours in the order of y is. A class with one row
// and rows without a target (NaN or negative class) are in no list, so that they
// only train. See groupFolds and timeFolds for the others. With Repeats the lists
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
	folds := max(1, s.Folds)
	switch s.By {
	case featurize.ByGroup:
		return s.groupFolds(t, y, keys)
	case featurize.ByTime:
		return s.timeFolds(keys)
	case featurize.ByFold:
		return collect(keys, folds)
	}
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
	if folds == 1 {
		holdOut(of, strata, s.share())
	} else {
		deal(of, strata, folds)
	}
	return collect(of, folds)
}

// Train returns the training rows that go with the validation rows of a fold,
// ascending: all others of the n rows, or those of earlier times.
func (s Split) Train(n int, valid, keys []int32) []int32 {
	train := make([]int32, 0, max(0, n-len(valid)))
	if s.By == featurize.ByTime && s.Fixed == 0 && len(valid) > 0 {
		first := keys[valid[0]]
		for _, i := range valid {
			first = min(first, keys[i])
		}
		for i := range int32(n) {
			if keys[i] < first {
				train = append(train, i)
			}
		}
		return train
	}
	v := 0
	for i := range int32(n) {
		if v < len(valid) && valid[v] == i {
			v++
			continue
		}
		train = append(train, i)
	}
	return train
}

// Whole reports a split by time, after whose folds a trial that is worth keeping trains
// once more, on all rows: they are earlier than any that its model will be asked about.
func (s Split) Whole() bool { return s.By == featurize.ByTime && s.Fixed == 0 }

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
	window := s.Folds
	if window < 2 {
		window = int(math.Ceil(1 / s.share()))
	}
	for lo := 0; lo < len(rows); lo += window {
		r.shuffle(rows[lo:min(lo+window, len(rows))])
	}
	return rows
}

func collect(of []int32, folds int) [][]int32 {
	lists := make([][]int32, folds)
	for i, f := range of {
		if f >= 0 && int(f) < folds {
			lists[f] = append(lists[f], int32(i))
		}
	}
	return lists
}

func span(lo, hi int) []int32 {
	rows := make([]int32, 0, max(0, hi-lo))
	for i := lo; i < hi; i++ {
		rows = append(rows, int32(i))
	}
	return rows
}

// rng is splitmix64 (Steele, Lea, Flood 2014): small, seedable with any number,
// and fixed for ever, which the standard library's shuffles do not promise.
type rng uint64

func (r *rng) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// shuffle is Fisher and Yates'. The modulo's bias is below 2^-32 for row counts
// that fit an int32.
func (r *rng) shuffle(rows []int32) {
	for i := len(rows) - 1; i > 0; i-- {
		j := int(r.next() % uint64(i+1))
		rows[i], rows[j] = rows[j], rows[i]
	}
}

// MixSeed derives an independent seed for part k of something seeded by seed.
func MixSeed(seed uint64, k int) uint64 {
	r := rng(seed ^ uint64(k+1)*0xd1342543de82ef95)
	return r.next()
}
