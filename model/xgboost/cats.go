package xgboost

import (
	"cmp"
	"slices"
	"strconv"
)

// typeInt64 is XGBoost's number for categories that are integers.
const typeInt64 = 15

// Named reports whether a file can hold the names of a feature's categories:
// integers or words of ASCII letters, all different.
func (f Feature) Named() bool {
	seen := make(map[string]bool, len(f.Levels))
	for _, level := range f.Levels {
		for i := range len(level) {
			if level[i] >= 0x80 {
				return false
			}
		}
		if level == "" || seen[level] {
			return false
		}
		seen[level] = true
	}
	return len(f.Levels) > 0
}

// cats is the format's list of categories.
type cats struct {
	Enc      []any   `json:"enc"`
	Segments []int   `json:"feature_segments"`
	Sorted   []int32 `json:"sorted_idx"`
}

// wordCats are categories as words: the bytes of all, and where each begins.
type wordCats struct {
	Offsets []int  `json:"offsets"`
	Values  []int8 `json:"values"`
}

type integerCats struct {
	Type   int     `json:"type"`
	Values []int64 `json:"values"`
}

// catsOf lists the categories of all features; nil if no file needs them.
// XGBoost from 3.1 on finds the codes of a data frame's categories by them.
func catsOf(features []Feature) *cats {
	c := &cats{Enc: []any{}, Segments: []int{0}, Sorted: []int32{}}
	for _, f := range features {
		if !f.Named() {
			c.Enc = append(c.Enc, wordCats{Offsets: []int{}, Values: []int8{}})
		} else if numbers, ok := integers(f.Levels); ok {
			c.Enc = append(c.Enc, integerCats{typeInt64, numbers})
			c.Sorted = append(c.Sorted, order(numbers)...)
		} else {
			c.Enc = append(c.Enc, words(f.Levels))
			c.Sorted = append(c.Sorted, order(f.Levels)...)
		}
		c.Segments = append(c.Segments, len(c.Sorted))
	}
	if len(c.Sorted) == 0 {
		return nil
	}
	return c
}

func words(levels []string) wordCats {
	w := wordCats{Offsets: []int{0}, Values: []int8{}}
	for _, level := range levels {
		for i := range len(level) {
			w.Values = append(w.Values, int8(level[i]))
		}
		w.Offsets = append(w.Offsets, len(w.Values))
	}
	return w
}

// integers are the levels as numbers if all are, in their shortest form.
func integers(levels []string) ([]int64, bool) {
	out := make([]int64, len(levels))
	for i, level := range levels {
		v, err := strconv.ParseInt(level, 10, 64)
		if err != nil || strconv.FormatInt(v, 10) != level {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}

// order lists the places of values, the smallest first.
func order[T cmp.Ordered](values []T) []int32 {
	out := make([]int32, len(values))
	for i := range out {
		out[i] = int32(i)
	}
	slices.SortFunc(out, func(a, b int32) int { return cmp.Compare(values[a], values[b]) })
	return out
}
