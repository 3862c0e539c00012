package bayes

import "github.com/seed-09a2cce4/automl/algos/predictor"

// maxLevels is how many of the most frequent levels of a category are told apart;
// with many classes there are fewer.
const maxLevels = 1 << 16

// maxCells bounds levels times classes of a category.
const maxCells = 1 << 22

// column is a feature with its statistics, by part:
// of a number taken as normal the sums of weight, z and z² and the weight of
// missing values, [4·k+i]; of one taken as a count the sum of shares, [k]; of a
// category the weight of each level, [level·classes+k], the last for all others and
// for missing values.
type column struct {
	feature        int
	levels         int // 0 for a number
	centre, spread float32
	sums           [parts][]float64
}

const moments = 4

// count gathers the statistics of all columns and of the text.
func (f *fit) count() {
	cols := f.request.Train.M.Frame.Cols
	f.each(len(f.columns)+1, func(i int) {
		if i == 0 {
			f.countText()
			return
		}
		c := f.columns[i-1]
		switch col := cols[c.feature]; {
		case c.levels > 0:
			f.countLevels(c, col)
		case f.kind == gaussian:
			f.countNormal(c, col)
		default:
			f.countShares(c, col)
		}
	})
}

func (f *fit) countNormal(c *column, col []float32) {
	c.centre, c.spread = f.spread(col)
	for p := range c.sums {
		c.sums[p] = make([]float64, moments*f.classes)
	}
	for i, r := range f.rows {
		w, to := f.w[i], c.sums[f.part[i]][moments*f.y[i]:][:moments]
		v := col[r]
		if v != v {
			to[3] += w
			continue
		}
		z := predictor.Squash(v, c.centre, c.spread)
		to[0] += w
		to[1] += float64(w * z)
		to[2] += float64(w * float64(z*z))
	}
}

func (f *fit) countShares(c *column, col []float32) {
	c.centre, c.spread = f.bounds(col)
	for p := range c.sums {
		c.sums[p] = make([]float64, f.classes)
	}
	for i, r := range f.rows {
		if x := predictor.Share(col[r], c.centre, c.spread); x > 0 {
			c.sums[f.part[i]][f.y[i]] += float64(f.w[i] * x)
		}
	}
}

func (f *fit) countLevels(c *column, col []float32) {
	c.levels = max(1, min(c.levels, maxLevels, maxCells/f.classes))
	for p := range c.sums {
		c.sums[p] = make([]float64, (c.levels+1)*f.classes)
	}
	for i, r := range f.rows {
		code := c.levels
		if v := col[r]; v >= 0 && v < float32(c.levels) {
			code = int(v)
		}
		c.sums[f.part[i]][code*f.classes+int(f.y[i])] += f.w[i]
	}
}

func (f *fit) countText() {
	s := f.request.Train.M.Frame.Sparse
	if s == nil {
		return
	}
	for p := range f.text {
		f.text[p] = make([]float64, s.Cols*f.classes)
	}
	for i, r := range f.rows {
		w, to, y := f.w[i], f.text[f.part[i]], int(f.y[i])
		for e := s.Start[r]; e < s.Start[r+1]; e++ {
			if x := float64(s.Value[e]); x > 0 {
				to[int(s.Index[e])*f.classes+y] += float64(w * x)
			}
		}
	}
}

// joined adds up the statistics of some parts.
func joined(sums *[parts][]float64, of []int) []float64 {
	out := append([]float64(nil), sums[of[0]]...)
	for _, p := range of[1:] {
		for i, v := range sums[p] {
			out[i] += v
		}
	}
	return out
}
