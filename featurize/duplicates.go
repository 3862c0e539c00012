package featurize

import (
	"math"
	"runtime"

	"github.com/seed-09a2cce4/automl/data"
)

// duplicates finds columns that have the same cells as an earlier one in the first
// rows rows: twin[i] is the place of that column, -1 for none.
func duplicates(cols []*data.Column, rows int) []int {
	sums := make([]uint64, len(cols))
	_ = each(len(cols), runtime.GOMAXPROCS(0), func(i int) error {
		sums[i] = cellSum(cols[i], rows)
		return nil
	})
	twin := make([]int, len(cols))
	seen := map[uint64][]int{}
	for i, sum := range sums {
		twin[i] = -1
		for _, j := range seen[sum] {
			if sameCells(cols[i], cols[j], rows) {
				twin[i] = j
				break
			}
		}
		if twin[i] < 0 {
			seen[sum] = append(seen[sum], i)
		}
	}
	return twin
}

// summed is how many rows a sum looks at: enough to tell most columns apart.
const summed = 1024

// cellSum is equal for columns of equal cells.
func cellSum(c *data.Column, rows int) uint64 {
	h := fmix64(uint64(c.Kind) + 1)
	for k := range min(rows, summed) {
		i := k * rows / min(rows, summed)
		switch c.Kind {
		case data.Number:
			h = fmix64(h*fnvPrime ^ numberBits(c.Floats[i]))
		case data.Time:
			h = fmix64(h*fnvPrime ^ uint64(c.Times[i]))
		default:
			for _, b := range []byte(wordAt(c, i)) {
				h = (h ^ uint64(b)) * fnvPrime
			}
			h = fmix64(h)
		}
	}
	return h
}

// numberBits is the same for all NaNs, and for 0 and -0.
func numberBits(v float64) uint64 {
	if v != v {
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(v + 0)
}

// wordAt is the word in row i of a column of words, "" if it is missing.
func wordAt(c *data.Column, i int) string {
	if k := c.Codes[i]; k >= 0 {
		return c.Dict[k]
	}
	return ""
}

func sameCells(a, b *data.Column, rows int) bool {
	if a.Kind != b.Kind {
		return false
	}
	for i := range rows {
		switch {
		case a.Kind == data.Number && numberBits(a.Floats[i]) != numberBits(b.Floats[i]),
			a.Kind == data.Time && a.Times[i] != b.Times[i],
			a.Kind == data.String && wordAt(a, i) != wordAt(b, i):
			return false
		}
	}
	return true
}
