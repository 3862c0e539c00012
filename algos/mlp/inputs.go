package mlp

import (
	"cmp"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

const (
	// embedding is the number of columns of a category with many levels.
	embedding = 8
	// maxLevels is how many of the most frequent levels have a row of their own.
	maxLevels = 4096
	// quantileRows bounds the rows (evenly spread) that quantiles come from.
	quantileRows = 1 << 16
	// maxText is how many columns of the text block are read.
	maxText = 512
	// maxPieces bounds the columns of all pieces of numbers together; so do two columns
	// a training row, beyond which pieces tell single rows apart.
	maxPieces = 2048
)

// inputs decides how the features come into the net, by the training rows.
func (f *fit) inputs() []predictor.NetInput {
	frame := f.request.Train.M.Frame
	numbers := 0
	for _, ft := range frame.Features {
		if !ft.TreeOnly && ft.Levels == 0 {
			numbers++
		}
	}
	f.set.pieces = min(f.set.pieces, min(maxPieces, 2*len(f.rows))/max(1, numbers))
	var out []predictor.NetInput
	for j, ft := range frame.Features {
		if ft.TreeOnly {
			continue
		}
		col := frame.Cols[j]
		if ft.Levels > 0 {
			if in, ok := f.category(col, ft.Levels); ok {
				in.Column = j
				out = append(out, in)
			}
			continue
		}
		in := f.number(col)
		in.Column = j
		if in.Scale != 0 || in.Indicator {
			out = append(out, in)
		}
	}
	if frame.Sparse != nil {
		out = append(out, f.text(frame.Sparse)...)
	}
	return out
}

// number centres on the median and scales by the interquartile range, or by half
// the range where that is zero; a scale of 0 is a constant.
func (f *fit) number(col []float32) predictor.NetInput {
	var in predictor.NetInput
	var values []weighted
	low, high, total := math.Inf(1), math.Inf(-1), 0.0
	step := (len(f.rows) + quantileRows - 1) / quantileRows
	for i, r := range f.rows {
		v := float64(col[r])
		if v != v {
			in.Indicator = true
			continue
		}
		low, high = min(low, v), max(high, v)
		if i%step == 0 {
			values = append(values, weighted{v, f.weight(i)})
			total += f.weight(i)
		}
	}
	switch {
	case low > high:
		return in
	case len(values) == 0: // missing in every row looked at
		values, total = []weighted{{low, 1}, {high, 1}}, 2
	}
	slices.SortFunc(values, func(a, b weighted) int { return cmp.Compare(a.value, b.value) })
	q := quantiles(values, total, 0.25, 0.5, 0.75)
	in.Center = q[1]
	switch {
	case q[2] > q[0]:
		in.Scale = 1 / (q[2] - q[0])
	case high > low:
		in.Scale = 2 / (high - low)
	}
	if math.IsInf(in.Scale, 0) {
		in.Scale = 0
	}
	if in.Scale != 0 {
		in.Knots = knots(values, total, f.set.pieces)
	}
	return in
}

// knots part the values into pieces of equal weight, fewer where many are equal; nil
// if that leaves a single piece, which is the number itself.
func knots(values []weighted, total float64, pieces int) []float64 {
	if pieces < 2 {
		return nil
	}
	shares := make([]float64, pieces+1)
	for i := range shares {
		shares[i] = float64(i) / float64(pieces)
	}
	out := slices.Compact(quantiles(values, total, shares...))
	if len(out) < 3 {
		return nil
	}
	return out
}

// weighted is a value of a training row.
type weighted struct{ value, weight float64 }

// quantiles are the least of the sorted values up to which these shares of the
// weight lie.
func quantiles(v []weighted, total float64, shares ...float64) []float64 {
	out := make([]float64, 0, len(shares))
	sum := 0.0
	for _, x := range v {
		sum += x.weight
		for len(out) < len(shares) && sum >= float64(shares[len(out)]*total)-1e-9*total {
			out = append(out, x.value)
		}
	}
	for len(out) < len(shares) {
		out = append(out, v[len(v)-1].value)
	}
	return out
}

// category is one-hot, or embedded where there are many levels. Levels come in the
// order of their frequency; those seen once share a row.
func (f *fit) category(col []float32, levels int) (predictor.NetInput, bool) {
	counts := make([]int, levels)
	for _, r := range f.rows {
		if v := col[r]; v >= 0 && int(v) < levels {
			counts[int(v)]++
		}
	}
	last := 0 // level seen
	for k, c := range counts {
		if c > 0 {
			last = k + 1
		}
	}
	switch {
	case last == 0:
		return predictor.NetInput{}, false
	case last <= predictor.MaxOneHot:
		return predictor.NetInput{Levels: last}, true
	}
	kept := 1
	for k, c := range counts[:min(last, maxLevels)] {
		if c > 1 {
			kept = k + 1
		}
	}
	return predictor.NetInput{Levels: kept, Embedding: embedding}, true
}

// text takes the columns that tell most of the target, by the sum of their
// products with it, and scales them to a mean square of one.
func (f *fit) text(s *matrix.Sparse) []predictor.NetInput {
	dims := f.outputs
	mean := make([]float64, dims)
	for i := range f.rows {
		f.addTarget(i, f.weight(i)/float64(len(f.rows)), mean)
	}
	sums, squares, counts := make([]float64, s.Cols*dims), make([]float64, s.Cols), make([]int, s.Cols)
	y := make([]float64, dims)
	for i, r := range f.rows {
		for k, m := range mean {
			y[k] = -m
		}
		f.addTarget(i, 1, y)
		for e := s.Start[r]; e < s.Start[r+1]; e++ {
			j, v := int(s.Index[e]), float64(s.Value[e])
			heavy := f.weight(i) * v
			squares[j] += float64(heavy * v)
			counts[j]++
			for k, t := range y {
				sums[j*dims+k] += float64(heavy * t)
			}
		}
	}
	worth := make([]float64, s.Cols)
	var order []int
	for j := range worth {
		if counts[j] < 2 || !(squares[j] > 0) {
			continue
		}
		for k := range dims {
			worth[j] += float64(sums[j*dims+k]*sums[j*dims+k]) / squares[j]
		}
		order = append(order, j)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(worth[b], worth[a]) })
	order = order[:min(len(order), maxText)]
	slices.Sort(order)
	out := make([]predictor.NetInput, len(order))
	for i, j := range order {
		out[i] = predictor.NetInput{Text: true, Column: j, Scale: min(10, math.Sqrt(float64(len(f.rows))/squares[j]))}
	}
	return out
}

// addTarget adds a share of training row i's target, as an indicator of its class
// when classifying.
func (f *fit) addTarget(i int, share float64, to []float64) {
	if f.target != nil {
		to[0] += float64(share * float64(f.y[i]))
		return
	}
	to[int(f.y[i])] += share
}
