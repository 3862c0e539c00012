package forest

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
	"github.com/seed-09a2cce4/automl/data/matrix"
	"github.com/seed-09a2cce4/automl/metrics"
)

// batch is the number of trees between two reports.
const batch = 25

// fit is the state of one Fit.
type fit struct {
	ctx     context.Context
	request *algos.Request
	extra   bool
	threads int

	rare     []set       // of each feature, the bins of levels with few rows
	places   [][]float32 // of each number, the mean values of its bins; for extra trees
	bins     *matrix.Bins
	features []matrix.Feature
	rows     []int32   // training rows with weight
	w        []float32 // of those
	y        []float32 // scalar targets, less mean; nil for many classes
	mean     float64
	class    []int32 // nil for scalar targets
	width    int
	prior    []float64 // shares of the classes
	doubt    float64   // levelDoubt

	trees, leaves, looks, least int
}

func (f *fit) prepare(l Learner) error {
	r := f.request
	f.features = r.Train.M.Frame.Features
	p := len(f.features)
	shape := algos.Shape{Rows: len(r.Train.Rows), Features: p, Task: r.Problem.Task, Classes: r.Problem.Classes}
	share := r.Params.Float("max_features", l.defaultFeatures(shape))
	f.least = r.Params.Int("min_samples_leaf", defaultLeast(shape))
	f.trees = r.Params.Int("n_estimators", trees(len(r.Train.Rows)))
	if !(share > 0 && share <= 1) || f.least < 1 || f.trees < 1 || f.trees > maxTrees {
		return fmt.Errorf("max_features %v must be in (0, 1], min_samples_leaf %d above 0, n_estimators %d in 1 to %d",
			share, f.least, f.trees, maxTrees)
	}
	f.width = metrics.Width(r.Problem.Task, r.Problem.Classes)
	f.leaves = leafLimit(f.trees, f.width)
	f.looks = considered(p, share)
	if r.MaxSteps > 0 {
		f.trees = min(f.trees, r.MaxSteps)
	}
	if err := f.gather(); err != nil {
		return err
	}
	f.bins = r.Train.M.Bins()
	f.findRare()
	f.doubt = levelDoubt
	if f.extra {
		f.findPlaces()
	}
	return nil
}

// leastLevel is the number of rows that a level of a category of many rare ones needs
// to be told from others.
const leastLevel = 5

// findRare notes the levels of too few rows, which are as missing values are, of
// categories of which more than half of the rows to come will have a level not seen
// before (about the share of levels seen once; Good, 1953): such levels' mean
// targets are those of single rows, and a cut of their order learns these by heart.
func (f *fit) findRare() {
	f.rare = make([]set, len(f.features))
	for j, spec := range f.bins.Specs {
		if !spec.Categorical {
			continue
		}
		var count [256]int32
		for _, r := range f.rows {
			count[f.bins.Cols[j][r]]++
		}
		single := 0
		for b, n := range count[:spec.Bins-1] {
			if n > 0 && n < leastLevel {
				f.rare[j].add(uint8(b))
			}
			if n == 1 {
				single++
			}
		}
		if 2*single <= len(f.rows) {
			f.rare[j] = set{}
		}
	}
}

// gather collects the rows with weight and their targets.
func (f *fit) gather() error {
	r := f.request
	many := r.Problem.Task == metrics.Multiclass
	total := 0.0
	if err := r.EachRow(func(row int32, y, w float32) error {
		f.rows, f.w = append(f.rows, row), append(f.w, w)
		total += float64(w)
		if many {
			f.class = append(f.class, int32(y))
		} else {
			f.y = append(f.y, y)
		}
		return nil
	}); err != nil {
		return err
	}
	if many {
		f.priors(total)
	} else {
		f.centre(total)
	}
	return nil
}

// centre takes the mean off the targets, which keeps their sums exact enough.
func (f *fit) centre(total float64) {
	for i, y := range f.y {
		f.mean += float64(float64(f.w[i]) * float64(y))
	}
	f.mean /= total
	for i, y := range f.y {
		f.y[i] = float32(float64(y) - f.mean)
	}
	f.prior = []float64{f.mean}
}

func (f *fit) priors(total float64) {
	f.prior = make([]float64, f.width)
	for i, k := range f.class {
		f.prior[k] += float64(f.w[i])
	}
	for k := range f.prior {
		f.prior[k] /= total
	}
}

// sampled is a tree and, a bit a training row, the sample that it was grown on;
// nil for all rows.
type sampled struct {
	tree  predictor.Tree
	drawn []uint64
}

// run grows the trees batch by batch.
func (f *fit) run() (*algos.Fitted, error) {
	growers := make([]*grower, min(f.threads, batch))
	for i := range growers {
		growers[i] = newGrower(f)
	}
	v := f.electorate()
	var forest []predictor.Tree
	for len(forest) < f.trees {
		next := f.grow(growers, len(forest), min(batch, f.trees-len(forest)))
		v.add(next, f.threads)
		for _, t := range next {
			forest = append(forest, t.tree)
		}
		if f.ctx.Err() != nil && len(forest) < f.trees {
			break
		}
		if !f.report(len(forest), v) {
			f.trees = len(forest)
		}
	}
	if len(forest) == 0 {
		return nil, f.ctx.Err()
	}
	out := &algos.Fitted{
		Predictor: predictor.NewTrees(forest, f.width, nil, predictor.Mean),
		Steps:     len(forest),
		Truncated: len(forest) < f.trees,
	}
	switch {
	case len(v.rows) == 0:
	case v.bag:
		out.OutOfBag = f.outOfBag(v.means())
	default:
		out.ValidPred = v.means()
	}
	return out, nil
}

// electorate is the rows that trees vote on.
func (f *fit) electorate() *votes {
	r := f.request
	switch {
	case len(r.Valid.Rows) > 0:
		return newVotes(&r.Valid, r.Valid.Rows, f.width, false)
	case f.extra || r.Report == nil:
		return newVotes(&r.Valid, nil, f.width, false)
	}
	return newVotes(&r.Train, f.rows, f.width, true)
}

// outOfBag spreads the votes on the rows with weight over all training rows.
func (f *fit) outOfBag(pred []float32) []float32 {
	all := f.request.Train.Rows
	if len(all) == len(f.rows) {
		return pred
	}
	out := make([]float32, len(all)*f.width)
	next := 0
	for i, r := range all {
		at := out[i*f.width : (i+1)*f.width]
		if f.request.Train.W[r] != 0 {
			copy(at, pred[next*f.width:])
			next++
			continue
		}
		for k := range at {
			at[k] = float32(math.NaN())
		}
	}
	return out
}

// grow makes trees first, first+1 … in parallel; when the context ends, it
// returns those before the first that is not complete.
func (f *fit) grow(growers []*grower, first, count int) []sampled {
	made := make([]sampled, count)
	var next atomic.Int64
	work := func(g *grower) {
		for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
			made[i].tree = g.tree(first + i)
			made[i].drawn = g.drawn()
		}
	}
	var wg sync.WaitGroup
	for _, g := range growers[1:] {
		wg.Go(func() { work(g) })
	}
	work(growers[0])
	wg.Wait()
	for i, t := range made {
		if t.tree == nil {
			return made[:i]
		}
	}
	return made
}

// report tells the loss of the votes and returns whether to go on.
func (f *fit) report(step int, v *votes) bool {
	r := f.request
	if r.Report == nil || len(v.rows) == 0 {
		return true
	}
	loss, known := v.loss(&r.Problem)
	return !known || r.Report(step, loss)
}
