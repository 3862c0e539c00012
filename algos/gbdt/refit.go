package gbdt

import (
	"fmt"

	"github.com/seed-09a2cce4/automl/algos"
	"github.com/seed-09a2cce4/automl/algos/predictor"
)

// Refit keeps the splits of r.Init and computes its base score and leaves anew
// from r.Train, tree after tree with the objective, regularisers and learning rate
// of r.Params. A leaf that no row of weight comes to keeps its value; else it
// moves by 1-refit_decay_rate (default 0: all the way) to the new one. A model
// that stopped early on some rows can so learn from these too, at a fraction of
// the cost of a fit. Samples, MaxSteps, Valid and constraints on structure are not
// looked at; bounds on outputs are max_delta_step only. Trees with linear or
// vector leaves are refused. The result is the same for any number of threads.
func Refit(r *algos.Request) (*predictor.Trees, error) {
	out, err := refit(r)
	if err != nil {
		return nil, fmt.Errorf("gbdt: refit: %w", err)
	}
	return out, nil
}

func refit(r *algos.Request) (*predictor.Trees, error) {
	if r.Init == nil {
		return nil, fmt.Errorf("no model in Init")
	}
	if err := Check(r); err != nil {
		return nil, err
	}
	r = withoutIdle(r)
	s, err := newSettings(r)
	if err != nil {
		return nil, err
	}
	decay := 0.0
	if err := readNumbers(r.Params, []number{{"refit_decay_rate", 0, 0, 1, &decay}}); err != nil {
		return nil, err
	}
	trees := r.Init.Trees()
	if err := checkRefit(trees); err != nil {
		return nil, err
	}
	c := hire(r.Threads)
	defer c.dismiss()
	f := &refitter{settings: s, train: targetsOf(r.Train), data: r.Train, crew: c, decay: decay}
	f.train.weighClasses(s.classWeights)
	base := s.start(f.train, width(r))
	for k := range base {
		f.score = append(f.score, constant(base[k], f.train.n))
		f.grad = append(f.grad, make([]pair, f.train.n))
	}
	for i, tree := range trees {
		if i%len(base) == 0 {
			s.adapt(f.train, f.score, &f.items, f.crew)
			f.crew.blocks(f.train.n, func(lo, hi, _ int) { s.obj.gradients(f.train, f.score, f.grad, lo, hi) })
		}
		f.tree(tree, i%len(base))
	}
	if err := s.failure(); err != nil {
		return nil, err
	}
	return predictor.NewTrees(trees, len(base), base, s.obj.link()), nil
}

func checkRefit(trees []predictor.Tree) error {
	for i, tree := range trees {
		for k := range tree {
			if n := &tree[k]; n.Feature < 0 && (n.Linear != nil || len(n.Value) != 1) {
				return fmt.Errorf("tree %d has leaves that are not single numbers", i)
			}
		}
	}
	return nil
}

type refitter struct {
	*settings
	train *rowset
	data  algos.Data
	crew  crew
	decay float64
	score [][]float64
	grad  [][]pair
	leaf  []int32 // of each row in the tree at hand
	items []weighted
}

// tree computes the leaves of one tree of output k and adds them to the scores.
func (f *refitter) tree(tree predictor.Tree, k int) {
	if f.leaf == nil {
		f.leaf = make([]int32, f.train.n)
	}
	cols, rows := f.data.M.Frame.Cols, f.data.Rows
	f.crew.blocks(f.train.n, func(lo, hi, _ int) {
		for i := lo; i < hi; i++ {
			f.leaf[i] = leafOf(tree, cols, rows[i])
		}
	})
	sums := make([]struct{ g, h, rows float64 }, len(tree))
	residuals := f.residuals(tree, k)
	for i, at := range f.leaf {
		p := &f.grad[k][i]
		sums[at].g += float64(p.g)
		sums[at].h += float64(p.h)
		sums[at].rows++
	}
	for at := range tree {
		if n := &tree[at]; n.Feature < 0 && sums[at].rows > 0 {
			out := f.clip(f.step(sums[at].g, sums[at].h, f.lambdaL2))
			if residuals != nil {
				out = quantileOf(residuals[at], f.obj.(renewer).level())
			}
			n.Value = []float64{float64(float32(float64(f.decay*n.Value[0]) + float64((1-f.decay)*float64(f.shrunk(out)))))}
		}
	}
	for at := len(tree) - 1; at >= 0; at-- {
		n, s := &tree[at], &sums[at]
		if n.Feature >= 0 {
			left, right := &sums[n.Left], &sums[n.Right]
			s.rows, s.h = left.rows+right.rows, left.h+right.h
		}
		n.Cover, n.Weight = s.rows, float32(s.h)
	}
	score := f.score[k]
	for i, at := range f.leaf {
		score[i] += tree[at].Value[0]
	}
}

// residuals are those of the leaves' rows, nil if the objective does not need
// them.
func (f *refitter) residuals(tree predictor.Tree, k int) [][]weighted {
	o, ok := f.obj.(renewer)
	if !ok {
		return nil
	}
	out := make([][]weighted, len(tree))
	for i, at := range f.leaf {
		out[at] = append(out[at], weighted{float64(f.train.y[i]) - f.score[k][i], o.share(f.train, int32(i))})
	}
	return out
}
