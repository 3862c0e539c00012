package ebm

import (
	"cmp"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/metrics"
)

// gather collects the training rows with weight, their targets and the score
// that all of them start with.
func (f *fit) gather() error {
	r := f.request
	if err := r.EachRow(func(row int32, y, w float32) error {
		f.rows, f.w, f.y = append(f.rows, row), append(f.w, w), append(f.y, y)
		f.total += float64(w)
		return nil
	}); err != nil {
		return err
	}
	// The sums stay of the order of the number of rows whatever the weights are.
	mean := f.total / float64(len(f.rows))
	for i, w := range f.w {
		f.w[i] = float32(float64(w) / mean)
	}
	f.total = float64(len(f.rows))
	f.base = make([]float64, f.width)
	if r.Problem.Task == metrics.Regression {
		f.standardise()
	} else {
		f.priors()
	}
	return nil
}

// standardise gives the target mean 0 and variance 1.
func (f *fit) standardise() {
	for i, y := range f.y {
		f.mean += float64(float64(f.w[i]) * float64(y))
	}
	f.mean /= f.total
	sum := 0.0
	for i, y := range f.y {
		d := float64(y) - f.mean
		sum += float64(float64(f.w[i]) * float64(d*d))
	}
	if f.scale = math.Sqrt(sum / f.total); !(f.scale > 0) || math.IsInf(f.scale, 0) {
		f.scale = 1
	}
	for i, y := range f.y {
		f.y[i] = float32((float64(y) - f.mean) / f.scale)
	}
}

// priors are the logarithms of the classes' shares, each with a little more.
func (f *fit) priors() {
	f.scale = 1
	count := make([]float64, max(2, f.width))
	for i, y := range f.y {
		count[int(y)] += float64(f.w[i])
	}
	little := 1e-3 * f.total / float64(len(count))
	if f.width == 1 {
		f.base[0] = math.Log((count[1] + little) / (count[0] + little))
		return
	}
	for k, c := range count {
		f.base[k] = math.Log((c + little) / f.total)
	}
}

const (
	// parts is the number of parts of which a bag holds out one: about the share
	// that InterpretML does.
	parts = 7
	// leastHeld is the number of rows from which a part can tell anything.
	leastHeld = 3 * parts
)

// deal gives each training row a part, each class (or run of neighbouring
// targets) evenly. What decides is the row's place in the matrix, so that a row
// that comes twice is in one part.
func (f *fit) deal(round uint64) []uint8 {
	order := make([]int32, len(f.rows))
	key := make([]uint64, len(f.rows))
	for i, row := range f.rows {
		order[i], key[i] = int32(i), mix(f.request.Seed^mix(round)^mix(uint64(row)+1))
	}
	stratum := func(int32) int { return 0 }
	if f.request.Problem.Task != metrics.Regression {
		stratum = func(i int32) int { return int(f.y[i]) }
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(stratum(a), stratum(b)), cmp.Compare(key[a], key[b]), cmp.Compare(a, b))
	})
	part := make([]uint8, len(order))
	at := -1
	for i, row := range order {
		if i == 0 || key[row] != key[order[i-1]] {
			at++
		}
		part[row] = uint8(at % parts)
	}
	return part
}

// mix is the output function of splitmix64 (Steele et al. 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
