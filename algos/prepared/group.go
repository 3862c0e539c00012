package prepared

import (
	"math"

	"github.com/seed-09a2cce4/automl/data/matrix"
)

// maxDiscrete bounds the values of numbers that may stand for levels.
const maxDiscrete = 64

// levelsOf is the number of levels of a feature as a part of groups, 0 if it is
// none: its categories, or one more than the largest of its training values where
// these are few whole numbers from 0 up.
func levelsOf(f *matrix.Frame, j int, train []int32) int32 {
	if n := f.Features[j].Levels; n > 0 {
		return int32(n)
	}
	if f.Features[j].TreeOnly {
		return 0
	}
	top := float32(0)
	for _, r := range train {
		v := f.Cols[j][r]
		if v != v {
			continue
		}
		if v < 0 || v >= maxDiscrete || v != float32(math.Trunc(float64(v))) {
			return 0
		}
		top = max(top, v)
	}
	return int32(top) + 1
}
