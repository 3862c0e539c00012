package prepared

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/encode"
	"github.com/seed-09a2cce4/automl/algos/gbdt"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
)

const (
	// choiceRows bounds the training rows that columns are chosen on, choiceCells
	// their values where there are many features.
	choiceRows  = 20_000
	choiceCells = 20_000_000
	minChoice   = 500
	// choiceRounds is the length of the fits that they are chosen by.
	choiceRounds = 50.
	// maxNumbers and maxGroups bound the features that candidates are made of:
	// those of which the trees of a first fit made most.
	maxNumbers = 12
	maxGroups  = 10
	// maxPairs bounds the pairs of categories that are candidates.
	maxPairs = 8
)

// choose finds the columns that are worth the most. The outcome is a function of
// the request without its validation rows.
func choose(ctx context.Context, b *builder) ([]*expr, error) {
	if b.columns == 0 {
		return nil, nil
	}
	most := min(b.sample, max(minChoice, choiceCells/max(1, len(b.frame.Features))))
	c := &chooser{b.on(sample(b.request, most))}
	first, err := c.fit(ctx, c.request.Train.M)
	if err != nil {
		return nil, err
	}
	_, gain := first.Usage(len(c.frame.Features))
	made := c.build(c.candidates(first, gain))
	if len(made.exprs) == 0 {
		return nil, nil
	}
	second, err := c.fit(ctx, c.request.Train.M.Extend(made.features, made.values))
	if err != nil {
		return nil, err
	}
	features := len(c.frame.Features)
	_, gain = second.Usage(features + len(made.exprs))
	return best(made.exprs, gain[features:], b.columns), nil
}

// isNumber says that a feature can be calculated with.
func (c *chooser) isNumber(j int) bool {
	f := &c.frame.Features[j]
	return f.Levels == 0 && !f.TreeOnly && c.varied(j)
}

// sample is the request on up to most of its training rows, drawn by seed: in a
// matrix of their own where that has many rows more.
func sample(r *algos.Request, most int) *algos.Request {
	out := *r
	out.Valid = algos.Data{}
	out.Report, out.MaxSteps = nil, 0
	if len(r.Train.Rows) <= most && r.Train.M.Frame.Rows <= 2*most {
		return &out
	}
	rows := slices.Clone(r.Train.Rows)
	slices.SortFunc(rows, func(a, b int32) int {
		return cmp.Or(cmp.Compare(encode.Mix(r.Seed+1, a), encode.Mix(r.Seed+1, b)), cmp.Compare(a, b))
	})
	rows = rows[:min(most, len(rows))]
	slices.Sort(rows)
	f := r.Train.M.Frame
	part := &matrix.Frame{Rows: len(rows), Features: f.Features, Cols: make([][]float32, len(f.Cols))}
	algos.Each(len(f.Cols), r.Threads, func(j int) { part.Cols[j] = algos.Pick(f.Cols[j], rows) })
	out.Train = algos.Data{M: matrix.New(part, nil, max(1, r.Threads)), Y: algos.Pick(r.Train.Y, rows), Rows: make([]int32, len(rows))}
	if r.Train.W != nil {
		out.Train.W = algos.Pick(r.Train.W, rows)
	}
	if r.Train.Groups != nil {
		out.Train.Groups = algos.Pick(r.Train.Groups, rows)
	}
	for i := range out.Train.Rows {
		out.Train.Rows[i] = int32(i)
	}
	return &out
}

// chooser finds columns on a sample.
type chooser struct{ *builder }

// fit boosts a few rounds on all features of m.
func (c *chooser) fit(ctx context.Context, m *matrix.Matrix) (*predictor.Trees, error) {
	r := *c.request
	r.Train.M = m
	r.Params = choiceParams(r.Params, len(r.Train.Rows), width(r.Problem))
	fitted, err := gbdt.New().Fit(ctx, &r)
	switch {
	case err != nil:
		return nil, err
	case fitted.Truncated:
		return nil, ctx.Err()
	}
	return fitted.Predictor.(*predictor.Trees), nil
}

// candidates lists the columns that may be worth something after a first fit.
func (c *chooser) candidates(first *predictor.Trees, gain []float64) []*expr {
	numbers := c.most(gain, maxNumbers, c.isNumber)
	groups := c.most(gain, maxGroups, func(j int) bool { return c.levels[j] > 1 })
	var list []*expr
	list = append(list, c.ofGroups(first, numbers, groups)...)
	for i, a := range numbers {
		for _, b := range numbers[i+1:] {
			x, y := feature(a), feature(b)
			list = append(list,
				compute(predictor.OpSum, x, y), compute(predictor.OpDifference, x, y), compute(predictor.OpProduct, x, y),
				compute(predictor.OpRatio, x, y), compute(predictor.OpRatio, y, x))
		}
	}
	return list
}

// most lists up to n features that ok accepts, those of the highest gain first;
// features of no gain are left out.
func (c *chooser) most(gain []float64, n int, ok func(j int) bool) []int {
	var list []int
	for j, g := range gain {
		if g > 0 && ok(j) {
			list = append(list, j)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(gain[b], gain[a]) })
	return list[:min(n, len(list))]
}

// varied says that a feature has more than two values.
func (c *chooser) varied(j int) bool {
	var seen [2]float32
	n := 0
	for _, r := range c.request.Train.Rows {
		v := c.frame.Cols[j][r]
		if v != v || n > 0 && v == seen[0] || n > 1 && v == seen[1] {
			continue
		}
		if n == 2 {
			return true
		}
		seen[n] = v
		n++
	}
	return false
}

// ofGroups lists encodings of categories and pairs, counts of pairs, and
// deviations of numbers from the means of categories.
func (c *chooser) ofGroups(first *predictor.Trees, numbers, groups []int) []*expr {
	var list []*expr
	encode := func(of []int32) {
		for k := range c.target.Classes {
			list = append(list, &expr{kind: encoded, of: of, class: k})
		}
	}
	for j, f := range c.frame.Features {
		if f.Levels > 2 {
			encode([]int32{int32(j)})
		}
	}
	for _, of := range c.pairs(first, groups) {
		encode(of)
		list = append(list, &expr{kind: counted, of: of})
	}
	for _, j := range groups {
		if c.frame.Features[j].Levels == 0 {
			continue
		}
		for _, a := range numbers[:min(len(numbers), maxNumbers/2)] {
			mean := &expr{kind: averaged, feature: a, of: []int32{int32(j)}}
			list = append(list, mean, compute(predictor.OpDifference, feature(a), mean))
		}
	}
	return list
}

// pairs finds the pairs of groups that say most, out of fold, of what the first
// fit leaves unexplained.
func (c *chooser) pairs(first *predictor.Trees, groups []int) [][]int32 {
	type pair struct {
		of    []int32
		score float64
	}
	var list []pair
	for i, a := range groups {
		for _, b := range groups[i+1:] {
			if uint64(c.levels[a]+1)*uint64(c.levels[b]+1) < maxKeys {
				list = append(list, pair{of: []int32{int32(min(a, b)), int32(max(a, b))}})
			}
		}
	}
	if len(list) == 0 {
		return nil
	}
	rest := c.residuals(first)
	algos.Each(len(list), c.request.Threads, func(i int) { list[i].score = c.score(rest, list[i].of) })
	slices.SortStableFunc(list, func(a, b pair) int { return cmp.Compare(b.score, a.score) })
	var out [][]int32
	for _, p := range list[:min(len(list), maxPairs)] {
		if p.score > 0 {
			out = append(out, p.of)
		}
	}
	return out
}

// maxKeys bounds the possible groups of a pair.
const maxKeys = 1 << 40

// residuals has the target less what the trees predict.
func (c *chooser) residuals(first *predictor.Trees) *encode.Target {
	d := &c.request.Train
	pred := algos.Predict(first, d.M, d.Rows, c.request.Threads)
	w := width(c.request.Problem)
	var rest [][]float64
	for k, class := range c.target.Classes {
		at := max(0, class)
		if w == 1 {
			at = 0
		}
		col := make([]float64, len(d.Rows))
		for i, v := range c.target.Values[k] {
			col[i] = v - float64(pred[i*w+at])
		}
		rest = append(rest, col)
	}
	return c.target.With(rest)
}

// score is the share of the residuals' squares that their means within groups
// save out of fold.
func (c *chooser) score(rest *encode.Target, of []int32) float64 {
	g := c.newGrouping(of)
	at := g.At(c.request.Train.Rows)
	total := 0.0
	for k := range rest.Values {
		e := rest.Encode(k, at, len(g.Keys), c.smooth, matrix.ByFolds)
		saved, all := 0.0, 0.0
		for i, v := range rest.Values[k] {
			w := rest.Weight[i]
			saved += float64(w * float64(e.Train[i]*(2*v-e.Train[i])))
			all += float64(w * float64(v*v))
		}
		if all > 0 {
			total += saved / all
		}
	}
	return total
}

// best are the n columns of the highest gain, in the order of the list.
func best(list []*expr, gain []float64, n int) []*expr {
	order := make([]int, 0, len(list))
	for i := range list {
		if gain[i] > 0 && !math.IsInf(gain[i], 0) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(gain[b], gain[a]) })
	order = order[:min(n, len(order))]
	slices.Sort(order)
	out := make([]*expr, len(order))
	for i, k := range order {
		out[i] = list[k]
	}
	return out
}
